// Holds the mapping to FHIR R4: valid by the base definitions, and back to the same plans, authorities and telephones.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { QueryFound } from "../../../lib/cpis/model.js";
import { encodeSearchset, type SearchsetOptions } from "../../../lib/fhir/encode-searchset.js";
import type { AuditEvent, CareTeam, SearchsetBundle } from "../../../lib/fhir/resources.js";
import { foundResult, notFoundResult, readPlans } from "../../support/fhir/results.js";
import { fhirIssues } from "../../support/fhir/validator.js";

const snomed = {
  "child-protection-plan": "342191000000101",
  "looked-after-child": "764841000000100",
  "unborn-child-protection-plan": "818901000000100",
};

function uuidOf(name: string): string {
  const hex = createHash("md5").update(name).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const options: SearchsetOptions = { search: "CareTeam", at: Date.parse("2026-03-02T10:15:00Z"), uuidOf };

const example: QueryFound = {
  outcome: "found",
  nhsNumber: "9990000018",
  messageId: "0A000000-0000-4000-8000-000000000001",
  eventId: "0A000000-0000-4000-8000-000000000002",
  codes: [],
  warnings: [],
  incomplete: false,
  totalAccesses: 31,
  plans: [
    {
      planType: "child-protection-plan",
      startDate: "2025-11-03T09:00",
      localAuthority: {
        code: "999",
        codeType: "organisation",
        name: "EXAMPLE COUNTY COUNCIL",
        emergencyDutyTelephone: "01632960999",
        officeHoursTelephone: "01632960001",
      },
    },
    {
      planType: "looked-after-child",
      startDate: "2025-06-03T09:00",
      endDate: "2026-02-27T00:00",
      localAuthority: { code: "999", name: "EXAMPLE COUNTY COUNCIL" },
    },
  ],
  accesses: [
    {
      accessId: "0C000000-0000-4000-8000-000000000001",
      accessedAt: { raw: "20140808124202", iso: "2014-08-08T12:42:02", zone: "none" },
      isThisQuery: false,
      author: {
        kind: "person",
        name: { prefix: "Dr", given: ["Ann"], family: "Example" },
        role: { code: "R8000", codeSystem: "2.16.840.1.113883.2.1.3.2.4.17.196", displayName: "Clinical Practitioner" },
        organisation: { code: "X9X", name: "EXAMPLE HOSPITAL TRUST" },
      },
    },
  ],
};

function resources(bundle: SearchsetBundle, type: string) {
  return (bundle.entry ?? []).map(({ resource }) => resource).filter(({ resourceType }) => resourceType === type);
}

describe("an answer as a FHIR searchset", () => {
  it("gives each plan as a CareTeam, with its category, period, subject, authority and telephones", () => {
    const [team, ended] = resources(encodeSearchset(example, options), "CareTeam") as CareTeam[];
    assert.deepEqual(team, {
      resourceType: "CareTeam",
      id: team?.id,
      status: "active",
      category: [
        {
          coding: [
            {
              system: "http://snomed.info/sct",
              code: "342191000000101",
              display: "Subject to child protection plan",
            },
          ],
        },
      ],
      name: "EXAMPLE COUNTY COUNCIL",
      subject: { identifier: { system: "https://fhir.nhs.uk/Id/nhs-number", value: "9990000018" } },
      period: { start: "2025-11-03T09:00:00+00:00" },
      managingOrganization: [
        {
          identifier: { system: "https://fhir.nhs.uk/Id/ods-organization-code", value: "999" },
          display: "EXAMPLE COUNTY COUNCIL",
        },
      ],
      telecom: [
        { system: "phone", value: "01632960999", use: "mobile" },
        { system: "phone", value: "01632960001", use: "work" },
      ],
    });
    assert.equal(ended?.status, "inactive");
    assert.deepEqual(ended.period, { start: "2025-06-03T09:00:00+01:00", end: "2026-02-27" });
  });

  it("includes each access as an AuditEvent with the role that made it", () => {
    const bundle = encodeSearchset(example, options);
    const [event] = resources(bundle, "AuditEvent") as AuditEvent[];
    const [role] = resources(bundle, "PractitionerRole");
    assert.deepEqual(role, {
      resourceType: "PractitionerRole",
      id: role?.id,
      practitioner: { display: "Dr Ann Example" },
      organization: {
        identifier: { system: "https://fhir.nhs.uk/Id/ods-organization-code", value: "X9X" },
        display: "EXAMPLE HOSPITAL TRUST",
      },
      code: [
        {
          coding: [
            {
              system: "urn:oid:2.16.840.1.113883.2.1.3.2.4.17.196",
              code: "R8000",
              display: "Clinical Practitioner",
            },
          ],
        },
      ],
    });
    assert.equal(event?.entity?.[0]?.what.reference, `urn:uuid:${role.id}`);
    assert.deepEqual(
      bundle.entry?.map(({ search }) => search.mode),
      ["match", "match", "include", "include"],
    );
    assert.equal(bundle.total, 2);
  });

  it("writes a time without a zone as if UTC, and says that none was given", () => {
    const [event] = resources(encodeSearchset(example, options), "AuditEvent") as AuditEvent[];
    assert.equal(event?.recorded, "2014-08-08T12:42:02Z");
    assert.match(event._recorded?.extension[0]?.valueString ?? "", /12:42:02, time zone not given$/);
  });

  it("counts in the search for accesses what CP-IS holds, not only what it lists", () => {
    const bundle = encodeSearchset(example, { ...options, search: "AuditEvent" });
    assert.equal(bundle.total, 31);
    assert.deepEqual(
      bundle.entry?.map(({ search }) => search.mode),
      ["match", "include"],
    );
    assert.deepEqual(resources(bundle, "CareTeam"), []);
  });

  it("is empty, with a total of 0, for no record and for nothing else", () => {
    fc.assert(
      fc.property(notFoundResult, (result) => {
        const bundle = encodeSearchset({ ...result, accesses: [], warnings: [] }, options);
        assert.equal(bundle.total, 0);
        assert.equal(bundle.entry, undefined);
      }),
    );
    fc.assert(
      fc.property(foundResult, (result) => {
        const bundle = encodeSearchset(result, options);
        assert.equal(bundle.total, result.plans.length);
        assert.ok((bundle.entry?.length ?? 0) >= result.plans.length);
      }),
    );
  });

  it("is valid by the base definitions of FHIR R4, and each of its resources by itself", () => {
    fc.assert(
      fc.property(
        fc.oneof(foundResult, notFoundResult),
        fc.constantFrom("CareTeam", "AuditEvent"),
        (result, search) => {
          const bundle = encodeSearchset(result, { ...options, search });
          assert.deepEqual(fhirIssues(bundle), []);
          for (const { resource } of bundle.entry ?? []) assert.deepEqual(fhirIssues(resource), []);
          const urls = (bundle.entry ?? []).map(({ fullUrl }) => fullUrl);
          assert.equal(new Set(urls).size, urls.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("leads back to the same plans, authorities and telephones", () => {
    fc.assert(
      fc.property(foundResult, (result) => {
        assert.deepEqual(
          readPlans(encodeSearchset(result, options)),
          result.plans.map(({ planType, startDate, endDate, localAuthority, subject }) => ({
            category: snomed[planType],
            nhsNumber: subject?.nhsNumber ?? result.nhsNumber,
            start: startDate,
            end: endDate,
            authority: localAuthority.name,
            authorityCode: localAuthority.code,
            emergency: localAuthority.emergencyDutyTelephone,
            office: localAuthority.officeHoursTelephone,
            others: (localAuthority.otherTelephones ?? []).map(({ number }) => number),
          })),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("holds no NHS number in an id or an address", () => {
    fc.assert(
      fc.property(foundResult, (result) => {
        const bundle = encodeSearchset(result, options);
        const ids = [bundle.id, ...(bundle.entry ?? []).flatMap(({ fullUrl, resource }) => [fullUrl, resource.id])];
        assert.ok(ids.every((id) => !String(id).includes(result.nhsNumber)));
      }),
    );
  });

  it("the validator refuses what is wrong, so that its silence means something", () => {
    const bundle = encodeSearchset(example, options);
    const [entry] = bundle.entry ?? [];
    assert.notDeepEqual(fhirIssues({ ...entry?.resource, period: { start: "yesterday" } }), []);
    assert.notDeepEqual(fhirIssues({ ...bundle, type: undefined }), []);
    assert.notDeepEqual(fhirIssues({ ...entry?.resource, madeUp: 1 }), []);
  });
});

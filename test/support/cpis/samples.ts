// Models of the CP-IS query and its response that the tests write and read. All people are invented.
import type { LocalAuthority, PersonAuthor, Subject, SystemAuthor } from "../../../lib/cpis/model.js";
import { parseNhsNumber } from "../../../lib/cpis/nhs-number.js";
import type { QueryRequest } from "../../../lib/cpis/query/query-request.js";
import type { QueryResponse, ResponsePayload } from "../../../lib/simulator/messages/query-response.js";
import type { QueryEvent } from "../../../lib/cpis/query/query-event.js";
import { hl7TimeAt, parseHl7Time } from "../../../lib/hl7v3/timestamp.js";
import { ownAsid, queryMessageId, spineAsid } from "../hl7v3/samples.js";

export const child = parseNhsNumber("9990000018");
export const otherChild = parseNhsNumber("9990000026");
export const mother = parseNhsNumber("9990000034");
export const eventId = "0A000000-0000-4000-8000-000000000002";
export const context = { nhsNumber: child, messageId: queryMessageId, eventId };

export const clinician: PersonAuthor = {
  kind: "person",
  userId: "100000000001",
  roleProfileId: "100000000002",
  role: {
    code: "R8000",
    codeSystem: "2.16.840.1.113883.2.1.3.2.4.17.196",
    displayName: "Clinical Practitioner Access Role",
  },
  name: { prefix: "Dr", given: ["Ann"], family: "Example" },
  organisation: { code: "X9X", codeType: "organisation", name: "EXAMPLE HOSPITAL TRUST" },
};

export const systemWithLead: SystemAuthor = {
  kind: "system",
  asid: ownAsid,
  organisation: { code: "X9X", codeType: "organisation", name: "EXAMPLE HOSPITAL TRUST" },
  responsible: [
    {
      role: {
        code: "R8000",
        codeSystem: "2.16.840.1.113883.2.1.3.2.4.17.196",
        displayName: "Clinical Practitioner Access Role",
      },
      name: { prefix: "Dr", given: ["Nominated"], family: "Lead" },
    },
  ],
};

export const urgentCare: SystemAuthor = {
  kind: "system",
  asid: "200000000009",
  organisation: { code: "X8X", codeType: "organisation", name: "EXAMPLE URGENT CARE SERVICE" },
  responsible: [],
};

export const personRequest: QueryRequest = {
  nhsNumber: child,
  author: clinician,
  fromAsid: ownAsid,
  toAsid: spineAsid,
  sdsRole: "R8000",
  messageId: queryMessageId,
  eventId,
  queriedAt: hl7TimeAt(1_772_446_500_000),
  processingCode: "P",
  versionCode: "v3INF_DMSv5.7:FIN",
};

export function systemRequest(author: SystemAuthor): QueryRequest {
  const { nhsNumber, fromAsid, toAsid, messageId, queriedAt } = personRequest;
  return {
    ...{ nhsNumber, author, fromAsid, toAsid, messageId, eventId, queriedAt },
    processingCode: "P",
    versionCode: "v3INF_DMSv5.7:FIN",
  };
}

export const county: LocalAuthority = {
  code: "999",
  codeType: "organisation",
  name: "EXAMPLE COUNTY COUNCIL",
  officeHoursTelephone: "01632960001",
  emergencyDutyTelephone: "01632960999",
};

export const testChild: Subject = {
  kind: "child",
  nhsNumber: child,
  birthDate: "2015-03-14",
  givenName: "Test",
  familyName: "Child",
};

export const testMother: Subject = {
  kind: "mother",
  nhsNumber: mother,
  localId: "LOCAL-1",
  localIdAuthority: "999:EXAMPLE COUNTY COUNCIL",
  birthDate: "1995-06-07",
  givenName: "Test",
  familyName: "Mother",
};

export const earlierAccess: QueryEvent = {
  accessId: "0C000000-0000-4000-8000-000000000001",
  accessedAt: parseHl7Time("20260114221000+0000"),
  author: urgentCare,
  nhsNumber: child,
};

export const ownAccess: QueryEvent = {
  accessId: eventId,
  accessedAt: parseHl7Time("20260302101500+0000"),
  author: clinician,
  nhsNumber: child,
};

export const childPayload: ResponsePayload = {
  respondedAt: parseHl7Time("20260302101501+0000"),
  eventId,
  totalAccesses: 2,
  totalPlans: 1,
  accesses: [earlierAccess, ownAccess],
  records: [
    {
      localAuthority: county,
      plans: [{ planType: "child-protection-plan", startDate: "2025-11-03T09:00" }],
      subjects: [testChild],
    },
  ],
};

export const response: QueryResponse = {
  transmission: {
    messageId: "0B000000-0000-4000-8000-000000000001",
    createdAt: parseHl7Time("20260302101501+0000"),
    versionCode: "v3INF_DMSv5.7:FIN",
    processingCode: "P",
    fromAsid: spineAsid,
    toAsid: ownAsid,
  },
  reasons: [],
  payload: childPayload,
  queryResponseCode: "OK",
};

export function responseWith(payload: Partial<ResponsePayload>): QueryResponse {
  return { ...response, payload: { ...childPayload, ...payload } };
}

export const unbornResponse = responseWith({
  accesses: [
    { ...earlierAccess, nhsNumber: mother },
    { ...ownAccess, nhsNumber: mother },
  ],
  records: [
    {
      localAuthority: county,
      plans: [{ planType: "unborn-child-protection-plan", startDate: "2026-02-02T09:00", endDate: "2026-08-02T09:00" }],
      subjects: [testMother],
    },
  ],
});

export const severalPlansResponse = responseWith({
  totalPlans: 2,
  records: [
    {
      localAuthority: county,
      plans: [
        { planType: "looked-after-child", startDate: "2025-03-17T00:00" },
        { planType: "unborn-child-protection-plan", startDate: "2026-02-02T09:00", endDate: "2026-08-02T09:00" },
        { planType: "child-protection-plan", startDate: "2024-01-09T10:30", endDate: "2025-12-31T23:59" },
      ],
      subjects: [testChild, testMother],
    },
    {
      localAuthority: {
        code: "888",
        codeType: "site",
        name: "EXAMPLE CITY COUNCIL",
        emergencyDutyTelephone: "01632960998",
        otherTelephones: [{ use: "MC", number: "07700900001" }],
      },
      plans: [{ planType: "child-protection-plan", startDate: "2025-11-03T09:00" }],
      subjects: [testChild],
    },
  ],
});

export const emptyResponse = responseWith({ totalPlans: 0, records: [] });

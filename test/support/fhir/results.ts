// Results of queries to be mapped, and a reader of the Bundles that knows nothing of the code that wrote them.
import fc from "fast-check";
import type { AccessRecord, Plan, QueryFound, QueryNotFound, Warning } from "../../../lib/cpis/model.js";
import { localAuthority, nhsNumber, person, planDate, subject, system } from "../cpis/arbitraries.js";
import { text, time, uuid } from "../hl7v3/arbitraries.js";

const plan: fc.Arbitrary<Plan> = fc.record(
  {
    planType: fc.constantFrom("child-protection-plan", "looked-after-child", "unborn-child-protection-plan"),
    startDate: fc.oneof(
      planDate,
      planDate.map((date) => `${date.slice(0, 10)}T00:00`),
    ),
    endDate: planDate,
    localAuthority,
    subject,
  },
  { requiredKeys: ["planType", "startDate", "localAuthority"] },
);

const access: fc.Arbitrary<AccessRecord> = fc.record(
  {
    accessId: uuid,
    accessedAt: fc.oneof(
      time,
      fc.constant({ raw: "20140808124202", iso: "2014-08-08T12:42:02", zone: "none" as const }),
      fc.constant({ raw: "2014", iso: "2014", zone: "none" as const }),
      fc.constant({ raw: "not a time", zone: "none" as const }),
    ),
    author: fc.oneof(person, system),
    nhsNumber,
    isThisQuery: fc.boolean(),
  },
  { requiredKeys: ["isThisQuery"] },
);

const warning: fc.Arbitrary<Warning> = fc.record(
  { code: fc.stringMatching(/^[a-z]+(-[a-z]+)*$/), message: text, path: text },
  { requiredKeys: ["code", "message"] },
);

const base = {
  nhsNumber,
  messageId: uuid,
  eventId: uuid,
  codes: fc.constant([]),
  warnings: fc.array(warning, { maxLength: 2 }),
  accesses: fc.array(access, { maxLength: 4 }),
};

export const foundResult: fc.Arbitrary<QueryFound> = fc.record(
  {
    ...base,
    outcome: fc.constant("found"),
    plans: fc.array(plan, { minLength: 1, maxLength: 4 }),
    totalPlans: fc.nat(9),
    totalAccesses: fc.nat(99),
    incomplete: fc.boolean(),
  },
  {
    requiredKeys: [
      "nhsNumber",
      "messageId",
      "eventId",
      "codes",
      "warnings",
      "accesses",
      "outcome",
      "plans",
      "incomplete",
    ],
  },
);

export const notFoundResult: fc.Arbitrary<QueryNotFound> = fc.record({
  ...base,
  outcome: fc.constant("not-found"),
  basis: fc.constantFrom("nhs-number-not-on-cpis", "no-data-found", "empty-response", "smsp-no-record"),
});

/** What a system that reads FHIR knows of a plan. */
export interface ReadPlan {
  readonly category: string;
  readonly nhsNumber: string;
  readonly start: string;
  readonly end: string | undefined;
  readonly authority: string | undefined;
  readonly authorityCode: string | undefined;
  readonly emergency: string | undefined;
  readonly office: string | undefined;
  readonly others: readonly string[];
}

interface AnyCareTeam {
  readonly category: readonly { readonly coding: readonly { readonly code: string }[] }[];
  readonly subject: { readonly identifier: { readonly value: string } };
  readonly period: { readonly start: string; readonly end?: string };
  readonly name?: string;
  readonly managingOrganization?: readonly { readonly identifier?: { readonly value: string } }[];
  readonly telecom?: readonly { readonly use?: string; readonly value: string }[];
}

/** The date and time on the clock, whatever offset stands behind it. */
function clock(dateTime: string | undefined): string | undefined {
  if (dateTime === undefined) return undefined;
  return dateTime.length === 10 ? `${dateTime}T00:00` : dateTime.slice(0, 16);
}

export function readPlans(bundle: unknown): ReadPlan[] {
  const { entry = [] } = bundle as { entry?: { resource: { resourceType: string } }[] };
  const teams = entry.map(({ resource }) => resource).filter(({ resourceType }) => resourceType === "CareTeam");
  return (teams as unknown as AnyCareTeam[]).map((team) => {
    const number = (use: string | undefined) => team.telecom?.find((telecom) => telecom.use === use)?.value;
    return {
      category: team.category[0]?.coding[0]?.code ?? "",
      nhsNumber: team.subject.identifier.value,
      start: clock(team.period.start) ?? "",
      end: clock(team.period.end),
      authority: team.name,
      authorityCode: team.managingOrganization?.[0]?.identifier?.value,
      emergency: number("mobile"),
      office: number("work"),
      others: (team.telecom ?? []).filter(({ use }) => use === undefined).map(({ value }) => value),
    };
  });
}

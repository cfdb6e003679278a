// Generators of the models of the CP-IS query and its response.
import fc from "fast-check";
import type {
  LocalAuthority,
  PersonAuthor,
  Role,
  Subject,
  SystemAuthor,
  ResponsePlan,
} from "../../../lib/cpis/model.js";
import { parseNhsNumber, type NhsNumber } from "../../../lib/cpis/nhs-number.js";
import type { QueryRequest } from "../../../lib/cpis/query/query-request.js";
import type { QueryResponse, ResponsePayload, ResponseRecord } from "../../../lib/simulator/messages/query-response.js";
import type { QueryEvent } from "../../../lib/cpis/query/query-event.js";
import { asid, code, organisation, personName, text, time, transmission, uuid } from "../hl7v3/arbitraries.js";

/** The check digit that nine digits ask for; 10 when they can be no NHS number. */
export function checkDigitOf(nine: string): number {
  const sum = Array.from(nine).reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
  return (11 - (sum % 11)) % 11;
}

export const nhsNumber: fc.Arbitrary<NhsNumber> = fc
  .stringMatching(/^[0-9]{9}$/)
  .filter((nine) => checkDigitOf(nine) !== 10 && nine !== "000000000")
  .map((nine) => parseNhsNumber(nine + String(checkDigitOf(nine))));

const role: fc.Arbitrary<Role> = fc.record(
  { code: text, codeSystem: text, displayName: text },
  { requiredKeys: ["code", "codeSystem", "displayName"] },
);

export const person: fc.Arbitrary<PersonAuthor> = fc.record({
  kind: fc.constant("person"),
  userId: text,
  roleProfileId: text,
  role,
  name: personName,
  organisation,
});

export const system: fc.Arbitrary<SystemAuthor> = fc.record({
  kind: fc.constant("system"),
  asid,
  organisation,
  responsible: fc.array(fc.record({ role, name: personName }), { maxLength: 2 }),
});

const requestBase = {
  nhsNumber,
  fromAsid: asid,
  toAsid: asid,
  messageId: uuid,
  eventId: uuid,
  queriedAt: time,
  processingCode: fc.constantFrom("P", "T", "D"),
  versionCode: text,
} as const;

export const request: fc.Arbitrary<QueryRequest> = fc.oneof(
  fc.record({ ...requestBase, author: person, sdsRole: text }),
  fc.record({ ...requestBase, author: system }),
);

const telephone = fc.stringMatching(/^\+?[0-9]{3,12}$/);

export const localAuthority: fc.Arbitrary<LocalAuthority> = fc
  .tuple(
    organisation,
    fc.record(
      {
        emergencyDutyTelephone: telephone,
        officeHoursTelephone: telephone,
        otherTelephones: fc.array(
          fc.record({ use: fc.constantFrom("H", "HP", "MC", "PG AS", "unspecified"), number: telephone }),
          { minLength: 1, maxLength: 2 },
        ),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([named, telephones]) => ({ ...named, ...telephones }));

const birthDate = fc
  .date({ min: new Date("1940-01-01"), max: new Date("2030-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

export const subject: fc.Arbitrary<Subject> = fc.record(
  {
    kind: fc.constantFrom("child", "mother"),
    nhsNumber,
    localId: text,
    birthDate,
    givenName: text,
    familyName: text,
  },
  { requiredKeys: ["kind"] },
);

export const planDate = fc
  .date({ min: new Date("1990-01-01"), max: new Date("2090-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 16));

const plan: fc.Arbitrary<ResponsePlan> = fc.record(
  {
    planType: fc.constantFrom("child-protection-plan", "looked-after-child", "unborn-child-protection-plan"),
    startDate: planDate,
    endDate: planDate,
  },
  { requiredKeys: ["planType", "startDate"] },
);

const record: fc.Arbitrary<ResponseRecord> = fc.record({
  localAuthority,
  plans: fc.array(plan, { minLength: 1, maxLength: 3 }),
  subjects: fc.array(subject, { maxLength: 2 }),
});

const access: fc.Arbitrary<QueryEvent> = fc.record({
  accessId: uuid,
  accessedAt: time,
  author: fc.oneof(person, system),
  nhsNumber,
});

const payload: fc.Arbitrary<ResponsePayload> = fc.record({
  respondedAt: time,
  eventId: uuid,
  totalAccesses: fc.integer({ min: -1, max: 99 }),
  totalPlans: fc.integer({ min: -1, max: 99 }),
  accesses: fc.array(access, { maxLength: 3 }),
  records: fc.array(record, { maxLength: 3 }),
});

/** Plain data: fast-check gives some objects no prototype. */
export const response: fc.Arbitrary<QueryResponse> = fc
  .record(
    {
      transmission,
      reasons: fc.array(code, { maxLength: 2 }),
      payload,
      queryResponseCode: fc.constantFrom("OK", "NF", "ID"),
    },
    { requiredKeys: ["transmission", "reasons", "queryResponseCode"] },
  )
  .map((model) => structuredClone(model));

// Reads the record for the register that a JSON command carries.
import { invalid, readArray, readChoice, readObject, readOptionalText, readText } from "../json-fields.js";
import type { RegisterRecord } from "./register.js";
import type { ResponseShape } from "../behaviour.js";
import { exampleCounty, planDate } from "./sample-people.js";
import { findSpecialNumber } from "./special-numbers.js";
import type { LocalAuthority, Plan, PlanDate, PlanType, Subject } from "../../cpis/model.js";
import { readNhsNumber } from "../../cpis/nhs-number.js";
import type { QueryResponseDeviation } from "../messages/query-response-deviations.js";
import { isCalendarDate } from "../../hl7v3/timestamp.js";
import { known } from "../../hl7v3/data-types.js";

const planTypes: readonly PlanType[] = ["child-protection-plan", "looked-after-child", "unborn-child-protection-plan"];
const deviations: readonly QueryResponseDeviation[] = [
  "grouped-accesses",
  "grouped-records",
  "extra-wrapper",
  "missing-person-id",
  "family-name-first",
  "unzoned-times",
  "minute-times",
  "lower-case-organisation-codes",
  "prefixed",
  "no-namespace",
  "bare-payload",
  "no-query-ack",
  "swapped-asids",
  "unlisted-version-code",
  "oldest-access-first",
  "unknown-plan-template",
  "unreadable-start-dates",
];
const codeTypes: readonly ("organisation" | "site")[] = ["organisation", "site"];
const maximumPlans = 30;
const datePattern = /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([01][0-9]|2[0-3]):([0-5][0-9]))?$/;

/** Ten digits with a valid check digit. Throws CONFIG_INVALID. */
export function readNumberOfPatient(value: unknown, field: string): string {
  const nhsNumber = readNhsNumber(readText(value, field));
  if (nhsNumber === undefined) throw invalid(field, "must be ten digits with a valid check digit");
  return nhsNumber;
}

function readDate(value: unknown, field: string): PlanDate {
  const text = readText(value, field);
  const match = datePattern.exec(text);
  if (match === null || !isCalendarDate(Number(match[1]), Number(match[2]), Number(match[3]))) {
    throw invalid(field, "must be a date as in 2026-03-02 or 2026-03-02T09:00");
  }
  return match[4] === undefined ? `${text}T00:00` : text;
}

function readTelephone(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined;
  const number = readText(value, field).replace(/\s/g, "");
  if (!/^\+?[0-9]{3,20}$/.test(number)) throw invalid(field, "must be a telephone number");
  return number;
}

function readLocalAuthority(value: unknown, field: string): LocalAuthority {
  if (value === undefined) return exampleCounty;
  const fields = readObject(value, field);
  return known<LocalAuthority>({
    code: readText(fields["code"], `${field}.code`),
    codeType: readChoice(fields["codeType"] ?? "organisation", `${field}.codeType`, codeTypes),
    name: readText(fields["name"], `${field}.name`),
    officeHoursTelephone: readTelephone(fields["officeHoursTelephone"], `${field}.officeHoursTelephone`),
    emergencyDutyTelephone: readTelephone(fields["emergencyDutyTelephone"], `${field}.emergencyDutyTelephone`),
  });
}

function readSubject(value: unknown, field: string, nhsNumber: string, planType: PlanType): Subject {
  const fields = value === undefined ? {} : readObject(value, field);
  const isUnborn = planType === "unborn-child-protection-plan";
  const birthDate =
    readOptionalText(fields["birthDate"], `${field}.birthDate`) ?? (isUnborn ? "1998-06-07" : "2018-07-04");
  return {
    kind: isUnborn ? "mother" : "child",
    nhsNumber,
    birthDate: readDate(birthDate, `${field}.birthDate`).slice(0, 10),
    givenName: readOptionalText(fields["givenName"], `${field}.givenName`) ?? "Test",
    familyName: readOptionalText(fields["familyName"], `${field}.familyName`) ?? (isUnborn ? "Mother" : "Child"),
  };
}

function readPlan(value: unknown, field: string, nhsNumber: string, now: number): Plan {
  const fields = readObject(value, field);
  const planType = readChoice(fields["planType"], `${field}.planType`, planTypes);
  const startDate =
    fields["startDate"] === undefined ? planDate(now, -30) : readDate(fields["startDate"], `${field}.startDate`);
  const endDate = fields["endDate"] === undefined ? undefined : readDate(fields["endDate"], `${field}.endDate`);
  if (endDate === undefined && planType === "unborn-child-protection-plan") {
    throw invalid(`${field}.endDate`, "is needed for the plan of an unborn child");
  }
  return known<Plan>({
    planType,
    startDate,
    endDate,
    localAuthority: readLocalAuthority(fields["localAuthority"], `${field}.localAuthority`),
    subject: readSubject(fields["subject"], `${field}.subject`, nhsNumber, planType),
  });
}

/** `{nhsNumber, plans: [{planType, startDate?, endDate?, localAuthority?, subject?}], deviations?}`. Throws CONFIG_INVALID. */
export function readRecord(value: unknown, now: number): RegisterRecord {
  const fields = readObject(value, "record");
  const nhsNumber = readNumberOfPatient(fields["nhsNumber"], "record.nhsNumber");
  if (findSpecialNumber(nhsNumber) !== undefined) {
    throw invalid("record.nhsNumber", "is one of the special numbers, whose answers are fixed");
  }
  const plans = readArray(fields["plans"], "record.plans", maximumPlans).map((plan, index) =>
    readPlan(plan, `record.plans[${index}]`, nhsNumber, now),
  );
  if (plans.length === 0) throw invalid("record.plans", "must hold a plan: a number without plan is not on CP-IS");
  const shape: ResponseShape | undefined =
    fields["deviations"] === undefined
      ? undefined
      : {
          deviations: readArray(fields["deviations"], "record.deviations", deviations.length).map((deviation) =>
            readChoice(deviation, "record.deviations", deviations),
          ),
        };
  return known<RegisterRecord>({
    nhsNumber,
    plans,
    shape,
    description: readOptionalText(fields["description"], "record.description"),
  });
}

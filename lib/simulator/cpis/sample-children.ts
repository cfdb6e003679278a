// The invented children the simulator starts with: one for each thing an answer can show.
import { definedOnly } from "../../defined-only.js";
import type { RegisterRecord } from "./register.js";
import type { RegisterAccess } from "../model.js";
import type { ResponseShape } from "../behaviour.js";
import {
  consultant,
  exampleBorough,
  exampleCounty,
  exampleSite,
  numberedAuthor,
  nurse,
  planDate,
  urgentCare,
} from "./sample-people.js";
import type { Author, LocalAuthority, Plan, PlanType, Subject } from "../../cpis/model.js";

const hourMilliseconds = 3_600_000;
/** The number of accesses of the sample with a long history; 25 of them are returned. */
export const longHistoryLength = 40;

interface SamplePlan {
  readonly planType: PlanType;
  /** Days from now; negative in the past. */
  readonly startDays: number;
  readonly endDays?: number;
  readonly localAuthority?: LocalAuthority;
}

interface SampleChild {
  /** Of the range 999 000 1xxx: numbers that begin with 999 are given to no patient. */
  readonly nhsNumber: string;
  readonly description: string;
  readonly plans: readonly SamplePlan[];
  readonly names?: readonly [given: string, family: string];
  readonly localId?: string;
  readonly accesses?: readonly (readonly [hoursAgo: number, author: Author])[];
  readonly shape?: ResponseShape;
}

const protection: SamplePlan = { planType: "child-protection-plan", startDays: -120 };
const lookedAfter: SamplePlan = { planType: "looked-after-child", startDays: -400 };
const unborn: SamplePlan = { planType: "unborn-child-protection-plan", startDays: -60, endDays: 90 };
const nobodyToRing: LocalAuthority = { code: "999", codeType: "organisation", name: "EXAMPLE COUNTY COUNCIL" };
const officeHoursOnly: LocalAuthority = { ...nobodyToRing, officeHoursTelephone: "01632960001" };
const twoAccesses: SampleChild["accesses"] = [
  [900, urgentCare],
  [80, nurse],
];

const samples: readonly SampleChild[] = [
  {
    nhsNumber: "9990001014",
    description: "Child protection plan, seen twice before",
    plans: [protection],
    accesses: twoAccesses,
  },
  { nhsNumber: "9990001022", description: "Looked after child, never seen before", plans: [lookedAfter] },
  { nhsNumber: "9990001030", description: "Unborn child: the plan hangs on the mother", plans: [unborn] },
  {
    nhsNumber: "9990001049",
    description: "Child protection plan that ended a month ago",
    plans: [{ ...protection, startDays: -500, endDays: -30 }],
    accesses: twoAccesses,
  },
  {
    nhsNumber: "9990001057",
    description: "Child protection plan and looked after, one local authority",
    plans: [protection, lookedAfter],
  },
  {
    nhsNumber: "9990001065",
    description: "Two local authorities: child protection plan with one, looked after by the other",
    plans: [protection, { ...lookedAfter, localAuthority: exampleBorough }],
    accesses: twoAccesses,
  },
  {
    nhsNumber: "9990001073",
    description: "Looked after child who is pregnant: own plan, and the plan for her unborn child",
    plans: [lookedAfter, unborn],
  },
  {
    nhsNumber: "9990001081",
    description: "Long history: 40 accesses, of which 25 are returned",
    plans: [protection],
    accesses: Array.from({ length: longHistoryLength }, (_, index) => [
      (longHistoryLength - index) * 30,
      numberedAuthor(index + 1),
    ]),
  },
  {
    nhsNumber: "9990001103",
    description: "No telephone number of the local authority",
    plans: [{ ...protection, localAuthority: nobodyToRing }],
  },
  {
    nhsNumber: "9990001111",
    description: "Office hours telephone only, no emergency duty team",
    plans: [{ ...protection, localAuthority: officeHoursOnly }],
  },
  {
    nhsNumber: "9990001138",
    description: "All accesses grouped in one element, as a real answer had them",
    plans: [protection],
    accesses: twoAccesses,
    shape: { deviations: ["grouped-accesses"] },
  },
  {
    nhsNumber: "9990001146",
    description: "Child without any id, as a real answer had it",
    plans: [protection],
    shape: { deviations: ["missing-person-id"] },
  },
  {
    nhsNumber: "9990001154",
    description: "Family name before given name, with blanks",
    plans: [protection],
    names: ["TEST", "CHILD"],
    shape: { deviations: ["family-name-first"] },
  },
  {
    nhsNumber: "9990001162",
    description: "Access times without time zone",
    plans: [protection],
    accesses: twoAccesses,
    shape: { deviations: ["unzoned-times"] },
  },
  {
    nhsNumber: "9990001170",
    description: "Local authority code in lower case",
    plans: [{ ...protection, localAuthority: { ...exampleCounty, code: "X7X" } }],
    shape: { deviations: ["lower-case-organisation-codes"] },
  },
  {
    nhsNumber: "9990001189",
    description: "An element around the interaction",
    plans: [protection],
    shape: { deviations: ["extra-wrapper"] },
  },
  {
    nhsNumber: "9990001197",
    description: "Prefix hl7: on every element",
    plans: [protection],
    shape: { deviations: ["prefixed"] },
  },
  {
    nhsNumber: "9990001200",
    description: "The payload alone, without HL7 wrapper",
    plans: [protection],
    shape: { deviations: ["bare-payload"] },
  },
  {
    nhsNumber: "9990001219",
    description: "Local authority given by a site code",
    plans: [{ ...lookedAfter, localAuthority: exampleSite }],
  },
  {
    nhsNumber: "9990001227",
    description: "A plan together with the query response code NF: contradictory, yet found",
    plans: [protection],
    shape: { queryResponseCode: "NF" },
  },
  {
    nhsNumber: "9990001235",
    description: "Two plans, one of them unreadable: found, and incomplete",
    plans: [protection, lookedAfter],
    shape: { isFirstPlanUnreadable: true },
  },
  {
    nhsNumber: "9990001243",
    description: "Role codes in two styles, and a distributed service that put its contact into the texts",
    plans: [lookedAfter],
    accesses: [
      [500, urgentCare],
      [400, consultant],
      [300, nurse],
    ],
  },
  {
    nhsNumber: "9990001251",
    description: "Grouped accesses, no id, family name first, no zones, lower case and an element around, all at once",
    plans: [lookedAfter],
    names: ["TEST", "CHILD"],
    accesses: twoAccesses,
    shape: {
      deviations: [
        "grouped-accesses",
        "missing-person-id",
        "family-name-first",
        "unzoned-times",
        "lower-case-organisation-codes",
        "extra-wrapper",
      ],
    },
  },
  {
    nhsNumber: "9990001278",
    description: "Names with accents, an apostrophe and characters of four bytes, and a local id",
    plans: [protection],
    names: ["Zoë-Łucja", "O'Sample & 𝒟aughter"],
    localId: "LOCAL-1278",
  },
  {
    nhsNumber: "9990001286",
    description: "No namespace at all",
    plans: [protection],
    shape: { deviations: ["no-namespace"] },
  },
];

function toSubject(sample: SampleChild, planType: PlanType): Subject {
  const isUnborn = planType === "unborn-child-protection-plan";
  const [givenName, familyName] = sample.names ?? (isUnborn ? ["Test", "Mother"] : ["Test", "Child"]);
  return {
    kind: isUnborn ? "mother" : "child",
    nhsNumber: sample.nhsNumber,
    ...(sample.localId === undefined
      ? {}
      : { localId: sample.localId, localIdAuthority: "999:EXAMPLE COUNTY COUNCIL" }),
    birthDate: isUnborn ? "1998-06-07" : "2012-07-04",
    givenName,
    familyName,
  };
}

function toRecord(sample: SampleChild, now: number): RegisterRecord {
  const accesses = (sample.accesses ?? []).map(([hoursAgo, author], index): RegisterAccess => {
    const accessId = `${sample.nhsNumber.slice(-8)}-0000-4000-8000-${String(index + 1).padStart(12, "0")}`;
    return { accessId, accessedAt: now - hoursAgo * hourMilliseconds, author };
  });
  const plans = sample.plans.map((plan): Plan => ({
    planType: plan.planType,
    startDate: planDate(now, plan.startDays),
    ...(plan.endDays === undefined ? {} : { endDate: planDate(now, plan.endDays) }),
    localAuthority: plan.localAuthority ?? exampleCounty,
    subject: toSubject(sample, plan.planType),
  }));
  const { nhsNumber, description, shape } = sample;
  return { nhsNumber, description, plans, accesses, ...definedOnly({ shape }) };
}

/** The samples as of `now`, milliseconds since 1970: their dates move along, so that they stay likely. */
export function sampleChildren(now: number): readonly RegisterRecord[] {
  return samples.map((sample) => toRecord(sample, now));
}

// Writes the HL7 message of an answer.
import type { AnswerContent, ResponseShape } from "../behaviour.js";
import type { AcceptedQuery } from "./query-acceptance.js";
import type { CpisRegister, RegisterRecord } from "./register.js";
import type { RegisterAccess } from "../model.js";
import { exampleCounty, planDate } from "./sample-people.js";
import { companion, notFound } from "./special-number-rows.js";
import { spineAsid } from "../spine-identity.js";
import type { CodedText, Plan, ResponsePlan } from "../../cpis/model.js";
import type { QueryResponseDeviation } from "../messages/query-response-deviations.js";
import type { QueryEvent } from "../../cpis/query/query-event.js";
import { encodeQueryResponse, type ResponsePayload, type ResponseRecord } from "../messages/query-response.js";
import {
  queryResponseInteraction,
  applicationAcknowledgementInteraction,
  queryFailureInteraction,
} from "../../cpis/query/query-reply.js";
import {
  encodeApplicationAcknowledgement,
  encodeQueryFailure,
  type QueryFailureForm,
} from "../messages/application-acknowledgement.js";
import { known } from "../../hl7v3/data-types.js";
import type { InteractionForm } from "../../hl7v3/interaction.js";
import { hl7TimeAt } from "../../hl7v3/timestamp.js";
import { defaultVersionCode, type AcknowledgementType, type Transmission } from "../../hl7v3/transmission-wrapper.js";

/** The HL7 part without XML declaration, and the interaction it is sent as. */
export interface AnswerPayload {
  readonly interaction: string;
  readonly text: string;
}

export interface AnswerContext {
  /** ASID of the party that asked. */
  readonly toAsid: string;
  /** HL7 id of the message answered. */
  readonly messageRef: string;
  /** HL7 id of the answer. */
  readonly hl7Id: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Absent: the form that the schema describes. */
  readonly form?: AnswerForm;
}

/** How each kind of answer departs from the form that the schema describes. */
export interface AnswerForm {
  readonly record: readonly QueryResponseDeviation[];
  readonly failure: QueryFailureForm;
  /** The code that says no more than the reasons is left out. */
  readonly isQueryAckLeftOut: boolean;
  readonly acknowledgement: InteractionForm;
}

/** Spine gives this version on failures. */
const failureVersionCode = "V3NPfIT3.0";
/** Answers nothing of CP-IS. */
const foreignInteraction = "COPC_IN000001GB01";
/** More than the limit that a listener has by default. */
const oversizedBytes = 6_000_000;

function transmission(context: AnswerContext, versionCode: string): Transmission {
  return {
    messageId: context.hl7Id,
    createdAt: hl7TimeAt(context.now),
    versionCode,
    processingCode: "P",
    fromAsid: spineAsid,
    toAsid: context.toAsid,
  };
}

/** QUQI_IN010000UK14. */
export function encodeRejection(
  context: AnswerContext,
  queryResponseCode: "OK" | "NF" | "ID" | "absent",
  reasons: readonly CodedText[],
): AnswerPayload {
  const isLeftOut =
    queryResponseCode === "absent" || (context.form?.isQueryAckLeftOut === true && queryResponseCode === "ID");
  const text = encodeQueryFailure(
    {
      transmission: transmission(context, failureVersionCode),
      acknowledgement: { typeCode: "AE", details: [], messageRef: context.messageRef },
      reasons,
      ...(isLeftOut ? {} : { queryResponseCode }),
    },
    context.form?.failure,
  );
  return { interaction: queryFailureInteraction, text };
}

/** MCCI_IN010000UK13. */
export function encodeApplicationAnswer(
  context: AnswerContext,
  typeCode: AcknowledgementType,
  codes: { readonly reasons?: readonly CodedText[]; readonly details?: readonly CodedText[] },
): AnswerPayload {
  const text = encodeApplicationAcknowledgement(
    {
      transmission: transmission(context, failureVersionCode),
      acknowledgement: {
        typeCode,
        details: (codes.details ?? []).map((code) => ({ typeCode: "ER", code })),
        messageRef: context.messageRef,
      },
      reasons: codes.reasons ?? [],
    },
    context.form?.acknowledgement,
  );
  return { interaction: applicationAcknowledgementInteraction, text };
}

/** A day that no calendar has, in the year of the plan. */
function withoutReadableStart(plan: Plan): Plan {
  return { ...plan, startDate: `${plan.startDate.slice(0, 4)}-02-31T00:00` };
}

/** One record for each local authority: its plans, and each person they hang on once. */
function toRecords(plans: readonly Plan[], subjectNhsNumber: string | undefined): readonly ResponseRecord[] {
  const byAuthority = new Map<string, Plan[]>();
  for (const plan of plans) {
    const key = JSON.stringify(plan.localAuthority);
    const group = byAuthority.get(key);
    if (group === undefined) byAuthority.set(key, [plan]);
    else group.push(plan);
  }
  return [...byAuthority.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const subjects = group.map((plan) => plan.subject).filter((subject) => subject !== undefined);
    const people = new Map(subjects.map((subject) => [subject.kind, subject]));
    return {
      localAuthority: first.localAuthority,
      plans: group.map(({ planType, startDate, endDate }) => known<ResponsePlan>({ planType, startDate, endDate })),
      subjects: [...people.values()].map((subject) =>
        known({ ...subject, nhsNumber: subjectNhsNumber ?? subject.nhsNumber }),
      ),
    };
  });
}

function toResponseAccess(access: RegisterAccess, nhsNumber: string): QueryEvent {
  return { accessId: access.accessId, accessedAt: hl7TimeAt(access.accessedAt), author: access.author, nhsNumber };
}

export interface ResponseContent {
  readonly query: Pick<AcceptedQuery, "nhsNumber" | "eventId">;
  readonly plans: readonly Plan[];
  readonly accesses: readonly RegisterAccess[];
  readonly shape?: ResponseShape;
}

/** What stands in the payload, whichever message it is put into. */
export function toResponsePayload(content: ResponseContent, now: number): ResponsePayload {
  const { query, accesses, shape = {} } = content;
  const [first, ...rest] = content.plans;
  const plans =
    shape.isFirstPlanUnreadable === true && first !== undefined
      ? [withoutReadableStart(first), ...rest]
      : content.plans;
  return {
    respondedAt: hl7TimeAt(now),
    eventId: query.eventId,
    totalAccesses: accesses.length,
    totalPlans: shape.totalPlans ?? plans.length,
    accesses: accesses.map((access) => {
      const isEcho = access.accessId === query.eventId;
      return toResponseAccess(access, isEcho ? (shape.echoedNhsNumber ?? query.nhsNumber) : query.nhsNumber);
    }),
    records: toRecords(plans, shape.subjectNhsNumber),
  };
}

/** REPC_IN000007GB01. */
export function encodeRecord(context: AnswerContext, content: ResponseContent): AnswerPayload {
  const { shape = {} } = content;
  const text = encodeQueryResponse(
    {
      transmission: transmission(context, defaultVersionCode),
      reasons: [],
      queryResponseCode: shape.queryResponseCode ?? "OK",
      payload: toResponsePayload(content, context.now),
    },
    [...(shape.deviations ?? []), ...(context.form?.record ?? [])],
  );
  return { interaction: queryResponseInteraction, text };
}

/** The plans that special numbers answer with. */
export function samplePlans(nhsNumber: string, now: number): readonly Plan[] {
  const subject = {
    kind: "child",
    nhsNumber,
    birthDate: "2018-07-04",
    givenName: "Test",
    familyName: "Child",
  } as const;
  const localAuthority = exampleCounty;
  return [
    { planType: "child-protection-plan", startDate: planDate(now, -120), localAuthority, subject },
    { planType: "looked-after-child", startDate: planDate(now, -400), localAuthority, subject },
  ];
}

function thisAccess(query: AcceptedQuery, now: number): RegisterAccess {
  return { accessId: query.eventId, accessedAt: now, author: query.author };
}

function encodeRegister(context: AnswerContext, query: AcceptedQuery, register: CpisRegister): AnswerPayload {
  const record: RegisterRecord | undefined = register.find(query.nhsNumber);
  if (record === undefined) return encodeRejection(context, "ID", [companion, notFound]);
  return encodeRecord(
    context,
    known<ResponseContent>({
      query,
      plans: record.plans,
      accesses: register.accesses(query.nhsNumber),
      shape: record.shape,
    }),
  );
}

/** Writes the HL7 part of an answer to an accepted query. */
export function encodeAnswerPayload(
  content: Exclude<AnswerContent, { kind: "message-error" | "acknowledgment" }>,
  context: AnswerContext,
  query: AcceptedQuery,
  register: CpisRegister,
): AnswerPayload {
  const sample = (plans: readonly Plan[], shape: ResponseShape = {}): AnswerPayload =>
    encodeRecord(context, { query, plans, accesses: [thisAccess(query, context.now)], shape });
  switch (content.kind) {
    case "register":
      return encodeRegister(context, query, register);
    case "record":
      return sample(content.plans === "none" ? [] : samplePlans(query.nhsNumber, context.now), content.shape);
    case "rejection":
      return encodeRejection(context, content.queryResponseCode, content.reasons);
    case "acknowledgement":
      return encodeApplicationAnswer(context, content.typeCode, content);
    case "unknown-interaction": {
      const { interaction, text } = encodeApplicationAnswer(context, "AA", {});
      return { interaction: foreignInteraction, text: text.replaceAll(interaction, foreignInteraction) };
    }
    case "malformed": {
      const { interaction, text } = sample(samplePlans(query.nhsNumber, context.now));
      return { interaction, text: text.slice(0, Math.floor(text.length / 2)) };
    }
    case "oversized": {
      const { interaction, text } = sample(samplePlans(query.nhsNumber, context.now));
      return { interaction, text: `${text}<!--${"x".repeat(oversizedBytes)}-->` };
    }
  }
}

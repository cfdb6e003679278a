// One request from its bytes to its reply and its answers: judged, remembered, answered.
import { encodeAnswer, type AnswerMessage, type QueryVerdict, type TakenRequest } from "./answer-message.js";
import { isTakenIn, normalConduct, type AnswerConduct, type Conduct, type ReplyConduct } from "./conduct.js";
import { applyFault, type FaultInjector } from "./faults.js";
import { judgeRequest, type IncomingRequest, type Judgement } from "./judge-request.js";
import type { RequestEnd } from "./message-listener.js";
import type { SimulatedParty, SimulatorEffects, SimulatorEvents } from "./model.js";
import { checkQuery, type AcceptedQuery } from "./query-acceptance.js";
import type { CpisRegister } from "./register.js";
import type { RecentMap } from "./recent-map.js";
import {
  acknowledgmentReply,
  emptyReply,
  expressReply,
  messageErrorReply,
  soapFaultReply,
  type HttpReply,
} from "./replies.js";
import { findSpecialNumber } from "./special-numbers.js";
import { spineAsid } from "./spine-identity.js";
import type { BusinessMessage } from "../ebxml/model.js";
import { parseTransmission } from "../hl7v3/transmission-wrapper.js";
import { comparableId } from "../identifiers.js";

export interface ConversationParts {
  readonly effects: SimulatorEffects;
  readonly parties: ReadonlyMap<string, SimulatedParty>;
  readonly register: CpisRegister;
  readonly faults: FaultInjector;
  /** The first reply to each reliable message, by sender and MessageId. */
  readonly replies: RecentMap<HttpReply>;
  /** HL7 ids seen, by sender. */
  readonly hl7Ids: RecentMap<true>;
  readonly acceptanceFailure: "message-error" | "soap-fault";
  tell<Name extends keyof SimulatorEvents>(name: Name, ...event: SimulatorEvents[Name]): void;
}

/** What is to be done about one request. */
export interface Course {
  readonly messageId?: string;
  readonly message?: BusinessMessage;
  readonly end: RequestEnd;
  readonly replyDelayMilliseconds: number;
  readonly answersBeforeReply: boolean;
  readonly answers: readonly AnswerConduct[];
  /** Writes an answer; call it when the answer is due, so that it tells what is known then. */
  encode(answer: AnswerConduct): AnswerMessage;
}

function refusalCourse(reply: HttpReply, messageId: string | undefined): Course {
  return {
    ...(messageId === undefined ? {} : { messageId }),
    end: { kind: "reply", reply },
    replyDelayMilliseconds: 0,
    answersBeforeReply: false,
    answers: [],
    encode: () => {
      throw new Error("a refused message has no answers");
    },
  };
}

function refusedCourse(judgement: Exclude<Judgement, { kind: "message" }>, parts: ConversationParts): Course {
  switch (judgement.kind) {
    case "signal":
      return refusalCourse(emptyReply(200), judgement.messageId);
    case "fault": {
      const { code, reason, messageId } = judgement;
      const event = { stage: "ebxml", faults: [`fault ${code}: ${reason}`] } as const;
      parts.tell("refused", messageId === undefined ? event : { ...event, messageId });
      return refusalCourse(soapFaultReply(code), messageId);
    }
    case "error": {
      const { routing, reports, isInconsistent } = judgement;
      const faults = reports.map(({ errorCode, description = "" }) => `${errorCode}: ${description}`);
      parts.tell("refused", { stage: "ebxml", messageId: routing.messageId, faults });
      const reply =
        isInconsistent && parts.acceptanceFailure === "soap-fault"
          ? soapFaultReply("201", faults.join("; "))
          : messageErrorReply(routing, reports, parts.effects);
      return refusalCourse(reply, routing.messageId);
    }
  }
}

type TakenJudgement = Extract<Judgement, { kind: "message" }>;

function hl7Key(query: AcceptedQuery): string {
  return `${query.fromAsid} ${comparableId(query.hl7Id)}`;
}

interface QueryJudgement {
  readonly verdict: QueryVerdict;
  /** Of any query that passed the checks of its content. */
  readonly nhsNumber?: string;
}

/** The checks of the HL7 message, which are answered by a message of their own. `hl7Ids` are those seen before. */
function judgeQuery(judgement: TakenJudgement, hl7Ids: Pick<RecentMap<true>, "get">): QueryJudgement {
  const { interaction, party, message } = judgement;
  const acceptance = checkQuery(interaction);
  if (acceptance.kind === "refused") {
    const messageRef = parseTransmission(interaction).messageId ?? message.header.messageId;
    return { verdict: { ...acceptance, kind: "faults", messageRef } };
  }
  const { query } = acceptance;
  const { nhsNumber, hl7Id: messageRef } = query;
  const rejected = (code: "202" | "506" | "1", reason: string): QueryJudgement => ({
    verdict: { kind: "rejected", code, reason, messageRef },
    nhsNumber,
  });
  if (hl7Ids.get(hl7Key(query)) !== undefined) return rejected("202", "Duplicate HL7 message id");
  if (query.toAsid !== spineAsid) return rejected("506", "Receiver ASID is not allowed");
  if (query.fromAsid !== party.asid) return rejected("1", "Access denied: sender ASID is not that of the party");
  return { verdict: { kind: "query", query }, nhsNumber };
}

/** What happens to a message, special number and injected faults included. */
function chooseConduct({ verdict, nhsNumber }: QueryJudgement, action: string, faults: FaultInjector): Conduct {
  const special = verdict.kind === "query" ? findSpecialNumber(verdict.query.nhsNumber) : undefined;
  const subject = nhsNumber === undefined ? { action } : { action, nhsNumber };
  return faults.faultsFor(subject).reduce(applyFault, special?.conduct ?? normalConduct);
}

function acceptReply(
  message: BusinessMessage,
  request: IncomingRequest,
  ack: "matching" | "wrong-reference" | "missing",
  effects: SimulatorEffects,
): HttpReply {
  if (request.pattern === "express") return expressReply();
  switch (ack) {
    case "matching":
      return acknowledgmentReply(message, effects);
    case "wrong-reference":
      return acknowledgmentReply(message, effects, effects.newUuid());
    case "missing":
      return expressReply();
  }
}

function toEnd(
  reply: ReplyConduct,
  message: BusinessMessage,
  request: IncomingRequest,
  stored: HttpReply | undefined,
  effects: SimulatorEffects,
): RequestEnd {
  switch (reply.kind) {
    case "accept": {
      const isStored = stored !== undefined && reply.ack === "matching";
      return { kind: "reply", reply: isStored ? stored : acceptReply(message, request, reply.ack, effects) };
    }
    case "silence":
    case "reset":
      return { kind: reply.kind };
    case "http-error":
      return { kind: "reply", reply: emptyReply(reply.status) };
    case "soap-fault":
      return { kind: "reply", reply: soapFaultReply(reply.code) };
    case "ebxml-error":
      return { kind: "reply", reply: messageErrorReply(message.header, [reply], effects) };
  }
}

/** Tells of the refusal, or records the access and tells the local authorities of it. */
function takeEffect(verdict: QueryVerdict, messageId: string, parts: ConversationParts): void {
  if (verdict.kind === "faults") parts.tell("refused", { stage: "query", messageId, faults: verdict.faults });
  if (verdict.kind === "rejected") parts.tell("refused", { stage: "query", messageId, faults: [verdict.reason] });
  if (verdict.kind !== "query") return;
  const { query } = verdict;
  parts.hl7Ids.set(hl7Key(query), true);
  const record = parts.register.find(query.nhsNumber);
  if (record === undefined || findSpecialNumber(query.nhsNumber) !== undefined) return;
  const access = { accessId: query.eventId, accessedAt: parts.effects.now(), author: query.author };
  if (!parts.register.recordAccess(query.nhsNumber, access)) return;
  const byName = new Map(record.plans.map(({ localAuthority }) => [JSON.stringify(localAuthority), localAuthority]));
  parts.tell("access", { nhsNumber: query.nhsNumber, access, localAuthorities: [...byName.values()] });
}

/** Decides about one request. What it must remember is remembered when it returns. */
export function decideCourse(request: IncomingRequest, parts: ConversationParts): Course {
  const judgement = judgeRequest(request, parts.parties);
  if (judgement.kind !== "message") return refusedCourse(judgement, parts);
  const { message, party } = judgement;
  const { header } = message;
  const key = `${header.fromPartyKey} ${comparableId(header.messageId)}`;
  const stored = request.pattern === "reliable" ? parts.replies.get(key) : undefined;
  const isNew = stored === undefined;
  // The HL7 id of a message that is sent again is no repeated one.
  const judged = judgeQuery(judgement, isNew ? parts.hl7Ids : { get: () => undefined });
  const { verdict } = judged;
  const conduct = chooseConduct(judged, header.action, parts.faults);
  if (isNew && isTakenIn(conduct.reply)) {
    if (request.pattern === "reliable") parts.replies.set(key, acknowledgmentReply(message, parts.effects));
    takeEffect(verdict, header.messageId, parts);
  }
  const taken: TakenRequest = { header, pattern: request.pattern, party, verdict };
  return {
    messageId: header.messageId,
    message,
    end: toEnd(conduct.reply, message, request, parts.replies.get(key), parts.effects),
    replyDelayMilliseconds: conduct.replyDelayMilliseconds,
    answersBeforeReply: conduct.answersBeforeReply,
    answers: isNew ? conduct.answers : [],
    encode: (answer) => encodeAnswer(answer, taken, parts),
  };
}

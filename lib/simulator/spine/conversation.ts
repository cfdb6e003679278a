// One request from its bytes to its reply and its answers: judged, remembered, answered.
import { encodeAnswer, type QueryVerdict } from "./answer-message.js";
import type { AnswerMessage } from "./answer-sender.js";
import type { AuthoritySide } from "../cpis/authority-service.js";
import { lastCourse, type Course, type RequestFacts } from "./course.js";
import type { BusinessInteractions } from "./business-interactions.js";
import { isTakenIn, normalConduct, type AnswerConduct, type Conduct, type ReplyConduct } from "../behaviour.js";
import { applyFault, type FaultInjector } from "./faults.js";
import { judgeRequest, type IncomingRequest, type Judgement } from "./judge-request.js";
import type { RequestEnd } from "./message-listener.js";
import type { SimulatedParty, SimulatedPattern, SimulatorEffects, SimulatorEvents, SyncSoapForm } from "../model.js";
import { checkQuery, type AcceptedQuery } from "../cpis/query-acceptance.js";
import type { CpisRegister } from "../cpis/register.js";
import type { RecentMap } from "../recent-map.js";
import {
  acknowledgmentFor,
  acknowledgmentReply,
  emptyReply,
  expressReply,
  forwardReply,
  messageErrorReply,
  soapFaultReply,
  type HttpReply,
} from "./replies.js";
import { findSpecialNumber } from "../cpis/special-numbers.js";
import { spineAsid } from "../spine-identity.js";
import type { Acknowledgment, BusinessMessage, MessageError } from "../../ebxml/model.js";
import { parseTransmission } from "../../hl7v3/transmission-wrapper.js";
import { comparableId } from "../../identifiers.js";
import type { XmlElement } from "../../xml/xml-element.js";

export interface ConversationParts {
  readonly effects: SimulatorEffects;
  readonly parties: ReadonlyMap<string, SimulatedParty>;
  readonly register: CpisRegister;
  readonly faults: FaultInjector;
  readonly business: BusinessInteractions;
  readonly authorities: Pick<AuthoritySide, "takeMessage" | "accessed">;
  /** Of each reliable message, by sender and MessageId: given again when the message is sent again. */
  readonly acknowledgments: RecentMap<AnswerMessage>;
  /** HL7 ids seen, by sender. */
  readonly hl7Ids: RecentMap<true>;
  readonly acceptanceFailure: "message-error" | "soap-fault";
  readonly syncSoapForm: SyncSoapForm;
  /** A party sent an acknowledgment, or an error, as a message of its own. */
  takeSignal(signal: Acknowledgment | MessageError): void;
  tell<Name extends keyof SimulatorEvents>(name: Name, ...event: SimulatorEvents[Name]): void;
}

function refusalCourse(reply: HttpReply, messageId: string | undefined): Course {
  return lastCourse({ kind: "reply", reply }, messageId === undefined ? {} : { messageId });
}

type TakenJudgement = Extract<Judgement, { kind: "query" | "business" }>;

function refusedCourse(judgement: Exclude<Judgement, TakenJudgement>, parts: ConversationParts): Course {
  switch (judgement.kind) {
    case "signal":
      parts.takeSignal(judgement.signal);
      return refusalCourse(emptyReply(200), judgement.signal.header.messageId);
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

function hl7Key(query: AcceptedQuery): string {
  return `${query.fromAsid} ${comparableId(query.hl7Id)}`;
}

export interface QueryJudgement {
  readonly verdict: QueryVerdict;
  /** Of any query that passed the checks of its content. */
  readonly nhsNumber?: string;
}

/** `messageId` is that of the transport. */
interface QueryToJudge {
  readonly interaction: XmlElement;
  readonly party: Pick<SimulatedParty, "asid">;
  readonly messageId: string;
}

/** The checks of the HL7 message, which are answered by a message of their own. `hl7Ids` are those seen before. */
export function judgeQuery(
  { interaction, party, messageId }: QueryToJudge,
  hl7Ids: Pick<RecentMap<true>, "get">,
): QueryJudgement {
  const acceptance = checkQuery(interaction);
  if (acceptance.kind === "refused") {
    const messageRef = parseTransmission(interaction).messageId ?? messageId;
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

const acknowledgmentAnswer: AnswerConduct = { content: { kind: "acknowledgment", isWrong: false } };

function isAcknowledgment({ content }: AnswerConduct): boolean {
  return content.kind === "acknowledgment";
}

/** What happens to a message, special number and injected faults included. */
export function chooseConduct(
  { action, messageId }: Pick<RequestFacts, "action" | "messageId">,
  pattern: SimulatedPattern,
  judged: QueryJudgement | undefined,
  faults: FaultInjector,
): Conduct {
  const verdict = judged?.verdict;
  const special = verdict?.kind === "query" ? findSpecialNumber(verdict.query.nhsNumber) : undefined;
  const plain: Conduct =
    verdict === undefined ? { ...normalConduct, answers: [] } : (special?.conduct ?? normalConduct);
  const isAcknowledgedApart = pattern === "forwardReliable" && isTakenIn(plain.reply);
  const conduct = isAcknowledgedApart ? { ...plain, answers: [acknowledgmentAnswer, ...plain.answers] } : plain;
  const nhsNumber = judged?.nhsNumber;
  const subject = nhsNumber === undefined ? { action, messageId } : { action, messageId, nhsNumber };
  return faults.faultsFor(subject).reduce(applyFault, conduct);
}

function wrongAcknowledgment(message: BusinessMessage, effects: SimulatorEffects): AnswerMessage {
  return acknowledgmentFor(message, effects, effects.newUuid());
}

function acceptReply(
  ack: "matching" | "wrong-reference" | "missing",
  message: BusinessMessage,
  pattern: IncomingRequest["pattern"],
  stored: AnswerMessage | undefined,
  effects: SimulatorEffects,
): HttpReply {
  if (pattern === "forwardReliable") return forwardReply();
  if (pattern === "express" || ack === "missing") return expressReply();
  if (ack === "wrong-reference") return acknowledgmentReply(wrongAcknowledgment(message, effects));
  return acknowledgmentReply(stored ?? acknowledgmentFor(message, effects));
}

function toEnd(
  reply: ReplyConduct,
  message: BusinessMessage,
  pattern: IncomingRequest["pattern"],
  stored: AnswerMessage | undefined,
  effects: SimulatorEffects,
): RequestEnd {
  switch (reply.kind) {
    case "accept":
      return { kind: "reply", reply: acceptReply(reply.ack, message, pattern, stored, effects) };
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
export function takeEffect(verdict: QueryVerdict, messageId: string, parts: ConversationParts): void {
  if (verdict.kind === "faults") parts.tell("refused", { stage: "query", messageId, faults: verdict.faults });
  if (verdict.kind === "rejected") parts.tell("refused", { stage: "query", messageId, faults: [verdict.reason] });
  if (verdict.kind !== "query") return;
  const { query } = verdict;
  parts.hl7Ids.set(hl7Key(query), true);
  if (query.isSilent) return;
  const record = parts.register.find(query.nhsNumber);
  if (record === undefined || findSpecialNumber(query.nhsNumber) !== undefined) return;
  const access = { accessId: query.eventId, accessedAt: parts.effects.now(), author: query.author };
  if (!parts.register.recordAccess(query.nhsNumber, access)) return;
  const byName = new Map(record.plans.map(({ localAuthority }) => [JSON.stringify(localAuthority), localAuthority]));
  parts.tell("access", { nhsNumber: query.nhsNumber, access, localAuthorities: [...byName.values()] });
  parts.authorities.accessed(query.nhsNumber, access);
}

function countEffect({ message, hl7Id }: Extract<Judgement, { kind: "business" }>, parts: ConversationParts): void {
  const { messageId, conversationId, service, action, fromPartyKey } = message.header;
  const effect = parts.business.takeEffect({ id: hl7Id ?? messageId, messageId, service, action, fromPartyKey });
  parts.tell("effect", { ...effect, conversationId });
}

/** Decides about one request. What it must remember is remembered when it returns. */
export function decideCourse(request: IncomingRequest, parts: ConversationParts): Course {
  const judgement = judgeRequest(request, {
    parties: parts.parties,
    isRegistered: (service, action, patternAsked) => parts.business.isRegistered(service, action, patternAsked),
  });
  if (judgement.kind !== "query" && judgement.kind !== "business") return refusedCourse(judgement, parts);
  const { message, party } = judgement;
  const { header } = message;
  const { pattern } = request;
  const { effects } = parts;
  const key = `${header.fromPartyKey} ${comparableId(header.messageId)}`;
  const isNew = pattern === "express" || parts.acknowledgments.get(key) === undefined;
  // The HL7 id of a message that is sent again is no repeated one.
  const judged =
    judgement.kind === "query"
      ? judgeQuery({ ...judgement, messageId: header.messageId }, isNew ? parts.hl7Ids : { get: () => undefined })
      : undefined;
  const conduct = chooseConduct(header, pattern, judged, parts.faults);
  if (isNew && isTakenIn(conduct.reply)) {
    if (pattern !== "express") parts.acknowledgments.set(key, acknowledgmentFor(message, effects));
    if (judgement.kind === "business") {
      countEffect(judgement, parts);
      parts.authorities.takeMessage(message, party, pattern);
    }
    if (judged !== undefined) takeEffect(judged.verdict, header.messageId, parts);
  }
  const stored = pattern === "express" ? undefined : parts.acknowledgments.get(key);
  return {
    about: { ...header, partyKey: header.fromPartyKey },
    end: toEnd(conduct.reply, message, pattern, stored, effects),
    replyDelayMilliseconds: conduct.replyDelayMilliseconds,
    answersBeforeReply: conduct.answersBeforeReply,
    answers: isNew ? conduct.answers : conduct.answers.filter(isAcknowledgment),
    encode: (answer) => {
      const { content } = answer;
      if (content.kind === "acknowledgment") {
        return content.isWrong
          ? wrongAcknowledgment(message, effects)
          : (stored ?? acknowledgmentFor(message, effects));
      }
      if (judged === undefined) throw new Error("a business message has no answers");
      return encodeAnswer(answer, content, { header, pattern, party, verdict: judged.verdict }, parts);
    },
  };
}

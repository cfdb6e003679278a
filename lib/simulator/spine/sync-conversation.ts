// One request of the synchronous form from its bytes to its reply, which is the answer: judged, remembered, answered.
import { encodePayload, type BusinessContent } from "./answer-message.js";
import type { AnswerForm } from "../cpis/answer-payload.js";
import { isTakenIn, type AnswerConduct } from "../behaviour.js";
import { chooseConduct, judgeQuery, takeEffect, type ConversationParts, type QueryJudgement } from "./conversation.js";
import { lastCourse, type Course, type RequestFacts } from "./course.js";
import type { RequestEnd } from "./message-listener.js";
import type { SimulatedParty, SyncSoapForm } from "../model.js";
import { messageErrorReply, soapFaultReply, synchronousReply } from "./replies.js";
import { queryService, spineAsid } from "../spine-identity.js";
import { queryRequestInteraction } from "../../cpis/query/query-request.js";
import { isCpisError, type CpisError } from "../../errors.js";
import { parseConversationId, parseMessageId, parsePartyKey } from "../../identifiers.js";
import { parseSoapEnvelope, type SoapEnvelope } from "../../soap/envelope.js";
import { readSoapAction } from "../../soap/soap-action.js";
import { encodeSynchronousReply } from "../../soap/synchronous-reply.js";
import { readSynchronousRequest } from "../../soap/synchronous-request.js";
import { type XmlElement, attributeValue, childrenNamed } from "../../xml/xml-element.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";

const addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
const hl7 = "urn:hl7-org:v3";
/** "uuid:" and a UUID. */
const messageIdLength = 41;

/** A check that failed gives its fault text. */
type Check = readonly [hasPassed: boolean, fault: string];

function texts(header: XmlElement, localName: string): readonly string[] {
  return childrenNamed(header, { localName, namespaces: [addressing] }).map(({ text }) => text.trim());
}

/** Each of them once, with one ASID that is not empty. */
function namesOneSystem(header: XmlElement, localName: string): boolean {
  const at = (holders: readonly XmlElement[], name: string): readonly XmlElement[] =>
    holders.flatMap((holder) => childrenNamed(holder, { localName: name, namespaces: [hl7] }));
  const functions = at([header], localName);
  const ids = at(at(functions, "device"), "id");
  const [id] = ids;
  return (
    functions.length === 1 &&
    ids.length === 1 &&
    id !== undefined &&
    attributeValue(id, "root") === objectIdentifiers.asid &&
    (attributeValue(id, "extension") ?? "") !== ""
  );
}

/** All faults of the header, in the order of the checks, under Spine's own names; none means accepted. */
export function checkSynchronousRequest(header: XmlElement | undefined): readonly string[] {
  if (header === undefined) return ["ErrorBaseTms.MESSAGE_NOT_WELL_FORMED[soapHeaderCount]"];
  const [messageIds, to] = [texts(header, "MessageID"), texts(header, "To")];
  const checks: readonly Check[] = [
    [messageIds.length === 1 && messageIds[0]?.length === messageIdLength, "ErrorBaseTms.SOAP_MESSAGE_ID_ERROR"],
    [texts(header, "Action").length === 1, "ErrorBaseTms.SOAP_ACTION_ERROR"],
    [to.length === 1 && to[0] !== "", "ErrorBaseTms.SOAP_TO_ERROR"],
    [namesOneSystem(header, "communicationFunctionRcv"), "ErrorBaseTms.SOAP_COMM_FUNC_RCV_ERROR"],
    [namesOneSystem(header, "communicationFunctionSnd"), "ErrorBaseTms.SOAP_COMM_FUNC_SND_ERROR"],
  ];
  return checks.filter(([hasPassed]) => !hasPassed).map(([, fault]) => fault);
}

export interface SynchronousIncoming {
  readonly soapAction: string | undefined;
  readonly body: Buffer;
}

const extraElement = { wrappedIn: "CP-ISNHSQueryResponse" } as const;
const forms: Readonly<Record<SyncSoapForm, AnswerForm>> = {
  spine: {
    record: ["extra-wrapper"],
    failure: { namespace: "prefixed", swappedAsids: true },
    isQueryAckLeftOut: true,
    acknowledgement: { wrappedIn: "retrievalQueryResponse" },
  },
  wrapped: {
    record: ["extra-wrapper"],
    failure: extraElement,
    isQueryAckLeftOut: false,
    acknowledgement: extraElement,
  },
  bare: { record: [], failure: {}, isQueryAckLeftOut: false, acknowledgement: {} },
};
const serviceAddress = "https://cpisquery.sim.example.nhs.uk/syncservice";

function withoutPrefix(messageId: string): string {
  return messageId.replace(/^uuid:/i, "");
}

function openEnvelope(body: Buffer): SoapEnvelope | CpisError {
  try {
    return parseSoapEnvelope(body);
  } catch (cause) {
    if (isCpisError(cause)) return cause;
    throw cause;
  }
}

function refuse(
  code: "101" | "201",
  faults: readonly string[],
  about: Partial<RequestFacts>,
  parts: ConversationParts,
): Course {
  const { messageId } = about;
  const event = { stage: "http", faults: faults.map((text) => `fault ${code}: ${text}`) } as const;
  parts.tell("refused", messageId === undefined ? event : { ...event, messageId });
  const description = code === "201" ? faults.join("; ") : undefined;
  return lastCourse({ kind: "reply", reply: soapFaultReply(code, description) }, about);
}

interface Asked {
  readonly about: RequestFacts;
  readonly interaction: XmlElement;
  readonly fromAsid: string;
  readonly party: SimulatedParty | undefined;
}

/** What Spine takes from a request, or why it refuses it. */
function readRequest(request: SynchronousIncoming, parts: ConversationParts): Asked | Course {
  const envelope = openEnvelope(request.body);
  if (isCpisError(envelope)) return refuse("201", [envelope.code], {}, parts);
  const { messageId = "", action = "", fromAsid = "", interaction } = readSynchronousRequest(envelope);
  const id = withoutPrefix(messageId);
  const party = [...parts.parties.values()].find(({ asid }) => asid === fromAsid);
  const name = action.slice(action.lastIndexOf("/") + 1);
  const about = { action: name, messageId: id, conversationId: "", partyKey: party?.partyKey ?? "" };
  const faults = checkSynchronousRequest(envelope.header);
  if (faults.length > 0) return refuse("201", faults, about, parts);
  const isSupported =
    readSoapAction(request.soapAction ?? "") === action && action === `${queryService}/${queryRequestInteraction}`;
  if (!isSupported) return refuse("101", ["SOAPAction"], about, parts);
  if (interaction?.localName !== queryRequestInteraction) return refuse("101", ["interaction"], about, parts);
  return { about, interaction, fromAsid, party };
}

function errorReply(
  { about, party }: Asked,
  report: { readonly errorCode: string; readonly description: string },
  parts: ConversationParts,
): RequestEnd {
  const routing = {
    messageId: parseMessageId(about.messageId),
    fromPartyKey: parsePartyKey(party?.partyKey ?? "unknown"),
    conversationId: parseConversationId(about.messageId),
  };
  return { kind: "reply", reply: messageErrorReply(routing, [report], parts.effects) };
}

/** What an answer would say if it were posted, in the reply. */
function answerEnd(
  conduct: AnswerConduct,
  content: BusinessContent,
  asked: Asked,
  judged: QueryJudgement,
  parts: ConversationParts,
): RequestEnd {
  if (content.kind === "message-error") return errorReply(asked, content, parts);
  const { fromAsid, about } = asked;
  const messageId = parts.effects.newUuid();
  const request = { party: { asid: fromAsid }, verdict: judged.verdict };
  const { interaction, text } = encodePayload(conduct, content, request, messageId, parts, forms[parts.syncSoapForm]);
  const body = encodeSynchronousReply({
    messageId,
    relatesTo: conduct.hasWrongRefToMessageId === true ? parts.effects.newUuid() : about.messageId,
    service: queryService,
    interaction,
    fromAddress: serviceAddress,
    fromAsid: spineAsid,
    toAsid: fromAsid,
    payload: Buffer.from(text, "utf8"),
  });
  return { kind: "reply", reply: synchronousReply(body, conduct.lineEndsLf === true) };
}

/** Decides about one request. What it must remember is remembered when it returns. */
export function decideSynchronousCourse(request: SynchronousIncoming, parts: ConversationParts): Course {
  const asked = readRequest(request, parts);
  if ("answers" in asked) return asked;
  const { about, interaction, party } = asked;
  const judged = judgeQuery({ interaction, party: party ?? { asid: "" }, messageId: about.messageId }, parts.hl7Ids);
  const conduct = chooseConduct(about, "syncSoap", judged, parts.faults);
  if (isTakenIn(conduct.reply)) takeEffect(judged.verdict, about.messageId, parts);
  const { reply, replyDelayMilliseconds } = conduct;
  const course = (end: RequestEnd): Course => ({ ...lastCourse(end, about), replyDelayMilliseconds });
  switch (reply.kind) {
    case "silence":
    case "reset":
      return course({ kind: reply.kind });
    case "http-error":
      return course({ kind: "reply", reply: { status: reply.status, headers: {}, body: Buffer.alloc(0) } });
    case "soap-fault":
      return course({ kind: "reply", reply: soapFaultReply(reply.code) });
    case "ebxml-error":
      return course(errorReply(asked, reply, parts));
    case "accept":
      return { ...course({ kind: "silence" }), ...firstAnswer(conduct.answers, asked, judged, parts) };
  }
}

/** Others have no place in a reply. A message that is never answered gets none. */
function firstAnswer(
  answers: readonly AnswerConduct[],
  asked: Asked,
  judged: QueryJudgement,
  parts: ConversationParts,
): Pick<Course, "answerInReply"> {
  for (const conduct of answers) {
    const { content } = conduct;
    if (content.kind === "acknowledgment") continue;
    return { answerInReply: { conduct, encode: () => answerEnd(conduct, content, asked, judged, parts) } };
  }
  return {};
}

// Turns an answer that shall be given into the bytes that Spine would post.
import { definedOnly } from "../../defined-only.js";
import {
  encodeAnswerPayload,
  encodeApplicationAnswer,
  encodeRejection,
  type AnswerContext,
  type AnswerForm,
} from "../cpis/answer-payload.js";
import type { AnswerMessage } from "./answer-sender.js";
import type { AnswerConduct, AnswerContent } from "../behaviour.js";
import type { SimulatedEbxmlPattern, SimulatedParty, SimulatorEffects } from "../model.js";
import type { AcceptedQuery } from "../cpis/query-acceptance.js";
import type { CpisRegister } from "../cpis/register.js";
import { signalIdentity } from "./replies.js";
import { ebxmlPatternOf, queryService, spinePartyKey } from "../spine-identity.js";
import type { CodedText } from "../../cpis/model.js";
import { encodeBusinessMessage, spineXmlDeclaration } from "../../ebxml/encode-message.js";
import { encodeMessageError, messageErrorOf } from "../../ebxml/encode-signal.js";
import type { EncodedMessage, MessageHeader } from "../../ebxml/model.js";
import { reliabilityElements } from "../../ebxml/reliability.js";
import { parseCpaId, parseMessageId, parsePartyKey } from "../../identifiers.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";

/** A request that was taken in, and what its HL7 message was judged to be. */
export interface TakenRequest extends JudgedRequest {
  readonly header: MessageHeader;
  readonly pattern: SimulatedEbxmlPattern;
  readonly party: SimulatedParty;
}

/** Who asked, and what the HL7 message was judged to be. */
export interface JudgedRequest {
  readonly party: Pick<SimulatedParty, "asid">;
  readonly verdict: QueryVerdict;
}

export type QueryVerdict =
  | { readonly kind: "query"; readonly query: AcceptedQuery }
  /** Refused by the checks: about the wrapper with MCCI AE, about the content with QUQI. */
  | {
      readonly kind: "faults";
      readonly about: "wrapper" | "content";
      readonly faults: readonly string[];
      readonly messageRef: string;
    }
  /** Refused as a whole with MCCI AR. */
  | {
      readonly kind: "rejected";
      readonly code: "202" | "506" | "1";
      readonly reason: string;
      readonly messageRef: string;
    };

/** What is said about the business: everything but the acknowledgment of the transport. */
export type BusinessContent = Exclude<AnswerContent, { kind: "acknowledgment" }>;

export interface AnswerParts {
  readonly register: CpisRegister;
  readonly effects: SimulatorEffects;
}

const transportCodes = "2.16.840.1.113883.2.1.3.2.4.17.32";
/** The numbers behind the names of Spine's checks are not public: these cannot be mistaken for them. */
const syntheticCodes = { wrapper: "SIM1732", content: "SIM1712" } as const;
/** Above every limit a listener may have, for the answer that is too large on purpose. */
const maximumAnswerBytes = 20_000_000;

function faultReasons(about: "wrapper" | "content", faults: readonly string[]): readonly CodedText[] {
  const codeSystem = objectIdentifiers.spineErrorCode;
  return faults.map((displayName) => ({ code: syntheticCodes[about], codeSystem, displayName, qualifier: "ER" }));
}

/** The HL7 message of an answer, in the form that its pattern has. */
export function encodePayload(
  conduct: AnswerConduct,
  content: Exclude<BusinessContent, { kind: "message-error" }>,
  request: JudgedRequest,
  hl7Id: string,
  parts: AnswerParts,
  form?: AnswerForm,
): { readonly interaction: string; readonly text: string } {
  const { verdict, party } = request;
  const { effects, register } = parts;
  const messageRef = verdict.kind === "query" ? verdict.query.hl7Id : verdict.messageRef;
  const context: AnswerContext = {
    toAsid: party.asid,
    messageRef: conduct.hasWrongMessageRef === true ? effects.newUuid() : messageRef,
    hl7Id,
    now: effects.now(),
    ...definedOnly({ form }),
  };
  switch (verdict.kind) {
    case "query":
      return encodeAnswerPayload(content, context, verdict.query, register);
    case "faults": {
      const reasons = faultReasons(verdict.about, verdict.faults);
      return verdict.about === "wrapper"
        ? encodeApplicationAnswer(context, "AE", { reasons })
        : encodeRejection(context, "ID", reasons);
    }
    case "rejected": {
      const detail = { code: verdict.code, codeSystem: transportCodes, displayName: verdict.reason };
      return encodeApplicationAnswer(context, "AR", { details: [detail] });
    }
  }
}

/** In MIME structure and envelope; the HL7 part of Spine has such line ends anyway. */
function withLineFeeds(encoded: EncodedMessage): EncodedMessage {
  return { ...encoded, body: Buffer.from(encoded.body.toString("latin1").replaceAll("\r\n", "\n"), "latin1") };
}

/** Answers travel in the pattern of the request, carry the party's CPA id, and repeat the request's timestamp. */
export function encodeAnswer(
  conduct: AnswerConduct,
  content: BusinessContent,
  request: TakenRequest,
  parts: AnswerParts,
): AnswerMessage {
  const { header, party, pattern } = request;
  const { effects } = parts;
  const refToMessageId = conduct.hasWrongRefToMessageId === true ? parseMessageId(effects.newUuid()) : header.messageId;
  if (content.kind === "message-error") {
    const { errorCode, description } = content;
    const routing = { ...header, messageId: refToMessageId, cpaId: parseCpaId(party.cpaId) };
    const error = messageErrorOf(routing, signalIdentity(effects), [{ errorCode, description }]);
    return {
      messageId: error.header.messageId,
      refToMessageId,
      conversationId: header.conversationId,
      action: error.header.action,
      encoded: encodeMessageError(error),
    };
  }
  const messageId = parseMessageId(effects.newUuid());
  const payload = encodePayload(conduct, content, request, messageId, parts);
  const encoded = encodeBusinessMessage(
    {
      kind: "message",
      header: {
        fromPartyKey: spinePartyKey,
        toPartyKey: parsePartyKey(party.partyKey),
        cpaId: parseCpaId(party.cpaId),
        conversationId: header.conversationId,
        service: queryService,
        action: payload.interaction,
        messageId,
        timestamp: header.timestamp,
        refToMessageId,
      },
      reliability: reliabilityElements(ebxmlPatternOf(pattern)),
      payload: Buffer.from(spineXmlDeclaration + payload.text, "utf8"),
      attachments: [],
      externalReferences: [],
    },
    { style: "spine", maximumBytes: maximumAnswerBytes },
  );
  return {
    messageId,
    refToMessageId,
    conversationId: header.conversationId,
    action: payload.interaction,
    encoded: conduct.lineEndsLf === true ? withLineFeeds(encoded) : encoded,
  };
}

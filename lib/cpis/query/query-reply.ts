// What a reply to a query says, whichever message says it.
import {
  applicationAcknowledgementInteraction,
  parseApplicationAcknowledgement,
  type ReceivedApplicationAcknowledgement,
} from "../../hl7v3/application-acknowledgement.js";
import { findInteraction } from "../../hl7v3/interaction.js";
import { parseQueryFailure, queryFailureInteraction, type ReceivedQueryFailure } from "../../hl7v3/query-failure.js";
import {
  parseAcknowledgement,
  parseTransmission,
  type ReceivedAcknowledgement,
  type ReceivedTransmission,
} from "../../hl7v3/transmission-wrapper.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { CodedText } from "../model.js";
import { parseQueryResponse, queryResponseInteraction } from "./query-response.js";
import type { ParsedQueryResponse } from "./query-response-model.js";

export type QueryReply =
  | { readonly kind: "response"; readonly parsed: ParsedQueryResponse; readonly messageRef?: string }
  | { readonly kind: "failure"; readonly failure: ReceivedQueryFailure; readonly messageRef?: string }
  | {
      readonly kind: "acknowledgement";
      readonly acknowledgement: ReceivedApplicationAcknowledgement;
      readonly messageRef?: string;
    }
  /** An interaction that answers no query. */
  | { readonly kind: "other"; readonly transmission: ReceivedTransmission; readonly messageRef?: string };

/**
 * Takes the root of a payload. Throws CPIS_MESSAGE_INVALID when it holds no interaction and no bare response, or
 * several interactions.
 */
export function parseQueryReply(root: XmlElement): QueryReply {
  const interaction = findInteraction(root);
  if (interaction === undefined) return { kind: "response", parsed: parseQueryResponse(root) };
  const messageRef = parseAcknowledgement(interaction)?.messageRef;
  const correlation = messageRef === undefined ? {} : { messageRef };
  switch (interaction.localName) {
    case queryResponseInteraction:
      return { kind: "response", parsed: parseQueryResponse(root), ...correlation };
    case queryFailureInteraction:
      return { kind: "failure", failure: parseQueryFailure(root), ...correlation };
    case applicationAcknowledgementInteraction:
      return { kind: "acknowledgement", acknowledgement: parseApplicationAcknowledgement(root), ...correlation };
    default:
      return { kind: "other", transmission: parseTransmission(interaction), ...correlation };
  }
}

/** What the reasons and the acknowledgement's details of a reply say together. */
export interface ReplyCodes {
  /** Every code that could be read, to be shown to support. */
  readonly all: readonly CodedText[];
  readonly reasons: readonly CodedText[];
  /** The codes that speak of an error: all reasons, and details that are no mere warning or information. */
  readonly errors: readonly CodedText[];
  /** Whether there is a reason, or an error detail, without a code that could be read. */
  readonly hasUnreadable: boolean;
}

interface CodeHolder {
  readonly reasons: readonly CodedText[];
  readonly unreadableReasons?: number;
  readonly acknowledgement?: ReceivedAcknowledgement;
}

export function collectCodes({ reasons, unreadableReasons = 0, acknowledgement }: CodeHolder): ReplyCodes {
  const details = acknowledgement?.details ?? [];
  const errorDetails = details.filter(({ typeCode }) => typeCode !== "WG" && typeCode !== "IF");
  const readable = ({ code }: { readonly code?: CodedText }): readonly CodedText[] =>
    code === undefined ? [] : [code];
  return {
    all: [...reasons, ...details.flatMap(readable)],
    reasons,
    errors: [...reasons, ...errorDetails.flatMap(readable)],
    hasUnreadable: unreadableReasons > 0 || errorDetails.some(({ code }) => code === undefined),
  };
}

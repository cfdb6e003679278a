// The checks that decide whether a readable business message is taken, and what is only worth a warning.
import type { BusinessMessage, ParsedEbxml } from "../../ebxml/model.js";
import { comparableId, type PartyKey } from "../../identifiers.js";
import { parseEbxmlTime } from "../ebxml-time.js";
import type { OwnParty, RefusalReason, WarningCode } from "../model.js";

/** "unknown": no contract is known yet, so nobody can be told from a stranger. */
export type Sender = "peer" | "stranger" | "unknown";

export interface InboundRules {
  readonly ownParty: OwnParty;
  /** Who this party is by the contracts in force; without it every party is a peer. */
  senderOf?(partyKey: PartyKey): Sender;
  /** Refuse a message under another CPA id than ours, instead of only warning of it. Default false. */
  readonly isStrictCpaId?: boolean;
  /** What our own contract says of messages sent to us; another combination is warned of. */
  readonly expectedReliability?: { readonly duplicateElimination: boolean; readonly ackRequested: boolean };
  /** Whether our contracts know such a message, be it an answer or not. Default: anything is known. */
  isKnownAction?(service: string, action: string): boolean;
}

/** One that says "no-contract" asks to come again: nothing is said of the message itself. */
export interface InboundRefusal {
  readonly reason: RefusalReason;
  readonly errorCode: string;
  readonly description: string;
}

export interface InboundWarning {
  readonly code: WarningCode;
  readonly message: string;
}

const timeToLiveGraceMilliseconds = 5 * 60 * 1000;

export function isForUs(message: BusinessMessage, ownParty: OwnParty): boolean {
  return comparableId(message.header.toPartyKey) === comparableId(ownParty.partyKey);
}

export const unknownToParty: InboundRefusal = {
  reason: "unknown-to-party",
  errorCode: "ValueNotRecognized",
  description: "501314:Invalid To Party Type attribute",
};

function isExpired(message: BusinessMessage, now: number): boolean {
  const { timeToLive } = message.header;
  const end = timeToLive === undefined ? undefined : parseEbxmlTime(timeToLive);
  return end !== undefined && end + timeToLiveGraceMilliseconds < now;
}

function hasOtherCpaId({ header }: BusinessMessage, { ownParty }: InboundRules): boolean {
  return ownParty.cpaId !== undefined && comparableId(header.cpaId) !== comparableId(ownParty.cpaId);
}

/** Of a message or a signal. A certificate of the right authority does not make its owner a party of ours. */
export function checkSender(fromPartyKey: PartyKey, rules: InboundRules): InboundRefusal | undefined {
  switch (rules.senderOf?.(fromPartyKey) ?? "peer") {
    case "peer":
      return undefined;
    case "stranger":
      return {
        reason: "unexpected-sender",
        errorCode: "ValueNotRecognized",
        description: "The From party is not one of our contracts",
      };
    case "unknown":
      return { reason: "no-contract", errorCode: "DeliveryFailure", description: "No contract is known at present" };
  }
}

/** The first failure decides. */
export function checkInbound(
  parsed: Pick<ParsedEbxml, "unresolvedReferences"> & { readonly message: BusinessMessage },
  rules: InboundRules,
  now: number,
): InboundRefusal | undefined {
  const { message } = parsed;
  const { service, action, fromPartyKey } = message.header;
  const sender = checkSender(fromPartyKey, rules);
  if (sender !== undefined) return sender;
  if (isExpired(message, now)) {
    return {
      reason: "expired",
      errorCode: "TimeToLiveExpired",
      description: "The message came after its time to live",
    };
  }
  if (rules.isStrictCpaId === true && hasOtherCpaId(message, rules)) {
    return {
      reason: "unexpected-sender",
      errorCode: "ValueNotRecognized",
      description: "501319:Unknown eb:CPAId",
    };
  }
  if (parsed.unresolvedReferences.length > 0 || message.payload === undefined) {
    return { reason: "part-missing", errorCode: "MimeProblem", description: "A part of the message is missing" };
  }
  if (rules.isKnownAction?.(service, action) === false) {
    return {
      reason: "unknown-action",
      errorCode: "ValueNotRecognized",
      description: "Unknown eb:Service or eb:Action",
    };
  }
  return undefined;
}

/** What is tolerated, but not as it should be. */
export function warnOfInbound(message: BusinessMessage, rules: InboundRules): readonly InboundWarning[] {
  const { header, reliability } = message;
  const warnings: InboundWarning[] = [];
  if (hasOtherCpaId(message, rules)) {
    warnings.push({ code: "UNEXPECTED_SENDER", message: "A message has another CPA id than ours" });
  }
  const expected = rules.expectedReliability;
  const asksForAck = reliability.ackRequested !== undefined;
  if (
    expected !== undefined &&
    (expected.duplicateElimination !== reliability.duplicateElimination || expected.ackRequested !== asksForAck)
  ) {
    warnings.push({ code: "UNEXPECTED_RELIABILITY", message: "A message's reliability differs from our contract" });
  }
  if (header.timeToLive !== undefined && parseEbxmlTime(header.timeToLive) === undefined) {
    warnings.push({ code: "UNREADABLE_TIME_TO_LIVE", message: "A message's time to live is no time and was ignored" });
  }
  return warnings;
}

// The checks that decide whether a readable business message is taken, and what is only worth a warning.
import type { BusinessMessage, ParsedEbxml } from "../../ebxml/model.js";
import { comparableId, type PartyKey } from "../../identifiers.js";
import { parseEbxmlTime } from "../ebxml-time.js";
import type { OwnParty, RefusalReason, WarningCode } from "../model.js";

export interface InboundRules {
  readonly ownParty: OwnParty;
  /** Whether messages are expected from this party; without it from any. */
  isPeer?(partyKey: PartyKey): boolean;
  /** Refuse a message from another party or under another CPA id, instead of only warning of it. Default false. */
  readonly isStrictSender?: boolean;
  /** What our own contract says of messages sent to us; another combination is warned of. */
  readonly expectedReliability?: { readonly duplicateElimination: boolean; readonly ackRequested: boolean };
  /** Whether somebody here can do something with such a message. Default: anything is known. */
  isKnownAction?(service: string, action: string): boolean;
}

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

function isExpectedSender(message: BusinessMessage, rules: InboundRules): boolean {
  const { header } = message;
  const { ownParty } = rules;
  const isPeer = rules.isPeer?.(header.fromPartyKey) ?? true;
  return isPeer && (ownParty.cpaId === undefined || comparableId(header.cpaId) === comparableId(ownParty.cpaId));
}

/** The first failure decides; `isExpected` says that the message answers a request of ours, whatever its action. */
export function checkInbound(
  parsed: Pick<ParsedEbxml, "unresolvedReferences"> & { readonly message: BusinessMessage },
  rules: InboundRules,
  now: number,
  isExpected: boolean,
): InboundRefusal | undefined {
  const { message } = parsed;
  const { service, action } = message.header;
  if (isExpired(message, now)) {
    return {
      reason: "expired",
      errorCode: "TimeToLiveExpired",
      description: "The message came after its time to live",
    };
  }
  if (rules.isStrictSender === true && !isExpectedSender(message, rules)) {
    return {
      reason: "unexpected-sender",
      errorCode: "ValueNotRecognized",
      description: "501319:Unknown eb:CPAId",
    };
  }
  if (parsed.unresolvedReferences.length > 0 || message.payload === undefined) {
    return { reason: "part-missing", errorCode: "MimeProblem", description: "A part of the message is missing" };
  }
  if (!isExpected && rules.isKnownAction?.(service, action) === false) {
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
  if (!isExpectedSender(message, rules)) {
    warnings.push({ code: "UNEXPECTED_SENDER", message: "A message has another From party or CPA id than expected" });
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

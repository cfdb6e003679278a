// Reads the fault to inject that a JSON command carries.
import type { Fault, FaultInjection, FaultMatch } from "./faults.js";
import { readChoice, readNumber, readObject, readOptionalText, readText, type JsonObject } from "../json-fields.js";
import { readNumberOfPatient } from "../cpis/record-fields.js";
import { known } from "../../hl7v3/data-types.js";

const faultKinds: readonly Fault["kind"][] = [
  "delayReply",
  "delayAnswer",
  "dropReply",
  "dropAnswer",
  "answerBeforeReply",
  "duplicateAnswer",
  "httpError",
  "soapFault",
  "ebxmlError",
  "resetConnection",
  "wrongAckReference",
  "emptyReplyForReliable",
  "lineEndsLf",
  "dropMessage",
  "delayMessage",
  "duplicateMessage",
  "reorderMessage",
  "resetInRequest",
  "resetInReply",
  "lostAcknowledgment",
  "slowReader",
];
const directions: readonly ("received" | "sent")[] = ["received", "sent"];
const delayRange = { minimum: 0, maximum: 600_000, isInteger: true };
const statusRange = { minimum: 400, maximum: 599, isInteger: true };
const bytesRange = { minimum: 0, maximum: 10_000_000, isInteger: true };
const countRange = { minimum: 1, maximum: 1_000_000, isInteger: true };

function readFault(fields: JsonObject): Fault {
  const kind = readChoice(fields["kind"], "fault.kind", faultKinds);
  switch (kind) {
    case "delayReply":
    case "delayAnswer":
    case "delayMessage":
    case "reorderMessage":
      return { kind, milliseconds: readNumber(fields["milliseconds"], "fault.milliseconds", delayRange) };
    case "httpError":
      return { kind, status: readNumber(fields["status"], "fault.status", statusRange) };
    case "resetInRequest":
    case "resetInReply":
      return { kind, afterBytes: readNumber(fields["afterBytes"], "fault.afterBytes", bytesRange) };
    case "slowReader":
      return { kind, bytesPerSecond: readNumber(fields["bytesPerSecond"], "fault.bytesPerSecond", countRange) };
    case "soapFault":
    case "ebxmlError":
      return { kind, code: readText(fields["code"], "fault.code") };
    default:
      return { kind };
  }
}

function readMatch(value: unknown): FaultMatch | undefined {
  if (value === undefined) return undefined;
  const fields = readObject(value, "match");
  return known<FaultMatch>({
    nhsNumber:
      fields["nhsNumber"] === undefined ? undefined : readNumberOfPatient(fields["nhsNumber"], "match.nhsNumber"),
    action: readOptionalText(fields["action"], "match.action"),
    messageId: readOptionalText(fields["messageId"], "match.messageId"),
    nth: fields["nth"] === undefined ? undefined : readNumber(fields["nth"], "match.nth", countRange),
  });
}

/**
 * `{fault: {kind, ...}, direction?, match?: {nhsNumber?, action?, messageId?, nth?}, rate?, times?}`.
 * Throws CONFIG_INVALID.
 */
export function readFaultInjection(fields: JsonObject): FaultInjection {
  const { direction, rate, times } = fields;
  return known<FaultInjection>({
    fault: readFault(readObject(fields["fault"], "fault")),
    direction: direction === undefined ? undefined : readChoice(direction, "direction", directions),
    match: readMatch(fields["match"]),
    rate: rate === undefined ? undefined : readNumber(rate, "rate", { minimum: 0, maximum: 1, isInteger: false }),
    times: times === undefined ? undefined : readNumber(times, "times", countRange),
  });
}

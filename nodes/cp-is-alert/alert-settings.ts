// The settings of a `cp-is alert` node, read from a flow and checked.
import { FieldReader } from "../adapter/runtime/field-rules.js";
import type { Words } from "../adapter/runtime/words.js";
import type { Condition, Rule, Rules } from "./alert-book.js";

export interface AlertSettings {
  readonly rules: Rules;
  readonly clearMilliseconds: number;
}

/** The field that holds the threshold of a condition; empty: it is not watched. */
export const thresholdFields = {
  queueMinutes: "queue-stuck",
  peerMinutes: "peer-unreachable",
  deadLetters: "dead-letters",
  certificateDays: "certificate-ends",
  unconfirmedMinutes: "unconfirmed-deliveries",
  responseHours: "no-response",
  upkeepMinutes: "pruning-failed",
  storeMinutes: "store-unavailable",
  nodeMinutes: "node-failed",
  failedUploads: "upload-failed",
  uploadDays: "no-upload",
  strandedMessages: "stranded-work",
  refusedPeers: "refused-peers",
  droppedConnections: "dropped-connections",
  contradictions: "contradicted",
  clockSeconds: "clock-skew",
} as const satisfies Readonly<Record<string, Condition>>;

/** Of a node that was deployed before these were watched; a field that was emptied stays so. */
const defaults: Readonly<Partial<Record<string, string>>> = {
  nodeMinutes: "5",
  failedUploads: "1",
  strandedMessages: "1",
  refusedPeers: "20",
  droppedConnections: "20",
  contradictions: "1",
  clockSeconds: "2",
};

/** What is better by so little may be worse again with the next message. */
const clearShare = 0.8;

function ruleOf(condition: Condition, raise: number): Rule {
  if (condition === "certificate-ends") return { raise, clear: raise + 1, isBelow: true };
  return { raise, clear: raise * clearShare, isBelow: false };
}

/** Throws CONFIG_INVALID, naming the field as the dialog does. */
export function readAlertSettings(config: object, words: Words): AlertSettings {
  const fields = new FieldReader(config, (property) => words(`field.${property}`));
  const rules: Partial<Record<Condition, Rule>> = {};
  for (const [field, condition] of Object.entries(thresholdFields)) {
    const isNew = Reflect.get(config, field) === undefined;
    const text = fields.optional(field, "positiveNumber", isNew ? (defaults[field] ?? "") : "");
    if (text !== "") rules[condition] = ruleOf(condition, Number(text));
  }
  return { rules, clearMilliseconds: fields.number("clearMinutes", "wholeNumber", 5) * 60_000 };
}

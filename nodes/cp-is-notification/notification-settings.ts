// The settings of a `cp-is notification` node, read from a flow and checked.
import { FieldReader } from "../adapter/runtime/field-rules.js";
import type { Words } from "../adapter/runtime/words.js";

export interface NotificationSettings {
  readonly confirm: "on-handover" | "by-flow";
  readonly redeliverAfterMilliseconds: number;
  /** A third output for what CP-IS is not known to send. */
  readonly takesUnknown: boolean;
}

/** Throws CONFIG_INVALID, naming the field as the dialog does. */
export function readNotificationSettings(config: object, words: Words): NotificationSettings {
  const fields = new FieldReader(config, (property) => words(`field.${property}`));
  return {
    confirm: fields.choice("confirm", ["on-handover", "by-flow"], "on-handover"),
    redeliverAfterMilliseconds: fields.number("redeliverMinutes", "positiveNumber", 5) * 60_000,
    takesUnknown: fields.flag("takesUnknown", false),
  };
}

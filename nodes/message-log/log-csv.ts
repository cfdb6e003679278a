// Metadata of messages as CSV (RFC 4180), safe to open in a spreadsheet.
import type { LogMessage } from "../../lib/services/message-log/message-log-model.js";

type Column = readonly [title: string, value: (message: LogMessage) => string | number | undefined];

function time(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString();
}

const columns: readonly Column[] = [
  ["number", (message) => message.id],
  ["accepted", (message) => time(message.createdAt)],
  ["updated", (message) => time(message.updatedAt)],
  ["direction", (message) => message.direction],
  ["state", (message) => message.state],
  ["interaction", (message) => message.interaction],
  ["transport", (message) => message.channel],
  ["attempts", (message) => message.attempts],
  ["acknowledged", (message) => time(message.acknowledgedAt)],
  ["answered", (message) => time(message.answeredAt)],
  ["duration ms", (message) => message.durationMilliseconds],
  ["error code", (message) => message.error?.code],
  ["dealt with", (message) => String(message.isDealtWith)],
  ["bytes", (message) => message.contentBytes],
  ["message id", (message) => message.messageId],
  ["conversation id", (message) => message.conversationId],
  ["in reply to", (message) => message.refToMessageId],
  ["resend of number", (message) => message.originalId],
];

/** A peer chooses its ids: a spreadsheet takes a cell that begins so for a formula. */
function cell(value: string | number | undefined): string {
  if (typeof value === "number" || value === undefined) return String(value ?? "");
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export const csvHead = `${columns.map(([title]) => title).join(",")}\r\n`;

export function csvLines(messages: readonly LogMessage[]): string {
  return messages.map((message) => `${columns.map(([, value]) => cell(value(message))).join(",")}\r\n`).join("");
}

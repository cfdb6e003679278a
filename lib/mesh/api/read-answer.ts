// Reads the JSON of MESH's answers, under the names of version 2 of its API and, where they differ, of version 1.
import { definedOnly } from "../../defined-only.js";

export interface InboxPage {
  readonly messageIds: readonly string[];
  /** For the next page. */
  readonly continueFrom?: string;
  /** How many messages wait, as MESH estimates it. */
  readonly remaining?: number;
}

export interface Tracking {
  readonly messageId: string;
  /** Lower case, for example "accepted". */
  readonly status?: string;
  /** The mailbox that it went to, upper case. */
  readonly recipient?: string;
  readonly workflowId?: string;
  /** Milliseconds since 1970, by the clock of MESH. */
  readonly uploadedAt?: number;
  /** As sent. */
  readonly bytes?: number;
}

/** What MESH says of a refusal. */
export interface MeshComplaint {
  /** SEND, TRANSFER, COLLECT or RECEIVE. */
  readonly event?: string;
  readonly code?: string;
  readonly text?: string;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whatever the content type says. */
function fieldsOf(body: Buffer): Fields {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return isFields(value) ? value : {};
  } catch {
    // Some statuses come with an empty body, or with text of a proxy.
    return {};
  }
}

function textOf(fields: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
  }
  return undefined;
}

/** Opaque, and becomes a part of a path. */
function isMessageId(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]{1,200}$/.test(value);
}

/** Of a file that was taken. Undefined when there is none that can be used. */
export function readMessageId(body: Buffer): string | undefined {
  const id = textOf(fieldsOf(body), "message_id", "messageID", "messageId");
  return isMessageId(id) ? id : undefined;
}

function continuation(links: unknown): { continueFrom?: string } {
  const next = isFields(links) ? textOf(links, "next") : undefined;
  if (next === undefined || !URL.canParse(next, "https://mesh")) return {};
  // Only the position is taken from the link: our credentials go to no other address.
  const continueFrom = new URL(next, "https://mesh").searchParams.get("continue_from");
  return continueFrom === null || continueFrom === "" ? {} : { continueFrom };
}

/** Undefined when it is no list. Elements that are no message id are left out. */
export function readInboxPage(body: Buffer): InboxPage | undefined {
  const fields = fieldsOf(body);
  const { messages, links, approx_inbox_count: remaining } = fields;
  if (!Array.isArray(messages)) return undefined;
  const listed: readonly unknown[] = messages;
  return {
    messageIds: listed.filter(isMessageId),
    ...continuation(links),
    ...(typeof remaining === "number" && remaining >= 0 ? { remaining } : {}),
  };
}

/** "20261122101501", UTC, or ISO 8601. */
function timeOf(text = ""): number | undefined {
  const digits = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\d*$/.exec(text);
  if (digits === null) return Number.isNaN(Date.parse(text)) ? undefined : Date.parse(text);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = digits.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function sizeOf(fields: Fields): number | undefined {
  const value = fields["fileSize"] ?? fields["file_size"];
  const size = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof size === "number" && Number.isSafeInteger(size) && size > 0 ? size : undefined;
}

/** Undefined when the message id is missing. */
export function readTracking(body: Buffer): Tracking | undefined {
  const fields = fieldsOf(body);
  const recipient = textOf(fields, "recipient")?.toUpperCase();
  const workflowId = textOf(fields, "workflow_id", "workflowId");
  const uploadedAt = timeOf(textOf(fields, "upload_timestamp", "uploadTimestamp"));
  const bytes = sizeOf(fields);
  const messageId = textOf(fields, "message_id", "messageId", "messageID", "dtsId");
  const status = textOf(fields, "status")?.toLowerCase();
  if (!isMessageId(messageId)) return undefined;
  return {
    messageId,
    ...definedOnly({ status, recipient, workflowId, uploadedAt, bytes }),
  };
}

/** Short, printable, and without what a proxy may have repeated of the request. */
function presentable(text: string): string | undefined {
  if (/nhsmesh|authorization:/i.test(text)) return undefined;
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, 160);
}

function complaintOf(fields: Fields): MeshComplaint {
  const { loc } = fields;
  const place = Array.isArray(loc) ? loc.filter((part) => typeof part === "string").join(" ") : "";
  const said = textOf(fields, "msg", "errorDescription");
  const event = textOf(fields, "event", "errorEvent");
  const code = textOf(fields, "code", "errorCode");
  const text = presentable([place, said ?? ""].filter((part) => part !== "").join(": "));
  return {
    ...(event === undefined ? {} : { event: event.slice(0, 20) }),
    ...(code === undefined ? {} : { code: code.slice(0, 20) }),
    ...(text === undefined || text === "" ? {} : { text }),
  };
}

/** Empty when the body says nothing in a form of the API. */
export function readComplaint(body: Buffer): MeshComplaint {
  const fields = fieldsOf(body);
  const { detail } = fields;
  if (!Array.isArray(detail)) return complaintOf(isFields(detail) ? detail : fields);
  const first: unknown = detail[0];
  return isFields(first) ? complaintOf(first) : {};
}

/** As one line: "status 417, SEND 12: Unregistered to address". */
export function complaintText(status: number, { event, code, text }: MeshComplaint): string {
  const what = [event, code].filter((part) => part !== undefined).join(" ");
  const said = [what, text ?? ""].filter((part) => part !== "").join(": ");
  return said === "" ? `status ${status}` : `status ${status}, ${said}`;
}

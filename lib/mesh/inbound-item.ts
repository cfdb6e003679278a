// How a file or a report that came is kept in a store, and how it is read back for its consumer.
import { createHash } from "node:crypto";
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import {
  isMessageRowId,
  type MessageRowId,
  type NewInboundMessage,
  type StoredMessage,
} from "../store/message-model.js";
import type { MessageAttributes } from "../store/message-model.js";
import type { MessageStore } from "../store/message-store.js";
import type { ArrivedContent } from "./download.js";
import { gunzipPieces } from "../gzip.js";
import { reportAction, type ReceivedItem } from "./model.js";

interface Arrived {
  /** The mex-MessageID. */
  readonly messageId: string;
  readonly from?: string;
  readonly workflowId?: string;
  readonly localId?: string;
  readonly fileName?: string;
  readonly subject?: string;
  readonly partnerId?: string;
  /** What else was said of it, under any names; nothing in it may come from a person. */
  readonly attributes?: MessageAttributes;
}

export interface ArrivedFile extends Arrived {
  readonly kind: "file";
  readonly content: ArrivedContent;
}

export interface ArrivedReport extends Arrived {
  readonly kind: "report";
  readonly linkedMessageId?: string;
  readonly statusCode?: string;
  readonly description?: string;
}

export type ArrivedItem = ArrivedFile | ArrivedReport;

export interface InboundRowDetails {
  readonly mailbox: string;
  readonly channel: string;
  readonly acceptedAt: number;
  readonly order: { readonly isOrdered: boolean; readonly destination: string };
  readonly nextAttemptAt?: number;
  /** The file of ours that a report is about. */
  readonly file?: StoredMessage;
}

/** MESH itself forgets a message 30 days after it came. */
const duplicateMilliseconds = 60 * 24 * 60 * 60 * 1000;
const longestText = 500;
/** What people fill in at the other end, who may have named somebody in it: kept sealed. */
const sealedNames = ["localId", "fileName", "subject", "partnerId", "description"] as const;
type Sealed = Partial<Record<(typeof sealedNames)[number], string>>;

export function actionOf(item: ArrivedItem): string {
  return item.kind === "report" ? reportAction : item.content.root;
}

function bounded(text: string): string {
  return text.slice(0, longestText);
}

function sealedOf(item: ArrivedItem): Sealed {
  const given: Sealed = item;
  const present = sealedNames.flatMap((name) => {
    const text = given[name];
    return text === undefined ? [] : [[name, bounded(text)] as const];
  });
  return Object.fromEntries(present);
}

/** A report has no bytes: what it says is what tells it from another one under its id. */
function digestOf(item: ArrivedItem): string {
  if (item.kind === "file") return item.content.digest;
  const said = [item.linkedMessageId ?? null, item.localId ?? null, item.statusCode ?? null];
  return createHash("sha256").update(JSON.stringify(said)).digest("hex");
}

function optional<Name extends string>(name: Name, text: string | undefined): Partial<Record<Name, string>>;
function optional(name: string, text: string | undefined): Partial<Record<string, string>> {
  return text === undefined ? {} : { [name]: bounded(text) };
}

function boundedAttributes(attributes: MessageAttributes = {}): MessageAttributes {
  const entries = Object.entries(attributes).slice(0, 60);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "string" ? bounded(value) : value] as const),
  );
}

export function conversationOf(item: ArrivedItem, file?: StoredMessage): string {
  return file?.conversationId ?? item.messageId;
}

export function newInboundRow(item: ArrivedItem, details: InboundRowDetails): NewInboundMessage {
  const { file, nextAttemptAt } = details;
  const own =
    item.kind === "file"
      ? { plainBytes: item.content.plainBytes }
      : { ...optional("linkedMessageId", item.linkedMessageId), ...optional("statusCode", item.statusCode) };
  return {
    channel: details.channel,
    ...details.order,
    interaction: actionOf(item),
    service: bounded(item.workflowId ?? ""),
    messageId: item.messageId,
    conversationId: conversationOf(item, file),
    ...(file === undefined ? {} : { refToMessageId: file.messageId }),
    // A repetition is known by its id alone, which MESH gives: its sender may be missing.
    fromParty: `MESH ${details.mailbox}`,
    toParty: details.mailbox,
    acceptedAt: details.acceptedAt,
    ...definedOnly({ nextAttemptAt }),
    content: item.kind === "file" ? item.content.compressed : Buffer.alloc(0),
    context: Buffer.from(JSON.stringify(sealedOf(item))),
    bodyDigest: digestOf(item),
    reply: { status: 200, contentType: "", body: Buffer.alloc(0) },
    duplicateUntil: details.acceptedAt + duplicateMilliseconds,
    attributes: {
      ...boundedAttributes(item.attributes),
      kind: item.kind,
      messageId: item.messageId,
      ...optional("from", item.from),
      ...own,
      ...(file === undefined ? {} : { file: file.id }),
    },
  };
}

function damaged(detail: string): CpisError {
  return new CpisError("STORE_CORRUPT", { detail });
}

async function readSealed(store: MessageStore, id: MessageRowId): Promise<Sealed> {
  const context = await store.readContext(id);
  if (context === undefined) throw damaged("what was said of a file from MESH is gone");
  try {
    const value: unknown = JSON.parse(context.toString());
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch (error) {
    throw new CpisError("STORE_CORRUPT", { detail: "what was said of a file from MESH", cause: error });
  }
}

function text<Name extends string>(stored: StoredMessage, name: Name, as?: string): Partial<Record<Name, string>>;
function text({ attributes }: StoredMessage, name: string, as = name): Partial<Record<string, string>> {
  const value = attributes[as];
  return typeof value === "string" ? { [name]: value } : {};
}

function only<Name extends keyof Sealed>(sealed: Sealed, name: Name): Partial<Record<Name, string>>;
function only(sealed: Sealed, name: keyof Sealed): Sealed {
  const value = sealed[name];
  return value === undefined ? {} : { [name]: value };
}

/** Throws STORE_CORRUPT when it is gone or is not what was accepted, and what the store throws. */
export async function readReceivedItem(store: MessageStore, stored: StoredMessage): Promise<ReceivedItem> {
  const { kind, messageId, plainBytes, file } = stored.attributes;
  if (typeof messageId !== "string") throw damaged("the message id of a file from MESH");
  const sealed = await readSealed(store, stored.id);
  const workflow = stored.service === "" ? {} : { workflowId: stored.service };
  if (kind === "report") {
    return {
      kind,
      messageId,
      ...workflow,
      ...only(sealed, "localId"),
      ...only(sealed, "description"),
      ...text(stored, "linkedMessageId"),
      ...text(stored, "statusCode"),
      ...(isMessageRowId(file) ? { file } : {}),
    };
  }
  const reading = await store.readContent(stored.id);
  if (kind !== "file" || typeof plainBytes !== "number" || reading.kind !== "content") {
    throw damaged("the content of a file from MESH is not there");
  }
  const { bytes } = reading;
  return {
    kind,
    messageId,
    ...workflow,
    ...text(stored, "from"),
    ...only(sealed, "localId"),
    ...only(sealed, "fileName"),
    ...only(sealed, "subject"),
    root: stored.interaction,
    plainBytes,
    contents: () => gunzipPieces(bytes),
  };
}

// How a file to send is kept in a store: its row, and what is read back of it.
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import type { MessageRowId, NewOutboundMessage, OutboundState, StoredOutboundMessage } from "../store/message-model.js";
import type { OutboundFile } from "./model.js";

export interface OutboundRowDetails {
  /** Own mailbox. */
  readonly mailbox: string;
  readonly channel: string;
  readonly acceptedAt: number;
}

/** What is read back of a stored file before it is sent. */
export interface OutboundFileRecord {
  readonly id: MessageRowId;
  readonly localId: string;
  readonly workflowId: string;
  readonly recipient: string;
  readonly fileName?: string;
  readonly subject?: string;
  readonly contentType: string;
  /** Size before compression. */
  readonly plainBytes: number;
  /** SHA-256 before compression, lower-case hex; or of the compressed file, after "gzip:". */
  readonly digest: string;
  readonly completedBy: OutboundFile["completedBy"];
  /** By which MESH knows it, once that is known. */
  readonly meshMessageId?: string;
}

/** By name of the header (MESH API), the longest value it takes. */
const limits = {
  localId: 300,
  workflowId: 300,
  recipient: 100,
  fileName: 300,
  subject: 500,
  contentType: 100,
} as const;

/** Printable ASCII: MESH refuses control characters, and nothing says how it reads others. */
export function isHeaderText(value: string): boolean {
  return /^[\x20-\x7e]+$/.test(value);
}

function check(name: keyof typeof limits, value: string): void {
  const isFit = value.length <= limits[name] && isHeaderText(value);
  if (!isFit) throw new CpisError("CONFIG_INVALID", { detail: `the ${name} of a file for MESH` });
}

/** Throws CONFIG_INVALID for a value that MESH takes in no header, or for an empty file. */
export function newOutboundRow(file: OutboundFile, details: OutboundRowDetails): NewOutboundMessage {
  const { localId, workflowId, recipient, fileName, subject, contentType, plainBytes, digest, completedBy } = file;
  check("localId", localId);
  check("workflowId", workflowId);
  check("recipient", recipient);
  check("contentType", contentType);
  if (fileName !== undefined) check("fileName", fileName);
  if (subject !== undefined) check("subject", subject);
  if (plainBytes < 1) throw new CpisError("CONFIG_INVALID", { detail: "a file for MESH must not be empty" });
  return {
    channel: details.channel,
    destination: file.orderedBy ?? recipient,
    isOrdered: file.orderedBy !== undefined,
    interaction: file.interaction,
    service: workflowId,
    messageId: localId,
    conversationId: file.conversationId,
    ...definedOnly({ applicationId: file.applicationId }),
    fromParty: details.mailbox,
    toParty: recipient,
    acceptedAt: details.acceptedAt,
    content: file.compressed,
    ...definedOnly({ context: file.context, originalId: file.originalId, subject: file.foundBy }),
    attributes: {
      ...file.attributes,
      localId,
      contentType,
      plainBytes,
      digest,
      completedBy,
      ...definedOnly({ fileName, subject }),
    },
  };
}

function damaged(name: string): CpisError {
  return new CpisError("STORE_CORRUPT", { detail: `the attribute ${name} of a file for MESH` });
}

function textOf(message: StoredOutboundMessage, name: string): string {
  const value = message.attributes[name];
  if (typeof value !== "string") throw damaged(name);
  return value;
}

function optionalText<Name extends string>(message: StoredOutboundMessage, name: Name): Partial<Record<Name, string>>;
function optionalText(message: StoredOutboundMessage, name: string): Partial<Record<string, string>> {
  const value = message.attributes[name];
  return typeof value === "string" ? { [name]: value } : {};
}

/** Throws STORE_CORRUPT for attributes that this file cannot have written. */
export function readOutboundFile(message: StoredOutboundMessage): OutboundFileRecord {
  const { plainBytes, completedBy } = message.attributes;
  if (typeof plainBytes !== "number") throw damaged("plainBytes");
  if (completedBy !== "acceptance" && completedBy !== "response") throw damaged("completedBy");
  return {
    id: message.id,
    localId: textOf(message, "localId"),
    workflowId: message.service,
    recipient: message.toParty,
    contentType: textOf(message, "contentType"),
    plainBytes,
    digest: textOf(message, "digest"),
    completedBy,
    ...optionalText(message, "fileName"),
    ...optionalText(message, "subject"),
    ...optionalText(message, "meshMessageId"),
  };
}

/** As it was given; the row's own message id is in comparable form. */
export function localIdOf({ attributes, messageId }: StoredOutboundMessage): string {
  const { localId } = attributes;
  return typeof localId === "string" ? localId : messageId;
}

/** Where a file goes that MESH has whole. */
export function acceptedState({ completedBy }: Pick<OutboundFileRecord, "completedBy">): OutboundState {
  return completedBy === "response" ? "awaiting-response" : "completed";
}

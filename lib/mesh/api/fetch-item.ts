// Fetches one message of the inbox whole: a file, chunk by chunk, or a report.
import { CpisError } from "../../errors.js";
import type { MessageAttributes } from "../../store/message-model.js";
import { takeContent } from "../download.js";
import type { ArrivedItem, ArrivedReport } from "../inbound-item.js";
import { belongingOf, type MailboxScope } from "../mailbox-scope.js";
import type { MeshClient, OpenedMessage } from "./mesh-client.js";

export interface FetchItemParts {
  readonly client: Pick<MeshClient, "openMessage">;
  readonly scope: MailboxScope;
  readonly knownRoots: readonly string[];
  /** Of a file before compression. */
  readonly maximumFileBytes: number;
  isOfOurFile(report: ArrivedReport): Promise<boolean>;
}

export type FetchedItem =
  | {
      readonly kind: "item";
      readonly item: ArrivedItem;
      /** It says that it is something that the API does not describe, and is taken for a file. */
      readonly isOfUnknownType: boolean;
    }
  /** Not ours: its content was not read, and it stays in the mailbox. */
  | { readonly kind: "foreign"; readonly reason: "other-workflow" | "other-sender" | "unknown-file" };

type Headers = OpenedMessage["headers"];

const maximumChunks = 10_000;
/** Those that are told under names of their own. */
const named: ReadonlySet<string> = new Set([
  "mex-from",
  "mex-workflowid",
  "mex-localid",
  "mex-filename",
  "mex-subject",
  "mex-partnerid",
  "mex-linkedmsgid",
  "mex-statusdescription",
]);

function optional<Name extends string>(name: Name, headers: Headers, header: string): Partial<Record<Name, string>>;
function optional(name: string, headers: Headers, header: string): Partial<Record<string, string>> {
  const value = headers.get(header)?.trim() ?? "";
  return value === "" ? {} : { [name]: value };
}

function attributesOf(headers: Headers): MessageAttributes {
  const kept = [...headers].filter(
    ([name]) => (name.startsWith("mex-") && !named.has(name)) || name === "etag" || name === "last-modified",
  );
  return Object.fromEntries(kept);
}

function describe(messageId: string, headers: Headers): Omit<ArrivedItem, "kind" | "content"> {
  return {
    messageId,
    ...optional("from", headers, "mex-from"),
    ...optional("workflowId", headers, "mex-workflowid"),
    ...optional("localId", headers, "mex-localid"),
    ...optional("fileName", headers, "mex-filename"),
    ...optional("subject", headers, "mex-subject"),
    ...optional("partnerId", headers, "mex-partnerid"),
    attributes: attributesOf(headers),
  };
}

function incomplete(detail: string): CpisError {
  return new CpisError("MESH_INCOMPLETE", { detail });
}

/** "2:5". Undefined when it is absent or unreadable; a single message says "1:1", or nothing. */
function rangeOf(headers: Headers): { readonly chunk: number; readonly chunks: number } | undefined {
  const parts = /^\s*(\d{1,6})\s*:\s*(\d{1,6})\s*$/.exec(headers.get("mex-chunk-range") ?? "");
  return parts === null ? undefined : { chunk: Number(parts[1]), chunks: Number(parts[2]) };
}

async function open(parts: FetchItemParts, messageId: string, chunk?: number): Promise<OpenedMessage> {
  const result = await parts.client.openMessage(messageId, chunk);
  if (result.kind === "opened") return result;
  if (result.kind === "gone" && chunk !== undefined) throw incomplete(`chunk ${chunk} is missing`);
  throw result.error;
}

/** Each chunk decompressed on its own; throws MESH_INCOMPLETE rather than end early. */
async function* contentOf(first: OpenedMessage, messageId: string, parts: FetchItemParts): AsyncGenerator<Buffer> {
  const total = rangeOf(first.headers)?.chunks ?? Number(first.headers.get("mex-total-chunks") ?? Number.NaN);
  yield* first.body;
  let isLast = first.isLast && !(total > 1);
  for (let chunk = 2; !isLast; chunk += 1) {
    if (chunk > Math.min(total || maximumChunks, maximumChunks)) throw incomplete("more chunks than were announced");
    const opened = await open(parts, messageId, chunk);
    const range = rangeOf(opened.headers) ?? { chunk, chunks: total };
    if (range.chunk !== chunk || (total > 0 && range.chunks !== total)) {
      opened.discard();
      throw incomplete(`chunk ${chunk} says that it is another one`);
    }
    yield* opened.body;
    isLast = opened.isLast;
    if (isLast && range.chunks > chunk) throw incomplete(`${chunk} chunks of ${range.chunks} came`);
  }
}

/** A report has no content; what is there all the same is not looked at. */
async function drain(opened: OpenedMessage): Promise<void> {
  for await (const piece of opened.body) {
    if (piece.length === 0) continue;
    opened.discard();
    return;
  }
}

/** A report comes from MESH itself, so it is judged by what it is about. */
async function takeReport(opened: OpenedMessage, messageId: string, parts: FetchItemParts): Promise<FetchedItem> {
  const { headers } = opened;
  await drain(opened);
  const item: ArrivedReport = {
    ...describe(messageId, headers),
    kind: "report",
    ...optional("linkedMessageId", headers, "mex-linkedmsgid"),
    ...optional("statusCode", headers, "mex-statuscode"),
    ...optional("description", headers, "mex-statusdescription"),
  };
  const isOurs = parts.scope.takesAll || (await parts.isOfOurFile(item));
  return isOurs ? { kind: "item", item, isOfUnknownType: false } : { kind: "foreign", reason: "unknown-file" };
}

/** Throws MESH_*, TLS_* or CONFIG_CLOSED. */
export async function fetchItem(messageId: string, parts: FetchItemParts): Promise<FetchedItem> {
  const { scope } = parts;
  const opened = await open(parts, messageId);
  const { headers } = opened;
  const type = (headers.get("mex-messagetype") ?? "DATA").trim().toUpperCase();
  if (type === "REPORT") return takeReport(opened, messageId, parts);
  const described = describe(messageId, headers);
  const belonging = belongingOf(described, scope);
  if (belonging !== "ours" && !scope.takesAll) {
    opened.discard();
    return { kind: "foreign", reason: belonging };
  }
  const content = await takeContent(contentOf(opened, messageId, parts), {
    // What is not from CP-IS is never given to a reader of CP-IS's files.
    knownRoots: belonging === "ours" ? parts.knownRoots : [],
    maximumBytes: parts.maximumFileBytes,
    mayBeCompressed: headers.get("mex-content-compressed")?.trim().toUpperCase() === "Y",
  });
  return { kind: "item", item: { ...described, kind: "file", content }, isOfUnknownType: type !== "DATA" };
}

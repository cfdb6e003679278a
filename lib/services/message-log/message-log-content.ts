// The content of one stored message as people read it: each part as text, and never more of it than a page holds.
import { parseContentType } from "../../ebxml/content-type.js";
import { decodePart, parseMultipart, type MimePart } from "../../ebxml/parse-multipart.js";
import { isCpisError } from "../../errors.js";
import type { StoredMessage } from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import { layOutXml } from "../../xml/lay-out-xml.js";
import { gunzipPieces } from "../../gzip.js";
import type { LogContent, LogContentPart } from "./message-log-model.js";
import { expandWhole, isGzip, judgePart, maximumParts, roleOfParts, type SchemaJudge } from "./schema-judge.js";

export interface ContentLimits {
  /** In bytes of the stored text and in characters of the shown one, for each part. */
  readonly maximum: number;
  /** Absent where the organisation has given no schemas. */
  readonly judge?: SchemaJudge | undefined;
}

interface Shown {
  readonly bytes: Uint8Array;
  /** Whether there are more behind them. */
  readonly isCut: boolean;
}

type Described = Pick<LogContentPart, "title" | "mediaType">;

function textAttribute({ attributes }: StoredMessage, name: string): string {
  const value = attributes[name];
  return typeof value === "string" ? value : "";
}

function firstOf(bytes: Uint8Array, maximum: number): Shown {
  return { bytes: bytes.subarray(0, maximum), isCut: bytes.byteLength > maximum };
}

/** A character that the cut has parted is left out. Undefined for bytes that are no text. */
function textOf({ bytes, isCut }: Shown, charset: string): string | undefined {
  try {
    const decoder = new TextDecoder(charset === "" ? "utf-8" : charset, { fatal: true });
    const text = decoder.decode(bytes, { stream: isCut });
    return text.includes("\u0000") ? undefined : text;
  } catch {
    // An unknown name of a charset, or bytes that are not of it.
    return undefined;
  }
}

function partOf({ title, mediaType }: Described, shown: Shown, charset: string, maximum: number): LogContentPart {
  const text = textOf(shown, charset);
  if (text === undefined) {
    const size = `${shown.bytes.byteLength}${shown.isCut ? " or more" : ""}`;
    return { title, mediaType, text: `(${size} bytes that are not text)`, isCut: shown.isCut };
  }
  const laidOut = /^\ufeff?\s*</.test(text)
    ? layOutXml(text, maximum)
    : { text: text.slice(0, maximum), isCut: text.length > maximum };
  return { title, mediaType, text: laidOut.text, isCut: shown.isCut || laidOut.isCut };
}

function titlesOf(parts: readonly MimePart[], start: string): readonly string[] {
  const { root, payload } = roleOfParts(parts, start);
  let attachments = 0;
  return parts.map((_, index) => {
    if (index === root) return "ebXML header";
    return index === payload ? "HL7 message" : `attachment ${(attachments += 1)}`;
  });
}

function multipartOf(body: Buffer, boundary: string, start: string, { maximum, judge }: ContentLimits) {
  const parts = parseMultipart(body, boundary, maximumParts);
  const titles = titlesOf(parts, start);
  const { payload } = roleOfParts(parts, start);
  const shown = parts.map((part, index) => {
    const { mediaType, parameters } = parseContentType(part.contentType);
    const described = { title: titles[index] ?? "part", mediaType: mediaType === "" ? "text/xml" : mediaType };
    const bytes = decodePart(part);
    const read = partOf(described, firstOf(bytes, maximum), parameters.get("charset") ?? "", maximum);
    return index === payload ? judgePart(read, bytes, judge) : Promise.resolve(read);
  });
  return Promise.all(shown);
}

/** A body that cannot be taken apart is shown as it is. */
async function wireParts(body: Buffer, contentType: string, limits: ContentLimits): Promise<readonly LogContentPart[]> {
  const { mediaType, parameters } = parseContentType(contentType);
  if (mediaType.startsWith("multipart/")) {
    try {
      return await multipartOf(body, parameters.get("boundary") ?? "", parameters.get("start") ?? "", limits);
    } catch (error) {
      if (!isCpisError(error)) throw error;
    }
  }
  const title = mediaType.startsWith("multipart/") ? "message as it came" : "SOAP message";
  const described = { title, mediaType: mediaType === "" ? "text/xml" : mediaType };
  const { maximum, judge } = limits;
  const part = partOf(described, firstOf(body, maximum), parameters.get("charset") ?? "", maximum);
  return [mediaType.startsWith("multipart/") ? part : await judgePart(part, body, judge)];
}

/** Expands no more of it than is shown. */
async function expandedStart(compressed: Buffer, maximum: number): Promise<Shown> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of gunzipPieces(compressed)) {
    pieces.push(piece);
    length += piece.length;
    if (length > maximum) break;
  }
  return firstOf(Buffer.concat(pieces), maximum);
}

async function fileParts(
  bytes: Buffer,
  { mediaType, charset }: { readonly mediaType: string; readonly charset: string },
  { maximum, judge }: ContentLimits,
): Promise<readonly LogContentPart[]> {
  const described = { title: "file", mediaType: mediaType === "" ? "application/xml" : mediaType };
  try {
    const part = partOf(described, await expandedStart(bytes, maximum), charset, maximum);
    return [judge === undefined ? part : await judgePart(part, await expandWhole(bytes), judge)];
  } catch (error) {
    if (!isCpisError(error)) throw error;
    return [partOf(described, firstOf(bytes, maximum), charset, maximum)];
  }
}

/** What MESH said of a file that was not delivered; its own words stand sealed beside the empty content. */
async function reportParts(
  store: MessageStore,
  { id }: StoredMessage,
  maximum: number,
): Promise<readonly LogContentPart[]> {
  const said = await store.readContext(id);
  if (said === undefined) return [];
  return [partOf({ title: "MESH report", mediaType: "application/json" }, firstOf(said, maximum), "", maximum)];
}

async function partsOf(store: MessageStore, message: StoredMessage, bytes: Buffer, limits: ContentLimits) {
  if (message.attributes["kind"] === "report") return reportParts(store, message, limits.maximum);
  const contentType = textAttribute(message, "contentType");
  if (!isGzip(bytes)) return bytes.length === 0 ? [] : wireParts(bytes, contentType, limits);
  const { mediaType, parameters } = parseContentType(contentType);
  return fileParts(bytes, { mediaType, charset: parameters.get("charset") ?? "" }, limits);
}

/** Throws STORE_KEY_UNKNOWN, STORE_CONTENT_TAMPERED, or what else the store throws. */
export async function readLogContent(
  store: MessageStore,
  message: StoredMessage,
  limits: ContentLimits,
): Promise<LogContent> {
  const reading = await store.readContent(message.id);
  if (reading.kind === "unknown") return reading;
  if (reading.kind === "dropped") {
    return { kind: "gone", text: "The store keeps metadata only: the bytes went when the message was finished." };
  }
  const parts = await partsOf(store, message, reading.bytes, limits);
  return parts.length === 0
    ? { kind: "gone", text: "This message came without any content." }
    : { kind: "content", parts };
}

// The content of one stored message as people read it: each part as text, and never more of it than a page holds.
import { parseContentType } from "../../ebxml/content-type.js";
import { bareContentId, decodePart, parseMultipart, type MimePart } from "../../ebxml/parse-multipart.js";
import { isCpisError } from "../../errors.js";
import type { StoredMessage } from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import { layOutXml } from "../../xml/lay-out-xml.js";
import { gunzipPieces } from "../../gzip.js";
import type { LogContent, LogContentPart } from "./message-log-model.js";

const maximumParts = 100;

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

function isXml(mediaType: string): boolean {
  return mediaType === "" || mediaType.endsWith("/xml") || mediaType.endsWith("+xml");
}

/** The root part is the envelope; the first XML behind it is the payload, as all senders of CP-IS have it. */
function titlesOf(parts: readonly MimePart[], start: string): readonly string[] {
  const named = parts.findIndex(({ contentId }) => start !== "" && contentId === bareContentId(start));
  const root = Math.max(0, named);
  const payload = parts.findIndex(
    ({ contentType }, index) => index !== root && isXml(parseContentType(contentType).mediaType),
  );
  let attachments = 0;
  return parts.map((_, index) => {
    if (index === root) return "ebXML header";
    return index === payload ? "HL7 message" : `attachment ${(attachments += 1)}`;
  });
}

function multipartOf(body: Buffer, boundary: string, start: string, maximum: number): readonly LogContentPart[] {
  const parts = parseMultipart(body, boundary, maximumParts);
  const titles = titlesOf(parts, start);
  return parts.map((part, index) => {
    const { mediaType, parameters } = parseContentType(part.contentType);
    const described = { title: titles[index] ?? "part", mediaType: mediaType === "" ? "text/xml" : mediaType };
    return partOf(described, firstOf(decodePart(part), maximum), parameters.get("charset") ?? "", maximum);
  });
}

/** A body that cannot be taken apart is shown as it is. */
function wireParts(body: Buffer, contentType: string, maximum: number): readonly LogContentPart[] {
  const { mediaType, parameters } = parseContentType(contentType);
  if (mediaType.startsWith("multipart/")) {
    try {
      return multipartOf(body, parameters.get("boundary") ?? "", parameters.get("start") ?? "", maximum);
    } catch (error) {
      if (!isCpisError(error)) throw error;
    }
  }
  const title = mediaType.startsWith("multipart/") ? "message as it came" : "SOAP message";
  const described = { title, mediaType: mediaType === "" ? "text/xml" : mediaType };
  return [partOf(described, firstOf(body, maximum), parameters.get("charset") ?? "", maximum)];
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

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function fileParts(
  bytes: Buffer,
  { mediaType, charset }: { readonly mediaType: string; readonly charset: string },
  maximum: number,
): Promise<readonly LogContentPart[]> {
  const described = { title: "file", mediaType: mediaType === "" ? "application/xml" : mediaType };
  try {
    return [partOf(described, await expandedStart(bytes, maximum), charset, maximum)];
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

async function partsOf(store: MessageStore, message: StoredMessage, bytes: Buffer, maximum: number) {
  if (message.attributes["kind"] === "report") return reportParts(store, message, maximum);
  const contentType = textAttribute(message, "contentType");
  if (!isGzip(bytes)) return bytes.length === 0 ? [] : wireParts(bytes, contentType, maximum);
  const { mediaType, parameters } = parseContentType(contentType);
  return fileParts(bytes, { mediaType, charset: parameters.get("charset") ?? "" }, maximum);
}

/**
 * `maximum` is in bytes of the stored text and in characters of the shown one, for each part. Throws STORE_KEY_UNKNOWN,
 * STORE_CONTENT_TAMPERED, or what else the store throws.
 */
export async function readLogContent(
  store: MessageStore,
  message: StoredMessage,
  maximum: number,
): Promise<LogContent> {
  const reading = await store.readContent(message.id);
  if (reading.kind === "unknown") return reading;
  if (reading.kind === "dropped") {
    return { kind: "gone", text: "The store keeps metadata only: the bytes went when the message was finished." };
  }
  const parts = await partsOf(store, message, reading.bytes, maximum);
  return parts.length === 0
    ? { kind: "gone", text: "This message came without any content." }
    : { kind: "content", parts };
}

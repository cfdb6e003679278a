// What an organisation's own schemas say of a stored message: which of its bytes they are asked about, and in which lines.
import { parseContentType } from "../../ebxml/content-type.js";
import { bareContentId, decodePart, parseMultipart, type MimePart } from "../../ebxml/parse-multipart.js";
import { isCpisError } from "../../errors.js";
import { gunzipPieces } from "../../gzip.js";
import type { SchemaVerdict } from "../../schema/model.js";
import type { LogContentPart } from "./message-log-model.js";

/** Never rejects, as the check by schemas never does. */
export type SchemaJudge = (message: Uint8Array) => Promise<SchemaVerdict>;

export const maximumParts = 100;
/** A larger file is not expanded for it. */
const largestExpanded = 64 * 1024 * 1024;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function isXml(mediaType: string): boolean {
  return mediaType === "" || mediaType.endsWith("/xml") || mediaType.endsWith("+xml");
}

/** The root part is the envelope; the first XML behind it is the payload, as all senders of CP-IS have it. */
export function roleOfParts(
  parts: readonly MimePart[],
  start: string,
): { readonly root: number; readonly payload: number } {
  const named = parts.findIndex(({ contentId }) => start !== "" && contentId === bareContentId(start));
  const root = Math.max(0, named);
  const payload = parts.findIndex(
    ({ contentType }, index) => index !== root && isXml(parseContentType(contentType).mediaType),
  );
  return { root, payload };
}

/** Undefined when it is larger than the limit, or damaged. */
export async function expandWhole(compressed: Buffer): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of gunzipPieces(compressed)) {
      length += piece.length;
      if (length > largestExpanded) return undefined;
      pieces.push(piece);
    }
  } catch (error) {
    if (!isCpisError(error)) throw error;
    return undefined;
  }
  return Buffer.concat(pieces);
}

/**
 * The HL7 message, or the file, within the stored bytes of a message. Undefined when there is none, or it is larger
 * than 64 MB; a body that is neither a multipart nor compressed is the message itself.
 */
export async function businessMessageOf(content: Buffer, contentType: string): Promise<Uint8Array | undefined> {
  if (content.length === 0) return undefined;
  if (isGzip(content)) return expandWhole(content);
  const { mediaType, parameters } = parseContentType(contentType);
  if (!mediaType.startsWith("multipart/")) return content;
  try {
    const parts = parseMultipart(content, parameters.get("boundary") ?? "", maximumParts);
    const payload = parts[roleOfParts(parts, parameters.get("start") ?? "").payload];
    return payload === undefined ? undefined : decodePart(payload);
  } catch (error) {
    if (!isCpisError(error)) throw error;
    return undefined;
  }
}

/**
 * The part with the verdict on its bytes. Findings are told in the lines that are shown, where the shown text has the
 * same ones; else in those of the message as it is stored.
 */
export async function judgePart(
  part: LogContentPart,
  bytes: Uint8Array | undefined,
  judge: SchemaJudge | undefined,
): Promise<LogContentPart> {
  if (judge === undefined) return part;
  if (bytes === undefined) return { ...part, schema: { kind: "not-checked", code: "SCHEMA_TOO_LARGE" } };
  const verdict = await judge(bytes);
  if (verdict.kind !== "invalid") return { ...part, schema: verdict };
  const shown = part.isCut ? undefined : await judge(Buffer.from(part.text, "utf8"));
  const isSame = shown?.kind === "invalid" && shown.total === verdict.total;
  return { ...part, schema: isSame ? shown : verdict, schemaLines: isSame ? "shown" : "stored" };
}

// Writes a MIME multipart/related body to the byte.
import { CpisError } from "../errors.js";

export interface OutgoingPart {
  readonly contentId: string;
  readonly contentType: string;
  readonly transferEncoding: "8bit" | "base64";
  readonly content: Uint8Array;
}

export const defaultBoundary = "--=_MIME-Boundary";

/** RFC 2046, 5.1.1, without the blank; short enough that a number can follow. */
const boundaryPattern = /^[A-Za-z0-9'()+_,./:=?-]{1,60}$/;
const contentIdPattern = /^[!-;=?-~]{1,256}$/;
const contentTypePattern = /^[!-~](?:[ -~]{0,498}[!-~])?$/;

/** A boundary of signs that base64 does not have is in no base64 text. */
const base64Pattern = /^[A-Za-z0-9+/=]*$/;

function numbersAfter(content: Buffer, text: string, taken: Set<number>): void {
  for (let offset = content.indexOf(text); offset >= 0; offset = content.indexOf(text, offset + 1)) {
    const digits = /^[0-9]{1,9}/.exec(content.toString("latin1", offset + text.length, offset + text.length + 9));
    if (digits !== null) taken.add(Number(digits[0]));
  }
}

/** The preferred boundary, or one derived from it by a nine-digit number when a part contains that text. */
function chooseBoundary(preferred: string, all: readonly (Buffer | string)[]): string {
  if (!boundaryPattern.test(preferred)) throw new CpisError("EBXML_MIME", { detail: "the boundary cannot be used" });
  const isOfBase64 = base64Pattern.test(preferred);
  const contents = all.flatMap((content) => {
    if (typeof content !== "string") return [content];
    return isOfBase64 ? [Buffer.from(content, "latin1")] : [];
  });
  if (!contents.some((content) => content.includes(preferred))) return preferred;
  const taken = new Set<number>();
  for (const content of contents) numbersAfter(content, `${preferred}_`, taken);
  let number = 100_000_000;
  while (taken.has(number)) number += 1;
  return `${preferred}_${number}`;
}

function checkPart(part: OutgoingPart, seen: Set<string>): void {
  if (!contentIdPattern.test(part.contentId) || seen.has(part.contentId)) {
    throw new CpisError("EBXML_MIME", { detail: "a Content-Id is empty, repeated, or holds a character it must not" });
  }
  if (!contentTypePattern.test(part.contentType)) {
    throw new CpisError("EBXML_MIME", { detail: "a Content-Type holds a character it must not" });
  }
  seen.add(part.contentId);
}

function viewOf(content: Uint8Array): Buffer {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength);
}

/** A part ready to be written: text is base64 that is still to be folded. */
interface EncodedPart {
  readonly headers: Buffer;
  readonly content: Buffer | string;
}

function encodePart(part: OutgoingPart): EncodedPart {
  const headers = Buffer.from(
    `Content-Id: <${part.contentId}>\r\nContent-Type: ${part.contentType}\r\n` +
      `Content-Transfer-Encoding: ${part.transferEncoding}\r\n\r\n`,
  );
  const view = viewOf(part.content);
  return { headers, content: part.transferEncoding === "8bit" ? view : view.toString("base64") };
}

const digitsInLine = 76;

function foldedLength(digits: string): number {
  return digits.length + 2 * Math.max(0, Math.ceil(digits.length / digitsInLine) - 1);
}

/** Writes lines of 76 digits. Written at the end of their place and moved to the front: several times faster than text. */
function writeFolded(digits: string, body: Buffer, offset: number): void {
  const end = offset + foldedLength(digits);
  let from = end - digits.length;
  body.write(digits, from, "latin1");
  for (let to = offset; from < end; to += digitsInLine + 2, from += digitsInLine) {
    const lineEnd = Math.min(from + digitsInLine, end);
    body.copyWithin(to, from, lineEnd);
    if (lineEnd === end) return;
    body[to + digitsInLine] = 0x0d;
    body[to + digitsInLine + 1] = 0x0a;
  }
}

export interface EncodedMultipart {
  readonly boundary: string;
  readonly body: Buffer;
}

/** Writes the parts in order; `ending` is what follows the closing boundary. Throws EBXML_MIME. */
export function encodeMultipart(
  parts: readonly OutgoingPart[],
  preferredBoundary: string,
  ending: "\r\n" | "",
): EncodedMultipart {
  const seen = new Set<string>();
  for (const part of parts) checkPart(part, seen);
  const encoded = parts.map(encodePart);
  const boundary = chooseBoundary(
    preferredBoundary,
    encoded.map(({ content }) => content),
  );
  const length = ({ headers, content }: EncodedPart): number =>
    headers.length + (typeof content === "string" ? foldedLength(content) : content.length);
  const delimiter = Buffer.from(`--${boundary}\r\n`);
  const end = Buffer.from(`--${boundary}--${ending}`);
  const size = encoded.reduce((sum, part) => sum + delimiter.length + length(part) + 2, end.length);
  const body = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const part of encoded) {
    const { headers, content } = part;
    const start = offset + delimiter.copy(body, offset);
    headers.copy(body, start);
    if (typeof content === "string") writeFolded(content, body, start + headers.length);
    else content.copy(body, start + headers.length);
    offset = start + length(part);
    offset += body.write("\r\n", offset, "latin1");
  }
  end.copy(body, offset);
  return { boundary, body };
}

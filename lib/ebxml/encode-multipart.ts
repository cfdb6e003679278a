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
const contentIdPattern = /^[!-;=?-~]{1,500}$/;
const contentTypePattern = /^[!-~](?:[ -~]{0,498}[!-~])?$/;

function numbersAfter(content: Buffer, text: string, taken: Set<number>): void {
  for (let offset = content.indexOf(text); offset >= 0; offset = content.indexOf(text, offset + 1)) {
    const digits = /^[0-9]{1,9}/.exec(content.toString("latin1", offset + text.length, offset + text.length + 9));
    if (digits !== null) taken.add(Number(digits[0]));
  }
}

/** The preferred boundary, or one derived from it by a nine-digit number when a part contains that text. */
function chooseBoundary(preferred: string, contents: readonly Buffer[]): string {
  if (!boundaryPattern.test(preferred)) throw new CpisError("EBXML_MIME", { detail: "the boundary cannot be used" });
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

function encodePart(part: OutgoingPart): readonly [Buffer, Buffer] {
  const headers =
    `Content-Id: <${part.contentId}>\r\nContent-Type: ${part.contentType}\r\n` +
    `Content-Transfer-Encoding: ${part.transferEncoding}\r\n\r\n`;
  const view = viewOf(part.content);
  if (part.transferEncoding === "8bit") return [Buffer.from(headers), view];
  const folded = view.toString("base64").replace(/.{76}(?=.)/g, "$&\r\n");
  return [Buffer.from(headers), Buffer.from(folded)];
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
    encoded.map(([, content]) => content),
  );
  const chunks: Buffer[] = [];
  for (const [headers, content] of encoded) {
    chunks.push(Buffer.from(`--${boundary}\r\n`), headers, content, Buffer.from("\r\n"));
  }
  chunks.push(Buffer.from(`--${boundary}--${ending}`));
  return { boundary, body: Buffer.concat(chunks) };
}

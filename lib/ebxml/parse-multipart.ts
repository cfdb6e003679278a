// Splits a MIME multipart body into its parts, in one pass and without copying them.
import { CpisError } from "../errors.js";

export interface MimePart {
  /** Without angle brackets; "" when the part names none. */
  readonly contentId: string;
  /** The header's value; "" when the part has none. */
  readonly contentType: string;
  /** In lower case; "8bit" when the part names none. */
  readonly transferEncoding: string;
  /** A view of the body, still in its transfer encoding. */
  readonly content: Buffer;
}

interface Delimiter {
  readonly start: number;
  /** Where the next line begins. */
  readonly end: number;
  readonly isClose: boolean;
  readonly hasCarriageReturn: boolean;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const hyphen = 0x2d;
const maximumBoundaryLength = 200;
const maximumHeaderBytes = 8192;
const headerPattern = /^([A-Za-z0-9-]{1,100})[ \t]*:/;

function mimeError(detail: string): CpisError {
  return new CpisError("EBXML_MIME", { detail });
}

/** Reads what follows the boundary text: nothing, padding, or the two hyphens that close the body. */
function readDelimiter(body: Buffer, start: number, length: number): Delimiter | undefined {
  let end = start + length;
  if (body[end] === hyphen && body[end + 1] === hyphen) {
    return { start, end: body.length, isClose: true, hasCarriageReturn: false };
  }
  while (body[end] === 0x20 || body[end] === 0x09) end += 1;
  const hasCarriageReturn = body[end] === carriageReturn;
  if (hasCarriageReturn) end += 1;
  if (end < body.length && body[end] !== lineFeed) return undefined;
  return { start, end: Math.min(end + 1, body.length), isClose: false, hasCarriageReturn };
}

/** The first delimiter may stand behind garbage on its line, the others begin a line. */
function findDelimiters(body: Buffer, boundary: string, maximumParts: number): readonly Delimiter[] {
  const mark = Buffer.from(`--${boundary}`, "utf8");
  const found: Delimiter[] = [];
  let offset = body.indexOf(mark);
  while (offset >= 0) {
    const beginsLine = offset === 0 || body[offset - 1] === lineFeed;
    const delimiter = beginsLine || found.length === 0 ? readDelimiter(body, offset, mark.length) : undefined;
    if (delimiter !== undefined) {
      found.push(delimiter);
      if (delimiter.isClose) return found;
      if (found.length > maximumParts) throw mimeError(`more than ${maximumParts} parts`);
    }
    // From the line end of a delimiter on, so that an empty part is found too.
    offset = body.indexOf(mark, delimiter === undefined ? offset + 1 : delimiter.end);
  }
  throw mimeError("the closing boundary is missing");
}

/** The line end before a delimiter belongs to it; a carriage return only where the message uses them. */
function contentEnd(body: Buffer, opening: Delimiter, next: Delimiter): number {
  const end = next.start;
  if (body[end - 1] !== lineFeed) return end;
  return opening.hasCarriageReturn && body[end - 2] === carriageReturn ? end - 2 : end - 1;
}

interface PartHeaders {
  readonly headers: ReadonlyMap<string, string>;
  readonly contentStart: number;
}

/**
 * Reads header lines up to a blank one. A line that does not look like a header continues the one before, with or
 * without white space in front: both are seen.
 */
function readHeaders(part: Buffer): PartHeaders {
  const headers = new Map<string, string>();
  let offset = 0;
  let name: string | undefined;
  while (offset < part.length) {
    const lineEnd = part.indexOf(lineFeed, offset);
    const next = lineEnd < 0 ? part.length : lineEnd + 1;
    if (next > maximumHeaderBytes) throw mimeError("the headers of a part are too long");
    const line = part.toString("utf8", offset, next).trimEnd();
    offset = next;
    if (line === "") break;
    const match = headerPattern.exec(line);
    if (match?.[1] !== undefined) {
      name = match[1].toLowerCase();
      headers.set(name, line.slice(match[0].length).trim());
    } else {
      if (name === undefined) throw mimeError("a part does not begin with headers");
      headers.set(name, `${headers.get(name) ?? ""} ${line.trim()}`.trim());
    }
  }
  return { headers, contentStart: offset };
}

/** Content ids are compared without angle brackets; `start` parameters come with and without them. */
export function bareContentId(value: string): string {
  return value.trim().replace(/^</, "").replace(/>$/, "").trim();
}

function readPart(body: Buffer, opening: Delimiter, next: Delimiter): MimePart {
  const part = body.subarray(opening.end, contentEnd(body, opening, next));
  const { headers, contentStart } = readHeaders(part);
  return {
    contentId: bareContentId(headers.get("content-id") ?? ""),
    contentType: headers.get("content-type") ?? "",
    transferEncoding: (headers.get("content-transfer-encoding") ?? "8bit").toLowerCase(),
    content: part.subarray(contentStart),
  };
}

/**
 * Splits a multipart body. Takes LF and CRLF, any preamble and epilogue; a body without closing boundary was cut and
 * is refused. Throws EBXML_MIME.
 */
export function parseMultipart(body: Buffer, boundary: string, maximumParts: number): readonly MimePart[] {
  if (boundary === "" || boundary.length > maximumBoundaryLength) throw mimeError("no usable boundary parameter");
  const delimiters = findDelimiters(body, boundary, maximumParts);
  const parts: MimePart[] = [];
  for (const [index, opening] of delimiters.entries()) {
    const next = delimiters[index + 1];
    if (next !== undefined) parts.push(readPart(body, opening, next));
  }
  if (parts.length === 0) throw mimeError("there is no part");
  return parts;
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const isOutsideBase64 = 4;

/** For each two bytes, as a number of 16 bits: how many are digits, and whether one is neither digit nor blank. */
function createPairTable(): Uint8Array {
  const ofByte = new Uint8Array(256).fill(isOutsideBase64);
  for (const blank of " \t\r\n\v\f") ofByte[blank.charCodeAt(0)] = 0;
  for (const digit of base64Alphabet) ofByte[digit.charCodeAt(0)] = 1;
  const ofPair = new Uint8Array(65_536);
  for (let pair = 0; pair < ofPair.length; pair += 1) {
    const [one = 0, other = 0] = [ofByte[pair & 0xff], ofByte[pair >> 8]];
    ofPair[pair] = ((one & 3) + (other & 3)) | ((one | other) & isOutsideBase64);
  }
  return ofPair;
}

const pairs = createPairTable();

/** Counts the base64 digits among blanks; undefined when there is anything else. */
function countBase64Digits(content: Buffer): number | undefined {
  let count = 0;
  let outside = 0;
  const single = (byte: number): void => {
    // Beside a blank, which counts for nothing.
    const found = pairs[byte | 0x2000] ?? isOutsideBase64;
    count += found & 3;
    outside |= found;
  };
  const start = content.byteOffset % 2;
  if (start === 1 && content.length > 0) single(content[0] ?? 0);
  const words = new Uint16Array(content.buffer, content.byteOffset + start, Math.max(0, content.length - start) >> 1);
  for (let index = 0; index < words.length; index += 1) {
    const found = pairs[words[index] ?? 0] ?? isOutsideBase64;
    count += found & 3;
    outside |= found;
  }
  if ((content.length - start) % 2 === 1 && content.length > start) single(content[content.length - 1] ?? 0);
  return (outside & isOutsideBase64) === 0 ? count : undefined;
}

/** Without the padding, of which there are at most two signs, and the blanks around it. */
function withoutPadding(content: Buffer): Buffer {
  let end = content.length;
  for (let signs = 0; end > 0; end -= 1) {
    const byte = content[end - 1] ?? 0;
    if (byte === 0x3d && signs < 2) signs += 1;
    else if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) break;
  }
  return content.subarray(0, end);
}

/** How many line ends there are, when all lines but the last have the length of the first; undefined else. */
function countEvenLines(content: Buffer): number | undefined {
  const lineEnd = content.indexOf(lineFeed);
  if (lineEnd < 1) return lineEnd === 0 ? undefined : 0;
  const hasCarriageReturn = content[lineEnd - 1] === carriageReturn;
  const stride = lineEnd + 1;
  let count = 0;
  for (let end = lineEnd; end < content.length; end += stride) {
    if (content[end] !== lineFeed || (hasCarriageReturn && content[end - 1] !== carriageReturn)) return undefined;
    count += hasCarriageReturn ? 2 : 1;
  }
  return count;
}

/**
 * Node.js decodes whatever it is given and leaves out what is no digit, so that a length that fits says that nothing
 * was left out; it also takes the digits of another alphabet, and ends at a padding sign. Looking at each character
 * would take most of the time of reading a large message, and is done only where the lines are uneven.
 */
function decodeBase64(content: Buffer): Buffer {
  const body = withoutPadding(content);
  const decoded = Buffer.from(body.toString("latin1"), "base64");
  const fits = (digits: number): boolean => digits % 4 !== 1 && decoded.length === Math.floor((digits * 3) / 4);
  const isPlain = !["-", "_", "="].some((sign) => body.includes(sign));
  const lineEnds = countEvenLines(body);
  if (isPlain && lineEnds !== undefined && fits(body.length - lineEnds)) return decoded;
  const digits = countBase64Digits(body);
  if (digits === undefined || !fits(digits)) throw mimeError("a base64 part is damaged");
  return decoded;
}

/** RFC 2045, 6.7: "=" and two hexadecimal digits are a byte, "=" at the end of a line continues it. */
function decodeQuotedPrintable(content: Buffer): Buffer {
  const text = content.toString("latin1").replace(/[ \t]+(?=\r?\n|$)/g, "");
  const isDamaged = /=(?![0-9A-Fa-f]{2}|\r?\n|$)/.test(text);
  if (isDamaged) throw mimeError("a quoted-printable part is damaged");
  const decoded = text
    .replace(/=(?:\r?\n|$)/g, "")
    .replace(/=([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return Buffer.from(decoded, "latin1");
}

/** The part's bytes without transfer encoding. Throws EBXML_MIME for a damaged part and for an unknown encoding. */
export function decodePart(part: MimePart): Buffer {
  switch (part.transferEncoding) {
    case "":
    case "7bit":
    case "8bit":
    case "binary":
      return part.content;
    case "base64":
      return decodeBase64(part.content);
    case "quoted-printable":
      return decodeQuotedPrintable(part.content);
    default:
      throw mimeError("the transfer encoding of a part is none of 7bit, 8bit, binary, base64, quoted-printable");
  }
}

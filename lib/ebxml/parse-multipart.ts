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

function decodeBase64(content: Buffer): Buffer {
  const text = content.toString("latin1").replace(/\s/g, "");
  const digits = text.replace(/={1,2}$/, "");
  const decoded = Buffer.from(digits, "base64");
  const isComplete = digits.length % 4 !== 1 && decoded.length === Math.floor((digits.length * 3) / 4);
  if (!isComplete || /[^A-Za-z0-9+/]/.test(digits)) throw mimeError("a base64 part is damaged");
  return decoded;
}

/** The part's bytes without transfer encoding. Throws EBXML_MIME for damaged base64 and for an unknown encoding. */
export function decodePart(part: MimePart): Buffer {
  switch (part.transferEncoding) {
    case "":
    case "7bit":
    case "8bit":
    case "binary":
      return part.content;
    case "base64":
      return decodeBase64(part.content);
    default:
      throw mimeError("the transfer encoding of a part is none of 7bit, 8bit, binary, base64");
  }
}

// Finds the character encoding of an XML document and decodes it.
import { CpisError, isCpisError } from "../errors.js";

const declarationPattern = /^<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']/;
/** No declaration that the pattern takes is longer. */
const longestDeclaration = 256;
const startOfDeclaration = "<?xml";

function encodingByMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return undefined;
}

function startText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, longestDeclaration)).toString("latin1");
}

function encodingOf(bytes: Uint8Array, transportCharset: string | undefined): string {
  return encodingByMark(bytes) ?? declarationPattern.exec(startText(bytes))?.[1] ?? transportCharset ?? "utf-8";
}

const utf8Decoder = new TextDecoder("utf-8", { fatal: true });

/** The encodings that are read, by their names in lower case. ASCII is read as the UTF-8 that it is. */
const encodings: ReadonlyMap<string, string> = new Map([
  ...["utf-8", "utf8", "us-ascii", "ascii"].map((name) => [name, "utf-8"] as const),
  ...["utf-16", "utf-16le"].map((name) => [name, "utf-16le"] as const),
  ["utf-16be", "utf-16be"],
  ...["iso-8859-1", "latin1", "windows-1252", "cp1252"].map((name) => [name, "windows-1252"] as const),
]);

/** Throws XML_ENCODING; its text does not repeat the name, which a peer has chosen. */
function createDecoder(label: string): TextDecoder {
  const encoding = encodings.get(label.trim().toLowerCase());
  if (encoding === undefined) throw new CpisError("XML_ENCODING", { detail: "the encoding is none that is read" });
  return encoding === "utf-8" ? utf8Decoder : new TextDecoder(encoding, { fatal: true });
}

/** Runs what throws for bytes that are not valid. */
function decodeOrRefuse<Result>(decode: () => Result): Result {
  try {
    return decode();
  } catch (error) {
    throw isCpisError(error) ? error : new CpisError("XML_ENCODING");
  }
}

/** Ends where the decoder in pieces looks no further: a version with a ">" in it is not well-formed, and told as that. */
const versionPattern = /^<\?xml\s+version\s*=\s*["']([^"'>]*)["']/;

/** XML 1.1 takes control characters, and other ends of lines. Throws XML_VERSION. */
function checkVersion(text: string): void {
  const version = versionPattern.exec(text.slice(0, longestDeclaration))?.[1];
  if (version !== undefined && version !== "1.0") throw new CpisError("XML_VERSION");
}

/**
 * Decodes XML bytes. The byte order mark wins, then the XML declaration, then `transportCharset`, then UTF-8: real
 * messages carry a wrong charset in their MIME headers.
 * Throws XML_ENCODING for another encoding than UTF-8, UTF-16, ISO-8859-1 and Windows-1252 and for bytes that are not
 * valid in it, and XML_VERSION for another version than 1.0.
 */
export function decodeXmlText(bytes: Uint8Array, transportCharset?: string): string {
  const decoder = createDecoder(encodingOf(bytes, transportCharset));
  const text = decodeOrRefuse(() => decoder.decode(bytes));
  checkVersion(text);
  return text;
}

/** Decodes in pieces. Both throw XML_ENCODING or XML_VERSION, after which the decoder is of no use. */
export interface XmlTextDecoder {
  /** The text that is certain so far: the first bytes and a cut character wait for the next piece. */
  write(chunk: Uint8Array): string;
  end(): string;
}

/** Whether what follows can still change the encoding that these first bytes of a document say. */
function isEncodingOpen(start: Uint8Array): boolean {
  if (start.byteLength >= longestDeclaration) return false;
  if (start.byteLength < 3) return true;
  const text = startText(start);
  if (text.length < startOfDeclaration.length) return startOfDeclaration.startsWith(text);
  return text.startsWith(startOfDeclaration) && !text.includes(">");
}

/** By the same rules as decodeXmlText, wherever the bytes are cut. */
export function createXmlTextDecoder(transportCharset?: string): XmlTextDecoder {
  let start = Buffer.alloc(0);
  let decoder: TextDecoder | undefined;
  const decode = (chunk: Uint8Array, isLast: boolean): string =>
    decodeOrRefuse(() => {
      if (decoder !== undefined) return decoder.decode(chunk, { stream: !isLast });
      start = Buffer.concat([start, chunk]);
      if (!isLast && isEncodingOpen(start)) return "";
      const { encoding } = createDecoder(encodingOf(start, transportCharset));
      // One that keeps what is cut is for this document alone.
      decoder = new TextDecoder(encoding, { fatal: true });
      const text = decoder.decode(start, { stream: !isLast });
      checkVersion(text);
      start = Buffer.alloc(0);
      return text;
    });
  return { write: (chunk) => decode(chunk, false), end: () => decode(new Uint8Array(), true) };
}

// Finds the character encoding of an XML document and decodes it.
import { CpisError } from "../errors.js";

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

/** Runs what throws for an unknown encoding or bytes that are not valid in it. */
function decodeOrRefuse<Result>(decode: () => Result): Result {
  try {
    return decode();
  } catch (cause) {
    throw new CpisError("XML_ENCODING", { cause });
  }
}

/**
 * Decodes XML bytes. The byte order mark wins, then the XML declaration, then `transportCharset`, then UTF-8: real
 * messages carry a wrong charset in their MIME headers.
 * Throws XML_ENCODING for an unknown encoding or bytes that are not valid in it.
 */
export function decodeXmlText(bytes: Uint8Array, transportCharset?: string): string {
  const label = encodingOf(bytes, transportCharset);
  return decodeOrRefuse(() =>
    label.toLowerCase() === "utf-8" ? utf8Decoder.decode(bytes) : new TextDecoder(label, { fatal: true }).decode(bytes),
  );
}

/** Decodes in pieces. Both throw XML_ENCODING, after which the decoder is of no use. */
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
      decoder = new TextDecoder(encodingOf(start, transportCharset), { fatal: true });
      const text = decoder.decode(start, { stream: !isLast });
      start = Buffer.alloc(0);
      return text;
    });
  return { write: (chunk) => decode(chunk, false), end: () => decode(new Uint8Array(), true) };
}

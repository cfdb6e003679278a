// Finds the character encoding of an XML document and decodes it.
import { CpisError } from "../errors.js";

const declarationPattern = /^<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']/;

function encodingByMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return undefined;
}

function encodingByDeclaration(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 256)).toString("latin1");
  return declarationPattern.exec(start)?.[1];
}

const utf8Decoder = new TextDecoder("utf-8", { fatal: true });

function decoderFor(label: string): TextDecoder {
  return label.toLowerCase() === "utf-8" ? utf8Decoder : new TextDecoder(label, { fatal: true });
}

/**
 * Decodes XML bytes. The byte order mark wins, then the XML declaration, then `transportCharset`, then UTF-8: real
 * messages carry a wrong charset in their MIME headers.
 * Throws XML_ENCODING for an unknown encoding or bytes that are not valid in it.
 */
export function decodeXmlText(bytes: Uint8Array, transportCharset?: string): string {
  const label = encodingByMark(bytes) ?? encodingByDeclaration(bytes) ?? transportCharset ?? "utf-8";
  try {
    return decoderFor(label).decode(bytes);
  } catch (cause) {
    throw new CpisError("XML_ENCODING", { cause });
  }
}

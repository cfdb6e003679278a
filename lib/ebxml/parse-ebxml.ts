// Reads whatever arrives as an ebXML message: MIME or bare envelope, business message or signal.
import type { XmlLimits } from "../xml/parse-xml.js";
import { CpisError } from "../errors.js";
import type { EbxmlReading } from "./model.js";

export interface EbxmlLimits {
  /** Of the whole body. */
  readonly maximumBytes: number;
  readonly maximumParts: number;
  /** Of the envelope. */
  readonly xml: XmlLimits;
}

export interface EbxmlInput {
  /** The HTTP header's value; without one the body is read as a bare envelope. */
  readonly contentType: string | undefined;
  readonly body: Buffer;
  readonly limits?: EbxmlLimits;
}

/** Reads any bytes; never throws. Parts are views of `body`, not copies, unless they came in base64. */
export function parseEbxml(input: EbxmlInput): EbxmlReading {
  void input;
  return { kind: "malformed", error: new CpisError("EBXML_MALFORMED") };
}

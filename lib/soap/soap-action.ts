// Reads the SOAPAction header, which peers write in several ways.

/** Strips quotes and one duplicated "urn:". The header is a hint; the envelope decides. */
export function readSoapAction(value: string): string {
  return value
    .trim()
    .replace(/^"(.*)"$/, "$1")
    .trim()
    .replace(/^urn:(?=urn:)/i, "");
}

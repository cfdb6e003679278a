// Shows an HTTP message as text, as it went over the wire.

/** Names and values in turn, as Node.js gives raw headers. */
export type RawHeaders = readonly string[];

/** The start line, the headers and the body as one text with CRLF. */
export function httpText(startLine: string, headers: RawHeaders, body: Uint8Array): string {
  const lines = [startLine];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    lines.push(`${headers[index] ?? ""}: ${headers[index + 1] ?? ""}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n${Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8")}`;
}

// Reads a Content-Type value as tolerantly as peers write it.

export interface ContentType {
  /** Lower case, for example "multipart/related"; "" when the value names none. */
  readonly mediaType: string;
  /** Names in lower case, values without quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Longer than any value seen; what stands behind is not read. */
const maximumLength = 4096;

function splitOutsideQuotes(text: string): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === "\\" && isQuoted) index += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === ";" && !isQuoted) {
      pieces.push(text.slice(start, index));
      start = index + 1;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  const end = value.length > 1 && value.endsWith('"') ? -1 : undefined;
  return value.slice(1, end).replace(/\\(.)/g, "$1");
}

/** Never throws; of a parameter given twice the first counts. */
export function parseContentType(value: string): ContentType {
  const [mediaType = "", ...pieces] = splitOutsideQuotes(value.slice(0, maximumLength).replace(/[\r\n]/g, " "));
  const parameters = new Map<string, string>();
  for (const piece of pieces) {
    const equals = piece.indexOf("=");
    if (equals < 0) continue;
    const name = piece.slice(0, equals).trim().toLowerCase();
    if (!parameters.has(name)) parameters.set(name, unquote(piece.slice(equals + 1).trim()));
  }
  return { mediaType: mediaType.trim().toLowerCase(), parameters };
}

/** Whether a part of this type can be an XML document; a part that names no type can. */
export function isXmlContentType(value: string): boolean {
  const { mediaType } = parseContentType(value);
  return mediaType === "" || mediaType === "text/xml" || mediaType === "application/xml" || mediaType.endsWith("+xml");
}

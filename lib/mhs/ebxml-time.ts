// The timestamps of ebXML headers.

/** "yyyy-MM-ddTHH:mm:ssZ" of milliseconds since 1970. */
export function formatEbxmlTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

const timePattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?$/;

/** Reads an XML Schema dateTime, without zone as UTC. Gives milliseconds since 1970, or undefined. */
export function parseEbxmlTime(text: string): number | undefined {
  const match = timePattern.exec(text.trim());
  if (match === null) return undefined;
  const [, seconds = "", fraction = "", zone = "Z"] = match;
  const milliseconds = Date.parse(`${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}${zone}`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

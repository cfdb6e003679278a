// Lays XML out for people: a line for each element, indented; the text itself is not judged, and may be cut short.

export interface LaidOut {
  readonly text: string;
  /** Whether the limit ended it. */
  readonly isCut: boolean;
}

/**
 * A comment, a CDATA section, an instruction, a tag with quoted values, or what stands between them. A tag ends at the
 * next "<" at the latest, so that no text takes more than one look at each character.
 */
const token =
  /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|<\?[\s\S]*?(?:\?>|$)|<(?:[^<>"']|"[^"<]*"|'[^'<]*')*(?:>|$)|[^<]+|</g;
const deepestIndent = 40;

interface Open {
  /** Whether a child has a line of its own. */
  hasLines: boolean;
}

/** Blanks between elements are not kept; an element with nothing but text stands on one line. */
export function layOutXml(xml: string, maximumCharacters: number): LaidOut {
  const lines: string[] = [];
  const path: Open[] = [];
  let length = 0;
  let last = "";
  const flush = (): void => {
    if (last !== "") lines.push(last);
    length += last.length + 1;
    last = "";
  };
  const begin = (text: string): void => {
    flush();
    const parent = path.at(-1);
    if (parent !== undefined) parent.hasLines = true;
    last = "  ".repeat(Math.min(path.length, deepestIndent)) + text;
  };
  for (const [piece] of xml.matchAll(token)) {
    if (length + last.length > maximumCharacters) break;
    if (piece.startsWith("</")) {
      const closed = path.pop();
      if (closed?.hasLines === true) {
        flush();
        last = "  ".repeat(Math.min(path.length, deepestIndent)) + piece;
      } else last += piece;
    } else if (piece.startsWith("<") && !piece.startsWith("<![CDATA[")) {
      begin(piece);
      if (!/^<[?!]|\/>$/.test(piece)) path.push({ hasLines: false });
    } else if (piece.trim() !== "") {
      if (path.at(-1)?.hasLines === true) begin(piece.trim());
      else last += piece;
    }
  }
  flush();
  const text = lines.join("\n");
  return { text: text.slice(0, maximumCharacters), isCut: text.length > maximumCharacters };
}

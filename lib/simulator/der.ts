// Writes the few ASN.1 types an X.509 certificate is made of, in DER (ITU-T X.690).

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

/** One value: its tag, its length, its contents. */
function tagged(tag: number, contents: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), encodeLength(contents.length), contents]);
}

export function sequence(...items: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(items));
}

export function setOf(item: Buffer): Buffer {
  return tagged(0x31, item);
}

/** A non-negative integer given as its bytes, most significant first. */
export function integer(bytes: Buffer): Buffer {
  const isHigh = ((bytes[0] ?? 0) & 0x80) !== 0;
  return tagged(0x02, isHigh ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

export function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

export function octetString(contents: Buffer): Buffer {
  return tagged(0x04, contents);
}

export function bitString(contents: Buffer, unusedBits = 0): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([unusedBits]), contents]));
}

export function utf8String(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text, "utf8"));
}

export function nullValue(): Buffer {
  return tagged(0x05, Buffer.alloc(0));
}

/** The time to the second in UTC, as X.509 wants it: two digits for the year before 2050 (RFC 5280, 4.1.2.5). */
export function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\..*$/g, "");
  return Number(digits.slice(0, 4)) < 2050
    ? tagged(0x17, Buffer.from(`${digits.slice(2)}Z`, "latin1"))
    : tagged(0x18, Buffer.from(`${digits}Z`, "latin1"));
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 | (rest % 128));
  return bytes;
}

/** An object identifier given in dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tagged(0x06, Buffer.from([...base128(first * 40 + second), ...rest.flatMap(base128)]));
}

/** A value of a tag that the surrounding type defines; `constructed` when the contents are values themselves. */
export function contextTagged(tag: number, contents: Buffer, form: "primitive" | "constructed"): Buffer {
  return tagged((form === "constructed" ? 0xa0 : 0x80) | tag, contents);
}

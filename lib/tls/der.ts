// Reads ASN.1 in DER as far as certificates, revocation lists and OCSP responses need it (X.690).

/** One value: its tag, the bytes between its ends, and all of its bytes. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  readonly bytes: Buffer;
}

export const derTags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/** Not DER, or not what was expected there. */
export class DerError extends Error {}

function readValue(bytes: Buffer, at: number): DerValue {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new DerError("no value");
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  // Four bytes are 4 GB, more than any buffer; none at all is the indefinite form, which DER forbids.
  if (first === 0x80 || lengthBytes > 4) throw new DerError("a length that DER does not have");
  const start = at + 2 + lengthBytes;
  if (start > bytes.length) throw new DerError("cut short");
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
  const end = start + length;
  if (end > bytes.length) throw new DerError("cut short");
  return { tag, content: bytes.subarray(start, end), bytes: bytes.subarray(at, end) };
}

/** The one value that the bytes are. Throws DerError. */
export function parseDer(bytes: Buffer): DerValue {
  const value = readValue(bytes, 0);
  if (value.bytes.length !== bytes.length) throw new DerError("more than one value");
  return value;
}

/** The values in a constructed one. Throws DerError. */
export function derChildren({ content }: DerValue): DerValue[] {
  const children: DerValue[] = [];
  for (let at = 0; at < content.length;) {
    const child = readValue(content, at);
    children.push(child);
    at += child.bytes.length;
  }
  return children;
}

/** The value, if it has the tag. Throws DerError. */
export function expectTag(value: DerValue | undefined, tag: number): DerValue {
  if (value?.tag !== tag) throw new DerError("another value than expected");
  return value;
}

/** "2.5.29.20". Throws DerError. */
export function readObjectIdentifier(value: DerValue | undefined): string {
  const { content } = expectTag(value, derTags.objectIdentifier);
  const parts: number[] = [];
  let part = 0;
  for (const byte of content) {
    part = part * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(part);
      part = 0;
    }
  }
  const [first = 0, ...rest] = parts;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join(".");
}

const timePattern = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** Milliseconds since 1970. A year of two digits is one from 1950 to 2049 (RFC 5280, 4.1.2.5.1). Throws DerError. */
export function readTime({ content }: DerValue): number {
  const [, year = "", month, day, hour, minute, second] = timePattern.exec(content.toString("latin1")) ?? [];
  const whole = year.length === 2 ? `${Number(year) < 50 ? "20" : "19"}${year}` : year;
  const time = Date.parse(`${whole}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(time)) throw new DerError("no time");
  return time;
}

export function isTime(value: DerValue | undefined): value is DerValue {
  return value !== undefined && (value.tag === derTags.utcTime || value.tag === derTags.generalizedTime);
}

/** The bytes of a bit string of whole bytes. Throws DerError. */
export function readBitString(value: DerValue | undefined): Buffer {
  return expectTag(value, derTags.bitString).content.subarray(1);
}

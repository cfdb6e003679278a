// Generators of HL7 V3 models, odd characters included.
import fc from "fast-check";
import { hl7TimeAt } from "../../../lib/hl7v3/timestamp.js";
import type { Transmission } from "../../../lib/hl7v3/transmission-wrapper.js";
import type { CodedText, Hl7Time, OrganisationRef, PersonName } from "../../../lib/hl7v3/values.js";

// eslint-disable-next-line no-control-regex -- what XML cannot hold is the point
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

/** Any text that XML can hold and that has no blanks around it. */
export const text: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 12 }),
    fc.string({
      unit: fc.constantFrom("<", ">", "&", '"', "'", "]]>", "\t", "\n", "\r", "é", "😀", " ", "a"),
      maxLength: 12,
    }),
  )
  .map((value) => value.replace(notXml, "?").trim() || "x");

export const time: fc.Arbitrary<Hl7Time> = fc
  .integer({ min: 0, max: 4_000_000_000 })
  .map((seconds) => hl7TimeAt(seconds * 1000));

export const uuid: fc.Arbitrary<string> = fc.uuid().map((id) => id.toUpperCase());
export const asid: fc.Arbitrary<string> = fc.stringMatching(/^[0-9]{12}$/);

export const code: fc.Arbitrary<CodedText> = fc.record(
  { code: text, codeSystem: text, displayName: text, qualifier: text },
  { requiredKeys: ["code"] },
);

export const personName: fc.Arbitrary<PersonName> = fc.oneof(
  fc.record(
    { prefix: text, given: fc.array(text, { minLength: 1, maxLength: 3 }), family: text, suffix: text },
    { requiredKeys: ["given"] },
  ),
  fc.record({ given: fc.constant([]), text }),
);

export const organisation: fc.Arbitrary<Required<OrganisationRef>> = fc.record({
  code: text,
  codeType: fc.constantFrom("organisation", "site"),
  name: text,
});

export const transmission: fc.Arbitrary<Transmission> = fc.record({
  messageId: uuid,
  createdAt: time,
  versionCode: text,
  processingCode: fc.constantFrom("P", "T", "D"),
  fromAsid: asid,
  toAsid: asid,
});

/** One byte of the document replaced by another one. */
export function withOneByteChanged(document: Buffer): fc.Arbitrary<Buffer> {
  return fc.tuple(fc.nat(document.length - 1), fc.nat(255)).map(([index, byte]) => {
    const changed = Buffer.from(document);
    changed[index] = byte;
    return changed;
  });
}

// Holds the notification of inactive NHS numbers in both directions.
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeInactiveNhsNumberNotification,
  parseInactiveNhsNumberNotification,
} from "../../../../lib/cpis/notification/inactive-number-notification.js";
import type { InactiveNhsNumberNotification } from "../../../../lib/cpis/upload/upload-model.js";
import { isCpisError } from "../../../../lib/errors.js";
import { withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import { parseVector, readVector } from "../../../support/hl7v3/vectors.js";
import { inactiveNotification } from "../../../support/cpis/authority-arbitraries.js";
import { inactiveNotificationVectors } from "../../../support/cpis/authority-golden.js";
import { inactiveNumbers, withoutReplacement } from "../../../support/cpis/authority-samples.js";

function parse(document: string): InactiveNhsNumberNotification {
  return parseInactiveNhsNumberNotification(Buffer.from(document, "utf8"));
}

/** The notification of one replaced number with one text replaced, which must be there. */
function altered(from: string | RegExp, to: string): InactiveNhsNumberNotification {
  const document = encodeInactiveNhsNumberNotification(inactiveNumbers);
  const changed = document.replace(from, to);
  assert.notEqual(changed, document);
  return parse(changed);
}

function warnings(notification: InactiveNhsNumberNotification): readonly string[] {
  return notification.warnings.map(({ code, path }) => (path === undefined ? code : `${path} ${code}`));
}

describe("the notification of inactive NHS numbers", () => {
  for (const { name, model, written } of inactiveNotificationVectors) {
    it(`${name}: is written as the vector has it`, () => {
      assert.equal(written, readVector(`cpis/inactive-number-notification/${name}`));
    });

    it(`${name}: is read as the model has it, without a warning`, () => {
      assert.deepEqual(parse(readVector(`cpis/inactive-number-notification/${name}`)), model);
    });
  }

  it("is read from bytes and from an element alike", () => {
    const root = parseVector("cpis/inactive-number-notification/d8-wrapped");
    assert.deepEqual(parseInactiveNhsNumberNotification(root), withoutReplacement);
  });

  it("is read as it was written, in every form", () => {
    const form = fc.record({
      namespace: fc.constantFrom("default", "prefixed", "none"),
      wrappedIn: fc.constantFrom("x", "CP-ISInactiveNHSNumberNotification"),
    });
    fc.assert(
      fc.property(inactiveNotification, form, (model, written) => {
        assert.deepEqual(parse(encodeInactiveNhsNumberNotification(model)), model);
        assert.deepEqual(parse(encodeInactiveNhsNumberNotification(model, written)), model);
      }),
    );
  });

  it("names the recipient before the numbers, and writes no root for the new number", () => {
    const written = encodeInactiveNhsNumberNotification(inactiveNumbers);
    assert.ok(written.indexOf("<primaryInformationRecipient>") < written.indexOf("<subject>"));
    assert.match(written, /<newVersion><id extension="9990000069"\/><\/newVersion>/);
  });

  it("without any number is no error, and gives none", () => {
    const empty = { ...inactiveNumbers, numbers: [] };
    assert.deepEqual(parse(encodeInactiveNhsNumberNotification(empty)), empty);
  });

  it("with entries of which none can be read is refused", () => {
    assert.throws(() => altered(/pDSInactivePatient/g, "other"), { code: "CPIS_MESSAGE_INVALID" });
  });

  it("is refused when there is none, or more than one", () => {
    assert.throws(() => parse("<x/>"), { code: "CPIS_MESSAGE_INVALID" });
    const one = encodeInactiveNhsNumberNotification(inactiveNumbers);
    assert.throws(() => parse(`<a>${one}${one}</a>`), { code: "CPIS_MESSAGE_INVALID" });
  });

  it("takes new numbers from several newVersion elements, spaced or repeated", () => {
    const { numbers } = altered(
      /<newVersion>.*<\/newVersion>/,
      '<newVersion><id extension="999 000 0069"/></newVersion>' +
        '<newVersion><id root="2.16.840.1.113883.2.1.4.1" extension="9990000077"/><id extension="9990000069"/></newVersion>',
    );
    assert.deepEqual(numbers[0]?.replacedBy, ["9990000069", "9990000077"]);
  });

  it("warns where a replacement is given and cannot be read: that is not the same as none", () => {
    for (const unreadable of ["", "<newVersion/>", "<newVersion><id/></newVersion>"]) {
      const notification = altered(/<newVersion>.*<\/newVersion>/, unreadable);
      assert.deepEqual(notification.numbers[0]?.replacedBy, [], unreadable);
      assert.deepEqual(warnings(notification), ["subject[1] unreadable-replacement"], unreadable);
    }
  });

  it("D1: takes several patients from one subject", () => {
    const patient = /<pDSInactivePatient>.*<\/pDSInactivePatient>/;
    const written = patient.exec(encodeInactiveNhsNumberNotification(inactiveNumbers))?.[0] ?? "";
    assert.equal(altered(patient, written + written.replace("9990000026", "9990000018")).numbers.length, 2);
  });

  it("D3: is read without a person's id, and says so", () => {
    const notification = altered(/<id root="2\.16\.840\.1\.113883\.2\.1\.4\.1"[^>]*><id[^>]*>/, "");
    assert.deepEqual(notification.numbers, [{ replacedBy: ["9990000069"], uploadFileId: "123" }]);
    assert.deepEqual(warnings(notification), ["subject[1] unidentified-person"]);
  });

  it("D5, D6: is read with a time without zone and an organisation code in lower case", () => {
    assert.equal(altered("20260303060000+0000", "202603030600").createdAt?.iso, "2026-03-03T06:00");
    assert.equal(altered('extension="999"', 'extension="x9x"').recipient.code, "x9x");
  });

  it("with one byte changed is read, or refused with a code", () => {
    const original = Buffer.from(readVector("cpis/inactive-number-notification/without-replacement"));
    fc.assert(
      fc.property(withOneByteChanged(original), (changed) => {
        try {
          parseInactiveNhsNumberNotification(changed);
        } catch (error) {
          assert.ok(isCpisError(error), String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});

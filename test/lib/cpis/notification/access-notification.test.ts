// Holds the notification of accesses in both directions, with every deviation known of real messages.
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeAccessNotification,
  parseAccessNotification,
} from "../../../../lib/cpis/notification/access-notification.js";
import type { AccessNotification } from "../../../../lib/cpis/upload/upload-model.js";
import { isCpisError } from "../../../../lib/errors.js";
import { withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import { parseVector, readVector } from "../../../support/hl7v3/vectors.js";
import { accessNotification } from "../../../support/cpis/authority-arbitraries.js";
import { accessNotificationVectors } from "../../../support/cpis/authority-golden.js";
import { accessNotificationOf, personAccess, systemAccess } from "../../../support/cpis/authority-samples.js";

const both = accessNotificationOf([personAccess, systemAccess]);

function parse(document: string): AccessNotification {
  return parseAccessNotification(Buffer.from(document, "utf8"));
}

/** The notification of two accesses with texts replaced that must be there. */
function altered(...changes: readonly (readonly [string | RegExp, string])[]): AccessNotification {
  let document = encodeAccessNotification(both);
  for (const [from, to] of changes) {
    const changed = document.replace(from, to);
    assert.notEqual(changed, document, String(from));
    document = changed;
  }
  return parse(document);
}

function without<Model extends object, Key extends keyof Model>(
  model: Model,
  ...keys: readonly Key[]
): Omit<Model, Key> {
  const copy = { ...model };
  for (const key of keys) Reflect.deleteProperty(copy, key);
  return copy;
}

function warnings(notification: AccessNotification): readonly string[] {
  return notification.warnings.map(({ code }) => code);
}

describe("the notification of accesses", () => {
  for (const { name, model, written } of accessNotificationVectors) {
    it(`${name}: is written as the vector has it`, () => {
      assert.equal(written, readVector(`cpis/access-notification/${name}`));
    });

    it(`${name}: is read as the model has it, without a warning`, () => {
      assert.deepEqual(parse(readVector(`cpis/access-notification/${name}`)), model);
    });
  }

  it("is read from bytes and from an element alike", () => {
    assert.deepEqual(parseAccessNotification(parseVector("cpis/access-notification/d8-wrapped")), both);
  });

  it("is read as it was written, in every form", () => {
    const form = fc.record({
      namespace: fc.constantFrom("default", "prefixed", "none"),
      wrappedIn: fc.constantFrom("x", "CP-ISAccessToServiceNotification"),
    });
    fc.assert(
      fc.property(accessNotification, form, (model, written) => {
        assert.deepEqual(parse(encodeAccessNotification(model)), model);
        assert.deepEqual(parse(encodeAccessNotification(model, written)), model);
      }),
    );
  });

  it("without accesses is legal", () => {
    const empty = accessNotificationOf([]);
    assert.deepEqual(parse(encodeAccessNotification(empty)), empty);
    const document = encodeAccessNotification(empty).replace(/<pertinentInformation>.*<\/pertinentInformation>/, "");
    assert.deepEqual(parse(document), without(empty, "total"));
  });

  it("that counts accesses or has some, of which none can be read, is refused", () => {
    const empty = encodeAccessNotification(accessNotificationOf([]));
    assert.throws(() => parse(empty.replace('value="0"', 'value="3"')), { code: "CPIS_MESSAGE_INVALID" });
    assert.throws(() => altered([/pertinentCP-ISNHSQuery/g, "other"]), { code: "CPIS_MESSAGE_INVALID" });
  });

  it("is refused when there is none, or more than one", () => {
    assert.throws(() => parse("<x/>"), { code: "CPIS_MESSAGE_INVALID" });
    assert.throws(() => parse('<CP-ISAccessToServiceNotification xmlns="urn:x"/>'), { code: "CPIS_MESSAGE_INVALID" });
    const one = encodeAccessNotification(both);
    assert.throws(() => parse(`<a>${one}${one}</a>`), { code: "CPIS_MESSAGE_INVALID" });
  });

  it("D3: is read without a person's id, and says so", () => {
    const notification = altered([/<value root="2\.16\.840\.1\.113883\.2\.1\.4\.1"[^>]*><value[^>]*>/, ""]);
    assert.deepEqual(notification.accesses, [without(personAccess, "nhsNumber", "localId"), systemAccess]);
    assert.deepEqual(
      notification.warnings.map(({ code, path }) => [code, path]),
      [["unidentified-person", "pertinentInformation1[1]"]],
    );
  });

  it("D4: is read with the family name first and blanks around names", () => {
    const notification = altered([
      "<given>Ann</given><family>Example</family>",
      "<family>Example </family><given> Ann</given>",
    ]);
    assert.deepEqual(notification, both);
  });

  it("D5: is read with times without zone, or to the minute", () => {
    const { accesses } = altered(
      ["20260302101500+0000", "20260302101500"],
      ["20260302114500+0000", "202603021145+0000"],
    );
    assert.deepEqual(
      accesses.map(({ accessedAt }) => [accessedAt?.iso, accessedAt?.zone]),
      [
        ["2026-03-02T10:15:00", "none"],
        ["2026-03-02T11:45Z", "explicit"],
      ],
    );
  });

  it("D6, D7: keeps organisation codes and role codes as they were sent", () => {
    const { accesses } = altered(['extension="X9X"', 'extension="x9x"'], ['code="R8000"', 'code="S0010:G0020:R8000"']);
    const author = accesses[0]?.author;
    assert.equal(author?.organisation.code, "x9x");
    assert.equal(author.kind === "person" ? author.role?.code : undefined, "S0010:G0020:R8000");
  });

  it("tells an access once when its id is repeated for the same person, in whatever case", () => {
    const repeated = { ...personAccess, accessId: personAccess.accessId!.toLowerCase(), uploadFileId: "124" };
    const notification = parse(encodeAccessNotification(accessNotificationOf([personAccess, repeated, systemAccess])));
    assert.deepEqual(notification.accesses, [personAccess, systemAccess]);
    assert.deepEqual(notification.warnings, []);
  });

  it("tells accesses that share their id and not their person, and those without id, each for itself", () => {
    const nameless = without(personAccess, "accessId");
    const other = { ...personAccess, nhsNumber: "9990000026" };
    const model = accessNotificationOf([personAccess, other, nameless, nameless]);
    assert.deepEqual(parse(encodeAccessNotification(model)), model);
  });

  it("takes ten digits without a scheme for an NHS number when they are one, spaced or not", () => {
    const { accesses } = altered([
      'root="2.16.840.1.113883.2.1.4.1" extension="9990000018"',
      'extension="999 000 0018"',
    ]);
    assert.equal(accesses[0]?.nhsNumber, "9990000018");
  });

  it("warns of a total that is no count of it, of an access or time that cannot be read, and of no recipient", () => {
    assert.deepEqual(warnings(altered(['<value value="2"/>', '<value value="5"/>'])), ["total-mismatch"]);
    assert.deepEqual(warnings(altered(['<value value="2"/>', '<value value="?"/>'])), ["total-mismatch"]);
    assert.deepEqual(warnings(altered(["20260302101500+0000", "20260231101500"])), ["unreadable-time"]);
    assert.deepEqual(warnings(altered([/IntendedRecipient>/g, "Other>"], ["IntendedRecipient", "Other"])), [
      "no-recipient",
    ]);
    const unread = altered([
      /<pertinentInformation1>.*?<\/pertinentInformation1>/,
      "<pertinentInformation1><x/></pertinentInformation1>",
    ]);
    assert.deepEqual(unread.accesses, [systemAccess]);
    assert.deepEqual(warnings(unread), ["unreadable-access"]);
  });

  it("with one byte changed is read, or refused with a code", () => {
    const original = Buffer.from(readVector("cpis/access-notification/d1-grouped-accesses"));
    fc.assert(
      fc.property(withOneByteChanged(original), (changed) => {
        try {
          parseAccessNotification(changed);
        } catch (error) {
          assert.ok(isCpisError(error), String(error));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("refuses bytes that are no XML with the code of the XML reader", () => {
    assert.throws(() => parse("<x>"), { code: "XML_TRUNCATED" });
  });
});

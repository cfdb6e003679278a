// Holds which texts are NHS numbers, and what is said of those that are not.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../lib/errors.js";
import { parseNhsNumber, readNhsNumber } from "../../../lib/cpis/nhs-number.js";
import { nhsNumber } from "../../support/cpis/arbitraries.js";

function reasonFor(textOfNumber: string): string {
  try {
    parseNhsNumber(textOfNumber);
  } catch (error) {
    assert.ok(isCpisError(error));
    assert.equal(error.code, "CPIS_INVALID_NHS_NUMBER");
    return error.message.replace("The NHS number is not valid: it ", "");
  }
  return "is valid";
}

describe("an NHS number", () => {
  for (const written of ["9990000018", "999 000 0018", "999-000-0018", " 999\u00a0000\u20110018 ", "9434765919"]) {
    it(`may be written ${JSON.stringify(written)}`, () => {
      assert.equal(parseNhsNumber(written), written.replace(/[^0-9]/g, ""));
    });
  }

  for (const [written, reason] of [
    ["", "is empty"],
    [" - ", "is empty"],
    ["999000001", "has 9 digits, must have 10"],
    ["99900000180", "has 11 digits, must have 10"],
    ["999000001X", "has characters other than digits, spaces and hyphens"],
    ["９９９００００００１８", "has characters other than digits, spaces and hyphens"],
    ["0000000000", "has only zeros"],
    ["9990000019", "fails its check digit"],
    ["1234567895", "fails its check digit"],
  ] as const) {
    it(`written ${JSON.stringify(written)} ${reason}`, () => {
      assert.equal(reasonFor(written), reason);
    });
  }

  it("is never in the message about it", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9A-Z]{4,14}$/), (written) => {
        assert.ok(!reasonFor(written).includes(written));
      }),
    );
  });

  it("fails its check digit when any one digit is another", () => {
    fc.assert(
      fc.property(nhsNumber, fc.nat(9), fc.nat(9), (number, index, digit) => {
        const changed = number.slice(0, index) + String(digit) + number.slice(index + 1);
        assert.equal(readNhsNumber(changed), changed === number ? number : undefined);
      }),
    );
  });

  it("may fail its check digit for a test harness only, and is checked otherwise", () => {
    assert.equal(parseNhsNumber("1234567895", { acceptFailingCheckDigit: true }), "1234567895");
    assert.throws(() => parseNhsNumber("0000000000", { acceptFailingCheckDigit: true }), isCpisError);
    assert.throws(() => parseNhsNumber("123456789", { acceptFailingCheckDigit: true }), isCpisError);
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../lib/errors.js";
import { parseDuration } from "../../../lib/time/duration.js";

const readable: readonly (readonly [string, number])[] = [
  ["PT1M", 60_000],
  ["PT5M", 300_000],
  ["PT2H", 7_200_000],
  ["PT7H", 25_200_000],
  ["PT2S", 2_000],
  ["PT90M", 5_400_000],
  ["PT1H30M", 5_400_000],
  ["P1D", 86_400_000],
  ["P1DT12H", 129_600_000],
  ["P2W", 1_209_600_000],
  ["PT0.5S", 500],
  ["PT0,25S", 250],
  ["PT0.0004S", 0],
  ["PT1.5H", 5_400_000],
  ["P0Y0M0DT0H5M0S", 300_000],
  ["PT0S", 0],
  [" PT1M ", 60_000],
];

const refused: readonly (readonly [string, string])[] = [
  ["", "nothing"],
  ["P", "no component"],
  ["PT", "no component"],
  ["P1DT", "a T with nothing after it"],
  ["P1Y", "years"],
  ["P1M", "months"],
  ["P0.5Y", "a part of a year"],
  ["PT1M30", "a number without unit"],
  ["PT30S1M", "the wrong order"],
  ["PT1.5H30M", "a fraction before the last component"],
  ["P1W2D", "weeks with days"],
  ["-PT1M", "a negative duration"],
  ["pt1m", "lower case"],
  ["60", "a bare number"],
  ["PT1M PT1M", "two durations"],
  ["PT9999999999S", "more digits than any contract has"],
];

describe("parseDuration", () => {
  for (const [text, milliseconds] of readable) {
    it(`reads "${text}" as ${milliseconds} milliseconds`, () => {
      assert.equal(parseDuration(text), milliseconds);
    });
  }

  for (const [text, defect] of refused) {
    it(`refuses ${defect}: "${text}"`, () => {
      assert.throws(() => parseDuration(text), { code: "CONFIG_CONTRACT" });
    });
  }

  it("adds up whatever days, hours, minutes and seconds it is given", () => {
    const count = fc.nat(999_999);
    fc.assert(
      fc.property(count, count, count, count, (days, hours, minutes, seconds) => {
        const expected = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
        assert.equal(parseDuration(`P${days}DT${hours}H${minutes}M${seconds}S`), expected);
      }),
    );
  });

  it("gives a whole number of milliseconds or a coded error for any text", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^P[0-9YMDTHSW.,]{0,12}$/));
    fc.assert(
      fc.property(text, (value) => {
        try {
          assert.ok(Number.isSafeInteger(parseDuration(value)));
        } catch (error) {
          assert.ok(isCpisError(error) && error.code === "CONFIG_CONTRACT");
        }
      }),
    );
  });
});

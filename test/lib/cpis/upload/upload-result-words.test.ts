// Holds what the result codes of an upload mean, and that only a known success is one.
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  describeFileResult,
  describeRecordResult,
  uploadFileResults,
  uploadRecordResults,
} from "../../../../lib/cpis/upload/upload-result-words.js";

describe("the result code of an uploaded record", () => {
  for (const [code, isSuccess, mayResend, word] of [
    ["CPR01", false, "after-correction", /No patient was found/],
    ["CPR02", false, "never", /sensitive/],
    ["CPR03", false, "after-correction", /not verified/],
    ["CPR04", false, "after-correction", /form/],
    ["CPR05", false, "after-correction", /replaced/],
    ["CPR06", true, "not-needed", /loaded/],
    ["CPR07", false, "after-correction", /detail/],
  ] as const) {
    it(`${code} ${isSuccess ? "is a success" : "is a failure"}; sending again: ${mayResend}`, () => {
      const words = describeRecordResult(code);
      assert.equal(words.isSuccess, isSuccess);
      assert.equal(words.mayResend, mayResend);
      assert.match(words.meaning, word);
      assert.equal(words, uploadRecordResults[code]);
    });
  }

  it("CPR02 sends the user to the manual procedure", () => {
    assert.match(describeRecordResult("CPR02").advice, /^Do not send the record again\. .*manual procedure/);
  });
});

describe("the result code of an uploaded file", () => {
  for (const [code, isSuccess, mayResend, word] of [
    ["CPF01", false, "after-correction", /malformed/],
    ["CPF02", true, "not-needed", /All records/],
    ["CPF03", false, "after-correction", /Some records/],
    ["CPF04", false, "after-correction", /No record/],
    ["CPF05", false, "same-content-later", /PDS was not available/],
    ["CPF06", false, "never", /no longer supported/],
  ] as const) {
    it(`${code} ${isSuccess ? "is a success" : "is no success"}; sending again: ${mayResend}`, () => {
      const words = describeFileResult(code);
      assert.equal(words.isSuccess, isSuccess);
      assert.equal(words.mayResend, mayResend);
      assert.match(words.meaning, word);
      assert.equal(words, uploadFileResults[code]);
    });
  }

  it("CPF05 asks for a new sequence number, CPF03 for the refused records alone", () => {
    assert.match(describeFileResult("CPF05").advice, /new sequence number/);
    assert.match(describeFileResult("CPF03").advice, /only those that were refused/);
  });
});

describe("a result code that is not known", () => {
  it("is a failure, and its words say so without repeating it", () => {
    const unknown = fc.oneof(
      fc.string(),
      fc.constantFrom("CPR08", "cpr06", " CPR06", "CPF02 ", "toString", "__proto__", "constructor"),
    );
    fc.assert(
      fc.property(unknown, (code) => {
        for (const words of [describeRecordResult(code), describeFileResult(code)]) {
          assert.equal(words.isSuccess, false);
          assert.match(words.meaning, /is not known here\. The (record|file) counts as not loaded/);
        }
      }),
    );
  });

  it("includes the code of a file for a record, and the other way round", () => {
    assert.equal(describeRecordResult("CPF02").isSuccess, false);
    assert.equal(describeFileResult("CPR06").isSuccess, false);
  });
});

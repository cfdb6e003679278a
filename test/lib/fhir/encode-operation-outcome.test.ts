// Holds that every failure is an OperationOutcome, valid by the base definitions, and never looks like "no record".
import assert from "node:assert/strict";
import { errorTable, type ErrorCode } from "../../../lib/errors.js";
import { encodeFailure, encodeWarnings } from "../../../lib/fhir/encode-operation-outcome.js";
import { fhirIssues } from "../../support/fhir/validator.js";

describe("a failure as a FHIR OperationOutcome", () => {
  it("is one for each code of the table, with an error and a status that is no success", () => {
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      const { status, resource } = encodeFailure({ code });
      assert.ok(status >= 400 && status <= 599 && status !== 404, code);
      const [issue] = resource.issue;
      assert.equal(issue?.severity, "error");
      assert.notEqual(issue.code, "not-found");
      assert.equal(issue.details.coding?.[0]?.code, code);
      assert.match(issue.details.text ?? "", /^CP-IS could not be checked\. /);
      assert.equal(issue.diagnostics, errorTable[code].advice);
      assert.deepEqual(fhirIssues(resource), [], code);
    }
  });

  it("tells whether trying again can help", () => {
    assert.equal(encodeFailure({ code: "CPIS_TIMEOUT" }).status, 504);
    assert.equal(encodeFailure({ code: "CPIS_INVALID_NHS_NUMBER" }).status, 400);
    assert.equal(
      encodeFailure({ code: "CPIS_APPLICATION_ERROR", retryable: true }).resource.issue[0]?.code,
      "transient",
    );
    assert.equal(
      encodeFailure({ code: "CPIS_APPLICATION_ERROR", retryable: false }).resource.issue[0]?.code,
      "exception",
    );
  });
});

describe("the warnings of an answer", () => {
  it("are none when there are none", () => {
    assert.equal(encodeWarnings([], false), undefined);
  });

  it("say first that part of the answer is missing", () => {
    const outcome = encodeWarnings([{ code: "total-differs", message: "The total differs.", path: "a/b" }], true);
    assert.deepEqual(
      outcome?.issue.map(({ severity, code }) => `${severity} ${code}`),
      ["warning incomplete", "warning processing"],
    );
    assert.deepEqual(fhirIssues(outcome), []);
  });
});

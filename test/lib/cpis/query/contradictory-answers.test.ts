// Judges answers that were merged, moved, repeated and renamed: none that holds a plan, a record, a person or a failure
// says that there is no record. CONTRADICTORY_ANSWERS=100000 is the long form.
import assert from "node:assert/strict";
import { isCpisError } from "../../../../lib/errors.js";
import type { QueryResult } from "../../../../lib/cpis/model.js";
import { decideQueryOutcome } from "../../../../lib/cpis/query/query-outcome.js";
import { decideSmspOutcome } from "../../../../lib/cpis/query/smsp-outcome.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { contradictoryAnswer, type ContradictoryAnswer } from "../../../support/cpis/contradictory-answers.js";
import { context } from "../../../support/cpis/samples.js";
import { mother, stubEventId } from "../../../support/itk/samples.js";

const count = Number(process.env["CONTRADICTORY_ANSWERS"] ?? "4000");
const smspContext = { ...context, nhsNumber: mother, eventId: stubEventId };

function read(text: string): ReturnType<typeof parseXml> | undefined {
  try {
    return parseXml(Buffer.from(text, "utf8"));
  } catch (error) {
    assert.ok(isCpisError(error));
    return undefined;
  }
}

function judge({ text, isSmsp }: ContradictoryAnswer): QueryResult | undefined {
  const root = read(text);
  if (root === undefined) return undefined;
  if (isSmsp) return decideSmspOutcome(smspContext, root);
  const decision = decideQueryOutcome(context, root, { emptyResponse: "failed" });
  return decision.kind === "result" ? decision.result : undefined;
}

/** Failures that come before a plan can be looked at, or that hide it for the other person's sake. */
const comesFirst = ["unparseable-reply", "unexpected-reply", "wrong-patient"];

describe(`${count} answers that contradict themselves`, function () {
  this.timeout(Math.max(60_000, count * 20));
  const outcomes = new Map<string, number>();
  const misled: number[] = [];
  const hidden: number[] = [];
  const silently: number[] = [];

  before(() => {
    for (let seed = 1; seed <= count; seed += 1) {
      const answer = contradictoryAnswer(seed);
      const result = judge(answer);
      const outcome = result?.outcome ?? "none";
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (result?.outcome === "not-found" && answer.speaks.length > 0) misled.push(seed);
      if (result?.outcome === "failed" && answer.hasPlan && !comesFirst.includes(result.code)) hidden.push(seed);
      if (result?.outcome === "found" && answer.speaks.includes("failure") && result.warnings.length === 0) {
        silently.push(seed);
      }
    }
  });

  it("never say that there is no record when anything in them says otherwise", () => {
    assert.deepEqual(misled.slice(0, 20), []);
  });

  it("never hide a plan that stands in them untouched", () => {
    assert.deepEqual(hidden.slice(0, 20), []);
  });

  it("never show a plan beside a failure without a warning", () => {
    assert.deepEqual(silently.slice(0, 20), []);
  });

  it("come to every kind of outcome, so that the three above say something", () => {
    for (const outcome of ["found", "not-found", "failed", "none"]) {
      assert.ok((outcomes.get(outcome) ?? 0) > count / 500, `${outcome}: ${outcomes.get(outcome) ?? 0} of ${count}`);
    }
  });
});

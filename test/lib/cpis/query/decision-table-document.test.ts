// Holds the document of the decision table against the code: every example in it is judged.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { QueryFailureCode } from "../../../../lib/cpis/model.js";
import { decideQueryOutcome } from "../../../../lib/cpis/query/query-outcome.js";
import { decideSmspOutcome } from "../../../../lib/cpis/query/smsp-outcome.js";
import { context } from "../../../support/cpis/samples.js";
import { parseVector } from "../../../support/hl7v3/vectors.js";
import { mother, stubEventId } from "../../../support/itk/samples.js";

const documentFile = path.resolve(__dirname, "../../../../docs/query-outcomes.md");
const here = path.resolve(__dirname);

interface Row {
  readonly number: number;
  /** As in "failed inconsistent-reply"; the first is what is done by default. */
  readonly outcomes: readonly string[];
  readonly examples: readonly string[];
}

function quoted(text: string | undefined): readonly string[] {
  return [...(text ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

function readRows(): readonly Row[] {
  const text = fs.readFileSync(documentFile, "utf8");
  const examples = new Map(
    text
      .split(/^Row /m)
      .slice(1)
      .map((section) => [Number.parseInt(section, 10), quoted(section)]),
  );
  return text
    .split("\n")
    .filter((line) => /^\| +[0-9]+ +\|/.test(line))
    .map((line) => {
      const [, number, , outcome] = line.split("|");
      return { number: Number(number), outcomes: quoted(outcome), examples: examples.get(Number(number)) ?? [] };
    });
}

/** The message id and event id of the samples; another number where the example is about the mother. */
function judge(name: string): string {
  const settings = { emptyResponse: "failed" } as const;
  if (name.startsWith("cpis/smsp-response/")) {
    const result = decideSmspOutcome({ ...context, nhsNumber: mother, eventId: stubEventId }, parseVector(name));
    return told(result);
  }
  const decision = decideQueryOutcome(context, parseVector(name), settings);
  return decision.kind === "result" ? told(decision.result) : decision.kind;
}

function told(result: ReturnType<typeof decideSmspOutcome>): string {
  if (result.outcome === "found") return "found";
  return result.outcome === "not-found" ? `not-found ${result.basis}` : `failed ${result.code}`;
}

describe("the document of the decision table", () => {
  const rows = readRows();

  it("has the rows 1 to 24", () => {
    assert.deepEqual(
      rows.map(({ number }) => number),
      Array.from({ length: 24 }, (_, index) => index + 1),
    );
  });

  for (const { number, outcomes, examples } of rows) {
    for (const example of examples) {
      it(`row ${number}: ${example} is one of ${outcomes.join(", ")}`, () => {
        const verdict = judge(example);
        assert.ok(outcomes.includes(verdict), verdict);
        // What a setting alone gives is no default.
        if (number === 13) assert.equal(verdict, outcomes[0]);
      });
    }
  }

  it("names every contradictory answer that there is an example of, once", () => {
    const folder = path.resolve(here, "../../../vectors/cpis/contradictory-answers");
    const files = fs.readdirSync(folder).map((file) => `cpis/contradictory-answers/${path.basename(file, ".xml")}`);
    const named = rows.flatMap(({ examples }) => examples).filter((name) => name.includes("contradictory"));
    assert.deepEqual([...named].sort(), files.sort());
  });

  it("names every failure that a result can have", () => {
    const codes: Record<QueryFailureCode, true> = {
      "invalid-nhs-number": true,
      "invalid-request": true,
      "not-authorised": true,
      "silent-read-unavailable": true,
      "not-sent": true,
      timeout: true,
      "soap-fault": true,
      "http-error": true,
      "ebxml-error": true,
      "unparseable-reply": true,
      "unexpected-reply": true,
      "correlation-mismatch": true,
      "wrong-patient": true,
      "inconsistent-reply": true,
      "unreadable-plan": true,
      "query-rejected": true,
      "application-error": true,
      "application-rejected": true,
      "access-denied": true,
      "smsp-error": true,
      "smsp-no-match": true,
    };
    const named = new Set(rows.flatMap(({ outcomes }) => outcomes));
    assert.deepEqual(
      Object.keys(codes).filter((code) => !named.has(`failed ${code}`)),
      [],
    );
  });

  it("has a test of its own for every row that an answer can meet", () => {
    const titles = ["query-outcome", "smsp-outcome", "synchronous-outcome", "query-failed"]
      .map((name) => fs.readFileSync(path.join(here, `${name}.test.ts`), "utf8"))
      .join("\n");
    const tested = new Set([...titles.matchAll(/\brow ([0-9]+)/g)].map((match) => Number(match[1])));
    const wanted = rows.map(({ number }) => number).filter((number) => number >= 7 && number !== 22);
    assert.deepEqual(
      wanted.filter((number) => !tested.has(number)),
      [],
    );
  });
});

describe("a contradictory answer that is found", () => {
  for (const [name, codes] of [
    ["quqi-not-found-with-a-record", ["inconsistent-reply"]],
    ["mcci-accepted-with-a-record", ["inconsistent-reply"]],
    [
      "repc-no-data-with-a-plan-in-the-payload",
      ["subject-missing", "total-mismatch", "inconsistent-reply", "not-understood"],
    ],
    ["repc-found-with-a-record-in-another-namespace", ["not-understood"]],
    ["repc-found-with-a-second-plan-holder", ["total-mismatch", "not-understood"]],
    ["repc-found-with-an-element-beside-the-record", ["not-understood"]],
    ["repc-child-is-another-mother-is-asked", ["other-subject"]],
  ] as const) {
    it(`${name}: warns of ${codes.join(", ")}`, () => {
      const decision = decideQueryOutcome(context, parseVector(`cpis/contradictory-answers/${name}`), {
        emptyResponse: "failed",
      });
      assert.ok(decision.kind === "result" && decision.result.outcome === "found");
      const { warnings, incomplete, plans } = decision.result;
      assert.deepEqual(
        warnings.map(({ code }) => code),
        codes,
      );
      assert.equal(
        incomplete,
        codes.some((code) => code === "not-understood"),
      );
      assert.equal(plans.length, name === "repc-found-with-a-second-plan-holder" ? 2 : 1);
    });
  }
});

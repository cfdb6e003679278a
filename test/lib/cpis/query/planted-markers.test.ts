// Plants a marker in everything of an answer that a peer writes, and looks for it in what is told of a failure.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { CpisError, isCpisError } from "../../../../lib/errors.js";
import type { QueryResult } from "../../../../lib/cpis/model.js";
import { decideQueryOutcome } from "../../../../lib/cpis/query/query-outcome.js";
import { decideSmspOutcome } from "../../../../lib/cpis/query/smsp-outcome.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { context } from "../../../support/cpis/samples.js";

const vectors = path.resolve(__dirname, "../../../vectors");
const folders = [
  "cpis/query-response",
  "cpis/smsp-response",
  "cpis/contradictory-answers",
  "hl7v3/query-failure",
  "hl7v3/application-acknowledgement",
];
const markers = ["944-931-0394", "2015-03-14", "Zebediah"];

/** The text with the marker in place of each attribute value, text, element name and the encoding, one at a time. */
function* planted(text: string, marker: string): Generator<string> {
  const places = /="([^"]*)"|>([^<>]+)</g;
  for (const match of text.matchAll(places)) {
    const value = match[1] ?? match[2] ?? "";
    const start = match.index + match[0].indexOf(value, match[1] === undefined ? 1 : 2);
    if (value.trim() !== "" && !value.startsWith("urn:")) {
      yield text.slice(0, start) + marker + text.slice(start + value.length);
    }
  }
  const name = `x${marker.replaceAll("-", "")}`;
  yield text.replace(/<(\w+)([^<>]*\/>)/, `<${name}$2`);
  yield `<?xml version="1.0" encoding="${name}"?>${text}`;
  yield `<?xml version="${marker}"?>${text}`;
}

function judge(text: string): readonly QueryResult[] {
  let root: ReturnType<typeof parseXml> | CpisError;
  try {
    root = parseXml(Buffer.from(text, "utf8"));
  } catch (error) {
    assert.ok(isCpisError(error));
    root = error;
  }
  const decision = decideQueryOutcome(context, root, { emptyResponse: "failed" });
  const results = decision.kind === "result" ? [decision.result] : [];
  return [...results, decideSmspOutcome(context, root)];
}

/** All that is told outside the payload of an output: texts of errors with their causes, and warnings. */
function told(text: string): string {
  const details = judge(text).map((result) => [
    result.outcome === "failed" ? result.detail : undefined,
    result.outcome === "failed" ? new CpisError("CPIS_QUERY_REJECTED", { detail: result.detail ?? "" }).message : "",
    result.warnings,
  ]);
  const errors: unknown[] = [];
  try {
    parseXml(Buffer.from(text, "utf8"));
  } catch (error) {
    for (let found: unknown = error; found instanceof Error; found = found.cause)
      errors.push(found.message, found.stack);
  }
  return JSON.stringify([details, errors]);
}

describe("a marker planted in an answer", () => {
  for (const folder of folders) {
    for (const file of fs.readdirSync(path.join(vectors, folder))) {
      it(`${folder}/${file}: is in no error, cause or warning`, () => {
        const text = fs.readFileSync(path.join(vectors, folder, file), "utf8");
        for (const marker of markers) {
          for (const changed of planted(text, marker)) {
            const said = told(changed);
            assert.ok(!said.includes(marker) && !said.includes(marker.replaceAll("-", "")), said);
          }
        }
      });
    }
  }
});

// Holds the tables of the documentation to the code they describe, and the README to its first screen.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { errorTable } from "../lib/errors.js";
import { specialNumbers, type SpecialExpectation } from "../lib/simulator/index.js";

const root = path.resolve(__dirname, "..");
const readme = path.join(root, "README.md");

function expectationText(expected: SpecialExpectation): string {
  switch (expected.outcome) {
    case "found":
      return "found";
    case "not-found":
      return `no record (\`${expected.basis}\`)`;
    case "failed":
      return `\`CPIS_${expected.code.toUpperCase().replaceAll("-", "_")}\``;
  }
}

/** Each with the page that it stands in. */
const pages: Readonly<Record<string, string>> = {
  "special numbers": path.join(root, "docs", "special-numbers.md"),
  "error codes": path.join(root, "docs", "error-codes.md"),
};

const tables: Readonly<Record<string, readonly string[]>> = {
  "special numbers": [
    "| NHS number | what happens | the query comes to |",
    "| --- | --- | --- |",
    ...specialNumbers.map((entry) => {
      const { nhsNumber, description, expected } = entry;
      return `| ${nhsNumber} | ${description} | ${expectationText(expected)} |`;
    }),
  ],
  "error codes": [
    "| code | meaning | what to do |",
    "| --- | --- | --- |",
    ...Object.entries(errorTable).map(([code, { message, advice }]) => `| \`${code}\` | ${message} | ${advice} |`),
  ],
};

function withTable(text: string, name: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const before = text.slice(0, text.indexOf(start) + start.length);
  return `${before}\n${(tables[name] ?? []).join("\n")}\n${text.slice(text.indexOf(end))}`;
}

describe("The documentation", () => {
  for (const [name, file] of Object.entries(pages)) {
    it(`lists the ${name} as the code has them`, () => {
      const text = fs.readFileSync(file, "utf8");
      const expected = withTable(text, name);
      if (process.env["UPDATE_README"] === "1") fs.writeFileSync(file, expected);
      else assert.ok(text === expected, "run once: UPDATE_README=1 npx mocha --require tsx/cjs test/readme.test.ts");
    });
  }
});

describe("The README", () => {
  const text = fs.readFileSync(readme, "utf8");

  it("shows the two commands, and what will be seen, on its first screen", () => {
    const firstScreen = text.split("\n").slice(0, 32).join("\n");
    assert.match(firstScreen, /^npm start$/m);
    assert.match(firstScreen, /^npm test$/m);
  });

  it("is short", () => {
    assert.ok(text.split("\n").length <= 150);
  });
});

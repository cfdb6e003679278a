// Holds the README's tables to the code they describe, and its commands to package.json.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { errorTable } from "../lib/errors.js";
import { specialNumbers, type SpecialExpectation } from "../lib/simulator/index.js";

const file = path.resolve(__dirname, "..", "README.md");

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

function withTables(text: string): string {
  return Object.entries(tables).reduce((readme, [name, lines]) => {
    const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const before = readme.slice(0, readme.indexOf(start) + start.length);
    return `${before}\n${lines.join("\n")}\n${readme.slice(readme.indexOf(end))}`;
  }, text);
}

describe("The README", () => {
  const text = fs.readFileSync(file, "utf8");

  it("lists the special numbers and the error codes as the code has them", () => {
    const expected = withTables(text);
    if (process.env["UPDATE_README"] === "1") fs.writeFileSync(file, expected);
    else assert.ok(text === expected, "run once: UPDATE_README=1 npx mocha --require tsx/cjs test/readme.test.ts");
  });

  it("shows the two commands, and what will be seen, on its first screen", () => {
    const firstScreen = text.split("\n").slice(0, 32).join("\n");
    assert.match(firstScreen, /^npm start$/m);
    assert.match(firstScreen, /^npm test$/m);
  });
});

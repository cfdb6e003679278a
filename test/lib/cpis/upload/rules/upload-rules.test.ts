// Holds the table of rules for uploads: plain words, no dead rows.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { uploadFault, uploadRules, type UploadFaultCode } from "../../../../../lib/cpis/upload/rules/upload-rules.js";

const folder = path.resolve(__dirname, "../../../../../lib");
const testFolder = path.resolve(__dirname, "../../../../..", "test");
const codes = Object.keys(uploadRules) as UploadFaultCode[];

describe("the table of rules for uploads", () => {
  it("has a code for each rule that is checked somewhere, and no other", () => {
    const sources = fs
      .readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith("-rules.ts"))
      .map((file) => fs.readFileSync(path.join(folder, file), "utf8"))
      .join("\n");
    assert.deepEqual(
      codes.filter((code) => !sources.includes(`"${code}"`)),
      [],
    );
  });

  it("has a test that names each rule", () => {
    const tests = fs
      .readdirSync(testFolder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts") || file.endsWith("received-upload-changes.ts"))
      .map((file) => fs.readFileSync(path.join(testFolder, file), "utf8"))
      .join("\n");
    assert.deepEqual(
      codes.filter((code) => !new RegExp(`"${code.replaceAll(".", "\\.")}[" ]`).test(tests)),
      [],
    );
  });

  it("says what is wrong and what to do, each in sentences", () => {
    for (const [code, { message, advice }] of Object.entries(uploadRules)) {
      assert.match(code, /^upload(\.[a-z0-9]+(-[a-z0-9]+)*)$/);
      for (const text of [message, advice]) assert.match(text, /^[A-Z].*\.$/, code);
      assert.notEqual(message, advice, code);
    }
  });

  it("gives faults that hold the words of the table and the field", () => {
    for (const code of codes) {
      const { severity, message, advice } = uploadRules[code];
      assert.deepEqual(uploadFault(code), { code, severity, message, advice });
      assert.deepEqual(uploadFault(code, "plans[0]"), { code, severity, message, advice, field: "plans[0]" });
    }
  });
});

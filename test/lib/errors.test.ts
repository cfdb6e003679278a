// Holds the error table complete in both directions, and the shape that Catch nodes rely on.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { CpisError, errorTable, isCpisError } from "../../lib/errors.js";

const root = path.resolve(__dirname, "../..");

function sources(): string {
  return ["lib", "nodes"]
    .flatMap((folder) =>
      fs
        .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts") && file !== "errors.ts")
        .map((file) => fs.readFileSync(path.join(root, folder, file), "utf8")),
    )
    .join("\n");
}

describe("the error table", () => {
  const text = sources();

  it("has no code that is never raised", () => {
    const failureCode = (code: string): string =>
      `"${code
        .replace(/^CPIS_/, "")
        .toLowerCase()
        .replaceAll("_", "-")}"`;
    const unused = Object.keys(errorTable).filter(
      (code) => !text.includes(`"${code}"`) && !(code.startsWith("CPIS_") && text.includes(failureCode(code))),
    );
    assert.deepEqual(unused, []);
  });

  it("has every code that is raised", () => {
    const raised = [
      ...text.matchAll(
        /"(?!TLS_(?:AES|CHACHA20)_)((?:CPIS|EBXML|SOAP|SDS|TLS|MESH|SMSP|STORE|SCHEMA|XML|CONFIG)_[A-Z0-9_]+)"/g,
      ),
    ];
    const unknown = raised.map((match) => match[1]!).filter((code) => !(code in errorTable));
    assert.deepEqual([...new Set(unknown)], []);
  });

  it("gives every code a message and an advice in whole sentences", () => {
    for (const [code, { message, advice }] of Object.entries(errorTable)) {
      assert.match(code, /^(CPIS|EBXML|SOAP|SDS|TLS|MESH|SMSP|STORE|SCHEMA|XML|CONFIG)_[A-Z0-9_]+$/);
      assert.match(message, /^[A-Z].*[^.]$/, code);
      assert.match(advice, /^[A-Z].*\.$/, code);
    }
  });
});

describe("CpisError", () => {
  it("carries its code as an own property, which is what a Catch node copies", () => {
    const error = new CpisError("CPIS_TIMEOUT");
    assert.ok(Object.hasOwn(error, "code"));
    assert.equal(error.code, "CPIS_TIMEOUT");
    assert.equal(String(error).startsWith("CpisError: "), true);
  });

  it("adds the detail to the message, keeps the cause, and lets one case overrule the table's retryable", () => {
    const cause = new Error("inner");
    const error = new CpisError("CPIS_HTTP_ERROR", { detail: "status 503", cause, retryable: true });
    assert.equal(error.message, "Spine answered with an HTTP error: status 503");
    assert.equal(error.cause, cause);
    assert.equal(error.retryable, true);
    assert.equal(new CpisError("CPIS_HTTP_ERROR").retryable, false);
  });
});

describe("an error of this package", () => {
  it("is known as such by another copy of the package, and nothing else is", () => {
    const file = require.resolve("../../lib/errors.js");
    const cached = require.cache[file];
    Reflect.deleteProperty(require.cache, file);
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const other = require(file) as { readonly CpisError: typeof CpisError };
    require.cache[file] = cached;
    const error: unknown = new other.CpisError("CONFIG_INVALID");
    assert.ok(!(error instanceof CpisError) && isCpisError(error));
    assert.equal(error.code, "CONFIG_INVALID");
    const likeOne = Object.assign(new Error("text"), { name: "CpisError", code: "CONFIG_INVALID" });
    for (const value of [likeOne, { code: "CONFIG_INVALID" }, undefined, null, "CONFIG_INVALID"]) {
      assert.ok(!isCpisError(value));
    }
  });
});

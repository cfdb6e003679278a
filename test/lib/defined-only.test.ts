// Tests of leaving out what is undefined.
import assert from "node:assert/strict";
import { definedOnly } from "../../lib/defined-only.js";

describe("the values that are defined", () => {
  it("are those that are not undefined, in their order; null, zero and empty text are values", () => {
    const all = { a: undefined, b: null, c: 0, d: "", e: false, f: Number.NaN };
    assert.deepEqual(Object.keys(definedOnly(all)), ["b", "c", "d", "e", "f"]);
    assert.deepEqual(definedOnly({}), {});
  });

  it("have types without undefined", () => {
    const text: string | undefined = ["text"].at(0);
    const result: { readonly sure: number; readonly text?: string } = definedOnly({ sure: 1, text });
    assert.deepEqual(result, { sure: 1, text: "text" });
  });
});

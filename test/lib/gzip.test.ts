// Compression piece by piece: what is written comes back, also from members that stand one after another.
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { gunzipPieces, gunzipWhole, gzipText, GzipWriter } from "../../lib/gzip.js";

async function textOf(compressed: Uint8Array): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of gunzipPieces(compressed)) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}

describe("compressed files", () => {
  it("come back as they were written, in any pieces", async () => {
    const texts = Array.from({ length: 5000 }, (_, index) => `<record number="${index}">Zoë</record>`);
    const writer = new GzipWriter();
    for (const text of texts) await writer.write(text);
    const compressed = await writer.end();
    const whole = texts.join("");
    assert.equal(await textOf(compressed), whole);
    assert.equal(writer.plainBytes, Buffer.byteLength(whole));
    assert.ok(compressed.length < whole.length / 4);
  });

  it("of several members are one file, for other readers too", async () => {
    const joined = Buffer.concat([gzipText("<a>"), gzipText("b"), gzipText("</a>")]);
    assert.equal(await textOf(joined), "<a>b</a>");
    assert.equal(gunzipSync(joined).toString(), "<a>b</a>");
    assert.equal(gunzipWhole(joined, 100).toString(), "<a>b</a>");
  });

  it("that are damaged, cut or too large when expanded are refused with a code", async () => {
    const compressed = gzipText("<a/>".repeat(1000));
    await assert.rejects(textOf(compressed.subarray(0, 20)), { code: "STORE_CORRUPT" });
    await assert.rejects(textOf(Buffer.from("no gzip")), { code: "STORE_CORRUPT" });
    assert.throws(() => gunzipWhole(compressed, 100), { code: "STORE_CORRUPT" });
  });
});

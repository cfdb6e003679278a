// The bytes of a file that arrives: compressed, measured, named, and never beyond the limit.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { takeContent } from "../../../lib/mesh/download.js";
import { collect, gunzipped, plainSlice } from "../../../lib/gzip.js";
import { responseText } from "../../support/mesh/sample-files.js";

const options = { knownRoots: ["FileResponse"], maximumBytes: 10_000, mayBeCompressed: false };

function inPieces(bytes: Buffer, size: number): Readable {
  const count = Math.ceil(bytes.length / size);
  return Readable.from(Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size)));
}

describe("The content of a file that arrives", () => {
  it("is kept compressed, with its size, its digest and its root", async () => {
    const plain = Buffer.from(responseText);
    const content = await takeContent(inPieces(plain, 7), options);
    assert.equal(gunzipSync(content.compressed).toString(), responseText);
    assert.equal(content.plainBytes, plain.length);
    assert.equal(content.digest, createHash("sha256").update(plain).digest("hex"));
    assert.equal(content.root, "FileResponse");
  });

  it("is decompressed once more when its sender said that it is compressed, and it is", async () => {
    for (const size of [1, 2, 1_000]) {
      const packed = inPieces(gzipSync(responseText), size);
      const content = await takeContent(packed, { ...options, mayBeCompressed: true });
      assert.equal(gunzipSync(content.compressed).toString(), responseText);
      assert.equal(content.root, "FileResponse");
    }
    const plain = inPieces(Buffer.from(responseText), 1);
    assert.equal((await takeContent(plain, { ...options, mayBeCompressed: true })).root, "FileResponse");
  });

  it("stays as it is when nobody said so", async () => {
    const packed = gzipSync(responseText);
    const content = await takeContent(inPieces(packed, 100), options);
    assert.ok(gunzipSync(content.compressed).equals(packed));
    assert.equal(content.root, "unknown");
  });

  it("may be empty, or one byte", async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0x1f])]) {
      const content = await takeContent(inPieces(bytes, 1), { ...options, mayBeCompressed: true });
      assert.equal(content.plainBytes, bytes.length);
    }
  });

  it("is refused beyond the limit, also when it was small while it was compressed", async () => {
    const bomb = gzipSync(Buffer.alloc(2_000_000));
    assert.ok(bomb.length < options.maximumBytes);
    const taking = takeContent(inPieces(bomb, 1_000), { ...options, mayBeCompressed: true });
    await assert.rejects(taking, { code: "MESH_FILE_TOO_LARGE" });
  });

  it("is refused when its compressed bytes are cut", async () => {
    const packed = gzipSync(responseText);
    const taking = takeContent(inPieces(packed.subarray(0, -9), 50), { ...options, mayBeCompressed: true });
    await assert.rejects(taking, { code: "MESH_INCOMPLETE" });
  });

  it("fails with what its source fails with", async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield Buffer.from("<a>");
      await Promise.reject(new RangeError("the source"));
    }
    await assert.rejects(takeContent(failing(), options), RangeError);
  });
});

describe("Slices of a compressed file", () => {
  it("are the bytes of the plain file, wherever they are cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200_000 }), fc.nat(), fc.nat(), async (bytes, a, b) => {
        const plain = Buffer.from(bytes);
        const [start = 0, end = 0] = [a % plain.length, b % (plain.length + 1)].sort((one, other) => one - other);
        const slice = await collect(plainSlice(gzipSync(plain), start, end));
        assert.ok(slice.equals(plain.subarray(start, end)));
      }),
      { numRuns: 30 },
    );
  });

  it("are refused when the bytes are no gzip", async () => {
    await assert.rejects(collect(gunzipped(Readable.from([Buffer.from("no gzip")]))), { code: "MESH_INCOMPLETE" });
  });
});

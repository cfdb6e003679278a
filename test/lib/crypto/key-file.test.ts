// Holds the key file: private, made once however many ask, and never replaced by accident.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createOrLoadKeyFile, readKeyFile, replaceKeyFile } from "../../../lib/crypto/key-file.js";
import { createKeyRing, rotateKeyRing } from "../../../lib/crypto/key-ring.js";

describe("the key file", () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-key-"));
    file = path.join(folder, "deeper", "store.key");
  });

  afterEach(async () => {
    await fs.rm(folder, { recursive: true });
  });

  it("is made on first use, for its owner only, and read from then on", async () => {
    const made = await createOrLoadKeyFile(file, randomBytes);
    if (process.platform !== "win32") assert.equal((await fs.stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await createOrLoadKeyFile(file, randomBytes), made);
  });

  it("is one and the same for all who make it at once, and leaves nothing else behind", async () => {
    const rings = await Promise.all(Array.from({ length: 20 }, () => createOrLoadKeyFile(file, randomBytes)));
    for (const ring of rings) assert.deepEqual(ring, rings[0]);
    assert.deepEqual(await fs.readdir(path.dirname(file)), ["store.key"]);
  });

  it("is refused when it is damaged, and not replaced", async () => {
    await createOrLoadKeyFile(file, randomBytes);
    const damaged = (await fs.readFile(file)).subarray(0, 100);
    await fs.writeFile(file, damaged);
    await assert.rejects(createOrLoadKeyFile(file, randomBytes), { code: "STORE_KEY_INVALID" });
    assert.deepEqual(await fs.readFile(file), damaged);
  });

  it("is refused with a code when its folder cannot be made", async () => {
    await fs.writeFile(path.join(folder, "deeper"), "a file where the folder should be");
    await assert.rejects(createOrLoadKeyFile(file, randomBytes), { code: "STORE_KEY_INVALID" });
  });

  it("is replaced in one step after a rotation", async () => {
    const rotated = rotateKeyRing(await createOrLoadKeyFile(file, randomBytes), randomBytes);
    await replaceKeyFile(file, rotated, randomBytes);
    assert.deepEqual(await createOrLoadKeyFile(file, () => assert.fail("nothing is made")), rotated);
    assert.deepEqual(await fs.readdir(path.dirname(file)), ["store.key"]);
  });

  it("is not replaced when the new one cannot be written", async () => {
    await assert.rejects(replaceKeyFile(file, createKeyRing(randomBytes), randomBytes), { code: "STORE_KEY_INVALID" });
  });

  it("is refused when others may read it, and says which rights it has", async function () {
    if (process.platform === "win32") this.skip();
    const made = await createOrLoadKeyFile(file, randomBytes);
    for (const mode of [0o640, 0o604, 0o601]) {
      await fs.chmod(file, mode);
      const refusal = { code: "STORE_KEY_EXPOSED", detail: `its rights are ${mode.toString(8)}` };
      await assert.rejects(createOrLoadKeyFile(file, randomBytes), refusal);
    }
    await fs.chmod(file, 0o400);
    assert.deepEqual(await createOrLoadKeyFile(file, randomBytes), made);
  });

  it("is never taken for absent when it cannot be read, and the reason is told", async () => {
    await fs.mkdir(file, { recursive: true, mode: 0o700 });
    await assert.rejects(readKeyFile(file), (error: Error & { code?: string; cause?: unknown }) => {
      assert.equal(error.code, "STORE_KEY_INVALID");
      assert.match(error.message, /the key file cannot be used \((?:EISDIR|EPERM)\)/);
      assert.ok(error.cause instanceof Error);
      return true;
    });
    assert.equal(await readKeyFile(path.join(folder, "another.key")), undefined);
  });
});

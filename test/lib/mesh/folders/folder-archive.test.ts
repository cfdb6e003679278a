// The archive of the folders keeps files for a while, and then no longer.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createArchiveUpkeep } from "../../../../lib/mesh/folders/folder-archive.js";

const day = 24 * 3_600_000;

describe("The archive of the MESH client's folders", () => {
  let archive: string;

  beforeEach(async () => {
    archive = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-archive-"));
    for (const [name, days] of [
      ["old.dat", 31],
      ["new.dat", 29],
    ] as const) {
      await fs.writeFile(path.join(archive, name), "content");
      const at = (Date.now() - days * day) / 1000;
      await fs.utimes(path.join(archive, name), at, at);
    }
    await fs.mkdir(path.join(archive, "folder"));
  });

  afterEach(() => fs.rm(archive, { recursive: true }));

  it("loses files that are older than they must be kept, and nothing else", async () => {
    const upkeep = createArchiveUpkeep({
      folders: { archive },
      settings: { archiveMilliseconds: 30 * day },
      now: Date.now,
    });
    await upkeep.tidy();
    assert.deepEqual((await fs.readdir(archive)).sort(), ["folder", "new.dat"]);
  });

  it("is looked at once an hour", async () => {
    let now = Date.now();
    const settings = { archiveMilliseconds: 30 * day };
    const upkeep = createArchiveUpkeep({ folders: { archive }, settings, now: () => now });
    await upkeep.tidy();
    now += 2 * day - 1;
    await fs.writeFile(path.join(archive, "later.dat"), "content");
    await upkeep.tidy();
    assert.deepEqual((await fs.readdir(archive)).sort(), ["folder", "later.dat"]);
  });

  it("keeps everything when it is told to", async () => {
    await createArchiveUpkeep({ folders: { archive }, settings: { archiveMilliseconds: 0 }, now: Date.now }).tidy();
    assert.equal((await fs.readdir(archive)).length, 3);
  });
});

// Tests of a mailbox over folders on a disk that is full, or that may not be written.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/** A disk of one's own needs a namespace for mounts, which not every machine gives. */
const ownMounts = ["--user", "--map-root-user", "--mount"];

describe("a mailbox over folders on a troubled disk", () => {
  it("keeps what is to be sent while the disk is full or read-only, and sends it afterwards", async function () {
    this.timeout(60_000);
    if (spawnSync("unshare", [...ownMounts, "true"]).status !== 0) this.skip();
    const root = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-disk-"));
    const program = path.join(__dirname, "../../support/mesh/small-disk-process.ts");
    const { status, stdout, stderr } = spawnSync(
      "unshare",
      [...ownMounts, process.execPath, "--require", "tsx/cjs", program, root],
      { encoding: "utf8", timeout: 50_000 },
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), ["MESH_FOLDER_FULL", "reachable", "MESH_FOLDER_DENIED", "reachable"]);
    await fs.rm(root, { recursive: true });
  });
});

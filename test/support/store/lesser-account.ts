// What root gives away for a while: an account to which permissions apply, and folders that it can reach.
import { spawnSync } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined when we are no root ourselves. An account that every system has will do, and none is made. */
export function lesserAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["nobody", "postgres", "daemon"]) {
    const [uid, gid] = ["-u", "-g"].map((option) => {
      const { status, stdout } = spawnSync("id", [option, name], { encoding: "utf8" });
      return status === 0 ? Number(stdout) : 0;
    });
    if (uid !== undefined && gid !== undefined && uid > 0 && gid > 0) return { uid, gid };
  }
  throw new Error("run as root, and no lesser account was found");
}

export async function isOpenToAll(folder: string): Promise<boolean> {
  for (let at = await fs.realpath(folder); ; at = path.dirname(at)) {
    if (((await fs.stat(at)).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** A folder that the account owns and can reach: the place for temporary files may be root's alone. */
export async function makeFolderFor(account: Account | undefined, prefix: string): Promise<string> {
  for (const place of [os.tmpdir(), "/tmp", "/var/tmp"]) {
    if (account !== undefined && !(await isOpenToAll(place).catch(() => false))) continue;
    const folder = await fs.mkdtemp(path.join(place, prefix));
    if (account !== undefined) await fs.chown(folder, account.uid, account.gid);
    return folder;
  }
  throw new Error("no folder for temporary files is open to a lesser account");
}

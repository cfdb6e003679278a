// What the command `cp-is-audit` does: opens a message store, verifies its audit or writes it out, and says how it went.
import { isCpisError } from "../../lib/errors.js";
import { exportAudit, verifyAudit, type AuditFault, type AuditVerification } from "../../lib/services/audit.js";
import { openStore } from "../adapter/stores/open-store.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { readAuditArguments, UsageError, type AuditTask } from "./audit-arguments.js";

export interface CommandSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What was asked for. */
  print(text: string): unknown;
  /** What went wrong. */
  tell(text: string): unknown;
}

export const auditUsage = `Usage:
  cp-is-audit verify --folder <folder of the store> [--head <number>:<hash>]
  cp-is-audit export --folder <folder of the store> [--format csv|json-lines]
  cp-is-audit verify|export --postgres [--schema <name>] ...

The embedded store must not be open: stop Node-RED, or use a copy of the folder and of the key file beside it.
CP_IS_STORE_KEY      the store's key, where none is in the file <folder>.key
CP_IS_DATABASE_URL   with --postgres: postgres://user:password@host:port/database
`;

const faults: Readonly<Record<AuditFault, string>> = {
  number: "an entry before it is missing, or there is one too many",
  link: "it does not follow the entry before it",
  content: "it was changed after it was written",
  seal: "it was not written with this store's key",
  head: "the chain is not the one whose head was noted: entries were removed or written anew",
};

/** What to do, where the table of errors speaks to who runs the nodes. */
const advices: Readonly<Record<string, string>> = {
  STORE_LOCKED: "Stop the Node-RED that has it open, or copy the folder and its key file and verify the copy.",
};

function reportOf(verification: AuditVerification): string {
  if (verification.kind === "broken") {
    return `BROKEN at entry ${verification.number}: ${faults[verification.fault]}.\n`;
  }
  const { entries, head } = verification;
  const note = "Note it elsewhere: only with it can missing entries at the end be told.";
  return `Intact: ${entries} entries.\nHead: ${head.number}:${head.hash}\n${note}\n`;
}

async function carryOut(task: AuditTask, surroundings: CommandSurroundings): Promise<number> {
  const store = await openStore(task.settings, { isUnchecked: true });
  try {
    if (task.kind === "export") {
      for await (const line of exportAudit(store, task.format)) surroundings.print(line);
      return 0;
    }
    const verification = await verifyAudit(store, ...(task.head === undefined ? [] : [task.head]));
    surroundings.print(reportOf(verification));
    return verification.kind === "intact" ? 0 : 1;
  } finally {
    await store.close();
  }
}

/** Resolves with the exit code: 0 when all is well, 1 for a broken chain or a failure, 2 for a wrong call. */
export async function runAuditCommand(words: readonly string[], surroundings: CommandSurroundings): Promise<number> {
  try {
    return await carryOut(await readAuditArguments(words, surroundings.environment), surroundings);
  } catch (error) {
    if (error instanceof UsageError) {
      surroundings.tell(`${error.message}\n\n${auditUsage}`);
      return 2;
    }
    const { code, message, advice } = isCpisError(error) ? error : toCpisError(error);
    surroundings.tell(`${code}: ${message}\n${advices[code] ?? advice}\n`);
    return 1;
  }
}

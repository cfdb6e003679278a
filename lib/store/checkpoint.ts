// A second place that knows how far a store has come, so that one which is gone, cut or older says so before it works.
import { createHash } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { definedOnly } from "../defined-only.js";
import { CpisError, isCpisError } from "../errors.js";
import type { AuditHead } from "./audit-model.js";
import type { ContentProtection, MessageStore, StoreHealth, StoreProgress } from "./message-store.js";
import { aroundOperations, type StoreOperation } from "./store-layer.js";

/** What a person has decided about a store that is gone or older than it was. */
export interface StoreDecision {
  /** As the refusal names it: it counts for this one loss and for no later one. */
  readonly code: string;
  /** Of the next upload file; 1 where none was ever sent. Needed only where the second place is gone as well. */
  readonly nextNumber?: number;
}

export interface CheckpointOptions {
  /** Outside the folder of the store; its folder is made if need be. */
  readonly file: string;
  readonly protection: ContentProtection;
  readonly decision?: StoreDecision;
  /** Milliseconds since 1970. */
  now(): number;
  /** What an operator should know, and what stops nothing; ids and codes only. */
  warn(text: string): void;
  /** How long after a change the file is written at the latest. Default 1,000. */
  readonly delayMilliseconds?: number;
  /** Of a store that others write to as well: how often what they did is noted here. Absent: nobody else does. */
  readonly refreshMilliseconds?: number;
}

const identity = "checkpoint";
const fileVersion = 1;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function parseProgress(text: string): StoreProgress {
  const value: unknown = JSON.parse(text);
  const { version, id, generation, numbers, lastRowId, audit } = isRecord(value) ? value : {};
  const { number, hash } = isRecord(audit) ? audit : {};
  const known = isRecord(numbers) ? Object.entries(numbers) : [];
  const counts = known.flatMap(([name, count]) => (isNumber(count) ? [[name, count] as const] : []));
  const isWhole = version === fileVersion && typeof id === "string" && typeof hash === "string";
  if (!isWhole || !isNumber(generation) || !isNumber(lastRowId) || !isNumber(number) || counts.length < known.length) {
    throw new CpisError("STORE_CONTENT_TAMPERED", { detail: "the checkpoint file" });
  }
  return { identity: { id, generation }, numbers: Object.fromEntries(counts), lastRowId, auditHead: { number, hash } };
}

/**
 * Undefined when there is no such file. Throws STORE_KEY_UNKNOWN or STORE_CONTENT_TAMPERED for one that this key did not
 * seal, and STORE_UNAVAILABLE for one that cannot be read.
 */
export async function readCheckpoint(file: string, protection: ContentProtection): Promise<StoreProgress | undefined> {
  let sealed: Buffer;
  try {
    sealed = await fs.readFile(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new CpisError("STORE_UNAVAILABLE", { detail: "the checkpoint file cannot be read", cause: error });
  }
  return parseProgress(protection.open(sealed, identity).toString("utf8"));
}

/** In one step: the file is the old one or the new one, also after a crash. */
export async function writeCheckpoint(
  file: string,
  protection: ContentProtection,
  { identity: { id, generation }, numbers, lastRowId, auditHead }: StoreProgress,
): Promise<void> {
  const text = JSON.stringify({ version: fileVersion, id, generation, numbers, lastRowId, audit: auditHead });
  const beside = `${file}.new`;
  try {
    await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const handle = await fs.open(beside, "w", 0o600);
    try {
      await handle.writeFile(protection.seal(Buffer.from(text, "utf8"), identity));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(beside, file);
  } catch (error) {
    const isFull = error instanceof Error && "code" in error && error.code === "ENOSPC";
    const detail = "the checkpoint file beside the store cannot be written";
    throw new CpisError(isFull ? "STORE_FULL" : "STORE_UNAVAILABLE", { detail, cause: error });
  }
}

/** Eight hexadecimal digits that stand for one loss of one store. */
export function decisionCode(...facts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 8);
}

type Standing = "here" | "ahead" | "lost" | "older";

function isBehind(found: StoreProgress, noted: StoreProgress): boolean {
  const isNumberBehind = Object.entries(noted.numbers).some(([name, value]) => (found.numbers[name] ?? 0) < value);
  return isNumberBehind || found.lastRowId < noted.lastRowId || found.auditHead.number < noted.auditHead.number;
}

function isUnused({ lastRowId, auditHead }: StoreProgress): boolean {
  return lastRowId === 0 && auditHead.number === 0;
}

/** Where the store stands against what was noted of it. "ahead": another instance was told the decision of a person. */
function standingOf(found: StoreProgress, noted: StoreProgress): Standing {
  if (found.identity.generation > noted.identity.generation) return "ahead";
  if (found.identity.generation < noted.identity.generation || found.identity.id !== noted.identity.id) {
    return isUnused(found) ? "lost" : "older";
  }
  return isBehind(found, noted) ? "older" : "here";
}

function refusalOf(kind: "lost" | "older", noted: StoreProgress): CpisError {
  const { id, generation } = noted.identity;
  const code = kind === "lost" ? "STORE_LOST" : "STORE_RESTORED";
  const last = Object.values(noted.numbers);
  const numbers = last.length === 0 ? "" : `, the last upload file had number ${Math.max(...last)}`;
  return new CpisError(code, { detail: `decision code ${decisionCode(code, id, generation)}${numbers}` });
}

/** The audit holds this very entry. */
async function holdsHead(store: MessageStore, head: AuditHead): Promise<boolean> {
  if (head.number === 0) return true;
  const [entry] = await store.readAudit(head.number - 1, 1);
  return entry?.number === head.number && entry.hash === head.hash;
}

const writes: ReadonlySet<StoreOperation> = new Set<StoreOperation>([
  "acceptOutbound",
  "acceptRequest",
  "acceptRequest",
  "acceptInbound",
  "transition",
  "appendAudit",
  "beginGeneration",
]);
const givesNumber: ReadonlySet<StoreOperation> = new Set<StoreOperation>(["nextNumber", "takeNumber"]);

/**
 * A store that compares itself with its checkpoint before its first operation, and then keeps the checkpoint: at once
 * for a number of an upload file, within a moment for all else. Every operation throws STORE_LOST or STORE_RESTORED while
 * the store is behind its checkpoint and nobody has decided; also when that comes to light later, as on a database that
 * is restored under running instances.
 */
export function withCheckpoint(store: MessageStore, options: CheckpointOptions): MessageStore {
  const { file, protection, decision } = options;
  const warn = (text: string): void => options.warn(text);
  const delay = options.delayMilliseconds ?? 1000;
  let noted: StoreProgress | undefined;
  let refusal: CpisError | undefined;
  let checking: Promise<void> | undefined;
  let writing = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let hasWarned = false;
  const { refreshMilliseconds } = options;
  const refreshing = refreshMilliseconds === undefined ? undefined : setInterval(refresh, refreshMilliseconds).unref();

  function refresh(): void {
    if (noted !== undefined && refusal === undefined) void write().catch(failed);
  }

  async function readNoted(): Promise<StoreProgress | undefined> {
    try {
      return await readCheckpoint(file, protection);
    } catch (error) {
      if (!isCpisError(error) || error.retryable) throw error;
      if (error.code === "STORE_KEY_UNKNOWN") {
        const code = decisionCode("STORE_KEY_LOST", await fs.readFile(file, "base64"));
        if (decision?.code !== code) throw new CpisError("STORE_KEY_LOST", { detail: `decision code ${code}` });
      }
      warn(`${error.code}: the checkpoint file beside the message store is not what was written; it is made anew`);
      return undefined;
    }
  }

  async function goOn(found: StoreProgress, known: StoreProgress): Promise<StoreProgress> {
    const floor = decision?.nextNumber === undefined ? undefined : decision.nextNumber - 1;
    const numbers: Record<string, number> = { ...found.numbers };
    for (const [name, value] of Object.entries(known.numbers)) numbers[name] = Math.max(value, numbers[name] ?? 0);
    const held = await store.beginGeneration({
      numbers,
      after: known.identity.generation,
      ...definedOnly({ numberFloor: floor }),
      at: options.now(),
    });
    warn(`the message store goes on as a person has decided; ${held} messages that may have left are held`);
    return store.readProgress();
  }

  /** Of what the second place knows and the store does not. Throws the refusal unless a person has decided. */
  async function compare(found: StoreProgress, known: StoreProgress): Promise<StoreProgress> {
    let standing = standingOf(found, known);
    if (standing === "here" && !(await holdsHead(store, known.auditHead))) standing = "older";
    if (standing === "here" || standing === "ahead") return found;
    const { id, generation } = known.identity;
    const refused = refusalOf(standing, known);
    if (decision?.code === decisionCode(refused.code, id, generation)) return goOn(found, known);
    throw refused;
  }

  async function check(): Promise<void> {
    const known = await readNoted();
    const found = await store.readProgress();
    noted = known === undefined ? found : await compare(found, known);
    await writeCheckpoint(file, protection, noted);
  }

  /** Undone by a failure that passes; a refusal stays until the store is opened anew. */
  async function ensureChecked(): Promise<void> {
    if (refusal !== undefined) throw refusal;
    checking ??= check();
    try {
      await checking;
    } catch (error) {
      if (isCpisError(error) && !error.retryable) refusal = error;
      checking = undefined;
      throw error;
    }
  }

  async function writeNow(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const before = noted;
    const found = await store.readProgress();
    if (before !== undefined) noted = await compare(found, before);
    if (JSON.stringify(before) === JSON.stringify(noted) || noted === undefined) return;
    await writeCheckpoint(file, protection, noted);
    hasWarned = false;
  }

  function write(): Promise<void> {
    const turn = writing.then(writeNow).catch((error: unknown) => {
      if (isCpisError(error) && (error.code === "STORE_RESTORED" || error.code === "STORE_LOST")) refusal = error;
      throw error;
    });
    writing = turn.catch(() => undefined);
    return turn;
  }

  function failed(error: unknown): void {
    if (isCpisError(error) && error.code === "STORE_CLOSED") return;
    if (!hasWarned)
      warn(isCpisError(error) ? `${error.code}: ${error.message}` : "the checkpoint file was not written");
    hasWarned = true;
    schedule();
  }

  function schedule(): void {
    if (timer !== undefined || refusal !== undefined) return;
    timer = setTimeout(() => void write().catch(failed), delay);
    timer.unref();
  }

  const checked = aroundOperations(store, async (operation, work) => {
    await ensureChecked();
    // A store that was put back a moment ago might give the very number that is known here as the last.
    if (givesNumber.has(operation)) await write();
    const result = await work();
    if (givesNumber.has(operation)) await write();
    else if (writes.has(operation)) schedule();
    return result;
  });

  return {
    ...checked,
    async health(): Promise<StoreHealth> {
      const health = await store.health();
      if (health.kind === "unavailable") return health;
      try {
        await ensureChecked();
        return health;
      } catch (error) {
        const { code, message } = isCpisError(error) ? error : new CpisError("STORE_INTERNAL", { cause: error });
        return { kind: "unavailable", code, message };
      }
    },
    async close(): Promise<void> {
      clearTimeout(timer);
      clearInterval(refreshing);
      try {
        if (noted !== undefined && refusal === undefined) await write();
      } catch (error) {
        failed(error);
      }
      clearTimeout(timer);
      await store.close();
    },
  };
}

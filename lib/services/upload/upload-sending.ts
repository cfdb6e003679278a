// Takes the records of an upload to a file with a number of its own, in the store.
import { setTimeout as wait } from "node:timers/promises";
import { createUploadValidator } from "../../cpis/upload/rules/validate-upload.js";
import { CpisError, isCpisError } from "../../errors.js";
import { hl7TimeAt } from "../../hl7v3/timestamp.js";
import type { MhsEffects } from "../../mhs/model.js";
import type { MessageStore } from "../../store/message-store.js";
import type { FileExchange, OutgoingUpload } from "../exchange/file-exchange.js";
import { composeUpload, type Composition } from "./upload-composition.js";
import { encodeUploadContext, foundByOf } from "./upload-context.js";
import type { UploadAcceptance, UploadRequest } from "./upload-model.js";
import type { UploadAttributes } from "./upload-rows.js";
import { wallClock } from "../../time/london-time.js";

/** A database that lost a connection may need a while to finish what came over it. */
const looksMilliseconds: readonly number[] = [0, 500, 2_000, 5_000];

export interface UploadSendingParts {
  readonly exchange: Pick<FileExchange, "send" | "requireRoom">;
  readonly store: MessageStore;
  readonly effects: Pick<MhsEffects, "now" | "newUuid">;
}

/** One row of numbers for a local authority, whatever transport its files go by. */
function sequenceName(localAuthority: string): string {
  return `cp-is upload ${localAuthority}`;
}

/** Throws CPIS_UPLOAD_NUMBER_USED, or what the store throws. */
async function takeFileNumber(store: MessageStore, localAuthority: string, request: UploadRequest): Promise<number> {
  const name = sequenceName(localAuthority);
  const { fileNumber, firstNumber = 1 } = request;
  if (fileNumber !== undefined) {
    if (await store.takeNumber(name, fileNumber)) return fileNumber;
    throw new CpisError("CPIS_UPLOAD_NUMBER_USED", { detail: `the last number was ${await store.lastNumber(name)}` });
  }
  if (await store.takeNumber(name, firstNumber)) return firstNumber;
  return store.nextNumber(name);
}

function refusalOf({ sent, refused }: Composition, { faultyRecords }: UploadRequest): CpisError | undefined {
  if (sent === 0 && refused.length === 0) return new CpisError("CPIS_UPLOAD_EMPTY");
  if (refused.length === 0 || (faultyRecords === "send-valid" && sent > 0)) return undefined;
  const [first] = refused;
  const reasons = first?.reasons.map(({ code }) => code).join(", ") ?? "";
  const detail = `${refused.length} of ${sent + refused.length}, the first has index ${first?.index ?? 0}: ${reasons}`;
  return new CpisError("CPIS_UPLOAD_INVALID", { detail });
}

/** Its code as it is compared. Throws CONFIG_MISSING, or CONFIG_INVALID for what CP-IS would refuse the file for. */
function requireAuthority({ localAuthority }: UploadRequest, now: number): string {
  const { code, name, emergencyDutyTelephone } = localAuthority;
  if (code === undefined || name === undefined || emergencyDutyTelephone === undefined) {
    const missing = code === undefined ? "code" : name === undefined ? "name" : "emergency duty telephone";
    throw new CpisError("CONFIG_MISSING", { detail: `the local authority's ${missing}` });
  }
  const facts = { fileId: "1", createdAt: hl7TimeAt(now).raw, recordCount: 1 };
  const faults = createUploadValidator({ localAuthority, ...wallClock(now) }).checkFile(facts);
  const fields = faults.flatMap(({ severity, field }) => (severity === "error" && field !== undefined ? [field] : []));
  if (fields.length > 0) throw new CpisError("CONFIG_INVALID", { detail: [...new Set(fields)].join(", ") });
  return code.trim().toUpperCase();
}

/** The connection to the store broke while it wrote: whether the file is in it is looked up. */
async function isStored(store: MessageStore, conversationId: string): Promise<boolean> {
  for (const pause of looksMilliseconds) {
    await wait(pause);
    try {
      const { messages } = await store.list({ conversationId, direction: "outbound" }, 1);
      if (messages.length > 0) return true;
    } catch (error) {
      if (!isCpisError(error) || !error.retryable) throw error;
    }
  }
  return false;
}

async function send(upload: OutgoingUpload, { exchange, store }: UploadSendingParts): Promise<void> {
  try {
    await exchange.send(upload);
  } catch (error) {
    const isUnknown = isCpisError(error) && error.code === "STORE_OUTCOME_UNKNOWN";
    if (!isUnknown || !(await isStored(store, upload.conversationId))) throw error;
  }
}

async function storeFile(
  composition: Composition,
  request: UploadRequest,
  localAuthority: string,
  parts: UploadSendingParts,
) {
  parts.exchange.requireRoom(composition.plainBytesAtMost);
  const fileNumber = await takeFileNumber(parts.store, localAuthority, request);
  const createdAt = parts.effects.now();
  const file = composition.finish(fileNumber, createdAt);
  // By chance: who could work it out could fill the conversation before its response comes.
  const conversationId = parts.effects.newUuid();
  const attributes: UploadAttributes = {
    uploadOwner: request.owner,
    fileNumber,
    localAuthority,
    recordsSent: composition.sent,
    recordsNotSent: composition.refused.length,
  };
  const foundBy = foundByOf(localAuthority, fileNumber);
  const leftOut = composition.refused.flatMap(({ index }) => (index === undefined ? [] : [index]));
  const unseenColumns = composition.unseenColumns.map(({ column }) => column);
  const context = encodeUploadContext({ kept: request.kept, leftOut, unseenColumns, sent: composition.table });
  const upload = { ...file, localAuthority, fileNumber, conversationId, foundBy, createdAt, context, attributes };
  await send(upload, parts);
  return { fileNumber, conversationId };
}

/** Long against the writing of the largest file; an instance that dies while it writes holds the others up so long. */
const turnMilliseconds = 60_000;
const shortestPauseMilliseconds = 20;
const longestPauseMilliseconds = 500;

/**
 * From taking a number to storing its file, one at a time for each authority: here in the order of asking, and among the
 * instances that share the store by a lease in it. Throws what the store or the work throws.
 */
function createTurns({ store, effects }: UploadSendingParts) {
  const owner = effects.newUuid();
  const last = new Map<string, Promise<unknown>>();

  async function holdingLease<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const lease = { name, owner };
    let pause = shortestPauseMilliseconds;
    while (!(await store.holdLease({ ...lease, milliseconds: turnMilliseconds, now: effects.now() }))) {
      await wait(pause);
      pause = Math.min(2 * pause, longestPauseMilliseconds);
    }
    try {
      return await work();
    } finally {
      // If the store is away, the lease runs out by itself.
      await store.endLease(lease).catch(() => undefined);
    }
  }

  return <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    const next = (): Promise<Result> => holdingLease(name, work);
    const turn = (last.get(name) ?? Promise.resolve()).then(next, next);
    last.set(name, turn);
    return turn;
  };
}

/**
 * The function throws CONFIG_*, EBXML_TOO_LARGE, or what the store throws: then nothing was stored, but for
 * STORE_OUTCOME_UNKNOWN, when nobody knows.
 */
export function createUploadSending(parts: UploadSendingParts): (request: UploadRequest) => Promise<UploadAcceptance> {
  const inTurn = createTurns(parts);
  return async (request) => {
    const localAuthority = requireAuthority(request, parts.effects.now());
    const composition = await composeUpload(request, parts.effects.now());
    const { refused, sent, warned, unseenColumns } = composition;
    if (refused.length > 0) await request.handOut(refused);
    const error = refusalOf(composition, request);
    if (error !== undefined) return { kind: "refused", error, refused: refused.length, unseenColumns };
    try {
      // The file with the lower number goes first.
      const stored = await inTurn(sequenceName(localAuthority), () =>
        storeFile(composition, request, localAuthority, parts),
      );
      return { kind: "accepted", ...stored, sent, refused: refused.length, warned, unseenColumns };
    } catch (failure) {
      if (isCpisError(failure) && failure.code === "CPIS_UPLOAD_NUMBER_USED") {
        return { kind: "refused", error: failure, refused: refused.length, unseenColumns };
      }
      throw failure;
    }
  };
}

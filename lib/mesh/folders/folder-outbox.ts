// Sends files over the MESH client's folders: each pair is handed over once, and followed until the client sent it.
import type { EventEmitter } from "node:events";
import type { DeliveryReports } from "../../queue/model.js";
import type { StoreWatch } from "../../queue/store-watch.js";
import { createLeaseWorker } from "../../queue/lease-worker.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError, isCpisError } from "../../errors.js";
import type { MessageRowId, OutboundState, StoredMessage, StoredOutboundMessage } from "../../store/message-model.js";
import type { MessageStore, TransitionOutcome } from "../../store/message-store.js";
import { gunzipPieces } from "../../gzip.js";
import { type ControlFile, statusOf } from "./control-file.js";
import { type HandOver, type PairPlace, stagedNameOf } from "./folder-send.js";
import type { FolderSettings } from "./folder-model.js";
import { type FolderReach, isFolderError } from "./folder-availability.js";
import type { MeshEffects, MeshEvents, OutboundFile } from "../model.js";
import { acceptedState, newOutboundRow, type OutboundFileRecord, readOutboundFile } from "../outbound-file.js";
import { codeOfRefusal } from "../refusal-code.js";
import { createFileMoveWriter } from "../record-transition.js";

export interface FolderOutboxParts {
  readonly mailbox: string;
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  readonly owner: string;
  readonly leaseMilliseconds: number;
  readonly effects: MeshEffects;
  readonly events: EventEmitter<MeshEvents>;
  readonly reports: DeliveryReports;
  readonly reach: FolderReach;
  readonly handOver: HandOver;
  readonly settings: FolderSettings;
  now(): number;
}

export interface FolderOutbox {
  start(): void;
  /** See MeshMailbox.send. */
  accept(file: OutboundFile): Promise<MessageRowId>;
  /** Something happened in SENT: looks there for the pairs that this process has handed over. */
  lookIntoSent(): Promise<void>;
  /** MESH says that it has the file. */
  noteSuccess(localId: string, meshMessageId: string | undefined): Promise<void>;
  close(): Promise<void>;
}

interface Outgoing {
  readonly message: StoredOutboundMessage;
  readonly record: OutboundFileRecord;
  readonly baseName: string;
  /** Of the last try that was staged whole. */
  readonly stagedName?: string;
}

/**
 * "queued": nothing was handed over. "sending": staged, and perhaps handed over. "awaiting-acknowledgement": handed
 * over. All three are decided again by what is found in the folders.
 */
const workStates: readonly OutboundState[] = ["queued", "sending", "awaiting-acknowledgement"];
/** Beside each other only for different orders; a file is held in memory while it is written. */
const maximumParallel = 2;
const shortestRetryMilliseconds = 1_000;
const longestRetryMilliseconds = 60_000;
const alarmAgainMilliseconds = 24 * 60 * 60 * 1000;

/** Names become parts of paths. */
function isSafeName(name: unknown): name is string {
  return typeof name === "string" && /^[A-Za-z0-9_-]{1,150}$/.test(name);
}

/** Who may have the key, or a backup, or finds out what MESH has. */
function isForPerson(error: unknown): error is CpisError {
  if (!isCpisError(error)) return false;
  return error.code === "MESH_OUTCOME_UNKNOWN" || (error.code.startsWith("STORE_") && !error.retryable);
}

/** An error counts, and so does MESH's own id; what else the client may write says nothing. */
function isAccepted(control: ControlFile): boolean {
  return control.dtsId !== undefined || statusOf(control)?.status?.toUpperCase() === "SUCCESS";
}

export function createFolderOutbox(parts: FolderOutboxParts): FolderOutbox {
  const { store, watch, channel, owner, events, reach, handOver, settings, mailbox } = parts;
  const write = createFileMoveWriter(parts);
  const worker = createLeaseWorker({
    ...parts,
    direction: "outbound",
    states: workStates,
    maximumParallel,
    now: () => parts.now(),
    work,
  });
  const handedOver = new Map<MessageRowId, Outgoing>();

  function warn(code: string, message: string, localId: string): void {
    events.emit("warning", { code, message, messageId: localId });
  }

  function controlOf({ record }: Outgoing): ControlFile {
    const { addressType, compress } = settings;
    const { workflowId, recipient, localId, subject } = record;
    return {
      version: "1.0",
      addressType,
      messageType: "Data",
      workflowId,
      to: recipient,
      from: mailbox,
      ...definedOnly({ subject }),
      localId,
      compress,
      allowChunking: true,
      encrypted: false,
      statusRecords: [],
    };
  }

  function newBaseName(): string {
    return `${settings.namePrefix}${parts.effects.newUuid().toLowerCase()}`;
  }

  /**
   * A file that was accepted for the API, and not sent there, gets its name now. Throws MESH_OUTCOME_UNKNOWN for one that
   * may have been sent there, and STORE_CORRUPT.
   */
  function outgoingOf(message: StoredOutboundMessage): Outgoing {
    const { baseName = newBaseName(), stagedName } = message.attributes;
    if (message.attributes["baseName"] === undefined && message.state !== "queued") {
      throw new CpisError("MESH_OUTCOME_UNKNOWN", { detail: "it was given to the MESH API" });
    }
    const record = readOutboundFile(message);
    if (!isSafeName(baseName)) throw new CpisError("STORE_CORRUPT", { detail: "the base name of a file for MESH" });
    if (stagedName === undefined) return { message, record, baseName };
    if (!isSafeName(stagedName)) throw new CpisError("STORE_CORRUPT", { detail: "the staged name of a file for MESH" });
    return { message, record, baseName, stagedName };
  }

  async function readContent(message: StoredOutboundMessage): Promise<Buffer> {
    const reading = await watch.run(() => store.readContent(message.id));
    if (reading.kind === "content") return reading.bytes;
    throw new CpisError("STORE_CORRUPT", { detail: "the content of a file for MESH is not there" });
  }

  async function stage(outgoing: Outgoing): Promise<void> {
    const { message, baseName } = outgoing;
    const content = gunzipPieces(await readContent(message));
    const stagedName = stagedNameOf(baseName, parts.effects.newUuid());
    await handOver.stage({ baseName, stagedName }, controlOf(outgoing), content);
    // From here on the staged pair alone decides whether it was handed over.
    const changes = { attempts: message.attempts + 1, attributes: { ...message.attributes, baseName, stagedName } };
    const begun = await write(message, { to: "sending", keepLease: true, changes }, "ours");
    if (begun !== "done") return handOver.discard(stagedName);
    await release({ ...outgoing, message: { ...message, ...changes, state: "sending" } }, stagedName);
  }

  async function release(outgoing: Outgoing, stagedName: string): Promise<void> {
    const { message, record, baseName } = outgoing;
    events.emit("sending", { localId: record.localId, chunk: 1, chunks: 1, bytes: record.plainBytes });
    if ((await handOver.release({ baseName, stagedName })) === "released") return noteHandedOver(outgoing);
    // Without its data the client cannot have taken it.
    await write(message, { to: "queued", changes: { nextAttemptAt: null } }, "ours");
  }

  async function noteHandedOver(outgoing: Outgoing): Promise<void> {
    const { message } = outgoing;
    const now = parts.now();
    const changes = {
      nextAttemptAt: now + settings.scanMilliseconds,
      deadline: now + settings.stuckInOutMilliseconds,
    };
    if ((await write(message, { to: "awaiting-acknowledgement", changes }, "ours")) !== "done") return;
    const following = { ...outgoing, message: { ...message, ...changes, state: "awaiting-acknowledgement" as const } };
    handedOver.set(message.id, following);
    await conclude(following, "theirs");
  }

  /** Whether its fate was known and is written down. */
  async function conclude(outgoing: Outgoing, by: "ours" | "theirs"): Promise<boolean> {
    const control = await readSent(outgoing);
    if (control === undefined) return false;
    const status = statusOf(control);
    const isFailed = status?.isError === true;
    if (!isFailed && !isAccepted(control)) return false;
    const outcome = isFailed
      ? await write(outgoing.message, { to: "failed", code: codeOfRefusal(status.code) }, by)
      : await noteAccepted(outgoing, control.dtsId, by);
    if (outcome !== "lease-lost") handedOver.delete(outgoing.message.id);
    return true;
  }

  /** The client may be writing it at this moment. */
  async function readSent({ baseName }: Outgoing): Promise<ControlFile | undefined> {
    try {
      return await handOver.readSent(baseName);
    } catch (error) {
      if (isCpisError(error) && error.code === "MESH_CONTROL_FILE_INVALID") return undefined;
      throw error;
    }
  }

  async function noteAccepted(
    { message, record }: Pick<Outgoing, "message" | "record">,
    meshMessageId: string | undefined,
    by: "ours" | "theirs",
  ): Promise<TransitionOutcome> {
    const attributes = { ...message.attributes, ...definedOnly({ meshMessageId }) };
    const changes = { attributes, acknowledgedAt: parts.now(), nextAttemptAt: null, deadline: null };
    const outcome = await write(message, { to: acceptedState(record), changes }, by);
    if (outcome === "done") events.emit("accepted", { localId: record.localId, messageId: meshMessageId ?? "" });
    return outcome;
  }

  const placeTexts: Readonly<Record<PairPlace, string>> = {
    out: "The MESH client has not taken a file from OUT: check that it runs and what its log says",
    sent: "The MESH client moved a file to SENT and did not say what became of it: check the client's log",
    gone: "A file is neither in OUT nor in SENT: check the MESH client's log, and that SaveSent is Y",
  };

  /** Its deadline is when that is worth a person's attention, and again each day. */
  async function follow(outgoing: Outgoing, place: PairPlace): Promise<void> {
    handedOver.set(outgoing.message.id, outgoing);
    if (await conclude(outgoing, "ours")) return;
    const { message, record } = outgoing;
    const now = parts.now();
    const { deadline = now } = message;
    if (now < deadline) {
      const nextAttemptAt = Math.min(now + settings.scanMilliseconds, deadline);
      await watch.insist(() => store.releaseLease({ id: message.id, owner, nextAttemptAt }));
      return;
    }
    warn("NOT_TAKEN_BY_CLIENT", placeTexts[place], record.localId);
    const changes = { nextAttemptAt: now + settings.scanMilliseconds, deadline: now + alarmAgainMilliseconds };
    handedOver.set(message.id, { ...outgoing, message: { ...message, ...changes } });
    await write(message, { to: "awaiting-acknowledgement", changes }, "ours");
  }

  /** What is found in the folders counts more than the state: the store may have been restored from a backup. */
  async function findNextStep(outgoing: Outgoing): Promise<() => Promise<void>> {
    const { message, baseName, stagedName } = outgoing;
    const { state } = message;
    if (state !== "queued" && stagedName !== undefined && (await handOver.isStaged(stagedName))) {
      return () => release(outgoing, stagedName);
    }
    const place = await handOver.locate(baseName);
    if (state === "queued" && place === "gone") return () => stage(outgoing);
    return state === "awaiting-acknowledgement" ? () => follow(outgoing, place) : () => noteHandedOver(outgoing);
  }

  async function retryLater({ id, createdAt }: StoredOutboundMessage): Promise<void> {
    const now = parts.now();
    const wait = Math.min(Math.max(now - createdAt, shortestRetryMilliseconds), longestRetryMilliseconds);
    const nextAttemptAt = now + Math.min(wait, settings.scanMilliseconds);
    await watch.insist(() => store.releaseLease({ id, owner, nextAttemptAt }));
  }

  async function work(message: StoredMessage): Promise<void> {
    if (message.direction !== "outbound") return;
    try {
      const outgoing = outgoingOf(message);
      // Only a whole step shows that the folders can be used: those of a full disk can be read.
      const task = message.state === "awaiting-acknowledgement" ? "following" : "sending";
      await reach.note(task, async () => (await findNextStep(outgoing))());
    } catch (error) {
      if (isFolderError(error)) return retryLater(message);
      if (!isForPerson(error)) throw error;
      await write(message, { to: "held", code: error.code }, "ours");
    }
  }

  return {
    start: () => worker.start(),
    async accept(file): Promise<MessageRowId> {
      const row = newOutboundRow(file, { mailbox, channel, acceptedAt: parts.now() });
      const attributes = { ...row.attributes, baseName: newBaseName() };
      const [id] = await watch.runAcceptance(() => store.acceptOutbound([{ ...row, attributes }]));
      if (id === undefined) throw new CpisError("STORE_INTERNAL", { detail: "no row number was given" });
      return id;
    },
    async lookIntoSent(): Promise<void> {
      for (const outgoing of [...handedOver.values()]) {
        await reach.note("following", () => conclude(outgoing, "theirs"));
      }
    },
    async noteSuccess(localId, meshMessageId): Promise<void> {
      const found = await watch.run(() => store.findByMessageId("outbound", localId));
      if (found?.direction !== "outbound" || found.channel !== channel) return;
      if (found.state !== "awaiting-acknowledgement") return;
      await noteAccepted({ message: found, record: readOutboundFile(found) }, meshMessageId, "theirs");
    },
    close: () => worker.close(),
  };
}

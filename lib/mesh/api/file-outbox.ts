// Sends the files that the store keeps by the MESH API, each once, until MESH has them or it is known that it will not.
import type { EventEmitter } from "node:events";
import type { DeliveryReports } from "../../queue/model.js";
import type { StoreWatch } from "../../queue/store-watch.js";
import { createLeaseWorker } from "../../queue/lease-worker.js";
import { CpisError, isCpisError } from "../../errors.js";
import type { MessageRowId, OutboundState, StoredMessage, StoredOutboundMessage } from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import type { Failure } from "./mesh-request.js";
import type { MeshClient, Upload } from "./mesh-client.js";
import type { MeshEffects, MeshEvents, OutboundFile } from "../model.js";
import { acceptedState, newOutboundRow, readOutboundFile, type OutboundFileRecord } from "../outbound-file.js";
import type { Reachability } from "./availability.js";
import { resendFile, settleOriginal } from "../resend-file.js";
import { divide, noteProgress, readProgress, type Division } from "../sending-progress.js";
import type { Tracking } from "./read-answer.js";
import { decideTracking, isThisFile, type TrackedFile, type UnknownOutcomeSetting } from "./tracking-policy.js";
import { headersOfChunk, headersOfFile, isIntact, openChunk } from "./upload-body.js";
import { createFileMoveWriter, type FileMove } from "../record-transition.js";

export interface FileOutboxOptions {
  /** Own mailbox. */
  readonly mailbox: string;
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  readonly owner: string;
  readonly leaseMilliseconds: number;
  readonly client: MeshClient;
  readonly reachability: Reachability;
  readonly effects: MeshEffects;
  readonly events: EventEmitter<MeshEvents>;
  readonly reports: Pick<DeliveryReports, "warning">;
  readonly gzip: boolean;
  readonly chunkBytes: number;
  readonly unknownOutcome: UnknownOutcomeSetting;
  /** See TrackingState. */
  readonly trackingWaits: readonly number[];
  /** Whether a file can be given another local id. */
  readonly mayResend: boolean;
  /** The local id of a file that is sent in the place of this one: the same each time it is asked. */
  nextLocalId(localId: string): string;
}

export interface FileOutbox {
  start(): void;
  accept(file: OutboundFile): Promise<MessageRowId>;
  /** Looks for due work now. */
  wake(): void;
  /** Waits for what is being sent. */
  close(): Promise<void>;
}

/** A file that is being worked on, with its row as it was last written. */
interface Job {
  readonly message: StoredOutboundMessage;
  readonly file: OutboundFileRecord;
}

const workStates: readonly OutboundState[] = ["queued", "sending", "awaiting-acknowledgement"];
const maximumParallel = 2;
/** An upload that is lost so often would be lost again. */
const maximumTimesAnew = 3;

function trackedFileOf({ file, message }: Job): TrackedFile {
  const { recipient, workflowId, plainBytes } = file;
  return { recipient, workflowId, acceptedAt: message.createdAt, sizes: [plainBytes, message.contentBytes] };
}

function isTracked(tracking: Tracking, job: Job): boolean {
  return isThisFile(tracking, trackedFileOf(job));
}

export function createFileOutbox(options: FileOutboxOptions): FileOutbox {
  const { store, watch, channel, owner, client, reachability, effects, events, mailbox } = options;
  const now = (): number => effects.now();
  const write = createFileMoveWriter({ ...options, now });
  const worker = createLeaseWorker({
    ...options,
    direction: "outbound",
    states: workStates,
    maximumParallel,
    now,
    work,
  });

  /** Undefined when somebody else, as a report of MESH, has decided of the file meanwhile. */
  async function move({ message, file }: Job, change: FileMove): Promise<Job | undefined> {
    if ((await write(message, change, "ours")) !== "done") return undefined;
    const { attributes = message.attributes, attempts = message.attempts } = change.changes ?? {};
    return { file, message: { ...message, state: change.to, attributes, attempts } };
  }

  function retryAt(): number {
    return now() + reachability.waitMilliseconds();
  }

  function noteFailure(failure: Failure): void {
    reachability.failed(failure.error);
  }

  /** Undefined when it cannot be read, or is not what was accepted: it is held for a person, who may have the key. */
  async function readCompressed(job: Job): Promise<Buffer | undefined> {
    try {
      const reading = await watch.run(() => store.readContent(job.file.id));
      if (reading.kind === "content" && (await isIntact(reading.bytes, job.file))) return reading.bytes;
      await move(job, { to: "held", code: "STORE_CORRUPT" });
    } catch (error) {
      if (!isCpisError(error) || error.retryable || !error.code.startsWith("STORE_")) throw error;
      await move(job, { to: "held", code: error.code });
    }
    return undefined;
  }

  async function uploadOf({ file }: Job, compressed: Buffer, division: Division, chunk: number): Promise<Upload> {
    const { localId, plainBytes, contentType } = file;
    const body = await openChunk({ compressed, plainBytes, division, chunk });
    const { chunks } = division;
    return {
      body,
      headers: chunk === 1 ? headersOfFile(file, mailbox, division) : headersOfChunk(contentType, chunk, division),
      onWriting: () => void events.emit("sending", { localId, chunk, chunks, bytes: body.bytes }),
    };
  }

  async function begin(job: Job): Promise<void> {
    const compressed = await readCompressed(job);
    if (compressed === undefined) return;
    const division = divide(job.file.plainBytes, options.chunkBytes, options.gzip);
    const upload = await uploadOf(job, compressed, division, 1);
    const attributes = noteProgress(job.message, { division });
    const attempts = job.message.attempts + 1;
    const changes = { attempts, attributes, nextAttemptAt: null };
    const sending = await move(job, { to: "sending", keepLease: true, changes });
    if (sending === undefined) return;
    const result = await client.sendFirst(upload);
    switch (result.kind) {
      case "accepted":
        reachability.reached();
        return continueAfterFirst(sending, result.messageId, compressed);
      case "refused":
        reachability.reached();
        return refuse(sending, result.error);
      case "not-sent":
      case "unauthorised":
        noteFailure(result);
        await move(sending, { to: "queued", code: result.error.code, changes: { nextAttemptAt: retryAt() } });
        return;
      case "unavailable":
      case "broken":
      case "invalid":
        return askWhetherSent(sending);
    }
  }

  async function refuse(job: Job, { code, detail = "", message }: CpisError): Promise<void> {
    const attributes = { ...job.message.attributes, refusal: detail };
    const failed = await move(job, { to: "failed", code, changes: { attributes } });
    // The event of a file that is not sent any more has no room for MESH's own words.
    if (failed !== undefined) events.emit("warning", { code, message: `${message} (file ${job.file.localId})` });
  }

  /** MESH may have it, and must not get it twice. */
  async function askWhetherSent(job: Job): Promise<void> {
    await move(job, {
      to: "awaiting-acknowledgement",
      code: "MESH_OUTCOME_UNKNOWN",
      changes: { nextAttemptAt: now() },
    });
  }

  async function continueAfterFirst(job: Job, meshMessageId: string, compressed?: Buffer): Promise<void> {
    const chunks = readProgress(job.message).division?.chunks ?? 1;
    if (chunks === 1) return conclude(job, meshMessageId);
    const attributes = noteProgress(job.message, { meshMessageId, sentChunks: 1 });
    const begun = await move(job, { to: "sending", keepLease: true, changes: { attributes, nextAttemptAt: null } });
    if (begun !== undefined) await sendRest(begun, compressed);
  }

  /** The chunks after those that MESH has for certain: these may be repeated. */
  async function sendRest(begun: Job, given?: Buffer): Promise<void> {
    const { division, sentChunks, meshMessageId } = readProgress(begun.message);
    const compressed = given ?? (await readCompressed(begun));
    if (division === undefined || meshMessageId === undefined || compressed === undefined) return;
    let job = begun;
    for (let chunk = sentChunks + 1; chunk <= division.chunks; chunk += 1) {
      const result = await client.sendChunk(meshMessageId, chunk, await uploadOf(job, compressed, division, chunk));
      switch (result.kind) {
        case "complete":
          return conclude(job, meshMessageId);
        case "taken": {
          const attributes = noteProgress(job.message, { sentChunks: chunk });
          const noted = await move(job, { to: "sending", keepLease: true, changes: { attributes } });
          if (noted === undefined) return;
          job = noted;
          break;
        }
        case "refused":
          return refuse(job, result.error);
        case "lost":
          return startAnew(job, result.error);
        default:
          noteFailure(result);
          await move(job, { to: "sending", code: result.error.code, changes: { nextAttemptAt: retryAt() } });
          return;
      }
    }
    reachability.reached();
    await conclude(job, meshMessageId);
  }

  /** The recipient sees a file only when its last chunk has come, so one whose upload is lost may be sent from the start. */
  async function startAnew(job: Job, error: CpisError): Promise<void> {
    const times = readProgress(job.message).timesBegunAnew + 1;
    if (!options.mayResend || times > maximumTimesAnew) return refuse(job, error);
    // The last chunk may have come before, with its answer lost.
    const answer = await client.track(job.file.localId);
    if (answer.kind === "found" && answer.tracking.status !== "uploading" && isTracked(answer.tracking, job)) {
      return conclude(job, answer.tracking.messageId);
    }
    if ("error" in answer) {
      noteFailure(answer);
      await move(job, { to: "sending", code: answer.error.code, changes: { nextAttemptAt: retryAt() } });
      return;
    }
    const text = `MESH goes on no more with the unfinished upload of ${job.file.localId}, which nobody can see: it is sent from the start under a new local id`;
    events.emit("warning", { code: "UPLOAD_BEGUN_ANEW", message: text });
    const attributes = { ...job.message.attributes, timesBegunAnew: times };
    await resend({ ...job, message: { ...job.message, attributes } });
  }

  async function conclude(job: Job, meshMessageId?: string): Promise<void> {
    const attributes = noteProgress(job.message, meshMessageId === undefined ? {} : { meshMessageId });
    const changes = { attributes, acknowledgedAt: now(), nextAttemptAt: null };
    const accepted = await move(job, { to: acceptedState(job.file), changes });
    if (accepted === undefined) return;
    events.emit("accepted", { localId: job.file.localId, messageId: meshMessageId ?? "" });
    await settleOriginal(accepted.message, { store, watch, write });
  }

  async function track(job: Job): Promise<void> {
    const { trackings, division, resentAs, isResendWanted } = readProgress(job.message);
    if (resentAs !== undefined) return waitForSuccessor(job, resentAs);
    if (isResendWanted === true) return resend(job);
    const answer = await client.track(job.file.localId);
    const chunks = division?.chunks ?? 1;
    const decision = decideTracking(answer, {
      file: trackedFileOf(job),
      trackings,
      chunks,
      unknownOutcome: options.unknownOutcome,
      waits: options.trackingWaits,
    });
    if (answer.kind === "found" || answer.kind === "none" || answer.kind === "several") reachability.reached();
    switch (decision.kind) {
      case "accept":
        if (decision.meshMessageId === undefined) warnOfSeveral(job);
        return conclude(job, decision.meshMessageId);
      case "continue":
        return continueAfterFirst(job, decision.meshMessageId);
      case "ask-again": {
        const attributes = noteProgress(job.message, { trackings: decision.trackings });
        const changes = { attributes, nextAttemptAt: now() + decision.waitMilliseconds };
        await move(job, { to: "awaiting-acknowledgement", changes });
        return;
      }
      case "ask-when-reachable":
        if ("error" in answer) noteFailure(answer);
        await watch.insist(() => store.releaseLease({ id: job.file.id, owner, nextAttemptAt: retryAt() }));
        return;
      case "hold":
        await move(job, { to: "held", code: "MESH_OUTCOME_UNKNOWN" });
        return;
      case "resend":
        await resend(job);
    }
  }

  function warnOfSeveral({ file }: Job): void {
    const text = `MESH has a file more than once under the local id ${file.localId}`;
    events.emit("warning", { code: "SENT_MORE_THAN_ONCE", message: text });
  }

  /** The row stays open, so that later files wait until MESH has the one that is sent in its place. */
  async function resend(job: Job): Promise<void> {
    const compressed = await readCompressed(job);
    if (compressed === undefined) return;
    const nextLocalId = (localId: string): string => options.nextLocalId(localId);
    const { id: resentAs } = await resendFile(job.message, { store, watch, now, compressed, nextLocalId });
    await waitForSuccessor(
      { ...job, message: { ...job.message, attributes: { ...job.message.attributes, resentAs } } },
      resentAs,
    );
  }

  async function waitForSuccessor(job: Job, resentAs: MessageRowId): Promise<void> {
    const successor = await watch.run(() => store.findById(resentAs));
    const attributes = noteProgress(job.message, { resentAs });
    const noted = await move(job, {
      to: "awaiting-acknowledgement",
      changes: { attributes, nextAttemptAt: now() + 60_000 },
    });
    if (noted !== undefined && successor?.direction === "outbound") {
      await settleOriginal(successor, { store, watch, write });
    }
  }

  async function readJob(message: StoredOutboundMessage): Promise<Job | undefined> {
    try {
      return { message, file: readOutboundFile(message) };
    } catch (error) {
      if (!isCpisError(error)) throw error;
      await write(message, { to: "held", code: error.code }, "ours");
      return undefined;
    }
  }

  async function work(message: StoredMessage): Promise<void> {
    if (message.direction !== "outbound") return;
    if (reachability.waitMilliseconds() > 0) {
      await watch.insist(() => store.releaseLease({ id: message.id, owner, nextAttemptAt: retryAt() }));
      return;
    }
    const job = await readJob(message);
    if (job === undefined) return;
    if (message.state === "queued") return begin(job);
    if (message.state === "awaiting-acknowledgement") return track(job);
    // Whoever was sending it is gone.
    return readProgress(message).meshMessageId === undefined ? askWhetherSent(job) : sendRest(job);
  }

  return {
    start: () => worker.start(),
    wake: () => worker.wake(),
    async accept(file): Promise<MessageRowId> {
      const row = newOutboundRow(file, { mailbox, channel, acceptedAt: now() });
      const [id] = await watch.runAcceptance(() => store.acceptOutbound([row]));
      if (id === undefined) throw new CpisError("STORE_INTERNAL", { detail: "no row number was given" });
      return id;
    },
    close: () => worker.close(),
  };
}

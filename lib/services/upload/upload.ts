// Uploads of a local authority: a file of records goes out once, and what CP-IS says of each record comes back.
import { UnwantedMessage, type Consumer, type Delivery } from "../../queue/model.js";
import type { MhsEffects } from "../../mhs/model.js";
import type { MessageStore } from "../../store/message-store.js";
import type { FileExchange, IncomingFile } from "../exchange/file-exchange.js";
import { createUploadAnswers } from "./upload-answers.js";
import { createUploadFailures } from "./upload-failures.js";
import type { UploadAcceptance, UploadListener, UploadRequest } from "./upload-model.js";
import { findLastUpload, readUploadRow, type UploadRow } from "./upload-rows.js";
import { createUploadSending } from "./upload-sending.js";

export interface UploadServiceParts {
  readonly exchange: FileExchange;
  readonly store: MessageStore;
  /** Whose messages in the store these are. */
  readonly channel: string;
  readonly effects: Pick<MhsEffects, "now" | "newUuid">;
  /** After so long without a response the owner is told. Default 24 hours. */
  readonly overdueMilliseconds?: number;
}

/** Who takes the outcomes of one owner's uploads. */
export interface UploadOwner {
  readonly owner: string;
  /** ODS code: of two owners with the same one, one takes what the other has left behind. */
  readonly localAuthority: string;
  readonly listener: UploadListener;
}

export interface UploadService {
  /**
   * Resolves once the file is in the store. Throws CONFIG_*, EBXML_TOO_LARGE, or what the store throws: then nothing
   * was stored, but for STORE_OUTCOME_UNKNOWN, when nobody knows.
   */
  upload(request: UploadRequest): Promise<UploadAcceptance>;
  /** From now on the owner is told, also of uploads before a restart. Gives a function that ends it. */
  attach(owner: UploadOwner): () => Promise<void>;
}

const dayMilliseconds = 24 * 3_600_000;
/** Until somebody takes it: a response is never given up. */
const endless = Number.MAX_SAFE_INTEGER;
const redeliverMilliseconds = 30_000;
/** A response of a hundred thousand records takes minutes on a slow machine, and must not be begun anew beside itself. */
const maximumDeliveryMilliseconds = 6 * 3_600_000;
/** How often responses that do not come are looked for. */
const lookMilliseconds = 10 * 60_000;

export function createUploadService(parts: UploadServiceParts): UploadService {
  const { exchange, store, channel, effects } = parts;
  const owners = new Map<string, UploadOwner>();
  let endWork: (() => Promise<void>) | undefined;

  /** What belongs to no upload that is known goes to an owner of the same local authority, or else to the first. */
  function listenerOf(upload: UploadRow | undefined, localAuthority = ""): UploadListener | undefined {
    const all = [...owners.values()];
    const ofAuthority = (code: string): UploadOwner | undefined =>
      all.find((owner) => owner.localAuthority.trim().toUpperCase() === code);
    if (upload !== undefined) return (owners.get(upload.owner) ?? ofAuthority(upload.localAuthority))?.listener;
    return (ofAuthority(localAuthority.trim().toUpperCase()) ?? all[0])?.listener;
  }

  const answers = createUploadAnswers({ exchange, store, channel, effects, listenerOf });
  const failures = createUploadFailures({
    store,
    channel,
    effects,
    overdueMilliseconds: parts.overdueMilliseconds ?? dayMilliseconds,
    listenerOf,
  });

  async function takeReport({ refersTo, reportCode }: IncomingFile): Promise<void> {
    const isKnown = refersTo !== undefined && refersTo !== "unknown";
    const upload = isKnown ? readUploadRow(await store.findById(refersTo), channel) : undefined;
    if (upload !== undefined) return failures.look();
    const code = reportCode ?? "none";
    const error = new UnwantedMessage("CPIS_UPLOAD_UNKNOWN", { detail: `a report of MESH with the code ${code}` });
    listenerOf(undefined)?.stray(error);
    throw error;
  }

  async function take(delivery: Delivery<IncomingFile>): Promise<void> {
    if (delivery.message.kind === "report") return takeReport(delivery.message);
    try {
      await answers.take(delivery.message);
    } catch (error) {
      if (error instanceof UnwantedMessage) listenerOf(undefined)?.stray(error);
      throw error;
    }
  }

  async function tellSending(messageId: string, piece: number, pieces: number): Promise<void> {
    if (pieces < 2) return;
    const found = await store.findByMessageId("outbound", messageId).catch(() => undefined);
    const upload = readUploadRow(found, channel);
    if (upload !== undefined) listenerOf(upload)?.sending({ fileNumber: upload.fileNumber, piece, pieces });
  }

  async function tellLast({ owner, listener }: UploadOwner): Promise<void> {
    // What the store cannot tell now will be seen with the next upload.
    const last = await findLastUpload(store, channel, owner).catch(() => undefined);
    if (last !== undefined && owners.get(owner)?.listener === listener) listener.resumed?.(last);
  }

  /** While somebody is there to be told. */
  function beginWork(): () => Promise<void> {
    const consumer: Consumer = exchange.consume({
      kinds: ["upload-response", "report"],
      confirm: "on-handover",
      inOrder: "none",
      maximumDeliveries: endless,
      redeliverAfterMilliseconds: redeliverMilliseconds,
      maximumDeliveryMilliseconds,
      deliver: take,
    });
    const stopWatching = exchange.watch({
      undelivered: () => void failures.look(),
      sending: ({ messageId, piece, pieces }) => void tellSending(messageId, piece, pieces),
    });
    const timer = setInterval(() => void failures.look(), lookMilliseconds);
    timer.unref();
    return async () => {
      clearInterval(timer);
      stopWatching();
      await consumer.close();
      await failures.look();
    };
  }

  return {
    upload: createUploadSending({ exchange, store, effects }),
    attach(owner): () => Promise<void> {
      owners.set(owner.owner, owner);
      endWork ??= beginWork();
      void failures.look();
      void tellLast(owner);
      return async () => {
        if (owners.get(owner.owner) !== owner) return;
        owners.delete(owner.owner);
        if (owners.size > 0) return;
        const ending = endWork;
        endWork = undefined;
        await ending?.();
      };
    },
  };
}

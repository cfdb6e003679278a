// Tells the owners of uploads of files that were not delivered, and of responses that do not come.
import { definedOnly } from "../../defined-only.js";
import { CpisError } from "../../errors.js";
import type { MhsEffects } from "../../mhs/model.js";
import type { MessageStore } from "../../store/message-store.js";
import type { OutboundState } from "../../store/message-model.js";
import { unlessDamaged } from "../exchange/unrecoverable.js";
import { findUploadContext } from "./upload-context.js";
import type { UploadListener, UploadReference } from "./upload-model.js";
import { endCodeOf, failureTold, listUploads, overdueTold, type UploadRow } from "./upload-rows.js";

export interface UploadFailuresParts {
  readonly store: MessageStore;
  readonly channel: string;
  readonly effects: Pick<MhsEffects, "now">;
  /** After so long without a response the owner is told, once. */
  readonly overdueMilliseconds: number;
  /** Who gets the outcome of an upload, if anyone is there. */
  listenerOf(upload: UploadRow): UploadListener | undefined;
}

export interface UploadFailures {
  /**
   * Tells of each failure once, also of those before a restart. One look at a time, and one more for all that ask
   * meanwhile; never rejects.
   */
  look(): Promise<void>;
}

const hourMilliseconds = 3_600_000;
/** Of one file; nobody sends one so often. */
const sendingsLooked = 200;

/** What the flow had asked to be kept, if it can still be read. */
async function referenceOf(store: MessageStore, { row, fileNumber }: UploadRow): Promise<UploadReference> {
  const context = await unlessDamaged(findUploadContext(store, row.id));
  const kept = context?.kept;
  return { fileNumber, conversationId: row.conversationId, ...definedOnly({ kept }) };
}

export function createUploadFailures(parts: UploadFailuresParts): UploadFailures {
  const { store, channel, effects } = parts;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  /** On the row itself, so that nobody is told twice. False when somebody else has moved it meanwhile. */
  async function mark({ row }: UploadRow, flag: string): Promise<boolean> {
    const { id, state, attributes } = row;
    const changes = { attributes: { ...attributes, [flag]: true } };
    return (
      (await store.transition({ id, from: [state], to: state, at: effects.now(), code: flag, changes })) === "done"
    );
  }

  /** The same file is on its way again, under a new id of the transport. */
  async function isSentAgain({ row }: UploadRow): Promise<boolean> {
    const { conversationId } = row;
    const { messages } = await store.list({ channel, direction: "outbound", conversationId }, sendingsLooked);
    return messages.some((message) => message.direction === "outbound" && message.originalId === row.id);
  }

  async function tellFailure(upload: UploadRow): Promise<void> {
    const listener = parts.listenerOf(upload);
    if (listener === undefined || upload.row.attributes[failureTold] === true) return;
    if (await isSentAgain(upload)) {
      await mark(upload, failureTold);
      return;
    }
    const state = upload.row.state === "held" ? "held" : "failed";
    const error = new CpisError(endCodeOf(upload.row), { detail: `file ${upload.fileNumber}` });
    const { fileNumber } = upload;
    await listener.undelivered({ fileNumber, state, error }, await referenceOf(store, upload));
    await mark(upload, failureTold);
  }

  async function tellOverdue(upload: UploadRow): Promise<void> {
    const waited = effects.now() - upload.row.updatedAt;
    const listener = parts.listenerOf(upload);
    if (listener === undefined || waited < parts.overdueMilliseconds) return;
    if (upload.row.attributes[overdueTold] === true || !(await mark(upload, overdueTold))) return;
    listener.overdue(upload.fileNumber, Math.floor(waited / hourMilliseconds));
  }

  /** What one upload fails by, as a listener that does not take it, is tried again with the next look. */
  async function tellAll(states: readonly OutboundState[], tell: (upload: UploadRow) => Promise<void>): Promise<void> {
    for await (const upload of listUploads(store, channel, states)) await tell(upload).catch(() => undefined);
  }

  async function lookOnce(): Promise<void> {
    try {
      await tellAll(["failed", "expired", "held"], tellFailure);
      await tellAll(["awaiting-response"], tellOverdue);
    } catch {
      // The store is away: looked again later.
    }
  }

  function begin(): Promise<void> {
    const look = lookOnce().finally(() => (running = undefined));
    running = look;
    return look;
  }

  return {
    look(): Promise<void> {
      if (next !== undefined) return next;
      if (running === undefined) return begin();
      next = running.then(() => {
        next = undefined;
        return begin();
      });
      return next;
    },
  };
}

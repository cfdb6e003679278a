// Notifications to a local authority: who looked a child up, and which NHS numbers became inactive, one by one.
import { parseAccessNotification } from "../cpis/notification/access-notification.js";
import { parseInactiveNhsNumberNotification } from "../cpis/notification/inactive-number-notification.js";
import type { InactiveNumber, NotifiedAccess } from "../cpis/upload/upload-model.js";
import type { Hl7Time, OrganisationRef, Warning } from "../cpis/model.js";
import { UnwantedMessage, type Consumer, type Delivery } from "../queue/model.js";
import { CpisError, errorClass, isCpisError } from "../errors.js";
import { known } from "../hl7v3/data-types.js";
import type { MhsEffects } from "../mhs/model.js";
import { isFinished, type MessageRowId } from "../store/message-model.js";
import type { MessageStore } from "../store/message-store.js";
import { isDamage } from "./exchange/unrecoverable.js";
import type { FileExchange, IncomingFile } from "./exchange/file-exchange.js";

/** By which the flow says that it has dealt with one part of a notification. */
export interface NotificationToken {
  readonly delivery: MessageRowId;
  /** From 0. */
  readonly part: number;
}

/** What is the same for all parts of one notification. */
export interface NotificationEnvelope {
  /** Of the notification itself. */
  readonly id?: string;
  readonly createdAt?: Hl7Time;
  readonly recipient: OrganisationRef;
  readonly warnings: readonly Warning[];
  /** Of the transport. */
  readonly messageId: string;
  /** Who sent it: a mailbox, or a party key. */
  readonly from?: string;
  /** MESH's, under which it came; absent for ebXML. */
  readonly workflowId?: string;
  /** 1 the first time. */
  readonly delivery: number;
}

export interface NotificationPart<Content> {
  readonly content: Content;
  readonly token: NotificationToken;
  readonly part: number;
  readonly parts: number;
}

/** Takes what comes; a throw means: again later. */
export interface NotificationListener {
  accesses(parts: readonly NotificationPart<NotifiedAccess>[], envelope: NotificationEnvelope): void;
  inactiveNumbers(parts: readonly NotificationPart<InactiveNumber>[], envelope: NotificationEnvelope): void;
  /** A notification that says that nothing happened. */
  nothing(envelope: NotificationEnvelope): void;
  /** Something that CP-IS is not known to send. Present only for a listener that wants it. */
  unknown?(file: UnknownFile): void;
  /** A notification that cannot be read: it is set aside. */
  unreadable(error: CpisError, messageId: string): void;
}

export interface UnknownFile {
  readonly messageId: string;
  readonly workflowId?: string;
  readonly from?: string;
  readonly content: Buffer;
  readonly token: NotificationToken;
}

export interface NotificationServiceOptions {
  readonly exchange: Pick<FileExchange, "consume" | "confirm">;
  readonly store: Pick<MessageStore, "findById" | "transition">;
  readonly effects: Pick<MhsEffects, "now">;
  /** "on-handover": dealt with when the listener has taken it. "by-flow": when each part was confirmed. */
  readonly confirm: "on-handover" | "by-flow";
  /** Until a notification that was not confirmed is given again. Default 5 minutes. */
  readonly redeliverAfterMilliseconds?: number;
  readonly listener: NotificationListener;
}

export type NotificationConfirmation =
  | { readonly kind: "confirmed" }
  /** Other parts of the same notification are waited for. */
  | { readonly kind: "noted"; readonly remaining: number }
  /** Not of this service, or dealt with long ago. */
  | { readonly kind: "unknown" };

export interface NotificationService {
  confirm(token: NotificationToken): Promise<NotificationConfirmation>;
  close(): Promise<void>;
}

/** A batch of a day for a large authority is far below it. */
const maximumBytes = 64 * 1024 * 1024;
const defaultRedeliverMilliseconds = 5 * 60_000;
const endless = Number.MAX_SAFE_INTEGER;

async function readWhole(file: IncomingFile): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of file.contents()) {
    length += piece.length;
    if (length > maximumBytes) throw new CpisError("XML_TOO_LARGE");
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The attribute of a notification that names the parts which the flow has confirmed, as in "0,2". */
export const confirmedParts = "confirmedParts";

/** What is confirmed within so long is written down together; a crash in between gives those parts once more. */
const noteMilliseconds = 500;

/** Parts that the flow has not confirmed yet, of each notification that it was given. */
class OpenParts {
  readonly #open = new Map<MessageRowId, Set<number>>();
  readonly #counts = new Map<MessageRowId, number>();
  readonly #unwritten = new Set<MessageRowId>();
  readonly #store: NotificationServiceOptions["store"];
  readonly #effects: NotificationServiceOptions["effects"];
  #timer: NodeJS.Timeout | undefined;
  #writing = Promise.resolve();

  constructor({ store, effects }: Pick<NotificationServiceOptions, "store" | "effects">) {
    this.#store = store;
    this.#effects = effects;
  }

  /** Those to hand out: at first all, later, also after a restart, the ones that were not confirmed. */
  async take(delivery: MessageRowId, parts: number): Promise<ReadonlySet<number>> {
    const open = this.#open.get(delivery) ?? (await this.#read(delivery, parts));
    this.#open.set(delivery, open);
    this.#counts.set(delivery, parts);
    return open;
  }

  /** How many are left; undefined when the notification is not known. */
  confirm({ delivery, part }: NotificationToken): number | undefined {
    const open = this.#open.get(delivery);
    if (open?.delete(part) === true && open.size > 0) this.#writeSoon(delivery);
    return open?.size;
  }

  reopen({ delivery, part }: NotificationToken): void {
    this.#open.get(delivery)?.add(part);
  }

  forget(delivery: MessageRowId): void {
    this.#open.delete(delivery);
    this.#counts.delete(delivery);
    this.#unwritten.delete(delivery);
  }

  /** Resolves once all that was confirmed is written down, or could not be. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#write();
    await this.#writing;
  }

  async #read(delivery: MessageRowId, parts: number): Promise<Set<number>> {
    const all = new Set(Array.from({ length: parts }, (_, part) => part));
    const noted = (await this.#store.findById(delivery))?.attributes[confirmedParts];
    for (const part of typeof noted === "string" ? noted.split(",") : []) all.delete(Number(part));
    // All were confirmed and the notification itself was not: better given once more than never ended.
    return all.size > 0 ? all : new Set(Array.from({ length: parts }, (_, part) => part));
  }

  #writeSoon(delivery: MessageRowId): void {
    this.#unwritten.add(delivery);
    this.#timer ??= setTimeout(() => this.#write(), noteMilliseconds);
  }

  #write(): void {
    this.#timer = undefined;
    const deliveries = [...this.#unwritten];
    this.#unwritten.clear();
    this.#writing = this.#writing.then(async () => {
      // What cannot be written is given once more after a restart, and no harm is done.
      for (const delivery of deliveries) await this.#note(delivery).catch(() => undefined);
    });
  }

  async #note(delivery: MessageRowId): Promise<void> {
    const open = this.#open.get(delivery);
    const stored = await this.#store.findById(delivery);
    if (open === undefined || stored?.direction !== "inbound" || isFinished(stored.state)) return;
    const parts = Array.from({ length: this.#counts.get(delivery) ?? 0 }, (_, part) => part);
    const confirmed = parts.filter((part) => !open.has(part)).join();
    const { id, state } = stored;
    const changes = { attributes: { ...stored.attributes, [confirmedParts]: confirmed } };
    const [at, code] = [this.#effects.now(), "parts-confirmed"];
    await this.#store.transition({ id, from: [state], to: state, at, code, keepLease: true, changes });
  }
}

export function createNotificationService(options: NotificationServiceOptions): NotificationService {
  const { exchange, listener, confirm } = options;
  const open = new OpenParts(options);

  async function partsOf<Content>(
    id: MessageRowId,
    contents: readonly Content[],
  ): Promise<readonly NotificationPart<Content>[]> {
    const all = contents.map((content, part) => ({
      content,
      part,
      parts: contents.length,
      token: { delivery: id, part },
    }));
    if (confirm === "on-handover") return all;
    const wanted = await open.take(id, contents.length);
    return all.filter(({ part }) => wanted.has(part));
  }

  async function hand<Content>(
    { id, delivery, message }: Delivery<IncomingFile>,
    read: Omit<NotificationEnvelope, "messageId" | "from" | "workflowId" | "delivery"> & {
      readonly contents: readonly Content[];
    },
    give: (parts: readonly NotificationPart<Content>[], envelope: NotificationEnvelope) => void,
  ): Promise<void> {
    const { contents, ...about } = read;
    const { messageId, from, workflowId } = message;
    const envelope: NotificationEnvelope = { ...about, ...known({ from, workflowId }), messageId, delivery };
    if (contents.length > 0) {
      give(await partsOf(id, contents), envelope);
      return;
    }
    listener.nothing(envelope);
    if (confirm === "by-flow") await exchange.confirm(id);
  }

  /** What cannot be read now, nor later, is set aside: it must not hold up those behind it. */
  async function readWith<Content>({ message }: Delivery<IncomingFile>, parse: (bytes: Buffer) => Content) {
    try {
      return parse(await readWhole(message));
    } catch (error) {
      const coded = isCpisError(error) ? error : new CpisError("CPIS_INTERNAL", { detail: errorClass(error) });
      const isOfStore = coded.code.startsWith("STORE_") && !isDamage(coded);
      if (coded.retryable || isOfStore) throw coded;
      listener.unreadable(coded, message.messageId);
      throw new UnwantedMessage(coded.code, { cause: coded });
    }
  }

  async function take(delivery: Delivery<IncomingFile>): Promise<void> {
    const { message, id } = delivery;
    switch (message.kind) {
      case "access-notification": {
        const { accesses, ...about } = await readWith(delivery, parseAccessNotification);
        return hand(delivery, { ...about, contents: accesses }, (parts, envelope) =>
          listener.accesses(parts, envelope),
        );
      }
      case "inactive-notification": {
        const { numbers, ...about } = await readWith(delivery, parseInactiveNhsNumberNotification);
        return hand(delivery, { ...about, contents: numbers }, (parts, envelope) =>
          listener.inactiveNumbers(parts, envelope),
        );
      }
      case "unknown": {
        const { messageId, workflowId, from } = message;
        const content = await readWith(delivery, (bytes) => bytes);
        const [part] = await partsOf(id, [content]);
        const origin = known<Pick<UnknownFile, "workflowId" | "from">>({ workflowId, from });
        if (part !== undefined) listener.unknown?.({ messageId, ...origin, content, token: part.token });
        return;
      }
      case "upload-response":
      case "report":
        throw new UnwantedMessage("CPIS_MESSAGE_INVALID");
    }
  }

  const consumer: Consumer = exchange.consume({
    kinds: [
      "access-notification",
      "inactive-notification",
      ...(listener.unknown === undefined ? [] : ["unknown" as const]),
    ],
    confirm: confirm === "on-handover" ? "on-handover" : "by-consumer",
    inOrder: "all",
    maximumDeliveries: endless,
    redeliverAfterMilliseconds: options.redeliverAfterMilliseconds ?? defaultRedeliverMilliseconds,
    deliver: take,
  });

  return {
    async confirm(token): Promise<NotificationConfirmation> {
      const remaining = open.confirm(token);
      if (remaining === undefined) return { kind: "unknown" };
      if (remaining > 0) return { kind: "noted", remaining };
      const outcome = await exchange.confirm(token.delivery).catch((error: unknown) => {
        // It is given again, for the flow to confirm once more.
        open.reopen(token);
        throw error;
      });
      open.forget(token.delivery);
      return outcome.kind === "unknown" ? { kind: "unknown" } : { kind: "confirmed" };
    },
    async close(): Promise<void> {
      await consumer.close();
      await open.close();
    },
  };
}

// Notifications to a local authority: who looked a child up, and which NHS numbers became inactive, one by one.
import { parseAccessNotification } from "../cpis/notification/access-notification.js";
import { parseInactiveNhsNumberNotification } from "../cpis/notification/inactive-number-notification.js";
import type { InactiveNumber, NotifiedAccess } from "../cpis/upload/upload-model.js";
import type { Hl7Time, OrganisationRef, Warning } from "../cpis/model.js";
import { UnwantedMessage, type Consumer, type Delivery } from "../queue/model.js";
import { CpisError, errorClass, isCpisError } from "../errors.js";
import type { MessageRowId } from "../store/message-model.js";
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

/** Parts that the flow has not confirmed yet, of each notification that it was given. */
class OpenParts {
  readonly #open = new Map<MessageRowId, Set<number>>();

  /** Those to hand out: at first all, later the ones that were not confirmed. */
  take(delivery: MessageRowId, parts: number): ReadonlySet<number> {
    const known = this.#open.get(delivery) ?? new Set(Array.from({ length: parts }, (_, part) => part));
    this.#open.set(delivery, known);
    return known;
  }

  /** How many are left; undefined when the notification is not known. */
  confirm({ delivery, part }: NotificationToken): number | undefined {
    const known = this.#open.get(delivery);
    known?.delete(part);
    return known?.size;
  }

  reopen({ delivery, part }: NotificationToken): void {
    this.#open.get(delivery)?.add(part);
  }

  forget(delivery: MessageRowId): void {
    this.#open.delete(delivery);
  }
}

export function createNotificationService(options: NotificationServiceOptions): NotificationService {
  const { exchange, listener, confirm } = options;
  const open = new OpenParts();

  function partsOf<Content>(id: MessageRowId, contents: readonly Content[]): readonly NotificationPart<Content>[] {
    const all = contents.map((content, part) => ({
      content,
      part,
      parts: contents.length,
      token: { delivery: id, part },
    }));
    if (confirm === "on-handover") return all;
    const wanted = open.take(id, contents.length);
    return all.filter(({ part }) => wanted.has(part));
  }

  async function hand<Content>(
    { id, delivery, message }: Delivery<IncomingFile>,
    read: Omit<NotificationEnvelope, "messageId" | "delivery"> & { readonly contents: readonly Content[] },
    give: (parts: readonly NotificationPart<Content>[], envelope: NotificationEnvelope) => void,
  ): Promise<void> {
    const { contents, ...about } = read;
    const envelope = { ...about, messageId: message.messageId, delivery };
    if (contents.length > 0) {
      give(partsOf(id, contents), envelope);
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
        const [part] = partsOf(id, [content]);
        const known = { ...(workflowId === undefined ? {} : { workflowId }), ...(from === undefined ? {} : { from }) };
        if (part !== undefined) listener.unknown?.({ messageId, ...known, content, token: part.token });
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
    close: () => consumer.close(),
  };
}

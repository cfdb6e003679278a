// Files between a local authority and CP-IS as ebXML messages: the form of the former CP-IS client.
import type { Consumer, Delivery } from "../../queue/model.js";
import type { BusinessMessage } from "../../ebxml/model.js";
import { parseEbxml } from "../../ebxml/parse-ebxml.js";
import { CpisError } from "../../errors.js";
import { parseConversationId, parseMessageId } from "../../identifiers.js";
import type { MessageHandlingService } from "../../mhs/message-handling-service.js";
import type { MhsEffects } from "../../mhs/model.js";
import type { MessagingContract } from "../../sds/contract.js";
import type { MessageStore } from "../../store/message-store.js";
import type { FileExchange, IncomingFile, IncomingKind } from "./file-exchange.js";
import { gunzipWhole } from "../../gzip.js";
import { known } from "../../hl7v3/data-types.js";

/** What Spine registers for uploads and notifications; whether it still takes uploads so is not confirmed. */
export interface EbxmlExchangeSettings {
  readonly uploadService: string;
  readonly uploadAction: string;
  readonly responseAction: string;
  readonly accessAction: string;
  readonly inactiveAction: string;
  /** Of the XML. Spine takes no larger messages. */
  readonly maximumBytes: number;
}

export interface EbxmlExchangeParts {
  readonly mhs: Pick<MessageHandlingService, "send" | "consume" | "confirm" | "events">;
  readonly store: MessageStore;
  readonly settings: EbxmlExchangeSettings;
  readonly effects: MhsEffects;
  contract(): Promise<MessagingContract>;
}

async function* once(payload: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(payload);
}

function actionsOf(settings: EbxmlExchangeSettings): ReadonlyMap<string, IncomingKind> {
  return new Map([
    [settings.responseAction, "upload-response"],
    [settings.accessAction, "access-notification"],
    [settings.inactiveAction, "inactive-notification"],
  ]);
}

export function createEbxmlExchange(parts: EbxmlExchangeParts): FileExchange {
  const { mhs, store, settings, effects } = parts;
  const actions = actionsOf(settings);

  async function incomingOf({ id, message }: Delivery<BusinessMessage>): Promise<IncomingFile> {
    const { header, payload } = message;
    const { messageId, refToMessageId } = header;
    const kind = actions.get(header.action) ?? "unknown";
    const asked = refToMessageId === undefined ? undefined : await store.findByMessageId("outbound", refToMessageId);
    return known<IncomingFile>({
      id,
      kind,
      messageId,
      contents: () => once(payload ?? Buffer.alloc(0)),
      from: header.fromPartyKey,
      refersTo: refToMessageId === undefined ? undefined : (asked?.id ?? "unknown"),
      isUnexpected: kind === "upload-response" && header.service !== settings.uploadService,
    });
  }

  const { maximumBytes } = settings;

  function requireRoom(plainBytes: number): void {
    if (plainBytes <= maximumBytes) return;
    throw new CpisError("EBXML_TOO_LARGE", { detail: `${plainBytes} bytes, the limit is ${maximumBytes}` });
  }

  return {
    transport: "ebxml",
    requireRoom,
    async send(upload) {
      requireRoom(upload.plainBytes);
      return mhs.send({
        service: settings.uploadService,
        action: settings.uploadAction,
        messageId: parseMessageId(effects.newUuid()),
        conversationId: parseConversationId(upload.conversationId),
        contract: await parts.contract(),
        payload: gunzipWhole(upload.compressed, maximumBytes),
        applicationId: upload.fileNumber.toString(),
        context: upload.context,
        attributes: upload.attributes,
        subject: upload.foundBy,
        orderedBy: `upload ${upload.localAuthority}`,
        completedBy: "consumer",
      });
    },
    async readUpload(row) {
      const reading = await store.readContent(row.id);
      const contentType = row.attributes["contentType"];
      if (reading.kind === "content" && typeof contentType === "string") {
        const parsed = parseEbxml({ contentType, body: reading.bytes });
        if (parsed.kind === "parsed" && parsed.message.kind === "message" && parsed.message.payload !== undefined) {
          return once(parsed.message.payload);
        }
      }
      throw new CpisError("STORE_CORRUPT", { detail: "the content of an upload" });
    },
    consume({ kinds, deliver, ...options }): Consumer {
      return mhs.consume({
        ...options,
        actions: [...actions].filter(([, kind]) => kinds.includes(kind)).map(([action]) => action),
        deliver: async (delivery: Delivery<BusinessMessage>): Promise<void> =>
          deliver({ ...delivery, message: await incomingOf(delivery) }),
      });
    },
    confirm: (id) => mhs.confirm(id),
    watch: (watcher) => {
      const onUndelivered = (): void => watcher.undelivered();
      mhs.events.on("undelivered", onUndelivered);
      return () => void mhs.events.off("undelivered", onUndelivered);
    },
  };
}

// Files between a local authority and CP-IS over a MESH mailbox.
import type { Consumer, Delivery } from "../../queue/model.js";
import { CpisError } from "../../errors.js";
import { reportAction, unknownAction, type MeshMailbox, type ReceivedItem } from "../../mesh/model.js";
import type { MessageStore, StoreIdentity } from "../../store/message-store.js";
import type { ExchangeWatcher, FileExchange, IncomingFile, IncomingKind, OutgoingUpload } from "./file-exchange.js";
import { gunzipPieces } from "../../gzip.js";
import { known } from "../../hl7v3/data-types.js";

/** None of them is public, so none has a default. */
export interface MeshExchangeSettings {
  /** CP-IS's mailbox. */
  readonly recipient: string;
  readonly uploadWorkflowId: string;
  readonly contentType: string;
  /** May hold {ods}, {number} and {timestamp}; empty: MESH invents a name. */
  readonly fileNamePattern: string;
  readonly subjectPattern: string;
}

export interface MeshExchangeParts {
  readonly mailbox: MeshMailbox;
  readonly store: MessageStore;
  readonly settings: MeshExchangeSettings;
}

/** The label of the upload in the store's log. */
export const uploadInteraction = "CP-ISLocalAuthorityUpload";

const roots: Readonly<Record<Exclude<IncomingKind, "report" | "unknown">, string>> = {
  "upload-response": "FileResponse",
  "access-notification": "CP-ISAccessToServiceNotification",
  "inactive-notification": "CP-ISInactiveNHSNumberNotification",
};
const kinds: ReadonlyMap<string, IncomingKind> = new Map([
  [roots["upload-response"], "upload-response"],
  [roots["access-notification"], "access-notification"],
  [roots["inactive-notification"], "inactive-notification"],
]);

/** The roots of the files that CP-IS sends, for the mailbox that receives them. */
export const knownFileRoots: readonly string[] = Object.values(roots);

function actionOf(kind: IncomingKind): string {
  if (kind === "report") return reportAction;
  return kind === "unknown" ? unknownAction : roots[kind];
}

/**
 * With the random id of the store, which is another one for each store and for each copy of one that is gone on with: MESH must
 * never see a local id twice, and numbers begin again where a store was lost.
 */
function localIdOf({ localAuthority, fileNumber }: OutgoingUpload, { id }: StoreIdentity): string {
  return `${localAuthority}-${fileNumber.toString().padStart(6, "0")}-${id}-1`;
}

/** The same file's id for its next sending: MESH must never see an id twice. */
export function nextLocalId(localId: string): string {
  const [, stem, attempt] = /^(.*)-([0-9]+)$/.exec(localId) ?? [];
  return stem === undefined ? `${localId}-2` : `${stem}-${Number(attempt) + 1}`;
}

function fill(pattern: string, { localAuthority, fileNumber, createdAt }: OutgoingUpload): string {
  const timestamp = new Date(createdAt).toISOString().replace(/[-:]|\.\d+Z$/g, "");
  return pattern
    .replaceAll("{ods}", localAuthority)
    .replaceAll("{number}", fileNumber.toString().padStart(6, "0"))
    .replaceAll("{timestamp}", timestamp.replace("T", ""));
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A report has no content.
}

function incomingOf({ id, message: item }: Pick<Delivery<ReceivedItem>, "id" | "message">): IncomingFile {
  const { messageId, workflowId } = item;
  if (item.kind === "file") {
    return known<IncomingFile>({
      id,
      messageId,
      workflowId,
      from: item.from,
      kind: kinds.get(item.root) ?? "unknown",
      contents: () => item.contents(),
    });
  }
  return known<IncomingFile>({
    id,
    messageId,
    workflowId,
    kind: "report",
    contents: nothing,
    refersTo: item.file,
    reportCode: item.statusCode,
  });
}

function watchMailbox({ events }: MeshMailbox, watcher: ExchangeWatcher): () => void {
  const onUndelivered = (): void => watcher.undelivered();
  const onSending = ({ localId, chunk, chunks }: { localId: string; chunk: number; chunks: number }): void =>
    watcher.sending({ messageId: localId, piece: chunk, pieces: chunks });
  events.on("undelivered", onUndelivered);
  events.on("sending", onSending);
  return () => {
    events.off("undelivered", onUndelivered);
    events.off("sending", onSending);
  };
}

export function createMeshExchange(parts: MeshExchangeParts): FileExchange {
  const { mailbox, store, settings } = parts;

  return {
    transport: "mesh",
    // It is sent in as many pieces as it needs.
    requireRoom: () => undefined,
    send: async (upload) => {
      const fileName = fill(settings.fileNamePattern, upload);
      const subject = fill(settings.subjectPattern, upload);
      return mailbox.send({
        localId: localIdOf(upload, await store.readIdentity()),
        conversationId: upload.conversationId,
        interaction: uploadInteraction,
        workflowId: settings.uploadWorkflowId,
        recipient: settings.recipient,
        contentType: settings.contentType,
        ...(fileName === "" ? {} : { fileName }),
        ...(subject === "" ? {} : { subject }),
        compressed: upload.compressed,
        plainBytes: upload.plainBytes,
        digest: upload.digest,
        orderedBy: `upload ${upload.localAuthority}`,
        completedBy: "response",
        context: upload.context,
        foundBy: upload.foundBy,
        applicationId: upload.fileNumber.toString(),
        attributes: upload.attributes,
      });
    },
    async readUpload(row): Promise<AsyncIterable<Uint8Array>> {
      const reading = await store.readContent(row.id);
      if (reading.kind !== "content") throw new CpisError("STORE_CORRUPT", { detail: "the content of an upload" });
      return gunzipPieces(reading.bytes);
    },
    consume({ kinds: wanted, deliver, ...options }): Consumer {
      return mailbox.consume({
        ...options,
        actions: wanted.map(actionOf),
        deliver: (delivery: Delivery<ReceivedItem>): Promise<void> =>
          deliver({ ...delivery, message: incomingOf(delivery) }),
      });
    },
    confirm: (id) => mailbox.confirm(id),
    watch: (watcher) => watchMailbox(mailbox, watcher),
  };
}

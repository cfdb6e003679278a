// Takes CP-IS's response to a file: finds the file, gives each result to its record, and finishes the upload.
import { CpisError } from "../../errors.js";
import { UnwantedMessage } from "../../queue/model.js";
import type { MhsEffects } from "../../mhs/model.js";
import type { MessageStore } from "../../store/message-store.js";
import { createUploadResponseReader } from "../../cpis/upload/upload-response.js";
import type { UploadResponseSummary } from "../../cpis/upload/upload-model.js";
import { isDamage, unlessDamaged } from "../exchange/unrecoverable.js";
import type { FileExchange, IncomingFile } from "../exchange/file-exchange.js";
import { noSentRecords, readSentRecords, type SentRecords } from "./sent-record-index.js";
import { findUploadContext, inputIndexes, type UploadContext } from "./upload-context.js";
import { matchResponse } from "./upload-matching.js";
import type { UploadListener, UploadOutcome, UploadReference } from "./upload-model.js";
import { failureTold, findUpload, responseNote, unfinishedUploadStates, type UploadRow } from "./upload-rows.js";

export interface UploadAnswersParts {
  readonly exchange: Pick<FileExchange, "readUpload">;
  readonly store: MessageStore;
  readonly channel: string;
  readonly effects: Pick<MhsEffects, "now">;
  /** `localAuthority`: the ODS code in the response. */
  listenerOf(upload: UploadRow | undefined, localAuthority: string | undefined): UploadListener | undefined;
}

export interface UploadAnswers {
  /**
   * Throws UnwantedMessage for a response that cannot be read, CONFIG_CLOSED when nobody is there to take it, or what
   * the listener or the store throws: then the response is to be given again.
   */
  take(file: IncomingFile): Promise<void>;
}

/** What is kept of the file that a response answers. */
interface KnownUpload {
  readonly upload: UploadRow | undefined;
  readonly context: UploadContext;
  readonly sent: SentRecords;
}

async function readSummary(file: IncomingFile): Promise<UploadResponseSummary> {
  const reader = createUploadResponseReader();
  try {
    for await (const piece of file.contents()) reader.write(piece);
    return reader.end();
  } catch (error) {
    if (!isDamage(error)) throw error;
    const { code, detail } = error;
    throw new UnwantedMessage(code, { cause: error, ...(detail === undefined ? {} : { detail }) });
  }
}

/** What the log does not tell those who read the response. */
function withWarnings(outcome: UploadOutcome, known: KnownUpload): UploadOutcome {
  const { unseenColumns = [] } = known.context;
  const warnings = unseenColumns.map((column) => ({
    code: "column-not-seen",
    message: `No row of the upload had the column "${column}"`,
  }));
  if (known.upload === undefined) {
    warnings.push({ code: "file-not-known", message: "The response belongs to no file that is known here" });
  } else if (known.sent === noSentRecords) {
    warnings.push({ code: "records-not-kept", message: "The records of the file are not kept any more" });
  }
  return { ...outcome, warnings: [...warnings, ...outcome.warnings] };
}

export function createUploadAnswers(parts: UploadAnswersParts): UploadAnswers {
  const { exchange, store, channel, effects } = parts;

  /** Undefined for a file whose bytes are gone, for example of an earlier response. */
  async function readSent({ row }: UploadRow): Promise<SentRecords | undefined> {
    const reading = await store.readContent(row.id);
    return reading.kind === "content" ? readSentRecords(await exchange.readUpload(row)) : undefined;
  }

  /** Without the context nobody could tell which input a record was: then its results belong to no known record. */
  async function readKnown(upload: UploadRow | undefined): Promise<KnownUpload> {
    const context = upload === undefined ? undefined : await unlessDamaged(findUploadContext(store, upload.row.id));
    if (upload === undefined || context === undefined) return { upload, context: { leftOut: [] }, sent: noSentRecords };
    return { upload, context, sent: (await unlessDamaged(readSent(upload))) ?? noSentRecords };
  }

  /** The response decides, whatever the transport had found out: it proves that CP-IS had the file. */
  async function finish(upload: UploadRow, { outcome }: UploadOutcome, messageId: string): Promise<void> {
    const { id } = upload.row;
    const at = effects.now();
    const from = unfinishedUploadStates;
    const attributes = { ...((await store.findById(id)) ?? upload.row).attributes, [responseNote]: messageId };
    if (outcome !== "file-refused") {
      await store.transition({ id, from, to: "completed", at, code: outcome, changes: { attributes } });
      return;
    }
    const code = "CPIS_UPLOAD_REFUSED";
    // The owner has just been told by the response itself.
    const told = { ...attributes, [failureTold]: true };
    await store.transition({ id, from, to: "failed", at, code, changes: { errorCode: code, attributes: told } });
  }

  return {
    async take(file): Promise<void> {
      const { fileId, localAuthority } = await readSummary(file);
      const code = localAuthority?.code;
      const upload = await findUpload(store, channel, {
        ...(file.refersTo === undefined ? {} : { refersTo: file.refersTo }),
        ...(fileId === undefined ? {} : { fileId }),
        ...(code === undefined ? {} : { localAuthority: code }),
      });
      const listener = parts.listenerOf(upload, code);
      if (listener === undefined) throw new CpisError("CONFIG_CLOSED", { detail: "nobody takes the response" });
      const known = await readKnown(upload);
      const { context, sent } = known;
      const matched = await matchResponse(() => file.contents(), sent, inputIndexes(context.leftOut));
      const reference: UploadReference = {
        ...(upload === undefined ? {} : { fileNumber: upload.fileNumber, conversationId: upload.row.conversationId }),
        messageId: file.messageId,
        ...(context.kept === undefined ? {} : { kept: context.kept }),
      };
      for await (const refused of matched.refused()) await listener.refused(refused, reference);
      const outcome = withWarnings(matched.outcome, known);
      await listener.answered(outcome, reference);
      if (upload !== undefined) await finish(upload, outcome, file.messageId);
    },
  };
}

// Takes CP-IS's response to a file: finds the file, gives each result to its record, and finishes the upload.
import { CpisError } from "../errors.js";
import type { MhsEffects } from "../mhs/model.js";
import type { MessageStore } from "../store/message-store.js";
import { createUploadResponseReader } from "../cpis/upload-response.js";
import type { UploadResponseSummary } from "../cpis/upload-model.js";
import type { FileExchange, IncomingFile } from "./file-exchange.js";
import { noSentRecords, readSentRecords, type SentRecords } from "./sent-records.js";
import { inputIndexes, readUploadContext, type UploadContext } from "./upload-context.js";
import { matchResponse } from "./upload-matching.js";
import type { UploadListener, UploadOutcome, UploadReference } from "./upload-model.js";
import { failureTold, findUpload, unfinishedUploadStates, type UploadRow } from "./upload-rows.js";

export interface UploadAnswersParts {
  readonly exchange: FileExchange;
  readonly store: MessageStore;
  readonly channel: string;
  readonly effects: Pick<MhsEffects, "now">;
  listenerOf(upload: UploadRow | undefined): UploadListener | undefined;
}

export interface UploadAnswers {
  /**
   * Throws XML_* or CPIS_MESSAGE_INVALID for a response that cannot be read, CONFIG_CLOSED when nobody is there to take
   * it, or what the store throws.
   */
  take(file: IncomingFile): Promise<void>;
}

async function readSummary(file: IncomingFile): Promise<UploadResponseSummary> {
  const reader = createUploadResponseReader();
  for await (const piece of file.contents()) reader.write(piece);
  return reader.end();
}

/** Those who read the response are not always those who read the log. */
function withColumnWarnings(outcome: UploadOutcome, { unseenColumns = [] }: UploadContext): UploadOutcome {
  const warnings = unseenColumns.map((column) => ({
    code: "column-not-seen",
    message: `No row of the upload had the column "${column}"`,
  }));
  return { ...outcome, warnings: [...warnings, ...outcome.warnings] };
}

export function createUploadAnswers(parts: UploadAnswersParts): UploadAnswers {
  const { exchange, store, channel, effects } = parts;

  async function readContext({ row }: UploadRow): Promise<UploadContext> {
    const context = await store.readContext(row.id);
    return context === undefined ? { leftOut: [] } : readUploadContext(context);
  }

  /** A file whose bytes are gone, for example of an earlier response: its results then belong to no known record. */
  async function readSent({ row }: UploadRow): Promise<SentRecords> {
    const reading = await store.readContent(row.id);
    return reading.kind === "content" ? readSentRecords(await exchange.readUpload(row)) : noSentRecords;
  }

  /** The response decides, whatever the transport had found out: it proves that CP-IS had the file. */
  async function finish(upload: UploadRow, { outcome }: UploadOutcome): Promise<void> {
    const { id } = upload.row;
    const at = effects.now();
    const from = unfinishedUploadStates;
    if (outcome !== "file-refused") {
      await store.transition({ id, from, to: "completed", at, code: outcome });
      return;
    }
    const code = "CPIS_UPLOAD_REFUSED";
    // The owner has just been told by the response itself.
    const attributes = { ...((await store.findById(id)) ?? upload.row).attributes, [failureTold]: true };
    await store.transition({ id, from, to: "failed", at, code, changes: { errorCode: code, attributes } });
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
      const listener = parts.listenerOf(upload);
      if (listener === undefined) throw new CpisError("CONFIG_CLOSED", { detail: "nobody takes the response" });
      const context = upload === undefined ? { leftOut: [] } : await readContext(upload);
      const sent = upload === undefined ? noSentRecords : await readSent(upload);
      const matched = await matchResponse(() => file.contents(), sent, inputIndexes(context.leftOut));
      const reference: UploadReference = {
        ...(upload === undefined ? {} : { fileNumber: upload.fileNumber, conversationId: upload.row.conversationId }),
        messageId: file.messageId,
        ...(context.kept === undefined ? {} : { kept: context.kept }),
      };
      for await (const refused of matched.refused()) await listener.refused(refused, reference);
      const outcome = withColumnWarnings(matched.outcome, context);
      await listener.answered(outcome, reference);
      if (upload !== undefined) await finish(upload, outcome);
    },
  };
}

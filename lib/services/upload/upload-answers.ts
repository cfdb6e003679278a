// Takes CP-IS's response to a file: finds the file, gives each result to its record, and finishes the upload.
import { known } from "../../hl7v3/data-types.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError } from "../../errors.js";
import { UnwantedMessage } from "../../queue/model.js";
import type { MhsEffects } from "../../mhs/model.js";
import type { MessageStore } from "../../store/message-store.js";
import { isFinished, type StoredOutboundMessage } from "../../store/message-model.js";
import type { UploadResponseIdentity } from "../../cpis/upload/upload-response.js";
import type { Warning } from "../../cpis/model.js";
import { isDamage, unlessDamaged } from "../exchange/unrecoverable.js";
import type { FileExchange, IncomingFile } from "../exchange/file-exchange.js";
import { indexSentRecords, noSentRecords, readSentRecords, type SentRecords } from "./sent-record-index.js";
import { findUploadContext, inputIndexes, type UploadContext } from "./upload-context.js";
import { matchResponse, unknownFile, type AnsweredFile, type MatchedResponse } from "./upload-matching.js";
import type { UploadListener, UploadOutcome, UploadReference } from "./upload-model.js";
import {
  failureTold,
  findUpload,
  responseNote,
  resultNotes,
  unfinishedUploadStates,
  type ResponseReference,
  type UploadRow,
} from "./upload-rows.js";

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
   * Throws UnwantedMessage for a response that cannot be read or that must not count, CONFIG_CLOSED when nobody is there
   * to take it, or what the listener or the store throws: then the response is to be given again.
   */
  take(file: IncomingFile): Promise<void>;
}

/** What is kept of the file that a response answers. */
interface KnownUpload {
  readonly upload: UploadRow | undefined;
  readonly context: UploadContext;
  readonly sent: SentRecords;
  readonly listener: UploadListener;
}

const contradictsEarlier: Warning = {
  code: "response-contradicts-earlier",
  message: "CP-IS has sent two responses to the file that do not say the same",
};
const repeatsEarlier: Warning = {
  code: "response-repeated",
  message: "CP-IS has sent a second response to the file, which says the same as the first",
};

function referenceOf(file: IncomingFile, { fileId, localAuthority, createdAt }: UploadResponseIdentity) {
  const { refersTo, id, from, isUnexpected } = file;
  // A time without a zone may be hours away from what it seems.
  const time = createdAt?.zone === "explicit" && createdAt.iso !== undefined ? Date.parse(createdAt.iso) : Number.NaN;
  return known<ResponseReference>({
    ...{ refersTo, id, from, isUnexpected, fileId },
    localAuthority: localAuthority?.code,
    createdAt: Number.isNaN(time) ? undefined : time,
  });
}

/** What the log does not tell those who read the response. */
function withWarnings(outcome: UploadOutcome, { upload, context, sent }: KnownUpload): UploadOutcome {
  const { unseenColumns = [] } = context;
  const warnings = unseenColumns.map((column) => ({
    code: "column-not-seen",
    message: `No row of the upload had the column "${column}"`,
  }));
  if (upload === undefined) {
    warnings.push({ code: "file-not-known", message: "The response belongs to no file that is known here" });
  } else if (sent === noSentRecords) {
    warnings.push({ code: "records-not-kept", message: "The records of the file are not kept any more" });
  }
  return { ...outcome, warnings: [...warnings, ...outcome.warnings] };
}

export function createUploadAnswers(parts: UploadAnswersParts): UploadAnswers {
  const { exchange, store, channel, effects } = parts;

  /** Of a file of an earlier version; undefined for one whose bytes are gone, for example of an earlier response. */
  async function readSent({ row }: UploadRow): Promise<SentRecords | undefined> {
    const reading = await store.readContent(row.id);
    return reading.kind === "content" ? readSentRecords(await exchange.readUpload(row)) : undefined;
  }

  /** Without the context nobody could tell which input a record was: then its results belong to no known record. */
  async function readKnown(upload: UploadRow | undefined): Promise<Omit<KnownUpload, "listener">> {
    const context = upload === undefined ? undefined : await unlessDamaged(findUploadContext(store, upload.row.id));
    if (upload === undefined || context === undefined) return { upload, context: { leftOut: [] }, sent: noSentRecords };
    if (context.sent !== undefined) return { upload, context, sent: indexSentRecords(context.sent) };
    return { upload, context, sent: (await unlessDamaged(readSent(upload))) ?? noSentRecords };
  }

  function answeredFile({ upload, context, sent }: KnownUpload): AnsweredFile {
    if (upload === undefined) return unknownFile(sent);
    const { recordsSent = sent.all.length, recordsNotSent = context.leftOut.length } = upload;
    return { sent, sentCount: recordsSent, notSent: recordsNotSent, indexOf: inputIndexes(context.leftOut) };
  }

  /** Reads the response once; throws UnwantedMessage for one that must not count. */
  async function read(file: IncomingFile): Promise<{ readonly known: KnownUpload; readonly matched: MatchedResponse }> {
    let found: KnownUpload | undefined;
    try {
      const matched = await matchResponse(
        () => file.contents(),
        async (identity) => {
          const search = await findUpload(store, channel, referenceOf(file, identity));
          if (search.kind === "set-aside") throw new UnwantedMessage("CPIS_UPLOAD_NOT_OURS", { detail: search.reason });
          const upload = search.kind === "found" ? search.upload : undefined;
          const listener = parts.listenerOf(upload, identity.localAuthority?.code);
          if (listener === undefined) throw new CpisError("CONFIG_CLOSED", { detail: "nobody takes the response" });
          found = { ...(await readKnown(upload)), listener };
          return answeredFile(found);
        },
      );
      if (found === undefined) throw new CpisError("CPIS_INTERNAL");
      return { known: found, matched };
    } catch (error) {
      if (!isDamage(error)) throw error;
      const { code, detail } = error;
      throw new UnwantedMessage(code, { cause: error, ...definedOnly({ detail }) });
    }
  }

  async function current({ row }: UploadRow): Promise<StoredOutboundMessage> {
    const stored = await store.findById(row.id);
    return stored?.direction === "outbound" ? stored : row;
  }

  /**
   * Notes what CP-IS says on the upload itself, before anybody is told: of two responses one is the first, on whatever
   * instance they are taken, and a repetition of the same message after a crash is no second one.
   */
  async function settle(upload: UploadRow, matched: MatchedResponse, messageId: string): Promise<MatchedResponse> {
    for (;;) {
      const row = await current(upload);
      const { [responseNote]: first, [resultNotes.digest]: digest } = row.attributes;
      const isFirst = first === undefined || (first === messageId && digest === matched.digest);
      const isSame = digest === matched.digest;
      if (!isFirst && isSame) return matched.noted(repeatsEarlier);
      const judged = isFirst ? matched : matched.contradicted(contradictsEarlier);
      const noted = await note(row, judged, isFirst ? messageId : String(first));
      // Otherwise another response came first, or the transport moved it, at this very moment.
      if (noted !== "not-in-state") return judged;
    }
  }

  /** The state stays, and with it what is kept of the file: both go when somebody has been told. */
  function note(row: StoredOutboundMessage, { outcome: result, digest }: MatchedResponse, messageId: string) {
    const { id, state, attributes } = row;
    const at = effects.now();
    const told = {
      [responseNote]: messageId,
      [resultNotes.accepted]: result.accepted,
      [resultNotes.refused]: result.refused,
      [resultNotes.digest]: digest,
      [resultNotes.at]: at,
      // The owner is told by the response itself.
      [failureTold]: true,
    };
    const changes = { attributes: { ...attributes, ...told } };
    return store.transition({ id, from: [state], to: state, at, code: result.outcome, keepLease: true, changes });
  }

  /** The response decides, whatever the transport had found out: it proves that CP-IS had the file. */
  async function finish(upload: UploadRow, outcome: UploadOutcome["outcome"]): Promise<void> {
    const { id, state } = await current(upload);
    const at = effects.now();
    const from = isFinished(state) ? [state] : unfinishedUploadStates;
    if (outcome !== "file-refused" && outcome !== "unclear") {
      const changes = { errorCode: null, outcome: { outcome } };
      await store.transition({ id, from, to: "completed", at, code: outcome, changes });
      return;
    }
    const errorCode = outcome === "unclear" ? "CPIS_UPLOAD_UNCLEAR" : "CPIS_UPLOAD_REFUSED";
    const changes = { errorCode, outcome: { outcome, outcomeCode: errorCode } };
    await store.transition({ id, from, to: "failed", at, code: errorCode, changes });
  }

  return {
    async take(file): Promise<void> {
      const { known: upload, matched: first } = await read(file);
      const { context, listener } = upload;
      const matched = upload.upload === undefined ? first : await settle(upload.upload, first, file.messageId);
      const reference = known<UploadReference>({
        fileNumber: upload.upload?.fileNumber,
        conversationId: upload.upload?.row.conversationId,
        messageId: file.messageId,
        from: file.from,
        kept: context.kept,
      });
      for await (const refused of matched.refused()) await listener.refused(refused, reference);
      await listener.answered(withWarnings(matched.outcome, upload), reference);
      if (upload.upload !== undefined) await finish(upload.upload, matched.outcome.outcome);
    },
  };
}

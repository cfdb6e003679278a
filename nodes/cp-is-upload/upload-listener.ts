// Turns what becomes of uploads into messages of the flow, with the properties that were kept for them.
import type { Node, NodeAPI, NodeMessage } from "node-red";
import type {
  RefusedRecord,
  UploadListener,
  UploadOutcome,
  UploadReference,
} from "../../lib/services/upload/upload-model.js";
import { CpisError } from "../../lib/errors.js";
import { recordsJudged, uploadCounted } from "../adapter/monitoring/metrics.js";
import type { Words } from "../adapter/runtime/words.js";
import type { Kept } from "./read-upload-message.js";
import type { UploadStatus } from "./upload-status.js";

export interface UploadOutputs {
  readonly RED: NodeAPI;
  readonly node: Node;
  readonly words: Words;
  readonly status: UploadStatus;
  readonly transport: string;
  readonly localAuthority: string;
  readonly listRecords: boolean;
}

function isKept(value: unknown): value is Kept {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy of its own for each message: flows may change what they get. */
export function messageOf(
  { RED, transport, localAuthority }: Pick<UploadOutputs, "RED" | "transport" | "localAuthority">,
  { kept, fileNumber, conversationId, messageId, from }: UploadReference,
  payload: UploadOutcome | RefusedRecord | undefined,
): NodeMessage {
  const message: NodeMessage & Record<string, unknown> = isKept(kept) ? RED.util.cloneMessage({ ...kept }) : {};
  const told = { transport, localAuthority, fileSequence: fileNumber, conversationId, messageId, from };
  message["cpis"] = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
  if (payload !== undefined) message.payload = payload;
  return message;
}

export function createUploadListener(outputs: UploadOutputs): UploadListener {
  const { node, words, status } = outputs;

  /** What no flow may pass over that looks at the counts alone. */
  function tellDoubt({ outcome }: UploadOutcome, upload: UploadReference): void {
    const { fileNumber, messageId = "" } = upload;
    if (outcome === "unknown-file") {
      node.warn(words("warning.unknownFile", { message: messageId }));
    } else if (outcome === "unclear") {
      const error = new CpisError("CPIS_UPLOAD_UNCLEAR", { detail: `file ${fileNumber ?? "?"}` });
      node.error(error, messageOf(outputs, upload, undefined));
    }
  }

  return {
    refused(record, upload): Promise<void> {
      node.send([null, messageOf(outputs, upload, record)]);
      return Promise.resolve();
    },
    answered(outcome, upload): Promise<void> {
      const payload = outputs.listRecords ? outcome : { ...outcome, records: [] };
      status.answered(outcome, upload.fileNumber);
      uploadCounted(outputs.transport, "answered");
      recordsJudged(outputs.transport, outcome);
      const message = messageOf(outputs, upload, payload);
      node.send([message, null]);
      tellDoubt(outcome, upload);
      return Promise.resolve();
    },
    undelivered(failure, upload): Promise<void> {
      status.undelivered(failure);
      uploadCounted(outputs.transport, "undelivered");
      node.error(failure.error, messageOf(outputs, upload, undefined));
      return Promise.resolve();
    },
    stray(error): void {
      status.stray(error.code);
      node.error(error, { payload: undefined, cpis: { transport: outputs.transport } });
    },
    resumed(last): void {
      status.resumed(last);
    },
    sending({ fileNumber, piece, pieces }): void {
      status.sending(fileNumber, piece, pieces);
    },
    overdue(fileNumber, hours): void {
      status.overdue(fileNumber, hours);
      node.warn(words("warning.overdue", { file: fileNumber, hours }));
    },
  };
}

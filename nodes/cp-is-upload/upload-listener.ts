// Turns what becomes of uploads into messages of the flow, with the properties that were kept for them.
import type { Node, NodeAPI, NodeMessage } from "node-red";
import type {
  RefusedRecord,
  UploadListener,
  UploadOutcome,
  UploadReference,
} from "../../lib/services/upload/upload-model.js";
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
  { kept, fileNumber, conversationId, messageId }: UploadReference,
  payload: UploadOutcome | RefusedRecord | undefined,
): NodeMessage {
  const message: NodeMessage & Record<string, unknown> = isKept(kept) ? RED.util.cloneMessage({ ...kept }) : {};
  const told = { transport, localAuthority, fileSequence: fileNumber, conversationId, messageId };
  message["cpis"] = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
  if (payload !== undefined) message.payload = payload;
  return message;
}

export function createUploadListener(outputs: UploadOutputs): UploadListener {
  const { node, words, status } = outputs;
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
      node.send([messageOf(outputs, upload, payload), null]);
      return Promise.resolve();
    },
    undelivered(failure, upload): Promise<void> {
      status.undelivered(failure);
      uploadCounted(outputs.transport, "undelivered");
      node.error(failure.error, messageOf(outputs, upload, undefined));
      return Promise.resolve();
    },
    stray(error): void {
      node.warn(error.message);
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

// The `cp-is upload` node: sends a local authority's records to CP-IS, and gives back what became of each.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import type { RefusedRecord, UploadAcceptance } from "../../lib/services/upload/upload-model.js";
import { FieldReader } from "../adapter/runtime/field-rules.js";
import type { FileTransport, OpenFileTransport } from "../adapter/transports/file-transport-model.js";
import { findFileTransport } from "../adapter/transports/file-transport-choice.js";
import { followSessions } from "../adapter/transports/follow-sessions.js";
import { declareUploads, uploadCounted } from "../adapter/monitoring/metrics.js";
import { NodeStatus } from "../adapter/runtime/node-status.js";
import { onClose } from "../adapter/runtime/on-close.js";
import { refuseAll } from "../adapter/runtime/disabled-node.js";
import { runInput, toCpisError, type Send } from "../adapter/runtime/run-input.js";
import { uploadsOf } from "../adapter/transports/shared-uploads.js";
import { wordsOf, type Words } from "../adapter/runtime/words.js";
import { readFileNumber, readHeader, readKept, readRecords, type Kept } from "./read-upload-message.js";
import { createUploadListener, messageOf } from "./upload-listener.js";
import { readUploadSettings, type UploadSettings } from "./upload-settings.js";
import { UploadStatus } from "./upload-status.js";
import { createUploadWarnings, type UploadWarnings } from "./upload-warnings.js";

/** What a working node is made of. */
interface UploadNodeParts {
  readonly RED: NodeAPI;
  readonly node: Node;
  readonly words: Words;
  readonly settings: UploadSettings;
  readonly transport: FileTransport;
  readonly status: UploadStatus;
  readonly warnings: UploadWarnings;
  /** Fires when the node is closed. */
  readonly closing: AbortSignal;
}

interface UploadMessage {
  readonly msg: NodeMessageInFlow;
  readonly send: Send;
}

/** Between two turns of the event loop. */
const refusedATurn = 100;

/** Takes the faulty records in parts, so that what they are led to need not take all of them at once. */
async function handOut(
  { RED, transport, settings }: UploadNodeParts,
  { send, kept }: { readonly send: Send; readonly kept: Kept },
  refused: readonly RefusedRecord[],
): Promise<void> {
  const origin = { RED, transport: transport.label, localAuthority: settings.localAuthority.code };
  for (let from = 0; from < refused.length; from += refusedATurn) {
    const part = refused.slice(from, from + refusedATurn);
    send([null, part.map((record) => messageOf(origin, { kept }, record))]);
    await nextTurn();
  }
}

async function accept(
  parts: UploadNodeParts,
  open: OpenFileTransport,
  { msg, send }: UploadMessage,
): Promise<UploadAcceptance> {
  const { settings, status, words, node, closing } = parts;
  const { records, total } = readRecords(msg.payload, words);
  const { kept, lost } = readKept(msg, settings.keep);
  if (lost.length > 0) node.warn(words("warning.notKept", { list: lost.join(", ") }));
  status.checking(0, total);
  return uploadsOf(open).upload({
    owner: node.id,
    localAuthority: settings.localAuthority,
    records,
    mapping: settings.mapping,
    plausibility: settings.plausibility,
    faultyRecords: settings.faultyRecords,
    ...readHeader(msg),
    ...readFileNumber(msg, words),
    firstNumber: settings.firstNumber,
    kept,
    signal: closing,
    progress: (checked) => status.checking(checked, total),
    handOut: (refused: readonly RefusedRecord[]) => handOut(parts, { send, kept }, refused),
  });
}

async function upload(parts: UploadNodeParts, message: UploadMessage): Promise<undefined> {
  const { status, transport, closing, warnings } = parts;
  let isCounted = false;
  try {
    warnings.ofRowByRow(message.msg);
    const acceptance = await accept(parts, await transport.whenOpen(closing), message);
    warnings.ofColumns(acceptance.unseenColumns);
    isCounted = true;
    uploadCounted(transport.label, acceptance.kind === "refused" ? "refused" : "stored");
    if (acceptance.kind === "refused") throw acceptance.error;
    status.stored(acceptance.fileNumber, acceptance.sent, acceptance.refused);
    warnings.ofRecords(acceptance.warned);
    return undefined;
  } catch (error) {
    const failure = toCpisError(error);
    status.failed(failure.code);
    if (!isCounted) uploadCounted(transport.label, "failed");
    throw failure;
  }
}

function start(parts: UploadNodeParts, nodeStatus: NodeStatus, stop: () => void): void {
  const { RED, node, words, settings, transport, status } = parts;
  const { localAuthority, listRecords } = settings;
  const outputs = {
    RED,
    node,
    words,
    status,
    transport: transport.label,
    localAuthority: localAuthority.code,
    listRecords,
  };
  declareUploads(transport.label);
  const listener = createUploadListener(outputs);
  const unfollow = followSessions(transport, node, {
    report: (report) => status.transportChanged(report),
    forgotten: () => status.cleared(),
    opened: (open) => uploadsOf(open).attach({ owner: node.id, localAuthority: localAuthority.code, listener }),
  });
  // One after another: the numbers of the files are in the order of the messages.
  let last = Promise.resolve();
  node.on("input", function (msg, send, done) {
    last = last.then(() => runInput(send, done, () => upload(parts, { msg, send })));
  });
  onClose(node, async () => {
    stop();
    await last;
    await unfollow();
    nodeStatus.close();
  });
}

export default function register(RED: NodeAPI): void {
  function CpIsUploadNode(this: Node, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    const words = wordsOf(RED, "cp-is-upload");
    const nodeStatus = new NodeStatus(this);
    try {
      const settings = readUploadSettings(config, words);
      const fields = new FieldReader(config, (property) => words(`field.${property}`));
      const transport = findFileTransport(RED, fields, words);
      const closing = new AbortController();
      const status = new UploadStatus(nodeStatus, words);
      const warnings = createUploadWarnings(this, words);
      const parts = { RED, node: this, words, settings, transport, status, warnings, closing: closing.signal };
      start(parts, nodeStatus, () => closing.abort());
    } catch (error) {
      refuseAll(this, nodeStatus, words, toCpisError(error));
    }
  }
  RED.nodes.registerType("cp-is upload", CpIsUploadNode);
}

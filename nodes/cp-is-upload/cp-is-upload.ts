// The `cp-is upload` node: sends a local authority's records to CP-IS, and gives back what became of each.
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import { CpisError } from "../../lib/errors.js";
import type { RefusedRecord, UploadAcceptance, UploadInput, WarnedRecord } from "../../lib/services/upload-model.js";
import { FieldReader } from "../adapter/field-rules.js";
import type { FileTransport, OpenFileTransport } from "../adapter/file-transport-model.js";
import { findFileTransport } from "../adapter/file-transport-choice.js";
import { followSessions } from "../adapter/follow-sessions.js";
import { NodeStatus } from "../adapter/node-status.js";
import { onClose } from "../adapter/on-close.js";
import { refuseAll } from "../adapter/refuse-all.js";
import { runInput, toCpisError } from "../adapter/run-input.js";
import { uploadsOf } from "../adapter/shared-uploads.js";
import { wordsOf, type Words } from "../adapter/words.js";
import { createUploadListener, messageOf } from "./upload-listener.js";
import { readUploadSettings, type UploadSettings } from "./upload-settings.js";
import { UploadStatus } from "./upload-status.js";

/** What a working node is made of. */
interface UploadNodeParts {
  readonly RED: NodeAPI;
  readonly node: Node;
  readonly words: Words;
  readonly settings: UploadSettings;
  readonly transport: FileTransport;
  readonly status: UploadStatus;
  /** Fires when the node is closed. */
  readonly closing: AbortSignal;
}

interface Records {
  readonly records: UploadInput;
  readonly total: number;
}

/** One record stands for a list of one. Throws CPIS_UPLOAD_EMPTY for what cannot be records. */
function readRecords(payload: unknown, words: Words): Records {
  if (Array.isArray(payload)) return { records: payload as readonly unknown[], total: payload.length };
  if (typeof payload === "object" && payload !== null && !Buffer.isBuffer(payload)) {
    return { records: [payload], total: 1 };
  }
  throw new CpisError("CPIS_UPLOAD_EMPTY", { detail: words("error.noRecords") });
}

/** Throws CPIS_UPLOAD_NUMBER_USED for what is no sequence number. */
function readFileNumber(msg: NodeMessageInFlow, words: Words): { readonly fileNumber?: number } {
  const detail: unknown = msg["cpis"];
  const value: unknown =
    typeof detail === "object" && detail !== null ? Reflect.get(detail, "fileSequence") : undefined;
  if (value === undefined || value === null || value === "") return {};
  const fileNumber = typeof value === "string" ? Number(value) : value;
  if (typeof fileNumber !== "number" || !Number.isSafeInteger(fileNumber) || fileNumber < 1) {
    throw new CpisError("CPIS_UPLOAD_NUMBER_USED", { detail: words("error.fileNumber") });
  }
  return { fileNumber };
}

function keptOf(msg: NodeMessageInFlow, keep: readonly string[]): Record<string, unknown> {
  const names = ["_msgid", ...keep];
  return Object.fromEntries(names.flatMap((name) => (msg[name] === undefined ? [] : [[name, msg[name]]])));
}

/** Which warnings there were and how many of each; the records with them are on their way. */
function warnOf(warned: readonly WarnedRecord[], { node, words }: UploadNodeParts): void {
  const counts = new Map<string, number>();
  for (const { code } of warned.flatMap(({ warnings }) => warnings)) counts.set(code, (counts.get(code) ?? 0) + 1);
  const list = [...counts].map(([code, count]) => `${code} (${count})`).join(", ");
  if (list !== "") node.warn(words("warning.records", { number: warned.length, list }));
}

async function accept(
  parts: UploadNodeParts,
  open: OpenFileTransport,
  msg: NodeMessageInFlow,
): Promise<UploadAcceptance> {
  const { settings, status, words, node, RED, closing } = parts;
  const { records, total } = readRecords(msg.payload, words);
  const kept = keptOf(msg, settings.keep);
  const origin = { RED, transport: parts.transport.label, localAuthority: settings.localAuthority.code };
  status.checking(0, total);
  return uploadsOf(open).upload({
    owner: node.id,
    localAuthority: settings.localAuthority,
    records,
    mapping: settings.mapping,
    faultyRecords: settings.faultyRecords,
    ...readFileNumber(msg, words),
    firstNumber: settings.firstNumber,
    kept,
    signal: closing,
    progress: (checked) => status.checking(checked, total),
    handOut: (refused: readonly RefusedRecord[]) => {
      node.send([null, refused.map((record) => messageOf(origin, { kept }, record))]);
    },
  });
}

async function upload(parts: UploadNodeParts, msg: NodeMessageInFlow): Promise<undefined> {
  const { status, transport, closing } = parts;
  try {
    const acceptance = await accept(parts, await transport.whenOpen(closing), msg);
    if (acceptance.kind === "refused") throw acceptance.error;
    status.stored(acceptance.fileNumber, acceptance.sent);
    warnOf(acceptance.warned, parts);
    return undefined;
  } catch (error) {
    const failure = toCpisError(error);
    status.failed(failure.code);
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
  const listener = createUploadListener(outputs);
  const unfollow = followSessions(transport, node, {
    report: (report) => status.transportChanged(report),
    opened: (open) => uploadsOf(open).attach({ owner: node.id, localAuthority: localAuthority.code, listener }),
  });
  // One after another: the numbers of the files are in the order of the messages.
  let last = Promise.resolve();
  node.on("input", function (msg, send, done) {
    last = last.then(() => runInput(send, done, () => upload(parts, msg)));
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
      const parts = { RED, node: this, words, settings, transport, status, closing: closing.signal };
      start(parts, nodeStatus, () => closing.abort());
    } catch (error) {
      refuseAll(this, nodeStatus, words, toCpisError(error));
    }
  }
  RED.nodes.registerType("cp-is upload", CpIsUploadNode);
}

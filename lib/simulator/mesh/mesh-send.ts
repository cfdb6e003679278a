// Takes files that are sent, whole or in chunks.
import { jsonAnswer, type MeshAnswer, type MeshProblem } from "./mesh-answers.js";
import { refuse, type MeshCall, type MeshCarrier, type MeshOffice } from "./mesh-call.js";
import { readGzip } from "./mesh-content.js";
import { faultOf } from "./mesh-faults.js";
import type { MessageChunk, MessageHead, StoredMessage } from "./mesh-message-model.js";
import { headerOf, parseChunkRange, readEncoding, readHead } from "./mesh-send-headers.js";

type ChunkReading =
  | { readonly kind: "chunk"; readonly chunk: MessageChunk }
  | { readonly kind: "refused"; readonly problem: MeshProblem };

function refused(problem: MeshProblem): { readonly kind: "refused"; readonly problem: MeshProblem } {
  return { kind: "refused", problem };
}

/** Reads the body, and sees to it that it can be read by its receiver. */
async function readChunk(call: MeshCall, isGzip: boolean, maximumPlainBytes: number): Promise<ChunkReading> {
  const reading = await call.readBody();
  if (reading.kind === "refused") return reading;
  const { body } = reading;
  if (body.byteLength === 0) {
    return refused({ status: 417, event: "COLLECT", code: "02", message: "Data file is missing" });
  }
  if (!isGzip && body.byteLength <= maximumPlainBytes) {
    return { kind: "chunk", chunk: { bytes: body, plainBytes: body.byteLength } };
  }
  const content = isGzip ? await readGzip(body, Math.max(1, maximumPlainBytes)) : { kind: "too-large" as const };
  switch (content.kind) {
    case "plain":
      return { kind: "chunk", chunk: { bytes: body, plainBytes: content.bytes.byteLength } };
    case "too-large":
      return refused({ status: 413, message: "The file is larger than the limit of the simulator" });
    case "unreadable":
      // Compressing first and splitting after is found here, and not by a receiver days later.
      return refused({ status: 417, event: "COLLECT", code: "02", message: "Data file is unreadable: not gzip" });
  }
}

function problemOfRoom(head: MessageHead, chunk: MessageChunk, office: MeshOffice): MeshProblem | undefined {
  if (office.messages.hasRoomFor(head.mailbox, chunk.bytes.byteLength)) return undefined;
  return { status: 503, message: "The mailboxes of the simulator are full" };
}

function completeMessage(id: string, call: MeshCall, office: MeshOffice): void {
  const message = office.messages.complete(id);
  if (message === undefined) return;
  office.arrived(message);
  if (faultOf(call.faults, "storeTwice") !== undefined) {
    const copy = office.messages.begin(message.head);
    for (const [number, chunk] of message.chunks) office.messages.keepChunk(copy.id, number, chunk);
    const second = office.messages.complete(copy.id);
    if (second !== undefined) office.arrived(second);
  }
  const report = faultOf(call.faults, "reportBeforeAnswer");
  if (report !== undefined) office.report(message, report);
}

function acceptedAnswer(call: MeshCall, id: string): MeshAnswer {
  return jsonAnswer(call.version, 202, call.version === 2 ? { message_id: id } : { messageID: id });
}

/** POST /{mailbox}/outbox */
export const sendMessage: MeshCarrier = async (call, office) => {
  const { directory, behaviours, messages } = office;
  const reading = readHead(call.headers, call.mailbox, {
    directory,
    unknownEncodingStatus: behaviours.unknownEncodingStatus,
  });
  if (reading.kind === "refused") return refuse(call, reading.problem);
  const { head } = reading;
  const content = await readChunk(call, head.isGzip, office.maximumPlainBytes);
  if (content.kind === "refused") return refuse(call, content.problem);
  const full = problemOfRoom(head, content.chunk, office);
  if (full !== undefined) return refuse(call, full);
  const { id } = messages.begin(head);
  messages.keepChunk(id, 1, content.chunk);
  if (head.totalChunks === 1) completeMessage(id, call, office);
  return acceptedAnswer(call, id);
};

function problemOfRange(call: MeshCall, message: StoredMessage): MeshProblem | undefined {
  const problem = (text: string): MeshProblem => {
    return { status: 417, event: "SEND", code: "06", message: text, messageId: message.id };
  };
  const text = headerOf(call.headers, "mex-chunk-range");
  if (text === undefined) return problem("mex-Chunk-Range is missing");
  const range = parseChunkRange(text);
  if (range === undefined || range.total !== message.head.totalChunks) return problem("InvalidHeaderChunks");
  if (range.number !== Number(call.parameters["chunk"])) return problem("mex-Chunk-Range and path differ");
  if (range.number > range.total) return problem("chunk number above the total");
  if (range.number === 1) return problem("chunk 1 goes to the outbox itself");
  return undefined;
}

function problemOfEncoding(call: MeshCall, message: StoredMessage, office: MeshOffice): MeshProblem | undefined {
  const encoding = readEncoding(call.headers, office.behaviours.unknownEncodingStatus);
  if ("status" in encoding) return { ...encoding, messageId: message.id };
  if (encoding.isGzip === message.head.isGzip) return undefined;
  const text = "cannot change content encoding";
  return { status: 417, event: "SEND", code: "06", message: text, messageId: message.id };
}

function plainBytesOf(message: StoredMessage, without: number): number {
  let bytes = 0;
  for (const [number, chunk] of message.chunks) bytes += number === without ? 0 : chunk.plainBytes;
  return bytes;
}

function problemOfState(message: StoredMessage): MeshProblem | undefined {
  if (message.status === "uploading") return undefined;
  const isGone = message.status === "error" || message.status === "undeliverable";
  return isGone
    ? { status: 404, event: "RECEIVE", code: "20", message: "Message does not exist", messageId: message.id }
    : { status: 423, message: "Message is complete", messageId: message.id };
}

/** All chunks before this last one are there; those of one that is not last do not matter yet. */
function isMissingOne({ head, chunks }: StoredMessage, number: number): boolean {
  if (number !== head.totalChunks) return false;
  return chunks.size - (chunks.has(number) ? 1 : 0) < head.totalChunks - 1;
}

/** POST /{mailbox}/outbox/{id}/{chunk} */
export const sendChunk: MeshCarrier = async (call, office) => {
  const { messages } = office;
  const id = call.parameters["id"] ?? "";
  const number = Number(call.parameters["chunk"]);
  const message = messages.find(id);
  if (message?.head.messageType !== "DATA" || message.head.from !== call.mailbox) {
    return refuse(call, { status: 404, event: "RECEIVE", code: "20", message: "Message does not exist" });
  }
  const early = problemOfState(message) ?? problemOfRange(call, message) ?? problemOfEncoding(call, message, office);
  if (early !== undefined) return refuse(call, early);
  const left = office.maximumPlainBytes - plainBytesOf(message, number);
  const content = await readChunk(call, message.head.isGzip, left);
  if (content.kind === "refused") return refuse(call, { ...content.problem, messageId: id });
  // Another request may have ended the upload while this body came.
  const late = problemOfState(message);
  if (late !== undefined) return refuse(call, late);
  if (isMissingOne(message, number)) {
    return refuse(call, { status: 417, event: "SEND", code: "02", message: "a chunk is missing", messageId: id });
  }
  if (!messages.hasBytesFor(content.chunk.bytes.byteLength)) {
    return refuse(call, { status: 503, message: "The mailboxes of the simulator are full", messageId: id });
  }
  messages.keepChunk(id, number, content.chunk);
  if (number === message.head.totalChunks) completeMessage(id, call, office);
  return acceptedAnswer(call, id);
};

// Gives files and reports to the owner of a mailbox, and takes the acknowledgement.
import { gunzipSync } from "node:zlib";
import { emptyAnswer, jsonAnswer, type MeshAnswer, type MeshProblem } from "./mesh-answers.js";
import type { MeshBehaviours } from "./mesh-behaviours.js";
import { refuse, type MeshCall, type MeshCarrier, type MeshOffice } from "./mesh-call.js";
import { gzipChunk } from "./mesh-content.js";
import { faultOf } from "./mesh-faults.js";
import type { MessageChunk, StoredMessage } from "./mesh-message-model.js";
import { headerOf } from "./mesh-send-headers.js";
import { meshDigits } from "./mesh-time.js";

function unknownMessage(id: string): MeshProblem {
  return { status: 404, event: "RECEIVE", code: "20", message: "Message does not exist", messageId: id };
}

function goneMessage(id: string): MeshProblem {
  return { status: 410, event: "RECEIVE", message: "Message is not available", messageId: id };
}

function findForOwner(call: MeshCall, office: MeshOffice): StoredMessage | MeshProblem {
  const id = call.parameters["id"] ?? "";
  const message = office.messages.find(id);
  if (message === undefined) return unknownMessage(id);
  if (message.head.mailbox === call.mailbox) return message;
  return { status: 403, event: "RECEIVE", message: "Message is for another mailbox", messageId: id };
}

function problemOfState(
  { id, status, chunks, head }: StoredMessage,
  behaviours: MeshBehaviours,
): MeshProblem | undefined {
  if (status === "accepted") return undefined;
  if (status !== "acknowledged") return goneMessage(id);
  const answer = behaviours.acknowledgedFetchStatus;
  if (answer === 200 && chunks.size === head.totalChunks) return undefined;
  return answer === 410 ? goneMessage(id) : unknownMessage(id);
}

function present(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) found[name] = value;
  return found;
}

function commonHeaders({ id, head, arrivedAt }: StoredMessage): Readonly<Record<string, string | undefined>> {
  return {
    "mex-From": head.from,
    "mex-WorkflowID": head.workflowId,
    "mex-MessageID": id,
    "mex-MessageType": head.messageType,
    "mex-LocalID": head.localId,
    "mex-Subject": head.subject,
    "mex-Version": "1.0",
    "mex-AddressType": "ALL",
    "mex-StatusTimestamp": meshDigits(arrivedAt, 14),
    "Last-Modified": new Date(arrivedAt).toUTCString(),
  };
}

function reportAnswer(message: StoredMessage, call: MeshCall, behaviours: MeshBehaviours): MeshAnswer {
  const { head } = message;
  const { statusCode, event, description, linkedMessageId } = head.report ?? { description: "", linkedMessageId: "" };
  const headers = present({
    ...commonHeaders(message),
    "mex-To": behaviours.reportTo === "sender" ? call.mailbox : head.to,
    "mex-LinkedMsgID": linkedMessageId,
    "mex-StatusSuccess": "ERROR",
    "mex-StatusCode": statusCode,
    "mex-StatusEvent": event,
    "mex-StatusDescription": description,
    "mex-Chunk-Range": "1:0",
    "mex-Total-Chunks": "0",
  });
  return { status: 200, headers, body: Buffer.alloc(0) };
}

interface Encoded {
  readonly body: Buffer;
  readonly isGzip: boolean;
  /** By us and not by the sender. */
  readonly isCompressedHere: boolean;
}

function acceptsGzip(call: MeshCall): boolean {
  return (headerOf(call.headers, "accept-encoding") ?? "")
    .split(",")
    .some((coding) => /^\s*gzip\s*(;\s*q=(1|0?\.0*[1-9]).*)?$/i.test(coding));
}

async function encodeChunk(chunk: MessageChunk, message: StoredMessage, isGzipAccepted: boolean, isAlways: boolean) {
  const asIs = (body: Buffer, isGzip: boolean): Encoded => ({ body, isGzip, isCompressedHere: false });
  if (message.head.isGzip) return isGzipAccepted ? asIs(chunk.bytes, true) : asIs(gunzipSync(chunk.bytes), false);
  if (!isGzipAccepted || !isAlways) return asIs(chunk.bytes, false);
  return { body: await gzipChunk(chunk.bytes), isGzip: true, isCompressedHere: true };
}

function contentHeaders(message: StoredMessage, number: number, encoded: Encoded): Record<string, string> {
  const { head } = message;
  return present({
    ...commonHeaders(message),
    "mex-To": head.to,
    "mex-FileName": head.fileName ?? `${message.id}.dat`,
    "mex-PartnerID": head.partnerId,
    "mex-Chunk-Range": `${number}:${head.totalChunks}`,
    "mex-Total-Chunks": String(head.totalChunks),
    "mex-StatusCode": "00",
    "mex-StatusEvent": "TRANSFER",
    "mex-StatusDescription": "Transferred to recipient mailbox",
    "mex-StatusSuccess": "SUCCESS",
    "mex-Content-Type": head.contentType,
    "mex-Content-Checksum": head.checksum,
    "mex-Content-Compressed": encoded.isCompressedHere ? "Y" : head.compressed,
    "mex-Content-Encrypted": head.encrypted,
    "Content-Type": head.totalChunks > 1 ? "application/octet-stream" : head.contentType,
    "Content-Encoding": encoded.isGzip ? "gzip" : undefined,
    ETag: `"${message.id}-${number}"`,
  });
}

/** GET or HEAD /{mailbox}/inbox/{id}, and /{mailbox}/inbox/{id}/{chunk} */
export const fetchMessage: MeshCarrier = async (call, office) => {
  const message = findForOwner(call, office);
  if (!("head" in message)) return refuse(call, message);
  const { behaviours } = office;
  const problem = problemOfState(message, behaviours);
  if (problem !== undefined) return refuse(call, problem);
  if (faultOf(call.faults, "stillUploading") !== undefined) return refuse(call, goneMessage(message.id));
  const number = Number(call.parameters["chunk"] ?? "1");
  if (message.head.messageType === "REPORT" && number === 1) return reportAnswer(message, call, behaviours);
  const chunk = message.chunks.get(number);
  if (chunk === undefined || faultOf(call.faults, "chunkMissing") !== undefined) {
    return refuse(call, unknownMessage(message.id));
  }
  const encoded = await encodeChunk(chunk, message, acceptsGzip(call), behaviours.compression === "always");
  return {
    status: number === message.head.totalChunks ? 200 : 206,
    headers: contentHeaders(message, number, encoded),
    body: encoded.body,
  };
};

/** PUT /{mailbox}/inbox/{id}/status/acknowledged */
export const acknowledgeMessage: MeshCarrier = (call, office) => {
  const message = findForOwner(call, office);
  if (!("head" in message)) return refuse(call, message);
  const isThere = message.status === "accepted" || message.status === "acknowledged";
  if (!isThere) return refuse(call, goneMessage(message.id));
  if (faultOf(call.faults, "deliverAgain") === undefined) {
    office.messages.acknowledge(message.id, office.behaviours.acknowledgedFetchStatus === 200);
  }
  return call.version === 2 ? emptyAnswer(200) : jsonAnswer(1, 200, { messageId: message.id });
};

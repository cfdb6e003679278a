// Tells a sender what became of a file.
import { jsonAnswer, type MeshAnswer, type MeshProblem } from "./mesh-answers.js";
import { refuse, type MeshCarrier, type MeshOffice } from "./mesh-call.js";
import type { StoredMessage } from "./mesh-message-model.js";
import { meshDigits } from "./mesh-time.js";

/** Uncollected for so long, a message leaves its mailbox. */
export const expiryMilliseconds: number = 5 * 24 * 3_600_000;

const unknown: MeshProblem = { status: 404, event: "SEND", code: "20", message: "Message does not exist" };

function isFailed({ status }: StoredMessage): boolean {
  return status === "error" || status === "undeliverable";
}

function trackingOf(message: StoredMessage, { directory }: MeshOffice) {
  const { head } = message;
  const recipient = directory.find(head.mailbox);
  return {
    fileName: head.fileName ?? `${message.id}.dat`,
    localId: head.localId ?? "",
    recipientOdsCode: recipient?.odsCode ?? "",
    isSuccess: !isFailed(message),
    statusCode: message.statusCode ?? "",
    expiresAt: message.uploadedAt + expiryMilliseconds,
  };
}

/** Times in ISO 8601. */
function trackingAnswer(message: StoredMessage, office: MeshOffice): MeshAnswer {
  const { head } = message;
  const tracking = trackingOf(message, office);
  return jsonAnswer(2, 200, {
    message_id: message.id,
    local_id: tracking.localId,
    workflow_id: head.workflowId,
    filename: tracking.fileName,
    expiry_time: new Date(tracking.expiresAt).toISOString(),
    upload_timestamp: new Date(message.uploadedAt).toISOString(),
    recipient: head.mailbox,
    recipient_name: head.mailbox,
    recipient_ods_code: tracking.recipientOdsCode,
    recipient_org_code: tracking.recipientOdsCode,
    recipient_org_name: tracking.recipientOdsCode,
    status_success: tracking.isSuccess,
    status: message.status,
    status_event: message.statusEvent,
    status_timestamp: new Date(message.statusAt).toISOString(),
    status_description: message.statusDescription,
    status_code: tracking.statusCode,
  });
}

function capitalised(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

/** Times as `yyyyMMddHHmmss`. */
function firstTrackingAnswer(message: StoredMessage, office: MeshOffice): MeshAnswer {
  const { head } = message;
  const tracking = trackingOf(message, office);
  return jsonAnswer(1, 200, {
    dtsId: message.id,
    messageId: message.id,
    localId: tracking.localId,
    workflowId: head.workflowId,
    fileName: tracking.fileName,
    expiryTime: meshDigits(tracking.expiresAt, 14),
    uploadTimestamp: meshDigits(message.uploadedAt, 14),
    recipient: head.mailbox,
    recipientName: head.mailbox,
    recipientOrgCode: tracking.recipientOdsCode,
    recipientOrgName: tracking.recipientOdsCode,
    statusSuccess: tracking.isSuccess ? "SUCCESS" : "ERROR",
    status: capitalised(message.status),
    statusEvent: message.statusEvent,
    statusTimestamp: meshDigits(message.statusAt, 14),
    statusDescription: message.statusDescription,
    statusCode: tracking.statusCode,
  });
}

/** GET /{mailbox}/outbox/tracking?messageID={id} */
export const trackMessage: MeshCarrier = (call, office) => {
  const id = call.query.get("messageID");
  if (id === null) {
    const message = "field required";
    return refuse(call, { status: 400, message, location: ["query", "messageID"], type: "value_error.missing" });
  }
  const message = office.messages.find(id);
  if (message?.head.messageType !== "DATA" || message.head.from !== call.mailbox) return refuse(call, unknown);
  return call.version === 2 ? trackingAnswer(message, office) : firstTrackingAnswer(message, office);
};

/** GET /{mailbox}/outbox/tracking/{local id}: the body is that of version 1 whatever is asked for. */
export const trackLocalId: MeshCarrier = (call, office) => {
  const [message, ...more] = office.messages.sentBy(call.mailbox, call.parameters["localId"] ?? "");
  if (message === undefined) return refuse(call, unknown);
  if (more.length > 0) return refuse(call, { status: 300, message: "The local id is not unique" });
  return firstTrackingAnswer(message, office);
};

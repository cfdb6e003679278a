// Puts files into mailboxes from within this process.
import { definedOnly } from "../../defined-only.js";
import { invalid } from "../json-fields.js";
import { splitContent } from "./mesh-content.js";
import type { MailboxDirectory } from "./mesh-directory.js";
import type { MessageHead, StoredMessage } from "./mesh-message-model.js";
import type { MeshMessages } from "./mesh-messages.js";
import type { MailboxDelivery } from "./mesh-model.js";
import { isUnfitForHeader } from "./mesh-send-headers.js";

export interface MeshDeliveriesOptions {
  readonly directory: MailboxDirectory;
  readonly messages: MeshMessages;
  arrived(message: StoredMessage): void;
}

/** Answers carry these texts as headers: Latin letters only. */
function requireHeaderTexts(delivery: MailboxDelivery): void {
  const { from, workflowId, localId = "", fileName = "", subject = "", contentType = "" } = delivery;
  for (const [field, text] of Object.entries({ from, workflowId, localId, fileName, subject, contentType })) {
    if (isUnfitForHeader(text) || !/^[ -~\u00a0-\u00ff]*$/.test(text)) throw invalid(field, "cannot be a header");
  }
}

function headOf(delivery: MailboxDelivery, mailbox: string, totalChunks: number): MessageHead {
  const { from, workflowId, localId, fileName, subject, contentType = "application/xml" } = delivery;
  return {
    messageType: "DATA",
    mailbox,
    from,
    to: mailbox,
    workflowId,
    ...definedOnly({ localId, fileName, subject }),
    contentType,
    isGzip: delivery.isCompressed === true,
    totalChunks,
  };
}

export function createMeshDeliveries(options: MeshDeliveriesOptions): {
  deliver(delivery: MailboxDelivery): string;
} {
  const { directory, messages } = options;
  return {
    deliver: (delivery) => {
      const recipient = directory.find(delivery.to.toUpperCase());
      if (recipient === undefined) throw invalid("to", "is not a known mailbox");
      requireHeaderTexts(delivery);
      const { content, chunkBytes = Math.max(1, content.byteLength), isCompressed = false } = delivery;
      if (!(Number.isSafeInteger(chunkBytes) && chunkBytes >= 1)) throw invalid("chunkBytes", "must be from 1");
      const chunks = splitContent(content, { chunkBytes, isCompressed });
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes.byteLength, 0);
      if (!messages.hasRoomFor(recipient.mailbox, bytes)) throw invalid("to", "is a mailbox that is full");
      const { id } = messages.begin(headOf(delivery, recipient.mailbox, chunks.length));
      for (const [index, chunk] of chunks.entries()) messages.keepChunk(id, index + 1, chunk);
      const message = messages.complete(id);
      if (message !== undefined) options.arrived(message);
      return id;
    },
  };
}

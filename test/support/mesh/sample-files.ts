// Files to send and to receive, for tests of mailboxes.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { MailboxScope } from "../../../lib/mesh/mailbox-scope.js";
import type { OutboundFile } from "../../../lib/mesh/model.js";

/** That of the simulated MESH. */
export const exampleScope: MailboxScope = {
  senders: ["ZSPOT001"],
  workflowIds: ["EXAMPLE_RESPONSE", "EXAMPLE_ACCESS", "EXAMPLE_INACTIVE"],
  sentWorkflowIds: ["EXAMPLE_UPLOAD"],
  takesAll: false,
};
export const uploadText = '<?xml version="1.0" encoding="UTF-8"?><File xmlns="urn:hl7-org:v3"/>';
export const responseText = '<FileResponse xmlns="urn:hl7-org:v3"><note>Zoë</note></FileResponse>';

let lastNumber = 0;

export function outboundFile(changes: Partial<OutboundFile> = {}, content: string | Buffer = uploadText): OutboundFile {
  lastNumber += 1;
  const plain = Buffer.from(content);
  return {
    localId: `999-${String(lastNumber).padStart(6, "0")}-1`,
    conversationId: `conversation-${lastNumber}`,
    interaction: "CP-ISLocalAuthorityUpload",
    workflowId: "EXAMPLE_UPLOAD",
    recipient: "ZSPOT001",
    contentType: "application/xml",
    compressed: gzipSync(plain),
    plainBytes: plain.length,
    digest: createHash("sha256").update(plain).digest("hex"),
    completedBy: "response",
    ...changes,
  };
}

/** Does not compress well, so that sizes on the wire stay what they are. */
export function largeContent(bytes: number): Buffer {
  const pieces: Buffer[] = [Buffer.from('<FileResponse xmlns="urn:hl7-org:v3">')];
  for (let size = 0, seed = 1; size < bytes; size += 64) {
    seed = (seed * 48_271) % 2_147_483_647;
    pieces.push(Buffer.from(createHash("sha256").update(String(seed)).digest("hex")));
  }
  return Buffer.concat([...pieces, Buffer.from("</FileResponse>")]);
}

export async function textOf(contents: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of contents) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

// Uses a mesh transport as the nodes do, from within a test.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import {
  isFileTransportNode,
  type OpenFileTransport,
} from "../../../../nodes/adapter/transports/file-transport-model.js";
import type { IncomingFile, IncomingKind, OutgoingUpload } from "../../../../lib/services/exchange/file-exchange.js";
import type { NodeRed } from "../node-red.js";

export const user = { id: "user", type: "helper", z: "tab", x: 100, y: 100, wires: [] };

export interface Received {
  readonly kind: IncomingKind;
  readonly text: string;
  readonly file: IncomingFile;
}

/** What came in, by the transport it came by. */
export class MailboxUser {
  readonly received: Received[] = [];
  private readonly transport;

  constructor(
    private readonly nodeRed: NodeRed,
    private readonly userId = "user",
    transportId = "mesh",
  ) {
    const node = nodeRed.node(transportId);
    assert.ok(isFileTransportNode(node));
    this.transport = node.fileTransport;
    const own = nodeRed.node(userId);
    this.transport.addUser(own, ({ status }) => own.status(status));
  }

  open(): Promise<OpenFileTransport> {
    return this.transport.whenOpen(AbortSignal.timeout(120_000));
  }

  /** Takes all that comes, and logs each, so that a test can wait for it. */
  async consume(): Promise<void> {
    const { exchange } = await this.open();
    exchange.consume({
      kinds: ["upload-response", "access-notification", "inactive-notification", "report", "unknown"],
      confirm: "on-handover",
      deliver: async ({ message }) => {
        const pieces: Uint8Array[] = [];
        for await (const piece of message.contents()) pieces.push(piece);
        this.received.push({ kind: message.kind, text: Buffer.concat(pieces).toString("utf8"), file: message });
        this.nodeRed.node(this.userId).log(`the flow has ${message.kind}`);
      },
    });
  }

  async untilReceived(count: number): Promise<void> {
    await this.nodeRed.until(`file ${count}`, () => this.received.length >= count);
  }

  leave(): Promise<void> {
    return this.transport.removeUser(this.nodeRed.node(this.userId));
  }
}

/** A file that MESH takes; what CP-IS makes of it is CP-IS's affair. */
export function upload(fileNumber: number, text = '<File xmlns="urn:hl7-org:v3"/>'): OutgoingUpload {
  return {
    localAuthority: "999",
    fileNumber,
    conversationId: "0F2B5D0A-1111-4A22-8B33-C44D55E66F77",
    foundBy: `upload ${fileNumber}`,
    createdAt: Date.UTC(2026, 10, 22, 10, 15, 30),
    compressed: gzipSync(text),
    plainBytes: Buffer.byteLength(text),
    digest: createHash("sha256").update(text).digest("hex"),
    context: Buffer.alloc(0),
    attributes: {},
  };
}

// Messages to put into stores, and a protection whose work can be seen.
import { createHash } from "node:crypto";
import type { MessageRowId, NewInboundMessage, NewOutboundMessage } from "../../../lib/store/message-model.js";
import type { ContentProtection, MessageStore, StorageMode } from "../../../lib/store/message-store.js";
import { CpisError } from "../../../lib/errors.js";

/** Where a store's data lies: opened, closed and opened again by a test. */
export interface StorePlace {
  open(settings?: StoreSettings): Promise<MessageStore>;
  remove(): Promise<void>;
}

export interface StoreSettings {
  readonly mode?: StorageMode;
  readonly protection?: ContentProtection;
}

/** Not secret, but it refuses what was sealed for another identity, and shows which key was used. */
export function createTestProtection(keyId = "k1"): ContentProtection {
  return {
    keyId,
    seal: (content, identity) => Buffer.concat([Buffer.from(`${keyId}|${identity}|`), content]),
    open(sealed, identity): Buffer {
      const text = Buffer.from(sealed).toString("latin1");
      const head = /^k\d\|.*?\|/s.exec(text)?.[0] ?? "";
      if (head.slice(3, -1) !== identity) throw new CpisError("STORE_CONTENT_TAMPERED");
      return Buffer.from(sealed.subarray(head.length));
    },
    hash: (subject) => createHash("sha256").update(subject).digest("hex"),
    authenticate: (purpose, text) => createHash("sha256").update(`${purpose} ${text}`).digest("hex"),
  };
}

let lastId = 0;

export function outbound(changes: Partial<NewOutboundMessage> = {}): NewOutboundMessage {
  lastId += 1;
  return {
    channel: "transport",
    destination: "spine",
    isOrdered: false,
    interaction: "REPC_IN000007GB01",
    service: "urn:nhs:names:services:cpis",
    messageId: `OUT-${lastId}`,
    conversationId: `CONVERSATION-${lastId}`,
    fromParty: "ZT7-900145",
    toParty: "ZSP-0000001",
    content: Buffer.from(`content ${lastId}`),
    acceptedAt: 1000,
    ...changes,
  };
}

export function inbound(changes: Partial<NewInboundMessage> = {}): NewInboundMessage {
  lastId += 1;
  return {
    channel: "transport",
    destination: "flow",
    isOrdered: false,
    interaction: "REPC_IN000010GB01",
    service: "urn:nhs:names:services:cpisquery",
    messageId: `IN-${lastId}`,
    conversationId: `CONVERSATION-${lastId}`,
    fromParty: "ZSP-0000001",
    toParty: "ZT7-900145",
    content: Buffer.from(`content ${lastId}`),
    acceptedAt: 1000,
    bodyDigest: "digest",
    reply: { status: 200, contentType: "text/xml; charset=UTF-8", body: Buffer.from(`reply ${lastId}`) },
    duplicateUntil: 61_000,
    ...changes,
  };
}

export async function acceptOne(store: MessageStore, message: NewOutboundMessage): Promise<MessageRowId> {
  const [id] = await store.acceptOutbound([message]);
  if (id === undefined) throw new Error("no id was given");
  return id;
}

export async function acceptNew(store: MessageStore, message: NewInboundMessage): Promise<MessageRowId> {
  const acceptance = await store.acceptInbound(message);
  if (acceptance.kind !== "accepted") throw new Error("the message was known");
  return acceptance.id;
}

/** The ids that one claim of outbound work gives. */
export async function claimIds(
  store: MessageStore,
  changes: Partial<Parameters<MessageStore["claim"]>[0]> = {},
): Promise<readonly MessageRowId[]> {
  const claimed = await store.claim({
    channel: "transport",
    direction: "outbound",
    states: ["queued"],
    owner: "one",
    leaseMilliseconds: 1000,
    limit: 10,
    now: 2000,
    ...changes,
  });
  return claimed.map(({ id }) => id);
}

export const noSuchId = 987_654 as MessageRowId;

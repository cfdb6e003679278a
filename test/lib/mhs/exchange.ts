// A message handling service of ours and a peer, both on loopback, for tests of the two together.
import { parseCpaId, parseConversationId } from "../../../lib/identifiers.js";
import {
  createMessageHandlingService,
  type MessageHandlingService,
  type MessageHandlingServiceOptions,
} from "../../../lib/mhs/message-handling-service.js";
import type { MhsEvents, OutboundRequest } from "../../../lib/mhs/model.js";
import type { MessagingContract } from "../../../lib/sds/contract.js";
import { createMemoryInboundRegister } from "../../../lib/store/memory-inbound-register.js";
import { newId, ownParty, post, service, spineParty, startPeer, testCertificates } from "./peer.js";
import type { Peer, PeerBehaviour, Posting, PostReply } from "./peer.js";

export interface Exchange {
  readonly mhs: MessageHandlingService;
  readonly peer: Peer;
  /** Of our listener. */
  readonly port: number;
  readonly received: MhsEvents["received"][0][];
  readonly replied: MhsEvents["replied"][0][];
  readonly refused: MhsEvents["refused"][0][];
  readonly warnings: MhsEvents["warning"][0][];
  request(change?: Partial<OutboundRequest>): OutboundRequest;
  /** Posts to our listener with the peer's certificate. */
  post(posting: Omit<Posting, "port" | "tls">): Promise<PostReply>;
  close(): Promise<void>;
}

export const expressContract: Omit<MessagingContract, "endpointUrl"> = {
  syncReplyMode: "MSHSignalsOnly",
  ackRequested: "never",
  duplicateElimination: "never",
  actor: "",
  retries: 0,
  retryIntervalMilliseconds: 0,
  persistDurationMilliseconds: 0,
  cpaId: parseCpaId("S9000001A9000101"),
  toPartyKey: spineParty,
  toAsid: "990000000001",
};

export const reliableContract = { ...expressContract, ackRequested: "always", duplicateElimination: "always" };

export interface ExchangeOptions {
  /** Gets the exchange once it is open, to post to the listener. */
  readonly behave: (exchange: () => Exchange) => PeerBehaviour;
  readonly options?: Partial<MessageHandlingServiceOptions>;
}

async function startService(
  options: MessageHandlingServiceOptions,
): Promise<{ mhs: MessageHandlingService; port: number }> {
  const mhs = createMessageHandlingService(options);
  try {
    const { port } = await mhs.start();
    return { mhs, port };
  } catch (error) {
    await mhs.close();
    throw error;
  }
}

export async function openExchange({ behave, options }: ExchangeOptions): Promise<Exchange> {
  const { good } = await testCertificates();
  const effects = { now: () => Date.now(), newUuid: () => newId() };
  const register = createMemoryInboundRegister(effects);
  const opened: Exchange[] = [];
  const peer = await startPeer(
    good,
    behave(() => {
      const [current] = opened;
      if (current === undefined) throw new Error("the exchange is not open yet");
      return current;
    }),
  );
  const { mhs, port } = await startService({
    ownParty: { partyKey: ownParty },
    clientTls: good,
    listener: { host: "127.0.0.1", port: 0, path: "/mhs/ebxml", tls: good, limits: { closeGraceMilliseconds: 300 } },
    register,
    effects,
    ...options,
  }).catch(async (error: unknown) => {
    await peer.close();
    throw error;
  });
  const exchange: Exchange = {
    mhs,
    peer,
    port,
    received: [],
    replied: [],
    refused: [],
    warnings: [],
    request: (change = {}) => ({
      service,
      action: "QUPC_IN000006GB01",
      messageId: newId(),
      conversationId: parseConversationId(newId()),
      contract: { ...expressContract, endpointUrl: `https://127.0.0.1:${peer.port}/reliablemessaging/queryrequest` },
      payload: Buffer.from('<QUPC_IN000006GB01 xmlns="urn:hl7-org:v3">Zoë</QUPC_IN000006GB01>'),
      timeoutMilliseconds: 10_000,
      judge: () => "settles",
      ...change,
    }),
    post: (posting) => post({ port, tls: good, ...posting }),
    close: async () => {
      await mhs.close();
      await peer.close();
      await register.close();
    },
  };
  mhs.events.on("received", (event) => exchange.received.push(event));
  mhs.events.on("replied", (event) => exchange.replied.push(event));
  mhs.events.on("refused", (event) => exchange.refused.push(event));
  mhs.events.on("warning", (event) => exchange.warnings.push(event));
  opened.push(exchange);
  return exchange;
}

// A message handling service of ours and a peer, both on loopback, for tests of the two together.
import { once } from "node:events";
import { encodeMessageError, messageErrorOf } from "../../../lib/ebxml/encode-signal.js";
import type { BusinessMessage, EncodedMessage } from "../../../lib/ebxml/model.js";
import { parseCpaId, parseConversationId } from "../../../lib/identifiers.js";
import {
  createMessageHandlingService,
  type MessageHandlingService,
  type MessageHandlingServiceOptions,
} from "../../../lib/mhs/message-handling-service.js";
import type { MhsEvents, OutboundRequest, RequestOutcome } from "../../../lib/mhs/model.js";
import type { MessagingContract } from "../../../lib/sds/contract.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { createMemoryStore } from "../store/sqlite-place.js";
import {
  messageIn,
  newId,
  ownParty,
  post,
  replyEmpty,
  service,
  spineParty,
  startPeer,
  testCertificates,
} from "./peer.js";
import type { Peer, PeerBehaviour, PeerRequest, Posting, PostReply } from "./peer.js";

export interface Exchange {
  readonly mhs: MessageHandlingService;
  readonly peer: Peer;
  readonly store: MessageStore;
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

/** Takes every answer. */
export const settling: Pick<OutboundRequest, "judge" | "judgeReply"> = {
  judge: () => ({ kind: "settles", result: undefined }),
  judgeReply: () => ({ settles: true, result: undefined }),
};

export const reliableContract = { ...expressContract, ackRequested: "always", duplicateElimination: "always" };

interface ExchangeOptions {
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

async function openExchange({ behave, options }: ExchangeOptions): Promise<Exchange> {
  const { good } = await testCertificates();
  const effects = { now: () => Date.now(), newUuid: () => newId() };
  const store = await createMemoryStore();
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
    listener: {
      host: "127.0.0.1",
      port: 0,
      path: "/mhs/ebxml",
      tls: good,
      clientNames: "any",
      limits: { closeGraceMilliseconds: 300 },
    },
    store,
    leaseMilliseconds: 1_000,
    effects,
    ...options,
  }).catch(async (error: unknown) => {
    await peer.close();
    await store.close();
    throw error;
  });
  const exchange: Exchange = {
    mhs,
    peer,
    store,
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
      timeoutMilliseconds: 120_000,
      ...settling,
      ...change,
    }),
    post: (posting) => post({ port, tls: good, ...posting }),
    close: async () => {
      await mhs.close();
      await peer.close();
      await store.close();
    },
  };
  mhs.events.on("received", (event) => exchange.received.push(event));
  mhs.events.on("replied", (event) => exchange.replied.push(event));
  mhs.events.on("refused", (event) => exchange.refused.push(event));
  mhs.events.on("warning", (event) => exchange.warnings.push(event));
  opened.push(exchange);
  return exchange;
}

/** A peer that takes every message and never answers. */
export const silent: ExchangeOptions["behave"] = () => (_request, response) => replyEmpty(response);

export interface OpenRequest {
  readonly request: OutboundRequest;
  readonly outcome: Promise<RequestOutcome>;
  /** As it reached the peer. */
  readonly sent: PeerRequest;
  readonly message: BusinessMessage;
}

export interface Exchanges {
  /** The one opened last. */
  current(): Exchange;
  readonly open: (behave: ExchangeOptions["behave"], options?: ExchangeOptions["options"]) => Promise<void>;
  /** A request under way to a silent peer, whose reply has come. */
  readonly openRequest: (change?: Partial<OutboundRequest>) => Promise<OpenRequest>;
}

/** Opens exchanges for the tests of a suite and closes them after each. */
export function useExchanges(): Exchanges {
  let opened: Exchange[] = [];
  const current = (): Exchange => {
    const last = opened.at(-1);
    if (last === undefined) throw new Error("no exchange is open");
    return last;
  };
  const open: Exchanges["open"] = async (behave, options) => {
    opened.push(await openExchange({ behave, ...(options === undefined ? {} : { options }) }));
  };
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()));
    opened = [];
  });
  return {
    current,
    open,
    openRequest: async (change = {}) => {
      await open(silent);
      const request = current().request(change);
      const outcome = current().mhs.request(request);
      await once(current().mhs.events, "replied");
      const [sent] = current().peer.requests;
      if (sent === undefined) throw new Error("nothing reached the peer");
      return { request, outcome, sent, message: messageIn(sent) };
    },
  };
}

/** An error list of the peer about a request of ours. */
export function errorFor(request: PeerRequest, severity: "Error" | "Warning"): EncodedMessage {
  const identity = { messageId: newId(), now: "2026-11-22T10:20:01Z", ownPartyKey: spineParty };
  const report = { errorCode: "ValueNotRecognized", description: "501319:Unknown eb:CPAId", severity };
  return encodeMessageError(messageErrorOf(messageIn(request).header, identity, [report]));
}

export function answered(outcome: RequestOutcome): Extract<RequestOutcome, { kind: "answered" }> {
  if (outcome.kind !== "answered") throw new Error(`the outcome is ${outcome.kind}`);
  return outcome;
}

// A durable message handling service on a real store, and a peer that may be absent: for tests of what is kept.
import { parseConversationId } from "../../../lib/identifiers.js";
import {
  createMessageHandlingService,
  type MessageHandlingService,
} from "../../../lib/mhs/message-handling-service.js";
import type { MhsEvents, OutboundRequest, OutboxMessage, StoreOptions } from "../../../lib/mhs/model.js";
import type { MessagingContract } from "../../../lib/sds/contract.js";
import type { MessageRowId, StoredMessage } from "../../../lib/store/message-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import type { StorePlace } from "../store/sample-messages.js";
import { createSqlitePlace } from "../store/sqlite-place.js";
import { reliableContract, settling } from "./exchange.js";
import {
  newId,
  ownParty,
  post,
  service,
  startPeer,
  testCertificates,
  type Peer,
  type PeerBehaviour,
  type Posting,
  type PostReply,
} from "./peer.js";

export interface Instance {
  readonly mhs: MessageHandlingService;
  readonly store: MessageStore;
  /** Of its listener. */
  readonly port: number;
  /** Every event that an operator sees, in its order, in one line each. */
  readonly log: string[];
  readonly undelivered: MhsEvents["undelivered"][0][];
  post(posting: Omit<Posting, "port" | "tls">): Promise<PostReply>;
  close(): Promise<void>;
}

export interface InstanceOptions {
  readonly store?: MessageStore;
  readonly settings?: Partial<StoreOptions>;
  /** Default: the clock on the wall. */
  readonly now?: () => number;
}

export interface DurableScene {
  readonly peer: () => Peer;
  /** Starts the peer, on its former port if it had one. */
  startPeer(behave: PeerBehaviour): Promise<Peer>;
  stopPeer(): Promise<void>;
  /** Without a store of its own it opens the scene's folder. Closing the instance closes that store. */
  start(options?: InstanceOptions): Promise<Instance>;
  contract(change?: Partial<MessagingContract>): MessagingContract;
  message(change?: Partial<OutboxMessage>): OutboxMessage;
  request(change?: Partial<OutboundRequest>): OutboundRequest;
}

let owners = 0;

/** Short enough for a test, long enough for a busy machine. */
const quick = { leaseMilliseconds: 1_000, breaker: { retryMilliseconds: 10, probeMilliseconds: 30 } };

function follow(mhs: MessageHandlingService): Pick<Instance, "log" | "undelivered"> {
  const log: string[] = [];
  const undelivered: MhsEvents["undelivered"][0][] = [];
  mhs.events.on("acknowledged", ({ kind }) => log.push(`acknowledged ${kind}`));
  mhs.events.on("setAside", ({ code }) => log.push(`setAside ${code}`));
  mhs.events.on("peerUnreachable", ({ code }) => log.push(`peerUnreachable ${code}`));
  mhs.events.on("peerReachable", () => log.push("peerReachable"));
  mhs.events.on("storeUnavailable", ({ code }) => log.push(`storeUnavailable ${code}`));
  mhs.events.on("storeAvailable", () => log.push("storeAvailable"));
  mhs.events.on("warning", ({ code }) => log.push(`warning ${code}`));
  mhs.events.on("undelivered", (event) => {
    undelivered.push(event);
    log.push(`undelivered ${event.state} ${event.code}`);
  });
  return { log, undelivered };
}

export function useDurableScene(createPlace: () => Promise<StorePlace> = createSqlitePlace): DurableScene {
  let place: StorePlace | undefined;
  let peer: Peer | undefined;
  let peerPort = 0;
  let instances: Instance[] = [];

  const startOn = async (store: MessageStore, closesStore: boolean, options: InstanceOptions): Promise<Instance> => {
    const { good } = await testCertificates();
    const effects = { now: options.now ?? (() => Date.now()), newUuid: () => newId() };
    const mhs = createMessageHandlingService({
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
      effects,
      store,
      channel: "transport",
      owner: `owner-${(owners += 1)}`,
      ...quick,
      ...options.settings,
    });
    const told = follow(mhs);
    const { port } = await mhs.start();
    const instance: Instance = {
      mhs,
      store,
      port,
      ...told,
      post: (posting) => post({ port, tls: good, ...posting }),
      close: async () => {
        instances = instances.filter((each) => each !== instance);
        await mhs.close();
        if (closesStore) await store.close();
      },
    };
    instances.push(instance);
    return instance;
  };

  const scene: DurableScene = {
    peer(): Peer {
      if (peer === undefined) throw new Error("there is no peer");
      return peer;
    },
    async startPeer(behave): Promise<Peer> {
      const { good } = await testCertificates();
      peer = await startPeer(good, behave, {}, peerPort);
      peerPort = peer.port;
      return peer;
    },
    async stopPeer(): Promise<void> {
      await peer?.close();
      peer = undefined;
    },
    async start(options = {}): Promise<Instance> {
      if (options.store !== undefined) return startOn(options.store, false, options);
      place ??= await createPlace();
      return startOn(await place.open(), true, options);
    },
    contract: (change = {}) => ({
      ...reliableContract,
      retries: 2,
      retryIntervalMilliseconds: 20,
      persistDurationMilliseconds: 20_000,
      endpointUrl: `https://127.0.0.1:${peerPort}/reliablemessaging/reliablerequest`,
      ...change,
    }),
    message: (change = {}) => ({
      service,
      action: "REPC_IN000002GB01",
      messageId: newId(),
      conversationId: parseConversationId(newId()),
      contract: scene.contract(),
      payload: Buffer.from('<REPC_IN000002GB01 xmlns="urn:hl7-org:v3">Zoë</REPC_IN000002GB01>'),
      ...change,
    }),
    request: (change = {}) => ({
      service,
      action: "QUPC_IN000006GB01",
      messageId: newId(),
      conversationId: parseConversationId(newId()),
      contract: scene.contract({ ackRequested: "never", duplicateElimination: "never", retries: 5 }),
      payload: Buffer.from('<QUPC_IN000006GB01 xmlns="urn:hl7-org:v3"/>'),
      timeoutMilliseconds: 120_000,
      ...settling,
      ...change,
    }),
  };
  afterEach(async () => {
    await Promise.all(instances.map((each) => each.close()));
    await scene.stopPeer();
    await place?.remove();
    place = undefined;
    peerPort = 0;
  });
  return scene;
}

export async function stored(store: MessageStore, id: MessageRowId): Promise<StoredMessage> {
  const message = await store.findById(id);
  if (message === undefined) throw new Error("the message is not in the store");
  return message;
}

/** Looks again until it is so: the store has no event for every change. Ends before the run's time-out does. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const patience = AbortSignal.timeout(150_000);
  while (!(await isSo())) {
    if (patience.aborted) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function untilState(store: MessageStore, id: MessageRowId, state: StoredMessage["state"]): Promise<void> {
  return until(async () => (await stored(store, id)).state === state);
}

// Asks CP-IS in a few lines: a message handling service, its store, its audit and the query service, put together.
import { randomBytes, randomUUID } from "node:crypto";
import type { EventEmitter } from "node:events";
import path from "node:path";
import { createContentProtection } from "./crypto/content-protection.js";
import { createOrLoadKeyFile, readKeyFile } from "./crypto/key-file.js";
import { createKeyRing, type KeyRing } from "./crypto/key-ring.js";
import { definedOnly } from "./defined-only.js";
import { CpisError } from "./errors.js";
import { comparableId, parseAsid, parseCpaId, parsePartyKey } from "./identifiers.js";
import { createMessageHandlingService, type ListenerOptions } from "./mhs/message-handling-service.js";
import type { MhsEvents } from "./mhs/model.js";
import { selectPattern, type MessagingContract } from "./sds/contract.js";
import {
  createQueryService,
  judgeStoredQuery,
  queryServiceName,
  type ChildQuery,
  type QueryAnswer,
  type QueryServiceSettings,
} from "./services/query/query.js";
import type { MessageStore } from "./store/message-store.js";
import { createSqliteMessageStore, type FoundStore } from "./store/sqlite/sqlite-message-store.js";
import type { TlsMaterial } from "./tls/tls-material.js";

/** Our own registration with Spine. */
export interface ClientParty {
  readonly partyKey: string;
  readonly asid: string;
  /** Of our own contract, under which answers come. */
  readonly cpaId?: string;
}

/** As the directory gives it for `QUPC_IN000006GB01`, or as it was agreed. */
export type ClientContract = Omit<MessagingContract, "cpaId" | "toPartyKey"> & {
  readonly cpaId: string;
  readonly toPartyKey: string;
};

/** A folder on a local disk, ":memory:" to keep nothing, or a store of the caller's own. */
export type ClientStore = string | MessageStore;

export interface CpisClientOptions {
  readonly party: ClientParty;
  /** For both directions: what is sent, and what comes to the listener. */
  readonly tls: TlsMaterial;
  /**
   * The folder is made if need be, with the key that seals its content beside it: of `messages` in `messages.key`. A store of the
   * caller's own stays open when the client closes.
   */
  readonly store: ClientStore;
  readonly contract: ClientContract;
  /** Where answers arrive: needed unless the contract is for synchronous SOAP. `path` is "/mhs/ebxml" when absent. */
  readonly listener?: Omit<ListenerOptions, "tls" | "path"> & { readonly path?: string };
  /** Default 30 seconds. */
  readonly timeoutMilliseconds?: number;
  /** More about queries; by default activities are checked, and an empty response is a failure. */
  readonly settings?: Partial<Omit<QueryServiceSettings, "fromAsid" | "contract" | "timeoutMilliseconds">>;
}

export interface CpisClient {
  /**
   * Never rejects for anything that can happen to a query: `result.outcome` is "found", "not-found" or "failed". Not
   * found is said only when CP-IS said it. Each query is in the store's audit before it leaves.
   */
  ask(query: ChildQuery): Promise<QueryAnswer>;
  /** Of the listener; 0 without one. */
  readonly port: number;
  /** Ids and counts, and nothing about a child. */
  readonly events: EventEmitter<MhsEvents>;
  /** Ends open queries as failed, and closes every connection. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const defaultTimeoutMilliseconds = 30_000;
const defaultPath = "/mhs/ebxml";
const effects = { now: (): number => Date.now(), newUuid: (): string => randomUUID().toUpperCase() };
/** Answers of CP-IS to a query: a response, a failed query, an application acknowledgement. */
const answers: ReadonlySet<string> = new Set(["REPC_IN000007GB01", "QUQI_IN010000UK14", "MCCI_IN010000UK13"]);

interface OpenedStore {
  readonly store: MessageStore;
  readonly close: () => Promise<void>;
}

async function openStore(given: ClientStore): Promise<OpenedStore> {
  // It belongs to who made it.
  if (typeof given !== "string") return { store: given, close: () => Promise.resolve() };
  const random = (size: number): Buffer => randomBytes(size);
  const keyFile = `${path.resolve(given)}.key`;
  const ringOf = async ({ isThere }: FoundStore): Promise<KeyRing> => {
    if (given === ":memory:") return createKeyRing(random);
    // A new key would open nothing of what is there.
    const ring = isThere ? await readKeyFile(keyFile) : await createOrLoadKeyFile(keyFile, random);
    if (ring === undefined) throw new CpisError("STORE_KEY_LOST", { detail: "the key file beside the folder" });
    return ring;
  };
  const store = await createSqliteMessageStore({
    folder: given,
    protection: async (found) => createContentProtection(await ringOf(found), random),
    now: () => effects.now(),
  });
  return { store, close: () => store.close() };
}

function contractOf(given: ClientContract): MessagingContract {
  return { ...given, cpaId: parseCpaId(given.cpaId), toPartyKey: parsePartyKey(given.toPartyKey) };
}

/**
 * Opens the store and the listener. Throws CONFIG_INVALID, CONFIG_MISSING, CONFIG_CONTRACT, CONFIG_PORT_IN_USE,
 * CONFIG_LISTEN, TLS_* for material that cannot be used, and STORE_*.
 */
export async function createCpisClient(options: CpisClientOptions): Promise<CpisClient> {
  const contract = contractOf(options.contract);
  const { tls, listener, party } = options;
  const fromAsid = parseAsid(party.asid);
  const partyKey = parsePartyKey(party.partyKey);
  const cpaId = party.cpaId === undefined ? undefined : parseCpaId(party.cpaId);
  if (listener === undefined && selectPattern(contract) !== "sync-soap") {
    throw new CpisError("CONFIG_MISSING", { detail: "the listener: answers under this contract come to it" });
  }
  const { store, close: closeStore } = await openStore(options.store);
  const mhs = createMessageHandlingService({
    ownParty: { partyKey, ...definedOnly({ cpaId }) },
    clientTls: tls,
    ...(listener === undefined ? {} : { listener: { path: defaultPath, ...listener, tls } }),
    inbound: {
      senderOf: (sender) => (comparableId(sender) === comparableId(contract.toPartyKey) ? "peer" : "stranger"),
      isKnownAction: (service, action) => service === queryServiceName && answers.has(action),
    },
    store,
    judge: judgeStoredQuery,
    effects,
  });
  const close = async (): Promise<void> => {
    await mhs.close();
    await closeStore();
  };
  try {
    const { port } = await mhs.start();
    const queries = createQueryService({
      mhs,
      effects,
      settings: {
        checkActivities: true,
        emptyResponse: "failed",
        ...options.settings,
        fromAsid,
        contract: () => Promise.resolve(contract),
        timeoutMilliseconds: options.timeoutMilliseconds ?? defaultTimeoutMilliseconds,
      },
      audit: { appendAudit: (entry) => store.appendAudit(entry), isOfMessageStore: true },
    });
    return { ask: (query) => queries.ask(query), port, events: mhs.events, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

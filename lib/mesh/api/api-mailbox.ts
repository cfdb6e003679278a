// A MESH mailbox over the MESH API, version 2: files are sent once, and what comes is stored before it is acknowledged.
import { EventEmitter } from "node:events";
import { createStoreWatch } from "../../queue/store-watch.js";
import { CpisError } from "../../errors.js";
import type { ConnectTimeouts } from "../../tls/connect-tls.js";
import type { ProxySettings } from "../../tls/proxy.js";
import type { TlsMaterial } from "../../tls/tls-material.js";
import { createFileOutbox } from "./file-outbox.js";
import { createMailboxInbox, reportsTo } from "../mailbox-inbox.js";
import { createMailboxPoller } from "./mailbox-poller.js";
import { createMeshClient } from "./mesh-client.js";
import type { MailboxOptions, MeshEvents, MeshMailbox } from "../model.js";
import { isHeaderText } from "../outbound-file.js";
import { createReachability } from "./availability.js";
import type { UnknownOutcomeSetting } from "./tracking-policy.js";

export interface ApiMailboxOptions extends MailboxOptions {
  /** For example "https://mesh-sync.spineservices.nhs.uk". */
  readonly baseUrl: string;
  readonly password: string;
  /** Of the environment. */
  readonly sharedKey: string;
  readonly tls: TlsMaterial;
  /** Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
  /** Default 300,000; MESH asks not to be polled more often. */
  readonly pollMilliseconds?: number;
  /** How many messages are listed at once, 10 to 5,000. Default 500. */
  readonly pageSize?: number;
  /** Compresses transfers both ways. Default false. */
  readonly gzip?: boolean;
  /** A larger file is sent in chunks of this size, measured before compression. Default 75 MiB. */
  readonly chunkBytes?: number;
  /** Of one request with its answer. Default 600,000. */
  readonly requestTimeoutMilliseconds?: number;
  /** Of a received file before compression. Default 200,000,000. */
  readonly maximumFileBytes?: number;
  /** Default "hold". That MESH knows nothing of a file is no proof in the real service. */
  readonly unknownOutcome?: UnknownOutcomeSetting;
  /** The local id of a file sent in the place of another one; always the same for the same. Needed to send again. */
  readonly nextLocalId?: (localId: string) => string;
  /** Named in the handshake. Default "@cp-is/node-red". */
  readonly clientName?: string;
  readonly clientVersion?: string;
  readonly pauses?: Partial<MailboxPauses>;
  readonly connectTimeouts?: Partial<ConnectTimeouts>;
}

export interface MailboxPauses {
  /** Before what may be repeated is repeated. Default 500. */
  readonly busyMilliseconds: number;
  /** After MESH could not be reached, growing to five minutes. Default 5,000. */
  readonly unreachableMilliseconds: number;
  /** After the credentials were refused, growing to an hour. Default 300,000. */
  readonly unauthorisedMilliseconds: number;
  /** Between the questions for a file of unknown outcome. Default one minute, five and thirty. */
  readonly trackingMilliseconds: readonly number[];
}

const defaultPauses: MailboxPauses = {
  busyMilliseconds: 500,
  unreachableMilliseconds: 5_000,
  unauthorisedMilliseconds: 300_000,
  trackingMilliseconds: [60_000, 300_000, 1_800_000],
};
const closeGraceMilliseconds = 5_000;
const defaultChunkBytes = 75 * 1024 * 1024;

function clientVersionOf({ clientName = "@cp-is/node-red", clientVersion = "" }: ApiMailboxOptions): string {
  return [clientName, clientVersion].join(" ").trim();
}

/** Time for what is under way; then it is broken off. */
async function withinGrace(ending: Promise<unknown>): Promise<void> {
  const { promise: isOverdue, resolve } = Promise.withResolvers<undefined>();
  const grace = setTimeout(resolve, closeGraceMilliseconds, undefined);
  await Promise.race([ending, isOverdue]);
  clearTimeout(grace);
}

function check(options: ApiMailboxOptions): void {
  const { mailbox, password, sharedKey, unknownOutcome, nextLocalId, chunkBytes = defaultChunkBytes } = options;
  const missing = { mailbox, password, "shared key": sharedKey };
  for (const [name, value] of Object.entries(missing)) {
    if (value === "") throw new CpisError("CONFIG_MISSING", { detail: `the ${name} of the MESH mailbox` });
  }
  if (!/^[A-Z0-9]{1,100}$/.test(mailbox)) {
    throw new CpisError("CONFIG_INVALID", { detail: "a mailbox id has capital letters and digits only" });
  }
  if (!isHeaderText(clientVersionOf(options))) {
    throw new CpisError("CONFIG_INVALID", { detail: "the name or version of the MESH client" });
  }
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes < 1) {
    throw new CpisError("CONFIG_INVALID", { detail: "the chunk size of the MESH mailbox" });
  }
  if (unknownOutcome === "resend-after-tracking" && nextLocalId === undefined) {
    throw new CpisError("CONFIG_MISSING", { detail: "how a file that is sent again is named" });
  }
}

/** Throws CONFIG_MISSING or CONFIG_INVALID. */
export function createApiMailbox(options: ApiMailboxOptions): MeshMailbox {
  check(options);
  const { effects, store } = options;
  const events = new EventEmitter<MeshEvents>();
  const reports = reportsTo(events);
  const watch = createStoreWatch(store, reports);
  const pauses = { ...defaultPauses, ...options.pauses };
  const now = (): number => effects.now();
  const reachability = createReachability({
    events,
    now,
    retryMilliseconds: pauses.unreachableMilliseconds,
    unauthorisedMilliseconds: pauses.unauthorisedMilliseconds,
  });
  const gzip = options.gzip ?? false;
  const client = createMeshClient({
    ...options,
    gzip,
    peerShown: (chain) => events.emit("certificatesShown", { chain }),
    requestTimeoutMilliseconds: options.requestTimeoutMilliseconds ?? 600_000,
    clientVersion: clientVersionOf(options),
    busyPauseMilliseconds: pauses.busyMilliseconds,
    ...(options.connectTimeouts === undefined ? {} : { timeouts: options.connectTimeouts }),
  });
  const shared = {
    ...options,
    store,
    watch,
    reports,
    events,
    reachability,
    client,
    now,
    leaseMilliseconds: options.leaseMilliseconds ?? 30_000,
  };
  const inbox = createMailboxInbox(shared);
  const outbox = createFileOutbox({
    ...shared,
    gzip,
    chunkBytes: options.chunkBytes ?? defaultChunkBytes,
    unknownOutcome: options.unknownOutcome ?? "hold",
    trackingWaits: pauses.trackingMilliseconds,
    mayResend: options.nextLocalId !== undefined,
    nextLocalId: (localId) => options.nextLocalId?.(localId) ?? localId,
  });
  const poller = createMailboxPoller({
    ...shared,
    inbox,
    pollMilliseconds: options.pollMilliseconds ?? 300_000,
    pageSize: options.pageSize ?? 500,
    maximumFileBytes: options.maximumFileBytes ?? 200_000_000,
  });
  let progress: "new" | "delivering" | "started" | "closed" = "new";
  return {
    events,
    async start(): Promise<void> {
      // What is in the store is delivered whether or not MESH can be used; a start that failed is tried again.
      if (progress === "new") {
        inbox.start();
        progress = "delivering";
      }
      await poller.start();
      if (progress !== "delivering") return;
      progress = "started";
      outbox.start();
    },
    send: (file) => outbox.accept(file),
    consume: (consumer) => inbox.consume(consumer),
    confirm: (id) => inbox.confirm(id),
    async poll(): Promise<void> {
      outbox.wake();
      await poller.poll();
    },
    async close(): Promise<void> {
      progress = "closed";
      const ending = Promise.all([poller.close(), outbox.close()]);
      await withinGrace(ending);
      client.close();
      await ending;
      watch.close();
      await inbox.close();
    },
  };
}

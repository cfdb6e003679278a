// One time span in which a mesh transport is open: its message store, its mailbox, and the exchange of files over it.
import type { MailboxOptions, MeshMailbox } from "../../lib/mesh/model.js";
import type { ConnectionCheck } from "../../lib/services/connection-check/connection-check-model.js";
import { createMeshExchange, knownFileRoots } from "../../lib/services/exchange/mesh-exchange.js";
import type { CertificateFacts } from "../../lib/tls/certificates.js";
import type { CertificateSight } from "../adapter/transports/certificate-watch.js";
import { measureMesh } from "../adapter/monitoring/metrics-subscriptions.js";
import type { OpenFileTransport } from "../adapter/transports/file-transport-model.js";
import type { StoreSource, StoreUse } from "../adapter/stores/message-store-model.js";
import type { OperatorLog } from "../adapter/runtime/operator-log.js";
import { processOwner, systemEffects } from "../adapter/runtime/this-process.js";
import type { Session } from "../adapter/transports/transport-connection.js";
import type { CollectingState } from "../adapter/transports/transport-state.js";
import { MailboxCondition } from "./mailbox-condition.js";
import { followMailbox } from "./mailbox-log.js";
import type { MailboxNames, MeshTransportSettings } from "./mesh-settings.js";
import { ownWork, type Ownership, type TransportIdentity } from "../adapter/transports/transport-owner.js";
import { startMailbox } from "./start-mailbox.js";

export type MeshSession = Session<OpenFileTransport, CollectingState>;

/** A mailbox of one of the three ways, not made yet. */
export interface MailboxSource {
  readonly identity: TransportIdentity;
  readonly names: MailboxNames;
  /** After the first start that failed. */
  readonly retryMilliseconds: number;
  /** Leaf first; none where the NHS's own client speaks with MESH. */
  readonly ownCertificates: readonly CertificateFacts[];
  readonly check: ConnectionCheck;
  create(options: MailboxOptions): MeshMailbox;
  /** Ends the watch over what it was made with, with the session or the check that it was made for. */
  close?(): void;
}

export interface MeshSessionParts {
  readonly files: MeshTransportSettings["files"];
  readonly source: MailboxSource;
  /** Of the transport's node. */
  readonly id: string;
  readonly openStore: StoreSource;
  readonly log: OperatorLog;
  readonly certificates: CertificateSight;
}

function createMailbox({ source }: MeshSessionParts, { store }: StoreUse): MeshMailbox {
  const { channel } = source.identity;
  return source.create({
    mailbox: source.names.mailbox,
    store,
    channel,
    owner: processOwner,
    scope: source.names.scope,
    knownRoots: knownFileRoots,
    effects: systemEffects,
  });
}

function startSession(
  parts: MeshSessionParts,
  use: StoreUse,
  ownership: Ownership,
  condition: MailboxCondition,
): MeshSession {
  const { source, files, id, log, certificates } = parts;
  const { channel } = source.identity;
  const { store } = use;
  const mailbox = createMailbox(parts, use);
  condition.follow(mailbox);
  certificates.see("own", source.ownCertificates);
  mailbox.events.on("certificatesShown", ({ chain }) => certificates.see("peer", chain));
  const stopFollowing = followMailbox(mailbox, log);
  measureMesh(id, mailbox.events);
  const stopStarting = startMailbox({
    mailbox,
    retryMilliseconds: source.retryMilliseconds,
    started: () => condition.started(),
    failed: (error) => condition.startFailed(error),
  });
  const close = async (): Promise<void> => {
    stopStarting();
    try {
      await mailbox.close();
    } finally {
      stopFollowing();
      source.close?.();
      await ownership.release();
      await use.release();
    }
  };
  const settings = { ...files, ...source.names };
  const exchange = createMeshExchange({ mailbox, store, settings });
  const open: OpenFileTransport = { exchange, store, channel, effects: systemEffects };
  return { open, watch: (watcher) => condition.watch(watcher), close };
}

/**
 * Opens at once, also while MESH cannot be used: what is given is stored, and what came before is delivered. Closes the source
 * with the session, and when there is none. Throws CONFIG_* or STORE_*.
 */
export async function openMeshSession(parts: MeshSessionParts): Promise<MeshSession> {
  try {
    return await openUnclosed(parts);
  } catch (error) {
    parts.source.close?.();
    throw error;
  }
}

async function openUnclosed(parts: MeshSessionParts): Promise<MeshSession> {
  const condition = new MailboxCondition();
  const use = await parts.openStore({
    conditionChanged: (store) => condition.storeChanged(store),
    warn: (text) => parts.log.warn(text),
    info: (text) => parts.log.info(text),
  });
  let ownership: Ownership | undefined;
  try {
    ownership = await ownWork(parts.source.identity, { id: parts.id, store: use.store, log: parts.log });
    return startSession(parts, use, ownership, condition);
  } catch (error) {
    await ownership?.release();
    await use.release();
    throw error;
  }
}

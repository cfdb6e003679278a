// The transports of this process for those who look at them without using them: metrics and alerts.
import type { CertificateFacts } from "../../../lib/tls/certificates.js";
import type { CertificateOwner } from "../../../lib/tls/watch-certificates.js";
import type { TransportState } from "./transport-state.js";

export interface CertificateInSight {
  readonly owner: CertificateOwner;
  /** Milliseconds since 1970; of the first certificate of the chain to end. */
  readonly notAfter: number;
}

/** What happens to a transport from outside, and is no state of it. */
export type IncidentKind = "refused-peer" | "dropped-connection" | "contradiction";

export interface TransportInSight {
  /** Of the node. */
  readonly id: string;
  /** Of its messages in the store: its identity on the wire, and the node's id before that is known. */
  channel(): string;
  readonly label: string;
  /** Whether all that it sends and gets is the simulator's. */
  readonly isSimulated: boolean;
  state(): TransportState;
  certificates(): readonly CertificateInSight[];
  /** How often it happened within the last hour. */
  incidents(kind: IncidentKind, now: number): number;
  /** Codes by which endpoints are not reached now, by endpoint. */
  unreached(): ReadonlyMap<string, string>;
}

/** What the transport itself tells. */
export interface TransportSight extends TransportInSight {
  stateChanged(state: TransportState): void;
  certificatesSeen(owner: CertificateOwner, chain: readonly CertificateFacts[]): void;
  close(): void;
}

const inSight = new Map<string, TransportSight>();

export function transportsInSight(): readonly TransportInSight[] {
  return [...inSight.values()];
}

/** By the node's id, the channel of its messages. */
const channels = new Map<string, string>();

export function transportIdentified(id: string, channel: string): void {
  channels.set(id, channel);
}

/** Whose stored work a transport of this process does, or will do. */
export function ownedChannels(): ReadonlySet<string> {
  return new Set([...inSight.values()].flatMap((transport) => [transport.id, transport.channel()]));
}

/** The name that people gave the transport with this id or channel, or what was given. */
export function transportLabel(idOrChannel: string): string {
  const known = inSight.get(idOrChannel) ?? [...inSight.values()].find((each) => each.channel() === idOrChannel);
  return known?.label ?? idOrChannel;
}

/** Endpoints of a transport that are not reached, and since when they are. */
export function peerUnreached(id: string, endpoint: string, code: string): void {
  unreachedOf(id).set(endpoint, code);
}

export function peerReached(id: string, endpoint: string): void {
  unreachedOf(id).delete(endpoint);
}

const incidentMilliseconds = 3_600_000;
/** More than these are as alarming. */
const rememberedIncidents = 1000;
/** Times by the node's id and the kind: they outlive a redeploy. */
const incidents = new Map<string, number[]>();

/** Of the transport with this node. */
export function incidentHappened(id: string, kind: IncidentKind, at: number): void {
  const times = incidents.get(`${kind} ${id}`) ?? [];
  incidents.set(`${kind} ${id}`, [...times.slice(1 - rememberedIncidents), at]);
}

const unreached = new Map<string, Map<string, string>>();

function unreachedOf(id: string): Map<string, string> {
  const known = unreached.get(id) ?? new Map<string, string>();
  unreached.set(id, known);
  return known;
}

/** Of the session: what was not reached says nothing of the next one. */
export function forgetPeers(id: string): void {
  unreached.delete(id);
}

export function bringIntoSight(id: string, label: string, isSimulated: boolean): TransportSight {
  let state: TransportState = { kind: "closed" };
  const chains = new Map<CertificateOwner, number>();
  const sight: TransportSight = {
    id,
    label,
    isSimulated,
    channel: () => channels.get(id) ?? id,
    state: () => state,
    certificates: () => [...chains].map(([owner, notAfter]) => ({ owner, notAfter })),
    incidents: (kind, now) =>
      (incidents.get(`${kind} ${id}`) ?? []).filter((at) => now - at < incidentMilliseconds).length,
    unreached: () => unreached.get(id) ?? new Map<string, string>(),
    stateChanged(next): void {
      state = next;
      if (next.kind === "closed") chains.clear();
    },
    certificatesSeen(owner, chain): void {
      if (chain.length > 0) chains.set(owner, Math.min(...chain.map(({ notAfter }) => notAfter)));
    },
    close(): void {
      if (inSight.get(id) === sight) {
        inSight.delete(id);
        channels.delete(id);
      }
      forgetPeers(id);
    },
  };
  inSight.set(id, sight);
  return sight;
}

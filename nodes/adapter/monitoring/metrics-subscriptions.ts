// Feeds the metrics, and the sight of a transport, from the events of what carries its messages.
import type { EventEmitter } from "node:events";
import type { MeshEvents } from "../../../lib/mesh/model.js";
import type { MhsEvents, RefusalReason } from "../../../lib/mhs/model.js";
import {
  deadLetter,
  declareEbxml,
  declareMesh,
  declareTransport,
  meshPolled,
  messageReceived,
  messageSent,
  messageSetAside,
  peerOutage,
  replied,
  requestRefused,
} from "./metrics.js";
import {
  forgetPeers,
  incidentHappened,
  type IncidentKind,
  peerReached,
  peerUnreached,
} from "../transports/transport-registry.js";

/** Who is not let in; other refusals are of a single request, and its sender is told. */
const strangers: ReadonlyMap<RefusalReason, IncidentKind> = new Map([
  ["tls", "refused-peer"],
  ["client-name", "refused-peer"],
  ["unexpected-sender", "refused-peer"],
  ["too-many-handshakes", "dropped-connection"],
  ["too-many-connections", "dropped-connection"],
]);

/** Ends with the listeners of the service. `id` is that of the transport's node. */
export function measureEbxml(id: string, events: EventEmitter<MhsEvents>): void {
  declareTransport(id);
  declareEbxml(id);
  forgetPeers(id);
  events.on("sending", ({ action }) => messageSent(id, action));
  events.on("replied", ({ kind, durationMilliseconds }) => replied(id, kind, durationMilliseconds));
  events.on("received", ({ action, disposition }) => messageReceived(id, action, disposition));
  events.on("refused", ({ reason }) => {
    requestRefused(id, reason);
    const kind = strangers.get(reason);
    if (kind !== undefined) incidentHappened(id, kind, Date.now());
  });
  events.on("undelivered", ({ state }) => deadLetter(id, state));
  events.on("setAside", () => messageSetAside(id));
  events.on("peerUnreachable", ({ endpoint, code }) => {
    peerOutage(id);
    peerUnreached(id, endpoint, code);
  });
  events.on("peerReachable", ({ endpoint }) => peerReached(id, endpoint));
}

/** Ends with the listeners of the mailbox. */
export function measureMesh(id: string, events: EventEmitter<MeshEvents>): void {
  declareTransport(id);
  declareMesh(id);
  events.on("sending", ({ chunk }) => {
    // A file is one message, however many chunks it has.
    if (chunk === 1) messageSent(id, "CP-ISLocalAuthorityUpload");
  });
  events.on("received", ({ action, disposition }) => messageReceived(id, action, disposition));
  events.on("polled", () => meshPolled(id, "done"));
  events.on("unreachable", () => {
    meshPolled(id, "failed");
    peerOutage(id);
  });
  events.on("undelivered", ({ state }) => deadLetter(id, state));
  events.on("setAside", () => messageSetAside(id));
}

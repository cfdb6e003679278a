// Makes a config node a transport: it has users, opens for the first, closes after the last, and tells them how it is.
import type { Node } from "node-red";
import type { CpisError } from "../../../lib/errors.js";
import type { CertificateConcern } from "../../../lib/tls/watch-certificates.js";
import { watchNodeCertificates, type CertificateSight } from "./certificate-watch.js";
import { ConfigNodeUsers } from "../runtime/config-node-users.js";
import type { StatusShape } from "../runtime/node-status.js";
import { onClose } from "../runtime/on-close.js";
import { bringIntoSight } from "./transport-registry.js";
import type { SpineSimulator } from "./simulator-link.js";
import { TransportConnection, type Session, type TransportConnectionOptions } from "./transport-connection.js";
import type { Transport, TransportReport, TransportState, UnopenedState } from "./transport-state.js";

export interface TransportOffer<Open, OpenState extends TransportState> extends Pick<
  TransportConnectionOptions<Open, OpenState>,
  "needsSimulator"
> {
  /** The session tells `certificates` of those it uses and is shown. */
  openSession(simulator: SpineSimulator | undefined, certificates: CertificateSight): Promise<Session<Open, OpenState>>;
  /** `concern`: a certificate that ends soon. */
  statusOf(state: UnopenedState | OpenState, concern: CertificateConcern | undefined): StatusShape;
}

/** The same failure again, at each retry, is told by the status only. */
function logFailures(node: Node): (state: TransportState) => void {
  let told = "";
  return (state) => {
    if (state.kind === "listening" || state.kind === "collecting") told = "";
    if (!("error" in state) || state.error.message === told) return;
    told = state.error.message;
    node.error(state.error);
  };
}

/** Closes with the node. */
export function offerTransport<Open, OpenState extends TransportState>(
  node: Node,
  offer: TransportOffer<Open, OpenState>,
): Transport<Open> {
  let state: UnopenedState | OpenState = { kind: "closed" };
  const label = node.name || node.id;
  const sight = bringIntoSight(node.id, label, offer.needsSimulator);
  const certificates = watchNodeCertificates(node, () => users.tell(report()));
  const report = (): TransportReport => ({
    state,
    status: offer.statusOf(state, certificates.worst()),
  });
  const logFailure = logFailures(node);
  const connection = new TransportConnection<Open, OpenState>({
    needsSimulator: offer.needsSimulator,
    openSession: (simulator) =>
      offer.openSession(simulator, {
        see(owner, chain) {
          certificates.see(owner, chain);
          sight.certificatesSeen(owner, chain);
        },
      }),
    stateChanged: (next) => {
      state = next;
      sight.stateChanged(next);
      logFailure(state);
      users.tell(report());
    },
  });
  const users = new ConfigNodeUsers<TransportReport>({
    first: () => connection.open(),
    last: () => connection.close(),
  });
  Object.assign(node, { users: users.byId });
  onClose(node, () => {
    certificates.close();
    sight.close();
    return connection.close();
  });
  return {
    label,
    isSimulated: offer.needsSimulator,
    addUser: (user, listener) => {
      users.add(user, listener);
      listener(report());
    },
    removeUser: (user) => users.remove(user),
    whenOpen: (signal) => connection.whenOpen(signal),
  };
}

/** Tells each user what is wrong with the settings, and never opens. */
export function refuseTransport<Open>(
  node: Node,
  error: CpisError,
  statusOf: (state: UnopenedState) => StatusShape,
): Transport<Open> {
  const users = new ConfigNodeUsers<TransportReport>({ first: () => undefined, last: () => Promise.resolve() });
  const state: UnopenedState = { kind: "failed", error, willRetry: false };
  Object.assign(node, { users: users.byId });
  node.warn(error.message);
  return {
    label: node.name || node.id,
    isSimulated: false,
    addUser: (user, listener) => {
      users.add(user, listener);
      listener({ state, status: statusOf(state) });
    },
    removeUser: (user) => users.remove(user),
    whenOpen: () => Promise.reject(error),
  };
}

// The `ebxml transport` config node: owns the connection to Spine and the listener, while any node uses it.
import type { Node, NodeAPI, NodeDef } from "node-red";
import { CpisError } from "../../lib/errors.js";
import { ConfigNodeUsers } from "../adapter/config-node-users.js";
import type { StatusShape } from "../adapter/node-status.js";
import { isMessageStoreNode, type StoreSource } from "../adapter/message-store-model.js";
import { onClose } from "../adapter/on-close.js";
import { toCpisError } from "../adapter/run-input.js";
import { useStore } from "../adapter/shared-stores.js";
import type { SpineSimulator } from "../adapter/simulator-link.js";
import { defaultStoreSettings } from "../adapter/store-settings.js";
import type {
  EbxmlTransport,
  EbxmlTransportNode,
  TransportReport,
  TransportState,
} from "../adapter/transport-model.js";
import { userFolderOf } from "../adapter/user-folder.js";
import { wordsOf, type Words } from "../adapter/words.js";
import { readTls } from "./read-tls.js";
import { TransportConnection } from "./transport-connection.js";
import { openSimulatorSession, openSpineSession, type TransportSession } from "./transport-session.js";
import { readTransportSettings, type TransportSettings } from "./transport-settings.js";

interface TransportConfig extends NodeDef {
  readonly name: string;
}

function statusOf(state: TransportState, words: Words): StatusShape {
  switch (state.kind) {
    case "closed":
      return { fill: "grey", shape: "ring", text: words("status.closed") };
    case "opening":
      return { fill: "yellow", shape: "ring", text: words("status.opening") };
    case "waiting-for-simulator":
      return { fill: "yellow", shape: "ring", text: words("status.waitingForSimulator") };
    case "listening":
      return { fill: "green", shape: "dot", text: words("status.listening", { port: state.port }) };
    case "store-unavailable":
      return { fill: "red", shape: "ring", text: words("status.failed", { code: state.error.code }) };
    case "failed": {
      const { code } = state.error;
      const text = code === "CONFIG_PORT_IN_USE" ? words("status.portInUse") : words("status.failed", { code });
      return { fill: "red", shape: "ring", text };
    }
  }
}

/** The same failure again, at each retry, is told by the status only. */
function logFailures(node: Node): (state: TransportState) => void {
  let told = "";
  return (state) => {
    if (state.kind === "listening") told = "";
    if (state.kind !== "failed" && state.kind !== "store-unavailable") return;
    if (state.error.message === told) return;
    told = state.error.message;
    node.error(state.error);
  };
}

/** Looked for when the transport opens: then all config nodes are there. */
function storeSourceOf(RED: NodeAPI, words: Words, { storeNodeId }: TransportSettings): StoreSource {
  if (storeNodeId === undefined) return (user) => useStore(defaultStoreSettings(userFolderOf(RED)), user);
  const found: unknown = RED.nodes.getNode(storeNodeId);
  if (!isMessageStoreNode(found)) throw new CpisError("CONFIG_MISSING", { detail: words("field.messageStore") });
  return found.useStore;
}

function openSession(
  RED: NodeAPI,
  node: Node,
  words: Words,
  { settings, simulator }: { settings: TransportSettings; simulator: SpineSimulator | undefined },
): Promise<TransportSession> {
  const log = {
    warn: (text: string) => node.warn(text),
    info: (text: string) => node.log(text),
    debug: (text: string) => node.debug(text),
  };
  const basis = { settings, channel: node.id, openStore: storeSourceOf(RED, words, settings), log };
  const { spine } = settings;
  if (spine.kind === "spine") {
    const tls = readTls(RED.nodes.getNode(spine.tlsNodeId), words, spine.acceptsSimulatorCertificates);
    return openSpineSession(basis, spine.contract, tls);
  }
  if (simulator === undefined) return Promise.reject(new CpisError("CONFIG_CLOSED"));
  return openSimulatorSession(basis, spine.pattern, simulator);
}

function workingTransport(RED: NodeAPI, node: Node, words: Words, settings: TransportSettings): EbxmlTransport {
  let report: TransportReport = { state: { kind: "closed" }, status: statusOf({ kind: "closed" }, words) };
  const logFailure = logFailures(node);
  const connection = new TransportConnection({
    needsSimulator: settings.spine.kind === "simulator",
    openSession: async (simulator) => openSession(RED, node, words, { settings, simulator }),
    stateChanged: (state) => {
      report = { state, status: statusOf(state, words) };
      logFailure(state);
      users.tell(report);
    },
  });
  const users = new ConfigNodeUsers<TransportReport>({
    first: () => connection.open(),
    last: () => connection.close(),
  });
  Object.assign(node, { users: users.byId });
  onClose(node, () => connection.close());
  return {
    label: node.name || node.id,
    addUser: (user, listener) => {
      users.add(user, listener);
      listener(report);
    },
    removeUser: (user) => users.remove(user),
    whenOpen: (signal) => connection.whenOpen(signal),
  };
}

/** Tells each user what is wrong with the settings, and never opens. */
function refusingTransport(node: Node, words: Words, error: CpisError): EbxmlTransport {
  const users = new ConfigNodeUsers<TransportReport>({ first: () => undefined, last: () => Promise.resolve() });
  const state: TransportState = { kind: "failed", error, willRetry: false };
  Object.assign(node, { users: users.byId });
  node.warn(error.message);
  return {
    label: node.name || node.id,
    addUser: (user, listener) => {
      users.add(user, listener);
      listener({ state, status: statusOf(state, words) });
    },
    removeUser: (user) => users.remove(user),
    whenOpen: () => Promise.reject(error),
  };
}

export default function register(RED: NodeAPI): void {
  function EbxmlTransportConfigNode(this: EbxmlTransportNode, config: TransportConfig): void {
    RED.nodes.createNode(this, config);
    const words = wordsOf(RED, "ebxml-transport");
    try {
      this.transport = workingTransport(RED, this, words, readTransportSettings(config, words));
    } catch (error) {
      this.transport = refusingTransport(this, words, toCpisError(error));
    }
  }
  RED.nodes.registerType("ebxml transport", EbxmlTransportConfigNode);
}

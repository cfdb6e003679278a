// The `ebxml transport` config node: owns the connection to Spine and the listener, while any node uses it.
import type { Node, NodeAPI, NodeDef } from "node-red";
import { CpisError } from "../../lib/errors.js";
import { configuredStore } from "../adapter/configured-store.js";
import type { StatusShape } from "../adapter/node-status.js";
import type { FileTransport } from "../adapter/file-transport-model.js";
import { offerTransport, refuseTransport } from "../adapter/offer-transport.js";
import { operatorLogOf } from "../adapter/operator-log.js";
import { readTls } from "../adapter/read-tls.js";
import { toCpisError } from "../adapter/run-input.js";
import type { SpineSimulator } from "../adapter/simulator-link.js";
import type { EbxmlTransport, EbxmlTransportNode } from "../adapter/transport-model.js";
import type { ListeningState, UnopenedState } from "../adapter/transport-state.js";
import { commonStatus } from "../adapter/transport-status.js";
import { wordsOf, type Words } from "../adapter/words.js";
import { openSimulatorSession, openSpineSession, type TransportSession } from "./transport-session.js";
import { readTransportSettings, type TransportSettings } from "./transport-settings.js";

interface TransportConfig extends NodeDef {
  readonly name: string;
}

function statusOf(state: UnopenedState | ListeningState, words: Words): StatusShape {
  if (state.kind === "listening") {
    return { fill: "green", shape: "dot", text: words("status.listening", { port: state.port }) };
  }
  if (state.kind === "failed" && state.error.code === "CONFIG_PORT_IN_USE") {
    return { fill: "red", shape: "ring", text: words("status.portInUse") };
  }
  return commonStatus(state, words);
}

function openSession(
  RED: NodeAPI,
  node: Node,
  words: Words,
  { settings, simulator }: { settings: TransportSettings; simulator: SpineSimulator | undefined },
): Promise<TransportSession> {
  const openStore = configuredStore(RED, words, settings.storeNodeId);
  const basis = { settings, channel: node.id, openStore, log: operatorLogOf(node) };
  const { spine } = settings;
  if (spine.kind === "spine") {
    const tls = readTls(RED.nodes.getNode(spine.tlsNodeId), words, spine.acceptsSimulatorCertificates);
    return openSpineSession(basis, spine.contract, tls);
  }
  if (simulator === undefined) return Promise.reject(new CpisError("CONFIG_CLOSED"));
  return openSimulatorSession(basis, spine.pattern, simulator);
}

function workingTransport(RED: NodeAPI, node: Node, words: Words, settings: TransportSettings): EbxmlTransport {
  return offerTransport(node, {
    needsSimulator: settings.spine.kind === "simulator",
    openSession: async (simulator) => openSession(RED, node, words, { settings, simulator }),
    statusOf: (state) => statusOf(state, words),
  });
}

/** The same transport, as the nodes of a local authority see it. */
function filesOf(transport: EbxmlTransport): FileTransport {
  return {
    ...transport,
    async whenOpen(signal) {
      const { files } = await transport.whenOpen(signal);
      if (files === undefined) throw new CpisError("CONFIG_CLOSED");
      return files;
    },
  };
}

export default function register(RED: NodeAPI): void {
  function EbxmlTransportConfigNode(this: EbxmlTransportNode, config: TransportConfig): void {
    RED.nodes.createNode(this, config);
    const words = wordsOf(RED, "ebxml-transport");
    try {
      const settings = readTransportSettings(config, words);
      this.transport = workingTransport(RED, this, words, settings);
      if (settings.files !== undefined) this.fileTransport = filesOf(this.transport);
    } catch (error) {
      this.transport = refuseTransport(this, toCpisError(error), (state) => statusOf(state, words));
      // Those who want files must hear what is wrong, too.
      this.fileTransport = filesOf(this.transport);
    }
  }
  RED.nodes.registerType("ebxml transport", EbxmlTransportConfigNode);
}

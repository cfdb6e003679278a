// The `mesh transport` config node: owns the local authority's mailbox, while any node uses it.
import type { Node, NodeAPI, NodeDef } from "node-red";
import { configuredStore } from "../adapter/configured-store.js";
import { credentialsOf } from "../adapter/credentials.js";
import type { FileTransport } from "../adapter/file-transport-model.js";
import { offerTransport, refuseTransport } from "../adapter/offer-transport.js";
import { operatorLogOf } from "../adapter/operator-log.js";
import { toCpisError } from "../adapter/run-input.js";
import type { SpineSimulator } from "../adapter/simulator-link.js";
import { wordsOf, type Words } from "../adapter/words.js";
import { mailboxSource } from "./mailbox-source.js";
import { openMeshSession, type MeshSession } from "./mesh-session.js";
import { collectMilliseconds, readMeshSettings, type MeshTransportSettings } from "./mesh-settings.js";
import { meshStatus } from "./mesh-status.js";

const credentials = { password: { type: "password" }, sharedKey: { type: "password" } } as const;

async function openSession(
  RED: NodeAPI,
  node: Node,
  words: Words,
  { settings, simulator }: { settings: MeshTransportSettings; simulator: SpineSimulator | undefined },
): Promise<MeshSession> {
  const openStore = configuredStore(RED, words, settings.storeNodeId);
  const surroundings = { simulator, words, findNode: (id: string): unknown => RED.nodes.getNode(id) };
  const source = await mailboxSource(settings, surroundings);
  return openMeshSession({
    files: settings.files,
    source,
    channel: node.id,
    openStore,
    log: operatorLogOf(node),
  });
}

function workingTransport(RED: NodeAPI, node: Node, words: Words, settings: MeshTransportSettings): FileTransport {
  return offerTransport(node, {
    needsSimulator: settings.way.kind === "simulator",
    openSession: (simulator) => openSession(RED, node, words, { settings, simulator }),
    statusOf: (state) => meshStatus(state, collectMilliseconds(settings.way), words),
  });
}

function createTransport(RED: NodeAPI, node: Node<object>, config: NodeDef): FileTransport {
  const words = wordsOf(RED, "mesh-transport");
  try {
    return workingTransport(RED, node, words, readMeshSettings(config, credentialsOf(node), words));
  } catch (error) {
    return refuseTransport(node, toCpisError(error), (state) => meshStatus(state, 0, words));
  }
}

export default function register(RED: NodeAPI): void {
  function MeshTransportConfigNode(this: Node<object>, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    Object.assign(this, { fileTransport: createTransport(RED, this, config) });
  }
  RED.nodes.registerType("mesh transport", MeshTransportConfigNode, { credentials });
}

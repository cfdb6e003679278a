// The `mesh transport` config node: owns the local authority's mailbox, while any node uses it.
import type { Node, NodeAPI, NodeDef } from "node-red";
import { withCertificate, type CertificateSight } from "../adapter/transports/certificate-watch.js";
import { configuredStore } from "../adapter/stores/configured-store.js";
import { credentialsOf } from "../adapter/runtime/credentials.js";
import { serveConnectionChecks, type CheckedNode } from "../adapter/transports/connection-check-route.js";
import type { FileTransport } from "../adapter/transports/file-transport-model.js";
import { offerTransport, refuseTransport } from "../adapter/transports/transport-node.js";
import { operatorLogOf } from "../adapter/runtime/operator-log.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { currentSimulator, type SpineSimulator } from "../adapter/transports/simulator-link.js";
import { wordsOf, type Words } from "../adapter/runtime/words.js";
import { transportIdentified } from "../adapter/transports/transport-registry.js";
import { mailboxIdentity, mailboxSource } from "./mailbox-source.js";
import { openMeshSession, type MailboxSource, type MeshSession } from "./mesh-session.js";
import { collectMilliseconds, readMeshSettings, type MeshTransportSettings } from "./mesh-settings.js";
import { commonStatus } from "../adapter/transports/transport-status.js";
import { meshStatus } from "./mesh-status.js";

const credentials = { password: { type: "password" }, sharedKey: { type: "password" } } as const;

interface SessionBasis {
  readonly settings: MeshTransportSettings;
  readonly simulator: SpineSimulator | undefined;
  readonly certificates: CertificateSight;
}

function findSource(
  RED: NodeAPI,
  node: Node,
  words: Words,
  { settings, simulator }: Pick<SessionBasis, "settings" | "simulator">,
): Promise<MailboxSource> {
  const findNode = (id: string): unknown => RED.nodes.getNode(id);
  return mailboxSource(settings, { simulator, words, findNode, log: operatorLogOf(node) });
}

async function openSession(RED: NodeAPI, node: Node, words: Words, basis: SessionBasis): Promise<MeshSession> {
  const { settings, certificates } = basis;
  const openStore = configuredStore(RED, words, settings.storeNodeId);
  const source = await findSource(RED, node, words, basis);
  return openMeshSession({
    files: settings.files,
    source,
    id: node.id,
    openStore,
    log: operatorLogOf(node),
    certificates,
  });
}

function workingTransport(RED: NodeAPI, node: Node, words: Words, settings: MeshTransportSettings): FileTransport {
  const statusBasis = {
    collectMilliseconds: collectMilliseconds(settings.way),
    isScopeChosen: settings.isScopeChosen,
  };
  return offerTransport(node, {
    needsSimulator: settings.way.kind === "simulator",
    openSession: (simulator, certificates) => openSession(RED, node, words, { settings, simulator, certificates }),
    statusOf: (state, concern) => withCertificate(meshStatus(state, statusBasis, words), concern, words),
  });
}

/** Without the session: nodes that use the mailbox are not needed for it. */
function checked(RED: NodeAPI, node: Node, words: Words, settings: MeshTransportSettings): CheckedNode {
  return {
    prepareCheck: async () => {
      const source = await findSource(RED, node, words, { settings, simulator: currentSimulator() });
      return { check: source.check, close: () => source.close?.() };
    },
  };
}

function createTransport(
  RED: NodeAPI,
  node: Node<object>,
  config: NodeDef,
): { readonly fileTransport: FileTransport } & CheckedNode {
  const words = wordsOf(RED, "mesh-transport");
  try {
    const settings = readMeshSettings(config, credentialsOf(node), words);
    const transport = workingTransport(RED, node, words, settings);
    const { way } = settings;
    // A transport that nobody uses yet has its work all the same.
    if (way.kind !== "simulator") transportIdentified(node.id, mailboxIdentity(way.names, false).channel);
    return { fileTransport: transport, ...checked(RED, node, words, settings) };
  } catch (error) {
    const refusal = toCpisError(error);
    return {
      fileTransport: refuseTransport(node, refusal, (state) => commonStatus(state, words)),
      prepareCheck: () => Promise.reject(refusal),
    };
  }
}

export default function register(RED: NodeAPI): void {
  function MeshTransportConfigNode(this: Node<object>, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    Object.assign(this, createTransport(RED, this, config));
  }
  serveConnectionChecks(RED);
  RED.nodes.registerType("mesh transport", MeshTransportConfigNode, { credentials });
}

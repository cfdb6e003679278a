// The `ebxml transport` config node: owns the connection to Spine and the listener, while any node uses it.
import type { Node, NodeAPI, NodeDef } from "node-red";
import { CpisError } from "../../lib/errors.js";
import { configuredStore } from "../adapter/configured-store.js";
import { credentialsOf } from "../adapter/credentials.js";
import type { FileTransport } from "../adapter/file-transport-model.js";
import { offerTransport, refuseTransport } from "../adapter/offer-transport.js";
import { operatorLogOf } from "../adapter/operator-log.js";
import { readAuthorities, readTls } from "../adapter/read-tls.js";
import { toCpisError } from "../adapter/run-input.js";
import type { SpineSimulator } from "../adapter/simulator-link.js";
import type { EbxmlTransport, EbxmlTransportNode } from "../adapter/transport-model.js";
import { wordsOf, type Words } from "../adapter/words.js";
import type { TlsMaterial } from "../../lib/tls/tls-material.js";
import type { ContractAccess } from "./session-contracts.js";
import { openSimulatorSession, openSpineSession, type TransportSession } from "./transport-session.js";
import { readTransportSettings, type TransportSettings } from "./transport-settings.js";
import { transportStatus } from "./transport-status.js";

const credentials = { sdsApiKey: { type: "password" } } as const;

interface TransportConfig extends NodeDef {
  readonly name: string;
}

type Spine = Extract<TransportSettings["spine"], { readonly kind: "spine" }>;
type FindNode = (id: string) => unknown;

function spineTls({ tlsNodeId, acceptsSimulatorCertificates }: Spine, findNode: FindNode, words: Words): TlsMaterial {
  return readTls(findNode(tlsNodeId), words, acceptsSimulatorCertificates);
}

function contractAccess(spine: Spine, findNode: FindNode, words: Words): ContractAccess {
  const { way, acceptsSimulatorCertificates } = spine;
  const tlsNodeId = way.kind === "by-lookup" ? way.directory.tlsNodeId : undefined;
  if (tlsNodeId === undefined) return { way, directoryCa: undefined };
  const directoryCa = readAuthorities(findNode(tlsNodeId), "field.sdsTls", words, acceptsSimulatorCertificates);
  return { way, directoryCa };
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
    const findNode = (id: string): unknown => RED.nodes.getNode(id);
    return openSpineSession(basis, contractAccess(spine, findNode, words), spineTls(spine, findNode, words));
  }
  if (simulator === undefined) return Promise.reject(new CpisError("CONFIG_CLOSED"));
  return openSimulatorSession(basis, spine.pattern, simulator);
}

function workingTransport(RED: NodeAPI, node: Node, words: Words, settings: TransportSettings): EbxmlTransport {
  return offerTransport(node, {
    needsSimulator: settings.spine.kind === "simulator",
    openSession: async (simulator) => openSession(RED, node, words, { settings, simulator }),
    statusOf: (state) => transportStatus(state, words),
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

function createTransports(
  RED: NodeAPI,
  node: Node<object>,
  config: TransportConfig,
): Pick<EbxmlTransportNode, "transport" | "fileTransport"> {
  const words = wordsOf(RED, "ebxml-transport");
  try {
    const settings = readTransportSettings(config, credentialsOf(node), words);
    const transport = workingTransport(RED, node, words, settings);
    return settings.files === undefined ? { transport } : { transport, fileTransport: filesOf(transport) };
  } catch (error) {
    const transport: EbxmlTransport = refuseTransport(node, toCpisError(error), (state) =>
      transportStatus(state, words),
    );
    // Those who want files must hear what is wrong, too.
    return { transport, fileTransport: filesOf(transport) };
  }
}

export default function register(RED: NodeAPI): void {
  function EbxmlTransportConfigNode(this: Node<object>, config: TransportConfig): void {
    RED.nodes.createNode(this, config);
    Object.assign(this, createTransports(RED, this, config));
  }
  RED.nodes.registerType("ebxml transport", EbxmlTransportConfigNode, { credentials });
}

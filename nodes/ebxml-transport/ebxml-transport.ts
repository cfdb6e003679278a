// The `ebxml transport` config node: owns the connection to Spine and the listener, while any node uses it.
import type { Node, NodeAPI, NodeDef } from "node-red";
import { definedOnly } from "../../lib/defined-only.js";
import { CpisError } from "../../lib/errors.js";
import { openRevocations, withCertificate, type CertificateSight } from "../adapter/transports/certificate-watch.js";
import { configuredStore } from "../adapter/stores/configured-store.js";
import { serveConnectionChecks, type CheckedNode } from "../adapter/transports/connection-check-route.js";
import { credentialsOf } from "../adapter/runtime/credentials.js";
import type { FileTransport } from "../adapter/transports/file-transport-model.js";
import { offerTransport, refuseTransport } from "../adapter/transports/transport-node.js";
import { operatorLogOf, type OperatorLog } from "../adapter/runtime/operator-log.js";
import { readProxy } from "../adapter/transports/read-proxy.js";
import { readAuthorities, readTls } from "../adapter/transports/read-tls.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { currentSimulator, type SpineSimulator } from "../adapter/transports/simulator-link.js";
import type { EbxmlTransport, EbxmlTransportNode } from "../adapter/transports/transport-model.js";
import { wordsOf, type Words } from "../adapter/runtime/words.js";
import type { TlsMaterial } from "../../lib/tls/tls-material.js";
import type { SpineAccess } from "./session-contracts.js";
import { openSimulatorSession, openSpineSession, type TransportSession } from "./transport-session.js";
import { readTransportSettings, type TransportSettings } from "./transport-settings.js";
import { prepareTransportCheck, type UnopenedParts } from "./transport-check.js";
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

interface AccessParts {
  readonly settings: TransportSettings;
  readonly spine: Spine;
  readonly findNode: FindNode;
  readonly words: Words;
  readonly log: OperatorLog;
}

/** The mini service's own, where one is named. */
function smspTlsOf({ settings, spine, findNode, words }: AccessParts, tls: TlsMaterial): TlsMaterial {
  const tlsNodeId = settings.smsp?.kind === "provider" ? settings.smsp.tlsNodeId : undefined;
  return tlsNodeId === undefined ? tls : spineTls({ ...spine, tlsNodeId }, findNode, words);
}

function directoryCaOf({ spine, findNode, words }: AccessParts): string | Buffer | undefined {
  const { way, acceptsSimulatorCertificates } = spine;
  const tlsNodeId = way.kind === "by-lookup" ? way.directory.tlsNodeId : undefined;
  if (tlsNodeId === undefined) return undefined;
  return readAuthorities(findNode(tlsNodeId), "field.sdsTls", words, acceptsSimulatorCertificates);
}

/**
 * The revocation lists may be of any authority that one of the TLS nodes trusts, and hold towards Spine, the mini service and
 * the directory. Throws CONFIG_MISSING, CONFIG_INVALID or TLS_CRL_INVALID.
 */
function openAccess(parts: AccessParts): SpineAccess {
  const { spine, findNode, words, log } = parts;
  const tls = spineTls(spine, findNode, words);
  const smspTls = smspTlsOf(parts, tls);
  const directoryCa = directoryCaOf(parts);
  const proxy =
    spine.proxyNodeId === undefined ? undefined : readProxy(findNode(spine.proxyNodeId), words("field.proxy"));
  const authorities = [tls.ca, smspTls.ca, directoryCa ?? []].flat();
  const revocation = openRevocations(spine.revocationFiles, authorities, log);
  return {
    contracts: { way: spine.way, directoryCa, revocation, proxy },
    tls: { ...tls, ...definedOnly({ revocation }) },
    smspTls: { ...smspTls, ...definedOnly({ revocation }) },
    clientNames: spine.clientNames,
    proxy,
    close: () => revocation?.close(),
  };
}

interface OpeningParts {
  readonly settings: TransportSettings;
  readonly simulator: SpineSimulator | undefined;
  readonly certificates: CertificateSight;
}

function openSession(
  RED: NodeAPI,
  node: Node,
  words: Words,
  { settings, simulator, certificates }: OpeningParts,
): Promise<TransportSession> {
  const openStore = configuredStore(RED, words, settings.storeNodeId);
  const basis = { settings, id: node.id, openStore, log: operatorLogOf(node), certificates };
  const { spine } = settings;
  if (spine.kind === "spine") {
    const findNode = (id: string): unknown => RED.nodes.getNode(id);
    return openSpineSession(basis, openAccess({ settings, spine, findNode, words, log: basis.log }));
  }
  if (simulator === undefined) return Promise.reject(new CpisError("CONFIG_CLOSED"));
  return openSimulatorSession(basis, spine.pattern, simulator);
}

function workingTransport(RED: NodeAPI, node: Node, words: Words, settings: TransportSettings): EbxmlTransport {
  return offerTransport(node, {
    needsSimulator: settings.spine.kind === "simulator",
    openSession: async (simulator, certificates) =>
      openSession(RED, node, words, { settings, simulator, certificates }),
    statusOf: (state, concern) => withCertificate(transportStatus(state, words), concern, words),
  });
}

function checked(
  RED: NodeAPI,
  node: Node,
  { transport, settings, words }: { transport: EbxmlTransport; settings: TransportSettings; words: Words },
): CheckedNode {
  const { spine } = settings;
  const findNode = (id: string): unknown => RED.nodes.getNode(id);
  const log = operatorLogOf(node);
  const parts = (): UnopenedParts => ({
    settings,
    log,
    simulator: currentSimulator(),
    openAccess: () => {
      if (spine.kind !== "spine") throw new CpisError("CONFIG_CLOSED");
      return openAccess({ settings, spine, findNode, words, log });
    },
  });
  return { prepareCheck: (signal) => prepareTransportCheck(transport, signal, parts) };
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
): Pick<EbxmlTransportNode, "transport" | "fileTransport"> & CheckedNode {
  const words = wordsOf(RED, "ebxml-transport");
  try {
    const settings = readTransportSettings(config, credentialsOf(node), words);
    const transport = workingTransport(RED, node, words, settings);
    const check = checked(RED, node, { transport, settings, words });
    return { transport, ...check, ...(settings.files === undefined ? {} : { fileTransport: filesOf(transport) }) };
  } catch (error) {
    const refusal = toCpisError(error);
    const transport: EbxmlTransport = refuseTransport(node, refusal, (state) => transportStatus(state, words));
    // Those who want files must hear what is wrong, too.
    return { transport, fileTransport: filesOf(transport), prepareCheck: () => Promise.reject(refusal) };
  }
}

export default function register(RED: NodeAPI): void {
  function EbxmlTransportConfigNode(this: Node<object>, config: TransportConfig): void {
    RED.nodes.createNode(this, config);
    Object.assign(this, createTransports(RED, this, config));
  }
  serveConnectionChecks(RED);
  RED.nodes.registerType("ebxml transport", EbxmlTransportConfigNode, { credentials });
}

// Makes the mailbox of the way that was chosen: MESH's API, the folders of the NHS's client, or the simulator's API.
import { definedOnly } from "../../lib/defined-only.js";
import { CpisError } from "../../lib/errors.js";
import { createApiMailbox } from "../../lib/mesh/api/api-mailbox.js";
import { createFolderMailbox } from "../../lib/mesh/folders/folder-mailbox.js";
import type { MeshApiCheck } from "../../lib/services/connection-check/connection-check-model.js";
import { nextLocalId } from "../../lib/services/exchange/mesh-exchange.js";
import { readOwnCertificates } from "../../lib/tls/certificates.js";
import type { ProxySettings } from "../../lib/tls/proxy.js";
import type { TlsMaterial } from "../../lib/tls/tls-material.js";
import type { TransportIdentity } from "../adapter/transports/transport-owner.js";
import { openRevocations } from "../adapter/transports/certificate-watch.js";
import { readProxy } from "../adapter/transports/read-proxy.js";
import { readTls } from "../adapter/transports/read-tls.js";
import type { SpineSimulator } from "../adapter/transports/simulator-link.js";
import type { OperatorLog } from "../adapter/runtime/operator-log.js";
import type { Words } from "../adapter/runtime/words.js";
import type { MailboxSource } from "./mesh-session.js";
import type { MailboxNames, MeshTransportSettings, MeshWay } from "./mesh-settings.js";

/** What the settings name, and where it is found. */
export interface Surroundings {
  readonly simulator: SpineSimulator | undefined;
  readonly words: Words;
  findNode(id: string): unknown;
  readonly log: Pick<OperatorLog, "warn">;
}

interface ApiAccess {
  readonly names: MailboxNames;
  readonly baseUrl: string;
  readonly password: string;
  readonly sharedKey: string;
  readonly tls: TlsMaterial;
  readonly pollMilliseconds: number;
  readonly proxy?: ProxySettings;
}

type WayOf<Kind extends MeshWay["kind"]> = Extract<MeshWay, { readonly kind: Kind }>;

/** After the first time that MESH, or the folders, could not be used; then longer and longer. */
const retryMilliseconds = 1_000;

function apiCheck({ names, baseUrl, password, sharedKey, tls, proxy }: ApiAccess): Omit<MeshApiCheck, "kind"> {
  return {
    mailbox: names.mailbox,
    ...{ baseUrl, password, sharedKey, tls },
    ...definedOnly({ proxy }),
  };
}

/** What the API has not sent yet may go by the folders, and the other way round: the mailbox is the same. */
export function mailboxIdentity({ mailbox }: Pick<MailboxNames, "mailbox">, isSimulated: boolean): TransportIdentity {
  // Nothing of a real mailbox may come to the simulator, whatever its name.
  return isSimulated
    ? { channel: `mesh simulated ${mailbox}`, party: mailbox, words: `simulated mailbox ${mailbox}`, adopts: "own" }
    : { channel: `mesh ${mailbox}`, party: mailbox, words: `mailbox ${mailbox}`, adopts: "all" };
}

function apiSource(access: ApiAccess, settings: MeshTransportSettings): MailboxSource {
  const { names, ...rest } = access;
  return {
    identity: mailboxIdentity(names, settings.way.kind === "simulator"),
    names,
    retryMilliseconds,
    ownCertificates: readOwnCertificates(access.tls),
    check: { kind: "mesh-api", ...apiCheck(access) },
    create: (options) =>
      createApiMailbox({
        ...options,
        ...rest,
        pauses: { unreachableMilliseconds: retryMilliseconds },
        gzip: settings.compresses,
        unknownOutcome: settings.unknownOutcome,
        nextLocalId,
        maximumFileBytes: settings.maximumBytes,
      }),
  };
}

function folderSource(way: WayOf<"folder">, { compresses, maximumBytes }: MeshTransportSettings): MailboxSource {
  return {
    identity: mailboxIdentity(way.names, false),
    names: way.names,
    retryMilliseconds,
    ownCertificates: [],
    check: { kind: "mesh-folder", root: way.folder },
    create: (options) =>
      createFolderMailbox({
        ...options,
        ...way.times,
        root: way.folder,
        compress: compresses,
        maximumFileBytes: maximumBytes,
      }),
  };
}

/** Everything but the ODS code comes from the simulator, our certificate too. */
async function simulatorAccess(way: WayOf<"simulator">, simulator: SpineSimulator): Promise<ApiAccess> {
  const { mesh } = simulator;
  const { mailbox, password } = mesh.openMailbox({ odsCode: way.odsCode });
  const { keyPem, certPem } = await simulator.issueClient(`node-red.${way.odsCode}.api.mesh-client.nhs.uk`);
  const { upload, response, accessNotification, inactiveNotification } = mesh.workflowIds;
  return {
    names: {
      mailbox,
      recipient: mesh.cpisMailbox,
      uploadWorkflowId: upload,
      scope: {
        senders: [mesh.cpisMailbox],
        workflowIds: [response, accessNotification, inactiveNotification],
        sentWorkflowIds: [upload],
        takesAll: false,
      },
    },
    baseUrl: mesh.url,
    password,
    sharedKey: mesh.sharedKey,
    tls: { key: keyPem, cert: certPem, ca: simulator.caPem },
    pollMilliseconds: way.pollMilliseconds,
  };
}

/** Throws CONFIG_MISSING, CONFIG_INVALID or TLS_CRL_INVALID, or CONFIG_CLOSED without a simulator where one is meant. */
export async function mailboxSource(
  settings: MeshTransportSettings,
  { simulator, words, ...surroundings }: Surroundings,
): Promise<MailboxSource> {
  const { way } = settings;
  switch (way.kind) {
    case "folder":
      return folderSource(way, settings);
    case "simulator":
      if (simulator === undefined) throw new CpisError("CONFIG_CLOSED");
      return apiSource(await simulatorAccess(way, simulator), settings);
    case "api": {
      const { names, baseUrl, password, sharedKey, pollMilliseconds, proxyNodeId } = way;
      const proxy =
        proxyNodeId === undefined ? {} : { proxy: readProxy(surroundings.findNode(proxyNodeId), words("field.proxy")) };
      const given = readTls(surroundings.findNode(way.tlsNodeId), words, way.acceptsSimulatorCertificates);
      const revocation = openRevocations(way.revocationFiles, given.ca, surroundings.log);
      const tls = { ...given, ...definedOnly({ revocation }) };
      const access = { names, baseUrl, password, sharedKey, tls, pollMilliseconds, ...proxy };
      return { ...apiSource(access, settings), close: () => revocation?.close() };
    }
  }
}

// How the sessions of a transport come to their contracts: from the operator's hand, from the directory, or the simulator.
import { queryRequestInteraction } from "../../lib/cpis/query/query-request.js";
import { definedOnly } from "../../lib/defined-only.js";
import type { ManualContract } from "../../lib/sds/choose-endpoint.js";
import type { ServiceInteraction } from "../../lib/sds/directory-model.js";
import { createSdsClient } from "../../lib/sds/sds-client.js";
import { queryServiceName } from "../../lib/services/query/query.js";
import type { ProxySettings } from "../../lib/tls/proxy.js";
import type { RevocationCheck } from "../../lib/tls/revocation.js";
import { publicAuthorities, type ServerTrust, type TlsMaterial } from "../../lib/tls/tls-material.js";
import type { OperatorLog } from "../adapter/runtime/operator-log.js";
import type { CertificateObserver } from "../../lib/tls/certificates.js";
import type { CertificateSight } from "../adapter/transports/certificate-watch.js";
import type { SpineSimulator } from "../adapter/transports/simulator-link.js";
import { systemEffects } from "../adapter/runtime/this-process.js";
import { openContractDesk, type ContractDesk, type OpenDirectory } from "./contract-manager.js";
import type { ContractWay } from "./contract-settings.js";
import type { SimulatorPattern, TransportSettings } from "./transport-settings.js";

/** How a transport comes to its contracts towards Spine. */
export interface ContractAccess {
  readonly way: ContractWay;
  /** Authorities of the directory; undefined: the public ones. */
  readonly directoryCa: string | Buffer | undefined;
  /** Asked of the directory's certificates, too. */
  readonly revocation: RevocationCheck | undefined;
  /** On the way to the directory; undefined: by the environment. */
  readonly proxy: ProxySettings | undefined;
}

/** All that a session towards Spine, or a check of it, connects with; opened anew for each. */
export interface SpineAccess {
  readonly contracts: ContractAccess;
  readonly tls: TlsMaterial;
  /** Towards a Spine mini service, whose authority may be another one. */
  readonly smspTls: TlsMaterial;
  /** That Spine's client certificate may carry. */
  readonly clientNames: readonly string[];
  readonly proxy: ProxySettings | undefined;
  /** Ends the watch over the revocation lists. */
  close(): void;
}

/** What is sent is only what this transport is there for. */
type Purpose = Pick<TransportSettings, "files">;

/** Of a contract from the simulated directory. */
const simulatedFreshMilliseconds = 15 * 60_000;

export const queryInteraction: ServiceInteraction = { service: queryServiceName, action: queryRequestInteraction };

/** Undefined when the transport carries no files. */
export function uploadInteraction({ files }: Purpose): ServiceInteraction | undefined {
  return files === undefined ? undefined : { service: files.uploadService, action: files.uploadAction };
}

/** What may answer any message, and what answers a query. */
const answers: ReadonlySet<string> = new Set(["MCCI_IN010000UK13", "QUQI_IN010000UK14", "REPC_IN000007GB01"]);

/** Whether the service and action are among those that CP-IS has towards this transport, as Spine has them registered. */
export function isAnswerable({ files }: Purpose, service: string, action: string): boolean {
  if (service === queryServiceName) {
    return answers.has(action) || action === files?.accessAction || action === files?.inactiveAction;
  }
  return service === files?.uploadService && (action === files.responseAction || action === "MCCI_IN010000UK13");
}

function interactionsOf(purpose: Purpose): readonly ServiceInteraction[] {
  return [queryInteraction, uploadInteraction(purpose)].filter((each) => each !== undefined);
}

/** What was typed for the query is not true of an upload, whose contract has another id, and the reverse. */
function typedFor(way: ContractWay): (interaction: ServiceInteraction) => ManualContract {
  if (way.kind === "by-hand") return () => way.contract;
  return ({ action }) => {
    const what = action === queryInteraction.action ? "query" : "upload";
    return way.typedFor === "all" || way.typedFor === what ? way.typed : {};
  };
}

/** Throws CONFIG_INVALID or CONFIG_MISSING for a directory that cannot be asked. */
export function openSpineDesk(
  purpose: Purpose,
  access: ContractAccess,
  log: OperatorLog,
  certificates?: CertificateSight,
): ContractDesk {
  const { way, directoryCa, revocation, proxy } = access;
  const common = { interactions: interactionsOf(purpose), typedFor: typedFor(way), log };
  if (way.kind === "by-hand") return openContractDesk(common);
  const { baseUrl, apiKey, odsCode, freshMilliseconds } = way.directory;
  const tls: ServerTrust = { ca: directoryCa ?? publicAuthorities, ...definedOnly({ revocation }) };
  const peerShown: CertificateObserver = (chain) => certificates?.see("directory", chain);
  const client = createSdsClient({
    baseUrl,
    apiKey,
    tls,
    effects: systemEffects,
    peerShown,
    ...definedOnly({ proxy }),
  });
  return openContractDesk({ ...common, directory: { client, odsCode, freshMilliseconds } });
}

/**
 * The simulated directory knows this transport by a key of its own, and answers it by the pattern that was chosen. A file
 * is answered later, and cannot go by synchronous SOAP.
 */
export function openSimulatorDesk(
  purpose: Purpose,
  { sds, caPem }: SpineSimulator,
  pattern: SimulatorPattern,
  log: OperatorLog,
): ContractDesk {
  const { baseUrl, odsCode } = sds;
  const apiKey = sds.issueApiKey(({ service }) =>
    pattern === "syncSoap" && service !== queryServiceName ? "reliable" : pattern,
  );
  const client = createSdsClient({ baseUrl, apiKey, tls: { ca: caPem }, effects: systemEffects });
  const directory: OpenDirectory = { client, odsCode, freshMilliseconds: simulatedFreshMilliseconds };
  return openContractDesk({ directory, interactions: interactionsOf(purpose), typedFor: () => ({}), log });
}

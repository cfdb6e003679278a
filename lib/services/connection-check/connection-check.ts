// Checks a connection from the host name to the answer of the other side, and asks about no child.
import { definedOnly } from "../../defined-only.js";
import { CpisError, isCpisError, type ErrorCode } from "../../errors.js";
import { readOwnCertificates } from "../../tls/certificates.js";
import type { ProxySettings } from "../../tls/proxy.js";
import { createTlsContext, type TlsMaterial } from "../../tls/tls-material.js";
import { chainFinding } from "./check-certificates.js";
import { checkClientNames, checkContract, checkListener } from "./check-ebxml.js";
import { checkFolderSteps, checkMailbox } from "./check-mesh.js";
import { checkSchemas } from "./check-schemas.js";
import { checkPeer, type CheckedPeer, type PeerFindings } from "./check-peer.js";
import { createCheckRun, failedFinding, skippedStep, stepOf, type CheckRun } from "./check-run.js";
import type {
  CheckEffects,
  CheckLimits,
  CheckStep,
  CheckStepName,
  ConnectionCheck,
  EbxmlCheck,
  Finding,
  MeshApiCheck,
} from "./connection-check-model.js";

export interface ConnectionCheckOptions {
  readonly effects: CheckEffects;
  readonly limits?: Partial<CheckLimits>;
  /** Ends the check early. */
  readonly signal?: AbortSignal;
}

const defaultLimits: CheckLimits = {
  nameMilliseconds: 5_000,
  connectMilliseconds: 5_000,
  tlsMilliseconds: 10_000,
  replyMilliseconds: 15_000,
  wholeMilliseconds: 60_000,
};
const peerSteps: readonly CheckStepName[] = ["name", "connection", "handshake", "peer-certificate", "clock"];
/** Times of accesses are recorded from ours; Spine itself refuses no clock. */
const ebxmlClockMilliseconds = 5 * 60_000;
/** MESH refuses credentials that are older (MESH API, "Authorization header"). */
const meshClockMilliseconds = 2 * 60 * 60_000;

function ownCertificate(tls: TlsMaterial, run: CheckRun): Finding {
  const chain = readOwnCertificates(tls);
  if (chain.length > 0) return chainFinding(chain, run.effects.now());
  return { result: "skipped", seen: ["The certificate can be used, but not be read here."] };
}

interface PeerPlace extends Pick<CheckedPeer, "connectFailed" | "clockMilliseconds"> {
  readonly address: string;
  readonly tls: TlsMaterial;
  /** Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
}

async function* checkAddress(place: PeerPlace, run: CheckRun): AsyncGenerator<CheckStep, PeerFindings> {
  const { address, tls, ...known } = place;
  return yield* checkPeer({ url: new URL(address), secureContext: createTlsContext(tls), ...known }, run);
}

/** Our certificate; false when key, certificate or authorities cannot be used at all. */
function* checkOwn(tls: TlsMaterial, run: CheckRun): Generator<CheckStep, boolean> {
  try {
    createTlsContext(tls);
  } catch (error) {
    yield stepOf("own-certificate", failedFinding(isCpisError(error) ? error : new CpisError("CONFIG_INVALID")));
    return false;
  }
  yield stepOf("own-certificate", ownCertificate(tls, run));
  return true;
}

function* skipAll(names: readonly CheckStepName[]): Generator<CheckStep> {
  for (const name of names) yield skippedStep(name);
}

async function* checkEbxml(check: EbxmlCheck, run: CheckRun): AsyncGenerator<CheckStep> {
  const { tls } = check;
  const isUsable = yield* checkOwn(tls, run);
  const contract = yield* checkContract(check.contract, run);
  let shown: PeerFindings["certificate"];
  if (!isUsable || contract === undefined) yield* skipAll(peerSteps);
  else {
    const connectFailed: ErrorCode = "EBXML_CONNECT_FAILED";
    const place = {
      address: contract.endpointUrl,
      tls,
      connectFailed,
      clockMilliseconds: ebxmlClockMilliseconds,
      ...definedOnly({ proxy: check.proxy }),
    };
    ({ certificate: shown } = yield* checkAddress(place, run));
  }
  yield checkClientNames(check.clientNames, { shown, endpointUrl: contract?.endpointUrl });
  if (isUsable && check.clientNames.length === 0)
    yield skippedStep("listener", "It opens once the names are filled in.");
  else if (isUsable) yield await checkListener(check.listener, run);
  else yield skippedStep("listener");
  yield* checkSchemas(check, run);
}

async function* checkMeshApi(check: MeshApiCheck, run: CheckRun): AsyncGenerator<CheckStep> {
  const { tls, baseUrl } = check;
  const isUsable = yield* checkOwn(tls, run);
  if (!isUsable) yield* skipAll(peerSteps);
  const place = {
    address: baseUrl,
    tls,
    connectFailed: "MESH_CONNECT_FAILED",
    clockMilliseconds: meshClockMilliseconds,
    ...definedOnly({ proxy: check.proxy }),
  } as const;
  const isReachable = isUsable && (yield* checkAddress(place, run)).isUsable;
  yield* checkMailbox(check, isReachable, run);
}

function planOf(check: ConnectionCheck, run: CheckRun): AsyncIterable<CheckStep> | Iterable<CheckStep> {
  switch (check.kind) {
    case "ebxml":
      return checkEbxml(check, run);
    case "mesh-api":
      return checkMeshApi(check, run);
    case "mesh-folder":
      return checkFolderSteps(check, run);
    case "unusable":
      return [stepOf("settings", failedFinding(check.error))];
  }
}

/**
 * Gives each step as it ends. No message is sent, nothing is fetched, and no secret is in any text. Every step has its
 * time, and the whole is over within `wholeMilliseconds`: what was not looked at by then fails or is skipped.
 */
export async function* checkConnection(
  check: ConnectionCheck,
  options: ConnectionCheckOptions,
): AsyncGenerator<CheckStep> {
  const limits = { ...defaultLimits, ...options.limits };
  const whole = new AbortController();
  const stop = (): void => whole.abort();
  const timer = setTimeout(stop, limits.wholeMilliseconds);
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    yield* planOf(check, createCheckRun(options.effects, limits, whole.signal));
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", stop);
  }
}

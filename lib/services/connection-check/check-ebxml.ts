// The steps of a connection check that only messaging over ebXML has: directory, contract and listener.
import { isIP } from "node:net";
import type { PeerCertificate } from "node:tls";
import { CpisError, isCpisError } from "../../errors.js";
import { selectPattern, type MessagingContract } from "../../sds/contract.js";
import { contradictingPath } from "../../sds/spine-path.js";
import type { ClientNames } from "../../tls/peer-name.js";
import { readOwnCertificates, type CertificateFacts } from "../../tls/certificates.js";
import { connectTls } from "../../tls/connect-tls.js";
import { createTlsContext, type TlsMaterial } from "../../tls/tls-material.js";
import { failedFinding, skippedStep, stepOf, type CheckRun } from "./check-run.js";
import type { CheckedContract, CheckedListener, CheckStep, Finding } from "./connection-check-model.js";

const fromInside =
  "Whether Spine reaches it cannot be known from here: that needs the registered address, the firewall and the network.";

function describeContract(contract: MessagingContract): Finding {
  const { endpointUrl, cpaId, toPartyKey, toAsid } = contract;
  try {
    const seen = [
      `Pattern: ${selectPattern(contract)}`,
      `Endpoint: ${endpointUrl}`,
      `CPA id ${cpaId}, party key ${toPartyKey}, ASID ${toAsid}`,
    ];
    const other = contradictingPath(contract);
    if (other === undefined) return { result: "pass", seen };
    const advice = "Compare the endpoint and the contract with the record in the directory.";
    return { result: "warn", seen: [...seen, `The path of the endpoint is Spine's for the pattern ${other}.`], advice };
  } catch (error) {
    if (isCpisError(error)) return failedFinding(error);
    throw error;
  }
}

/** Gives the contract; undefined without one that can be used. */
export async function* checkContract(
  given: CheckedContract,
  run: CheckRun,
): AsyncGenerator<CheckStep, MessagingContract | undefined> {
  if (given.kind === "given") {
    yield skippedStep("directory", "The contract was made by hand; the directory is not asked.");
    const finding = describeContract(given.contract);
    yield stepOf("contract", finding);
    return finding.result === "fail" ? undefined : given.contract;
  }
  const { replyMilliseconds } = run.limits;
  const begun = performance.now();
  const asked = await run.attempt(() => given.ask(), replyMilliseconds, "SDS_TIMEOUT");
  if (asked.kind === "done") {
    const milliseconds = Math.round(performance.now() - begun);
    yield stepOf("directory", { result: "pass", seen: [`It gave one contract, in ${milliseconds} ms.`] });
  } else {
    yield stepOf("directory", failedFinding(asked.error));
  }
  const current =
    asked.kind === "done" ? asked : await run.attempt(() => given.current(), replyMilliseconds, "SDS_TIMEOUT");
  if (current.kind === "failed") {
    yield skippedStep("contract");
    return undefined;
  }
  const finding = describeContract(current.value);
  yield stepOf("contract", asked.kind === "done" ? finding : remembered(finding));
  return finding.result === "fail" ? undefined : current.value;
}

function remembered(finding: Finding): Finding {
  const seen = [...finding.seen, "It is the one remembered from before: the directory does not answer now."];
  return { ...finding, result: finding.result === "pass" ? "warn" : finding.result, seen };
}

/** What the endpoint tells of the certificate that Spine will show when it calls us. */
export interface EndpointNames {
  readonly shown: CertificateFacts | undefined;
  readonly endpointUrl: string | undefined;
}

const hostName = /^[a-z0-9_.-]+$/i;
const confirmedNames =
  "Whether Spine shows the same name when it calls us is not published: have NHS England confirm it at onboarding.";

/** DNS names; the common name only where there is none, as the listener reads a client's certificate. */
function namesShown({ name, alternativeNames }: CertificateFacts): readonly string[] {
  const dnsNames = alternativeNames.filter((one) => isIP(one) === 0);
  return (dnsNames.length > 0 ? dnsNames : [name]).filter((one) => hostName.test(one) && isIP(one) === 0);
}

function namesAtEndpoint({ shown, endpointUrl }: EndpointNames): { readonly line: string; names: readonly string[] } {
  const names = shown === undefined ? [] : namesShown(shown);
  if (names.length > 0) return { line: `The certificate of the endpoint is for ${names.join(", ")}.`, names };
  const host = endpointUrl === undefined ? "" : new URL(endpointUrl).hostname;
  if (isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0 || !hostName.test(host)) {
    return { line: "The endpoint has shown no name.", names: [] };
  }
  return { line: `The endpoint has shown no certificate that can be trusted; its host is ${host}.`, names: [host] };
}

/** Passes when the name of the endpoint is among those that the listener takes. */
export function checkClientNames(clientNames: ClientNames, endpoint: EndpointNames): CheckStep {
  if (clientNames === "any") {
    const reason = "The simulator is taken by its authority alone; towards Spine the names must be filled in.";
    return skippedStep("client-names", reason);
  }
  const { line, names } = namesAtEndpoint(endpoint);
  const add = (known: readonly string[]): Pick<Finding, "proposal"> =>
    names.length === 0 ? {} : { proposal: { setting: "clientNames", value: [...known, ...names].join(", ") } };
  if (clientNames.length === 0) {
    const { message, code, advice } = new CpisError("CONFIG_CLIENT_NAMES");
    const seen = [`${message}.`, line, confirmedNames];
    return stepOf("client-names", { result: "fail", seen, code, advice, ...add([]) });
  }
  const seen = [`Our listener takes certificates for ${clientNames.join(", ")}, and no other.`, line];
  const taken = new Set(clientNames.map((name) => name.toLowerCase()));
  if (names.length === 0) return stepOf("client-names", { result: "skipped", seen });
  if (names.some((name) => taken.has(name.toLowerCase()))) return stepOf("client-names", { result: "pass", seen });
  const advice = `If Spine calls us with another certificate than this, all is well. Else its answers are refused: ${confirmedNames}`;
  return stepOf("client-names", { result: "warn", seen, advice, ...add(clientNames) });
}

/** Where a listener on all addresses is reached from this machine. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0" || host === "") return "127.0.0.1";
  return host === "::" ? "::1" : host.replace(/^\[(.*)\]$/, "$1");
}

/** It must show our own certificate: its names are those of the registered endpoint, and not of this way to it. */
function isOurs(tls: TlsMaterial): (certificate: PeerCertificate) => Error | undefined {
  const own = readOwnCertificates(tls)[0]?.fingerprint;
  return ({ fingerprint256 }) =>
    own === undefined || own === fingerprint256
      ? undefined
      : new CpisError("CONFIG_LISTEN", { detail: "something else listens there, or with an older certificate" });
}

async function shakeHandsWithOurselves(
  { host, port, tls }: Extract<CheckedListener, { kind: "open" }>,
  run: CheckRun,
): Promise<CpisError | undefined> {
  const { connectMilliseconds, tlsMilliseconds } = run.limits;
  const judge = isOurs(tls);
  let stranger: CpisError | undefined;
  const target = {
    host: reachableHost(host),
    port,
    connectFailed: "CONFIG_LISTEN",
    judgeServer: (certificate: PeerCertificate) => {
      const error = judge(certificate);
      if (isCpisError(error)) stranger = error;
      return error;
    },
  } as const;
  const timeouts = { connectMilliseconds, tlsMilliseconds, verdictMilliseconds: 1_000 };
  const made = await run.attempt(
    (signal) => connectTls(target, createTlsContext(tls), timeouts, signal),
    connectMilliseconds + tlsMilliseconds,
    "TLS_FAILED",
  );
  if (made.kind === "failed") return stranger ?? made.error;
  made.value.destroy();
  return undefined;
}

async function tryListener(listener: CheckedListener, run: CheckRun): Promise<Finding> {
  if (listener.kind === "closed") {
    if (listener.error !== undefined) return failedFinding(listener.error);
    const advice = "It opens while at least one enabled node uses the transport.";
    return { result: "skipped", seen: ["The listener is closed."], advice };
  }
  const { port } = listener;
  const host = reachableHost(listener.host);
  const place = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
  const error = await shakeHandsWithOurselves(listener, run);
  if (error === undefined) {
    return { result: "pass", seen: [`${place} is open, and takes our own certificate in a handshake.`, fromInside] };
  }
  if (error.code === "CONFIG_LISTEN") return failedFinding(error, [place]);
  return {
    ...failedFinding(error, [
      `${place} is open, and a handshake with our own certificate failed. Spine's certificate may be taken all the same, if it is of the authorities trusted here.`,
      fromInside,
    ]),
    result: "warn",
  };
}

export async function checkListener(listener: CheckedListener, run: CheckRun): Promise<CheckStep> {
  return stepOf("listener", await tryListener(listener, run));
}

// Reaches the other side step by step, name, connection, handshake and clock, without asking it for anything.
import dns from "node:dns/promises";
import { request as httpsRequest } from "node:https";
import net from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import { CpisError, isCpisError, type ErrorCode } from "../../errors.js";
import { readPeerCertificates, type CertificateFacts } from "../../tls/certificates.js";
import { connectTls } from "../../tls/connect-tls.js";
import { chooseProxy, type ProxySettings } from "../../tls/proxy.js";
import { describeConnectFailure, describeTlsFailure, isHandshakeAlert } from "../../tls/tls-failure.js";
import { certificateLines, chainFinding } from "./check-certificates.js";
import { failedFinding, skippedStep, stepOf, type CheckRun } from "./check-run.js";
import type { CheckStep, CheckStepName, Finding } from "./connection-check-model.js";

export interface CheckedPeer {
  readonly url: URL;
  readonly secureContext: SecureContext;
  /** The code of an error before the handshake. */
  readonly connectFailed: ErrorCode;
  /** Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
  /** A clock that is off by more is a failure. */
  readonly clockMilliseconds: number;
}

const steps = ["name", "connection", "handshake", "peer-certificate", "clock"] as const;
/** A difference beyond this is worth a word; the header has whole seconds only. */
const clockWarnMilliseconds = 30_000;
/** Longer than when a message waits: the refusal of our certificate is what is asked for. */
const verdictMilliseconds = 1_000;

/** The steps after this one, which nothing can be said of. */
export function skippedAfter(name: (typeof steps)[number]): readonly CheckStep[] {
  return steps.slice(steps.indexOf(name) + 1).map((later: CheckStepName) => skippedStep(later));
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

function portOf(url: URL): number {
  return url.port === "" ? 443 : Number(url.port);
}

async function resolveName({ url, connectFailed, proxy }: CheckedPeer, run: CheckRun): Promise<Finding> {
  const host = hostOf(url);
  const route = chooseProxy(proxy)(host, portOf(url));
  if (route !== undefined) {
    return {
      result: "pass",
      seen: [`${host} is reached through the proxy ${route.url.host}, which looks up its name.`],
    };
  }
  if (net.isIP(host) !== 0) return { result: "pass", seen: [`${host} is an address and needs no name server.`] };
  const look = async (): Promise<readonly string[]> => {
    try {
      return (await dns.lookup(host, { all: true })).map(({ address }) => address);
    } catch (error) {
      throw describeConnectFailure(error, connectFailed);
    }
  };
  const found = await run.attempt(look, run.limits.nameMilliseconds, connectFailed);
  if (found.kind === "failed") return failedFinding(found.error, [host]);
  return { result: "pass", seen: [`${host} is ${found.value.slice(0, 6).join(", ")}`] };
}

interface Shown {
  /** Absent as long as there is no TCP connection. */
  address?: string;
  chain: readonly CertificateFacts[];
  isAsked: boolean;
}

/** On a client, only a request for its certificate names the algorithms that both sides know. */
function asksForCertificate(socket: TLSSocket): boolean {
  return socket.getSharedSigalgs().length > 0;
}

/** The steps before one that the error tells of. */
type Shaken =
  | { readonly kind: "done"; readonly socket: TLSSocket; readonly shown: Shown }
  | { readonly kind: "failed"; readonly error: CpisError; readonly shown: Shown };

async function shakeHands(peer: CheckedPeer, run: CheckRun): Promise<Shaken> {
  const { connectMilliseconds, tlsMilliseconds } = run.limits;
  const shown: Shown = { chain: [], isAsked: false };
  const target = {
    host: hostOf(peer.url),
    port: portOf(peer.url),
    connectFailed: peer.connectFailed,
    proxy: chooseProxy(peer.proxy),
    connected: (address: string) => {
      shown.address = address;
    },
    handshaken: (socket: TLSSocket) => {
      shown.chain = readPeerCertificates(socket);
      shown.isAsked = asksForCertificate(socket);
    },
  };
  const timeouts = { connectMilliseconds, tlsMilliseconds, verdictMilliseconds };
  const made = await run.attempt(
    (signal) => connectTls(target, peer.secureContext, timeouts, signal),
    connectMilliseconds + tlsMilliseconds + verdictMilliseconds,
    peer.connectFailed,
  );
  if (made.kind === "failed") return { kind: "failed", error: made.error, shown };
  return { kind: "done", socket: made.value, shown };
}

function handshakeFinding(shaken: Shaken, run: CheckRun): Finding {
  const { shown } = shaken;
  if (shaken.kind === "failed") {
    const lines = certificateLines(shown.chain, run.effects.now()).map((line) => `It has shown: ${line}`);
    const asked =
      shown.isAsked && shaken.error.code === "TLS_FAILED" ? ["It had asked for our certificate before."] : [];
    return failedFinding(shaken.error, [...asked, ...lines]);
  }
  const { socket } = shaken;
  const version = `${socket.getProtocol() ?? "TLS"}, ${socket.getCipher().standardName}`;
  if (shown.isAsked) return { result: "pass", seen: [version, "It asked for our certificate, and did not refuse it."] };
  const seen = [version, "It did not ask for our certificate, so it does not know who we are."];
  const advice =
    "Mutual authentication is not in force there. Check the address, and whether a proxy answers in its place.";
  return { result: "warn", seen, advice };
}

interface HttpWord {
  readonly status: number;
  readonly date: string | undefined;
}

/** An empty HEAD: it asks for nothing, and no message goes with it. */
function askHead(socket: TLSSocket, url: URL, signal: AbortSignal): Promise<HttpWord> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      createConnection: () => socket,
      method: "HEAD",
      host: url.hostname,
      port: portOf(url),
      path: url.pathname,
      headers: { Connection: "close" },
    });
    request.on("response", (reply) => {
      resolve({ status: reply.statusCode ?? 0, date: reply.headers.date });
      reply.resume();
    });
    request.on("error", reject);
    signal.addEventListener("abort", () => request.destroy(), { once: true });
    request.end();
  });
}

function statusText({ status }: HttpWord): string {
  if (status < 400) return `It answered an empty request with status ${status}.`;
  return `It refused an empty request with status ${status}, which is in order: only its clock was asked for.`;
}

function clockFinding(word: HttpWord, asked: number, answered: number, limit: number): Finding {
  // The header has no fractions: half a second is right in the mean.
  const theirs = Date.parse(word.date ?? "") + 500;
  if (Number.isNaN(theirs)) return { result: "skipped", seen: [statusText(word), "The reply tells no time."] };
  const difference = (asked + answered) / 2 - theirs;
  const seconds = Math.round(Math.abs(difference) / 1000);
  const side = difference > 0 ? "fast" : "slow";
  if (Math.abs(difference) <= clockWarnMilliseconds) {
    const text = seconds <= 2 ? "no more than 2 s" : `${seconds} s ${side}`;
    return { result: "pass", seen: [`The clock of this machine is off by ${text}.`, statusText(word)] };
  }
  const { code, advice } = new CpisError("CONFIG_CLOCK");
  const seen = [`The clock of this machine is ${seconds} s ${side}.`, statusText(word)];
  return { result: Math.abs(difference) > limit ? "fail" : "warn", seen, code, advice };
}

async function compareClocks(socket: TLSSocket, peer: CheckedPeer, run: CheckRun): Promise<Finding> {
  const asked = run.effects.now();
  const ask = async (signal: AbortSignal): Promise<HttpWord> => {
    try {
      return await askHead(socket, peer.url, signal);
    } catch (error) {
      throw isHandshakeAlert(error) ? describeTlsFailure(error) : error;
    }
  };
  const word = await run.attempt(ask, run.limits.replyMilliseconds, peer.connectFailed);
  if (word.kind === "done") return clockFinding(word.value, asked, run.effects.now(), peer.clockMilliseconds);
  // In TLS 1.3 our certificate may be refused as late as here.
  if (isCpisError(word.error) && word.error.code.startsWith("TLS_")) return failedFinding(word.error);
  return { result: "skipped", seen: ["It did not answer an empty request, so its time is not known."] };
}

/** What was found of the other side. */
export interface PeerFindings {
  /** Whether a message could go there. */
  readonly isUsable: boolean;
  /** Its certificate, once that was accepted. */
  readonly certificate?: CertificateFacts;
}

/** From the name to the clock. What follows a step that failed is skipped. */
export async function* checkPeer(peer: CheckedPeer, run: CheckRun): AsyncGenerator<CheckStep, PeerFindings> {
  const name = await resolveName(peer, run);
  yield stepOf("name", name);
  if (name.result === "fail") {
    yield* skippedAfter("name");
    return { isUsable: false };
  }
  const shaken = await shakeHands(peer, run);
  const { address, chain } = shaken.shown;
  const certificate = chain[0] === undefined ? {} : { certificate: chain[0] };
  const port = portOf(peer.url);
  if (address === undefined && shaken.kind === "failed") {
    yield stepOf("connection", failedFinding(shaken.error, [`Port ${port} of ${hostOf(peer.url)}`]));
    yield* skippedAfter("connection");
    return { isUsable: false };
  }
  yield stepOf("connection", { result: "pass", seen: [`Port ${port} of ${address ?? hostOf(peer.url)} is open.`] });
  yield stepOf("handshake", handshakeFinding(shaken, run));
  if (shaken.kind === "failed") {
    yield* skippedAfter("handshake");
    return { isUsable: false };
  }
  try {
    yield stepOf("peer-certificate", chainFinding(chain, run.effects.now()));
    const clock = await compareClocks(shaken.socket, peer, run);
    yield stepOf("clock", clock);
    return { isUsable: clock.code === undefined || clock.code === "CONFIG_CLOCK", ...certificate };
  } finally {
    shaken.socket.destroy();
  }
}

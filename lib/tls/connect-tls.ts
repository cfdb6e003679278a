// Opens one TLS connection and gives it away only when the peer has accepted us.
import { isIP, type Socket } from "node:net";
import { connect, type PeerCertificate, type SecureContext, type TLSSocket } from "node:tls";
import { CpisError, type ErrorCode } from "../errors.js";
import { peerChain } from "./certificates.js";
import { isStapledRevoked } from "./revocation.js";
import { revocationOf, serverNameOf } from "./tls-material.js";
import { openTunnel, type ProxyChoice } from "./proxy.js";
import { checkServerName } from "./peer-name.js";
import {
  closedInHandshake,
  describeConnectFailure,
  describeTlsFailure,
  isBrokenConnection,
  tlsInterrupted,
  type HandshakeFacts,
} from "./tls-failure.js";

export interface ConnectTimeouts {
  /** Name look-up and TCP connection. Default 5,000. */
  readonly connectMilliseconds: number;
  /** TLS handshake. Default 10,000. */
  readonly tlsMilliseconds: number;
  /**
   * How long to wait, in TLS 1.3, for the sign that our certificate was accepted. Default 250; afterwards the request
   * is sent all the same, for a server need not give that sign.
   */
  readonly verdictMilliseconds: number;
}

export const defaultConnectTimeouts: ConnectTimeouts = {
  connectMilliseconds: 5_000,
  tlsMilliseconds: 10_000,
  verdictMilliseconds: 250,
};

export interface ConnectTarget {
  /** Default: none on the way. */
  readonly proxy?: ProxyChoice;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The code of an error before the handshake. */
  readonly connectFailed: ErrorCode;
  /** Decides in place of `checkServerName` whether the peer is whom we mean. */
  judgeServer?(certificate: PeerCertificate): Error | undefined;
  /** Called when the TCP connection is there, with the address. */
  connected?(address: string): void;
  /** Called when the handshake is over, before the peer is judged: what it has shown is not to be trusted yet. */
  handshaken?(socket: TLSSocket): void;
}

type Phase = "connect" | "handshake" | "verdict";

function failureIn(phase: Phase, error: unknown, connectFailed: ErrorCode, facts: HandshakeFacts): CpisError {
  if (phase === "connect") return describeConnectFailure(error, connectFailed);
  if (isBrokenConnection(error)) return closedInHandshake(facts, error);
  return describeTlsFailure(error, facts);
}

function ownCertificate(socket: TLSSocket): HandshakeFacts["own"] {
  const certificate = socket.getCertificate();
  if (certificate === null || !("valid_to" in certificate)) return "none";
  const { valid_from: from, valid_to: to } = certificate;
  if (Date.now() > Date.parse(to)) return "expired";
  return Date.now() < Date.parse(from) ? "not-yet-valid" : "valid";
}

function isPeerShown(socket: TLSSocket): boolean {
  // Null, against its type, for a connection that is gone.
  const shown: unknown = socket.getPeerCertificate();
  return typeof shown === "object" && shown !== null && Object.keys(shown).length > 0;
}

function timeoutIn(phase: Phase, milliseconds: number, connectFailed: ErrorCode): CpisError {
  if (phase !== "connect") return tlsInterrupted(`the handshake was not finished within ${milliseconds} ms`);
  return new CpisError(connectFailed, { detail: `no connection within ${milliseconds} ms` });
}

/**
 * Gives a connected socket on which nothing was written yet. In TLS 1.3 a server judges our certificate only after our
 * side has finished (RFC 8446, 4.4.2.4), so the first session ticket, which it sends after that, is waited for: a
 * refusal is then known before a request could have left.
 * Rejects with the target's code or TLS_*, `retryable` when the connection only broke, or CONFIG_CLOSED when
 * the signal aborts.
 */
export async function connectTls(
  target: ConnectTarget,
  secureContext: SecureContext,
  timeouts: ConnectTimeouts,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const route = target.proxy?.(target.host, target.port);
  if (route === undefined) return connectOver(undefined, target, secureContext, timeouts, signal);
  const tunnel = await openTunnel(route, target, timeouts.connectMilliseconds, signal);
  return connectOver(tunnel, target, secureContext, timeouts, signal);
}

function connectOver(
  tunnel: Socket | undefined,
  target: ConnectTarget,
  secureContext: SecureContext,
  timeouts: ConnectTimeouts,
  signal: AbortSignal,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    let phase: Phase = "connect";
    const name = serverNameOf(secureContext) ?? target.host;
    const socket = connect({
      ...(tunnel === undefined ? { host: target.host, port: target.port } : { socket: tunnel }),
      secureContext,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      requestOCSP: true,
      checkServerIdentity: (_name, certificate) =>
        findRevocation() ??
        (target.judgeServer === undefined ? checkServerName(name, certificate) : target.judgeServer(certificate)),
    });
    let staple: Buffer | undefined;
    socket.once("OCSPResponse", (response: unknown) => {
      if (Buffer.isBuffer(response)) staple = response;
    });
    const findRevocation = (): Error | undefined => {
      const chain = peerChain(socket);
      const isRevoked =
        revocationOf(secureContext)?.isRevoked(chain) === true ||
        (staple !== undefined && isStapledRevoked(staple, chain));
      return isRevoked ? Object.assign(new Error("The certificate is revoked"), { code: "CERT_REVOKED" }) : undefined;
    };
    // Before the listener of Node.js itself, which ends a connection to a peer that it does not trust.
    socket.prependOnceListener("secure", () => target.handshaken?.(socket));
    // At once: later, when the connection is gone, it cannot be told any more.
    const own = ownCertificate(socket);
    let timer = setTimeout(
      () => fail(timeoutIn(phase, timeouts.connectMilliseconds, target.connectFailed)),
      timeouts.connectMilliseconds,
    );

    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      for (const [name, listener] of listeners) socket.off(name, listener);
      // Whoever uses the socket hears of its errors; one that is idle must not end the process by one.
      socket.on("error", () => socket.destroy());
    };
    const fail = (error: CpisError): void => {
      finish();
      socket.destroy();
      reject(error);
    };
    const succeed = (): void => {
      finish();
      // As the agents of Node.js do: a message is written whole, and must not wait for an acknowledgment of TCP.
      socket.setNoDelay(true);
      resolve(socket);
    };
    const onAbort = (): void => fail(new CpisError("CONFIG_CLOSED"));
    const enter = (next: Phase, milliseconds: number, onTimeout: () => void): void => {
      phase = next;
      clearTimeout(timer);
      timer = setTimeout(onTimeout, milliseconds);
    };

    const onConnect = (): void => {
      const { tlsMilliseconds } = timeouts;
      target.connected?.(socket.remoteAddress ?? target.host);
      enter("handshake", tlsMilliseconds, () => fail(timeoutIn("handshake", tlsMilliseconds, target.connectFailed)));
    };
    const onSecureConnect = (): void => {
      if (socket.getProtocol() === "TLSv1.3") enter("verdict", timeouts.verdictMilliseconds, succeed);
      else succeed();
    };
    const onSession = (): void => {
      // Not at once: what is written while the TLS engine reads the ticket gets lost.
      if (phase === "verdict") enter("verdict", 0, succeed);
    };
    const facts = (): HandshakeFacts => ({ own, isPeerShown: isPeerShown(socket) });
    const onEnd = (): void => fail(closedInHandshake(facts()));
    const onError = (error: unknown): void => fail(failureIn(phase, error, target.connectFailed, facts()));
    const listeners = [
      ["connect", onConnect],
      ["secureConnect", onSecureConnect],
      ["session", onSession],
      ["end", onEnd],
      ["close", onEnd],
      ["error", onError],
    ] as const;
    for (const [name, listener] of listeners) socket.on(name, listener);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else if (tunnel !== undefined) onConnect();
  });
}

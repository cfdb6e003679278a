// Keeps connections to peers for reuse, and tries again when one cannot be made.
import { backOff } from "../time/back-off.js";
import { Agent, type RequestOptions } from "node:https";
import { PassThrough, type Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { SecureContext, TLSSocket } from "node:tls";
import { CpisError, isCpisError, type ErrorCode } from "../errors.js";
import { readPeerCertificates, type CertificateObserver } from "./certificates.js";
import type { ProxyChoice } from "./proxy.js";
import { connectTls, type ConnectTarget, type ConnectTimeouts } from "./connect-tls.js";

/** Below the five seconds after which many servers drop an idle connection: one that is stale would be written to. */
const idleMilliseconds = 2_000;
/** As many as may be busy at once in a large emergency department; fewer would be closed and made anew all the time. */
const maximumIdle = 64;
const maximumTries = 3;
const firstPauseMilliseconds = 100;

function targetOf(options: RequestOptions, connectFailed: ErrorCode): ConnectTarget {
  const host = (options.host ?? "").replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(options.port), connectFailed };
}

/**
 * An agent whose sockets are given to a request only after the handshake: an error of connecting reaches the request
 * before anything of it was written. Only connecting is repeated, and only after a broken or missing connection, never
 * after a certificate was refused. Every connection is verified in full; sessions are not resumed.
 */
export class ConnectionAgent extends Agent {
  readonly #secureContext: SecureContext;
  readonly #timeouts: ConnectTimeouts;
  readonly #connectFailed: ErrorCode;
  readonly #peerShown: CertificateObserver | undefined;
  readonly #proxy: ProxyChoice | undefined;
  readonly #stopped = new AbortController();

  /** `connectFailed` is the code of an error before the handshake; `peerShown` is told of each new connection. */
  constructor(
    secureContext: SecureContext,
    timeouts: ConnectTimeouts,
    connectFailed: ErrorCode,
    peerShown?: CertificateObserver,
    proxy?: ProxyChoice,
  ) {
    super({ keepAlive: true, timeout: idleMilliseconds, maxFreeSockets: maximumIdle });
    this.#secureContext = secureContext;
    this.#timeouts = timeouts;
    this.#connectFailed = connectFailed;
    this.#peerShown = peerShown;
    this.#proxy = proxy;
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const target = targetOf(options, this.#connectFailed);
    this.#connect(this.#proxy === undefined ? target : { ...target, proxy: this.#proxy }).then(
      (socket) => callback?.(null, socket),
      // The signature asks for a stream also with an error; nobody looks at it.
      (error: unknown) =>
        callback?.(error instanceof Error ? error : new CpisError(this.#connectFailed), new PassThrough()),
    );
    return undefined;
  }

  async #connect(target: ConnectTarget): Promise<TLSSocket> {
    const { signal } = this.#stopped;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const socket = await connectTls(target, this.#secureContext, this.#timeouts, signal);
        this.#peerShown?.(readPeerCertificates(socket));
        return socket;
      } catch (error) {
        if (attempt >= maximumTries || signal.aborted || !isCpisError(error) || !error.retryable) throw error;
      }
      // An abort ends the pause; the next attempt then fails at once.
      await wait(backOff(firstPauseMilliseconds, attempt), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Ends all connections, also those in use and those being made. */
  close(): void {
    this.#stopped.abort();
    this.destroy();
  }
}

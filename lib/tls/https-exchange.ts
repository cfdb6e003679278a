// Carries one HTTPS request and its reply, and says exactly what is known of the request's fate.
import { request as httpsRequest } from "node:https";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { SecureContext } from "node:tls";
import { CpisError, isCpisError, type ErrorCode } from "../errors.js";
import type { CertificateObserver } from "./certificates.js";
import { ConnectionAgent } from "./connection-agent.js";
import type { ConnectTimeouts } from "./connect-tls.js";
import { chooseProxy, type ProxySettings } from "./proxy.js";
import { describeTlsFailure, isBrokenConnection, isHandshakeAlert } from "./tls-failure.js";

/** A body that is read while it is sent. */
export interface StreamedBody {
  /** As sent; no chunked coding is used. */
  readonly bytes: number;
  open(): AsyncIterable<Buffer>;
}

export interface HttpsRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: URL;
  /** Content-Length is added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | StreamedBody;
  /**
   * Until the last byte of the reply: from now, connecting included, or from the first byte of the request. Default: no
   * limit but the signal.
   */
  readonly limit?: { readonly milliseconds: number; readonly from: "now" | "first-byte" };
  /** Ends the exchange; a reason that is a CpisError becomes the error of a request that was not sent. */
  readonly signal?: AbortSignal;
  /** Called right before the first byte is written; false stops it, and the outcome is "not-sent". */
  mayWrite?(): boolean;
}

/** "body": our own body could not be read, or is not of its length. */
export type BrokenBy = "connection" | "time" | "signal" | "no-http" | "body";

export type WholeBody =
  | { readonly kind: "whole"; readonly body: Buffer }
  | { readonly kind: "too-large" }
  | { readonly kind: "broken"; readonly by: BrokenBy };

export interface HttpsReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /**
   * Must be read to its end, or `discard` called. Throws the client's code for an incomplete reply when fewer or more bytes
   * come than were announced.
   */
  readonly body: AsyncIterable<Buffer>;
  /** The body, instead of `body`. Never rejects; what is larger is discarded. */
  readWhole(maximumBytes: number): Promise<WholeBody>;
  discard(): void;
}

export type HttpsOutcome =
  | { readonly kind: "replied"; readonly reply: HttpsReply }
  /** The peer cannot have seen the request. */
  | { readonly kind: "not-sent"; readonly error: CpisError }
  /**
   * A part of it was written, and no reply came: the peer may have taken it. `isStale`: the connection had been kept from an
   * earlier exchange and was closed by the peer; a request that may be repeated gets another one.
   */
  | { readonly kind: "broken"; readonly by: BrokenBy; readonly isStale: boolean };

export interface HttpsClientOptions {
  readonly secureContext: SecureContext;
  readonly timeouts: ConnectTimeouts;
  /** The caller's codes: no connection could be made; a reply ended early. */
  readonly codes: { readonly connectFailed: ErrorCode; readonly incomplete: ErrorCode };
  /** Told of the peer's certificates at each new connection. */
  readonly peerShown?: CertificateObserver;
  /** Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
}

export interface HttpsClient {
  /** Sends once. Never rejects. */
  exchange(request: HttpsRequest): Promise<HttpsOutcome>;
  /** Ends all connections; what is under way fails. */
  close(): void;
}

function openRequest({ method, url, headers, body }: HttpsRequest, agent: ConnectionAgent): ClientRequest {
  const bytes = Buffer.isBuffer(body) ? body.length : (body?.bytes ?? 0);
  return httpsRequest({
    agent,
    method,
    host: url.hostname,
    port: url.port === "" ? 443 : Number(url.port),
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, ...(body !== undefined || method !== "GET" ? { "Content-Length": bytes } : {}) },
  });
}

function headersOf(incoming: IncomingMessage): ReadonlyMap<string, string> {
  const entries = Object.entries(incoming.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(", ") : value] as const],
  );
  return new Map(entries);
}

/** Whether the reply is in no coding: none is asked for, and what nobody asked for is not undone. */
export function isUncoded({ headers }: Pick<HttpsReply, "headers">): boolean {
  return (headers.get("content-encoding") ?? "identity").trim().toLowerCase() === "identity";
}

/** The codes of Node.js's HTTP parser. */
function isNoHttp(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("HPE_");
}

function writable(request: ClientRequest): Promise<void> {
  const names = ["drain", "close", "response"];
  return new Promise((resolve) => {
    const finish = (): void => {
      for (const name of names) request.off(name, finish);
      resolve();
    };
    for (const name of names) request.on(name, finish);
  });
}

/** How long the end of the writing may be told after the reply was read. */
const writingGraceMilliseconds = 1_000;

/** One exchange: its request, what has ended it, and its reply. */
class Exchange {
  readonly #request: ClientRequest;
  readonly #given: HttpsRequest;
  readonly #codes: HttpsClientOptions["codes"];
  readonly #resolve: (outcome: HttpsOutcome) => void;
  #isWriting = false;
  #isOver = false;
  #endedBy: "time" | "signal" | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    given: HttpsRequest,
    agent: ConnectionAgent,
    codes: HttpsClientOptions["codes"],
    resolve: (outcome: HttpsOutcome) => void,
  ) {
    this.#given = given;
    this.#codes = codes;
    this.#resolve = resolve;
    this.#request = openRequest(given, agent);
  }

  run(): void {
    const request = this.#request;
    const { signal, limit } = this.#given;
    const onAbort = (): void => this.#end("signal");
    if (limit?.from === "now") this.#startTimer(limit.milliseconds);
    request.on("socket", () => this.#write());
    request.on("response", (incoming) => this.#finish({ kind: "replied", reply: this.#replyOf(incoming) }));
    request.on("error", (error) => this.#finish(this.#failureOf(error)));
    request.on("close", () => {
      clearTimeout(this.#timer);
      signal?.removeEventListener("abort", onAbort);
      this.#finish({ kind: "broken", by: this.#endedBy ?? "connection", isStale: false });
    });
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted === true) onAbort();
  }

  #startTimer(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#end("time"), milliseconds);
  }

  #finish(outcome: HttpsOutcome): void {
    this.#isOver = true;
    this.#resolve(outcome);
  }

  #end(by: "time" | "signal"): void {
    this.#endedBy ??= by;
    if (!this.#isOver) {
      const isSent = this.#isWriting;
      this.#finish(isSent ? { kind: "broken", by, isStale: false } : { kind: "not-sent", error: this.#notSentBy(by) });
    }
    this.#request.destroy();
  }

  #notSentBy(by: "time" | "signal"): CpisError {
    const { signal, limit } = this.#given;
    if (by === "signal") return isCpisError(signal?.reason) ? signal.reason : new CpisError("CONFIG_CLOSED");
    return new CpisError(this.#codes.connectFailed, { detail: `no connection within ${limit?.milliseconds ?? 0} ms` });
  }

  #write(): void {
    if (this.#isOver) return;
    const { body, limit } = this.#given;
    if (this.#given.mayWrite?.() === false) {
      const error = new CpisError(this.#codes.connectFailed, { detail: "given up before sending" });
      this.#finish({ kind: "not-sent", error });
      this.#request.destroy();
      return;
    }
    this.#isWriting = true;
    if (limit?.from === "first-byte") this.#startTimer(limit.milliseconds);
    if (body === undefined || Buffer.isBuffer(body)) this.#request.end(body);
    else void this.#writeStreamed(body);
  }

  /** Ends early when the exchange is over or was answered. */
  async #writeStreamed(body: StreamedBody): Promise<void> {
    const request = this.#request;
    let bytes = 0;
    try {
      for await (const piece of body.open()) {
        if (this.#isOver) return;
        bytes += piece.length;
        if (bytes > body.bytes) break;
        if (!request.write(piece)) await writable(request);
      }
    } catch {
      bytes = Number.NaN;
    }
    if (this.#isOver) return;
    if (bytes === body.bytes) {
      request.end();
      return;
    }
    this.#finish({ kind: "broken", by: "body", isStale: false });
    request.destroy();
  }

  /** A TLS alert on a new connection is the refusal of our certificate, and the request was not read. */
  #failureOf(error: unknown): HttpsOutcome {
    if (this.#endedBy !== undefined && this.#isWriting) return { kind: "broken", by: this.#endedBy, isStale: false };
    const { reusedSocket } = this.#request;
    if (!this.#isWriting) {
      const isKnown = isCpisError(error);
      return { kind: "not-sent", error: isKnown ? error : new CpisError(this.#codes.connectFailed, { cause: error }) };
    }
    if (!reusedSocket && isHandshakeAlert(error)) return { kind: "not-sent", error: describeTlsFailure(error) };
    if (isNoHttp(error)) return { kind: "broken", by: "no-http", isStale: false };
    return { kind: "broken", by: "connection", isStale: reusedSocket && isBrokenConnection(error) };
  }

  #replyOf(incoming: IncomingMessage): HttpsReply {
    return {
      status: incoming.statusCode ?? 0,
      headers: headersOf(incoming),
      body: this.#piecesOf(incoming),
      readWhole: (maximumBytes) => this.#readWhole(incoming, maximumBytes),
      discard: () => this.#request.destroy(),
    };
  }

  /**
   * Answered before all was written: nobody writes the rest, so the connection is of no more use. In a busy program a
   * reply is read before it is told that the last bytes have left, and then the connection is as good as any.
   */
  #dropHalfWritten(): void {
    const request = this.#request;
    if (request.writableFinished) return;
    const timer = setTimeout(() => request.destroy(), writingGraceMilliseconds);
    timer.unref();
    request.once("finish", () => clearTimeout(timer));
    request.once("close", () => clearTimeout(timer));
  }

  #brokenBy(error?: unknown): BrokenBy {
    return this.#endedBy ?? (isNoHttp(error) ? "no-http" : "connection");
  }

  #readWhole(incoming: IncomingMessage, maximumBytes: number): Promise<WholeBody> {
    return new Promise((resolve) => {
      const pieces: Buffer[] = [];
      let size = 0;
      incoming.on("data", (piece: Buffer) => {
        size += piece.length;
        pieces.push(piece);
        if (size <= maximumBytes) return;
        resolve({ kind: "too-large" });
        this.#request.destroy();
      });
      incoming.on("error", (error) => resolve({ kind: "broken", by: this.#brokenBy(error) }));
      incoming.on("close", () => resolve({ kind: "broken", by: this.#brokenBy() }));
      incoming.on("end", () => {
        resolve(
          incoming.complete ? { kind: "whole", body: Buffer.concat(pieces) } : { kind: "broken", by: this.#brokenBy() },
        );
        this.#dropHalfWritten();
      });
    });
  }

  async *#piecesOf(incoming: IncomingMessage): AsyncGenerator<Buffer> {
    const { incomplete } = this.#codes;
    const declared = Number(incoming.headers["content-length"] ?? Number.NaN);
    let bytes = 0;
    try {
      for await (const piece of incoming) {
        if (!Buffer.isBuffer(piece)) continue;
        bytes += piece.length;
        yield piece;
      }
    } catch (error) {
      const detail = `${this.#endedBy === "time" ? "the time ended" : "the connection broke"} after ${bytes} bytes`;
      throw new CpisError(incomplete, { detail, cause: error });
    } finally {
      this.#dropHalfWritten();
    }
    if (!incoming.complete || (!Number.isNaN(declared) && declared !== bytes)) {
      throw new CpisError(incomplete, { detail: `${bytes} bytes came, and not as many as announced` });
    }
  }
}

/** Throws CONFIG_INVALID for a proxy that cannot be. */
export function createHttpsClient(options: HttpsClientOptions): HttpsClient {
  const { secureContext, timeouts, codes, peerShown } = options;
  const proxy = chooseProxy(options.proxy);
  const agent = new ConnectionAgent(secureContext, timeouts, codes.connectFailed, peerShown, proxy);
  return {
    exchange: (request) => new Promise((resolve) => new Exchange(request, agent, codes, resolve).run()),
    close: () => agent.close(),
  };
}

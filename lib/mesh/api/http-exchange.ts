// Carries one HTTP request to MESH and says exactly what is known of its fate.
import { request as httpsRequest } from "node:https";
import type { ClientRequest, IncomingMessage } from "node:http";
import { CpisError, isCpisError } from "../../errors.js";
import { defaultConnectTimeouts, type ConnectTimeouts } from "../../tls/connect-tls.js";
import type { CertificateObserver } from "../../tls/certificates.js";
import { ConnectionAgent } from "../../tls/connection-agent.js";
import { describeTlsFailure, isHandshakeAlert } from "../../tls/tls-failure.js";
import { createTlsContext, type TlsMaterial } from "../../tls/tls-material.js";

export interface RequestBody {
  /** As sent; no chunked coding is used. */
  readonly bytes: number;
  open(): AsyncIterable<Buffer>;
}

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Called right before the first byte is written. */
  onWriting?(): void;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Must be read to its end, or `discard` called. Throws MESH_INCOMPLETE when the connection breaks. */
  readonly body: AsyncIterable<Buffer>;
  discard(): void;
}

export type HttpOutcome =
  | { readonly kind: "replied"; readonly reply: HttpReply }
  /** MESH cannot have seen the request. */
  | { readonly kind: "not-sent"; readonly error: CpisError }
  /** A part of it was written, and no reply came: MESH may have taken it. */
  | { readonly kind: "broken"; readonly reason: string };

export interface HttpClient {
  /** Never rejects. */
  exchange(request: HttpRequest): Promise<HttpOutcome>;
  /** Ends all connections; what is under way fails. */
  close(): void;
}

export interface HttpClientOptions {
  /** https; a path in it comes before that of each request. */
  readonly baseUrl: string;
  readonly tls: TlsMaterial;
  /** From the first byte of a request to the last of its reply. */
  readonly requestTimeoutMilliseconds: number;
  readonly timeouts?: Partial<ConnectTimeouts>;
  /** Told of the peer's certificates at each new connection. */
  readonly peerShown?: CertificateObserver;
}

interface Target {
  readonly url: URL;
  readonly agent: ConnectionAgent;
  readonly timeoutMilliseconds: number;
}

const brokenBeforeReply = "the connection broke before the reply";

function targetUrl(baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url?.protocol === "https:" && url.username === "" && url.search === "" && url.hash === "") return url;
  throw new CpisError("CONFIG_INVALID", { detail: "the base URL of MESH is not a plain https address" });
}

function openRequest({ method, path, headers, body }: HttpRequest, { url, agent }: Target): ClientRequest {
  const hasBody = body !== undefined || method !== "GET";
  return httpsRequest({
    agent,
    method,
    host: url.hostname,
    port: url.port === "" ? 443 : Number(url.port),
    path: `${url.pathname.replace(/\/$/, "")}${path}`,
    headers: { ...headers, ...(hasBody ? { "Content-Length": body?.bytes ?? 0 } : {}) },
  });
}

async function* piecesOf(incoming: IncomingMessage, request: ClientRequest): AsyncGenerator<Buffer> {
  const declared = Number(incoming.headers["content-length"] ?? Number.NaN);
  let bytes = 0;
  try {
    for await (const piece of incoming) {
      if (!Buffer.isBuffer(piece)) continue;
      bytes += piece.length;
      yield piece;
    }
  } catch (error) {
    throw new CpisError("MESH_INCOMPLETE", { detail: `the connection broke after ${bytes} bytes`, cause: error });
  } finally {
    // Answered before all was written: nobody writes the rest, so the connection is of no more use.
    if (!request.writableFinished) request.destroy();
  }
  if (!incoming.complete || (!Number.isNaN(declared) && declared !== bytes)) {
    throw new CpisError("MESH_INCOMPLETE", { detail: `${bytes} bytes came, and not as many as announced` });
  }
}

function replyOf(incoming: IncomingMessage, request: ClientRequest): HttpReply {
  const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(", ") : value] as const],
  );
  return {
    status: incoming.statusCode ?? 0,
    headers: new Map(headers),
    body: piecesOf(incoming, request),
    discard: () => request.destroy(),
  };
}

/** Ends early when the request is over or was answered. Throws when the body is not of its length. */
async function writeBody(request: ClientRequest, body: RequestBody, isOver: () => boolean): Promise<void> {
  let bytes = 0;
  for await (const piece of body.open()) {
    if (isOver()) return;
    bytes += piece.length;
    if (!request.write(piece)) await writable(request);
  }
  if (isOver()) return;
  if (bytes !== body.bytes) throw new CpisError("STORE_CORRUPT", { detail: "a file is not of its length" });
  request.end();
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

/** A TLS alert on a new connection is the refusal of our certificate, and the request was not read. */
function failureOf(error: unknown, request: ClientRequest, isWriting: boolean): HttpOutcome {
  if (isWriting && (request.reusedSocket || !isHandshakeAlert(error))) {
    return { kind: "broken", reason: brokenBeforeReply };
  }
  if (isWriting) return { kind: "not-sent", error: describeTlsFailure(error) };
  return {
    kind: "not-sent",
    error: isCpisError(error) ? error : new CpisError("MESH_CONNECT_FAILED", { cause: error }),
  };
}

function exchange(given: HttpRequest, target: Target): Promise<HttpOutcome> {
  return new Promise((resolve) => {
    let isWriting = false;
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    const request = openRequest(given, target);
    const finish = (outcome: HttpOutcome): void => {
      isOver = true;
      resolve(outcome);
    };
    request.on("socket", () => {
      isWriting = true;
      given.onWriting?.();
      timer = setTimeout(() => {
        finish({ kind: "broken", reason: `no reply within ${target.timeoutMilliseconds} ms` });
        request.destroy();
      }, target.timeoutMilliseconds);
      if (given.body === undefined) request.end();
      else {
        writeBody(request, given.body, () => isOver).catch(() => {
          finish({ kind: "broken", reason: "the file could not be read while it was sent" });
          request.destroy();
        });
      }
    });
    request.on("response", (incoming) => finish({ kind: "replied", reply: replyOf(incoming, request) }));
    request.on("error", (error) => finish(failureOf(error, request, isWriting)));
    request.on("close", () => {
      clearTimeout(timer);
      finish({ kind: "broken", reason: brokenBeforeReply });
    });
  });
}

/** Throws CONFIG_MISSING or CONFIG_INVALID. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const url = targetUrl(options.baseUrl);
  const timeouts = { ...defaultConnectTimeouts, ...options.timeouts };
  const agent = new ConnectionAgent(createTlsContext(options.tls), timeouts, "MESH_CONNECT_FAILED", options.peerShown);
  const target = { url, agent, timeoutMilliseconds: options.requestTimeoutMilliseconds };
  return {
    exchange: (request) => exchange(request, target),
    close: () => agent.close(),
  };
}

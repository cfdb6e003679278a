// The HTTPS server that peers post to: mutual TLS, HTTP, and its limits. What a message means is decided elsewhere.
import type { EventEmitter } from "node:events";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { CpisError } from "../../errors.js";
import type { StoredReply } from "../../store/message-model.js";
import { isAllowedClient } from "../../tls/client-names.js";
import { defaultListenerLimits, type ListenerLimits } from "./listener-limits.js";
import type { MhsEvents, RefusalReason } from "../model.js";
import { createOpenConnections, type OpenConnections } from "./open-connections.js";
import { createByteBudget, readBody, type ByteBudget } from "./read-body.js";
import type { MessageReceiver } from "../inbound/receive-message.js";
import { judgeRequestHead } from "./request-head.js";
import { readPeerCertificates } from "../../tls/certificates.js";
import { createTlsContext, tlsOptions, type TlsMaterial } from "../../tls/tls-material.js";

export interface ListenerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** For example "/mhs/ebxml". */
  readonly path: string;
  readonly tls: TlsMaterial;
  /** Common or DNS names of client certificates; without it any certificate of the trusted authorities is let in. */
  readonly allowedClientNames?: readonly string[];
  readonly limits?: Partial<ListenerLimits>;
}

export interface ListenerParts {
  readonly receive: MessageReceiver;
  readonly events: EventEmitter<MhsEvents>;
}

export interface Listener {
  /** Gives the port. Throws CONFIG_PORT_IN_USE or CONFIG_LISTEN. */
  open(): Promise<number>;
  /** Open TCP connections, for tests and metrics. */
  connectionCount(): number;
  /** Takes no more connections, lets requests in progress finish for the grace time, then ends what is left. */
  close(): Promise<void>;
}

interface Surroundings extends ListenerParts {
  readonly options: ListenerOptions;
  readonly limits: ListenerLimits;
  readonly budget: ByteBudget;
  readonly connections: OpenConnections;
  isListening(): boolean;
}

const retryAfterSeconds = 5;

function remoteAddressOf(socket: Duplex): string {
  return "remoteAddress" in socket && typeof socket.remoteAddress === "string" ? socket.remoteAddress : "";
}

function send(response: ServerResponse, reply: StoredReply, isClosing: boolean): void {
  response.writeHead(reply.status, {
    "Content-Type": reply.contentType,
    "Content-Length": reply.body.length,
    ...(reply.status === 503 ? { "Retry-After": retryAfterSeconds } : {}),
    ...(isClosing ? { Connection: "close" } : {}),
  });
  response.end(reply.body);
}

/** A body that is little more than allowed is read and thrown away, so that the peer sees the reply; no other one. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  reason: RefusalReason,
  { events, limits }: Surroundings,
): void {
  events.emit("refused", { httpStatus: status, reason, remoteAddress: remoteAddressOf(request.socket) });
  const isLong = !(Number(request.headers["content-length"]) <= 2 * limits.maximumBodyBytes);
  response.writeHead(status, {
    "Content-Length": 0,
    ...(status === 405 ? { Allow: "POST" } : {}),
    ...(status === 503 ? { "Retry-After": retryAfterSeconds } : {}),
    ...(isLong ? { Connection: "close" } : {}),
  });
  response.end();
}

const bodyRefusals = {
  "too-large": { status: 413, reason: "too-large" },
  "no-room": { status: 503, reason: "busy" },
  "cut-short": { status: 400, reason: "cut-short" },
} as const;

async function respond(request: IncomingMessage, response: ServerResponse, surroundings: Surroundings): Promise<void> {
  const { limits, budget, options, receive } = surroundings;
  const { maximumBodyBytes } = limits;
  const head = { method: request.method, target: request.url, headers: request.headers };
  const refusal = judgeRequestHead(head, { path: options.path, maximumBodyBytes });
  if (refusal !== undefined) {
    refuse(request, response, refusal.status, refusal.reason, surroundings);
    return;
  }
  if (request.headers.expect !== undefined) response.writeContinue();

  const reading = await readBody(request, maximumBodyBytes, budget);
  if (reading.kind !== "complete") {
    const { status, reason } = bodyRefusals[reading.kind];
    refuse(request, response, status, reason, surroundings);
    return;
  }
  try {
    const remoteAddress = remoteAddressOf(request.socket);
    const reply = await receive({ contentType: request.headers["content-type"], body: reading.body, remoteAddress });
    send(response, reply, !surroundings.isListening());
  } finally {
    budget.giveBack(reading.body.length);
  }
}

/** HTTP that cannot be parsed, too long a head, or a request that took too long. */
function answerBadHttp(error: Error & { code?: string }, socket: Duplex, events: EventEmitter<MhsEvents>): void {
  const [status, reason] = ((): [string, RefusalReason] => {
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return ["408 Request Timeout", "time-out"];
    if (error.code === "HPE_HEADER_OVERFLOW") return ["431 Request Header Fields Too Large", "too-large"];
    return ["400 Bad Request", "bad-http"];
  })();
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  events.emit("refused", { httpStatus: Number.parseInt(status, 10), reason, remoteAddress: remoteAddressOf(socket) });
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

function listenFailure(error: unknown): CpisError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "no code";
  if (code === "EADDRINUSE") return new CpisError("CONFIG_PORT_IN_USE", { cause: error });
  return new CpisError("CONFIG_LISTEN", { detail: code, cause: error });
}

function createHttpsServer(surroundings: Surroundings): Server {
  const { options, limits, events, connections } = surroundings;
  // Made for its errors: it names bad material before the server does.
  createTlsContext(options.tls);
  const server = createServer({
    ...tlsOptions(options.tls),
    dhparam: "auto",
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: limits.handshakeMilliseconds,
    headersTimeout: limits.headersMilliseconds,
    requestTimeout: limits.requestMilliseconds,
    keepAliveTimeout: limits.keepAliveMilliseconds,
    maxHeaderSize: limits.maximumHeaderBytes,
    connectionsCheckingInterval: Math.max(50, Math.min(1_000, limits.headersMilliseconds / 2)),
  });
  server.maxConnections = limits.maximumConnections;
  server.timeout = limits.silenceMilliseconds;

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    connections.addRequest(request, response);
    respond(request, response, surroundings).catch(() => {
      events.emit("warning", { code: "INTERNAL", message: "A request to the listener failed unexpectedly" });
      if (response.headersSent) response.destroy();
      else refuse(request, response, 500, "internal", surroundings);
    });
  };
  server.on("request", onRequest);
  server.on("checkContinue", onRequest);
  /** Node reports a failed handshake as bad HTTP as well; it is told once. */
  const secured = new WeakSet<Duplex>();
  server.on("clientError", (error, socket) => {
    if (secured.has(socket)) answerBadHttp(error, socket, events);
  });
  server.on("tlsClientError", (_error, socket) => {
    events.emit("refused", { httpStatus: 0, reason: "tls", remoteAddress: remoteAddressOf(socket) });
    socket.destroy();
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    secured.add(socket);
    if (isAllowedClient(socket.getPeerCertificate(), options.allowedClientNames)) {
      events.emit("certificatesShown", { by: "client", chain: readPeerCertificates(socket) });
      return;
    }
    events.emit("refused", { httpStatus: 0, reason: "client-name", remoteAddress: remoteAddressOf(socket) });
    socket.destroy();
  });
  return server;
}

/** Throws CONFIG_MISSING or CONFIG_INVALID for TLS material that cannot be used. */
export function createListener(options: ListenerOptions, parts: ListenerParts): Listener {
  const limits = { ...defaultListenerLimits, ...options.limits };
  const budget = createByteBudget(limits.maximumBytesInFlight);
  const connections = createOpenConnections();
  const isListening = (): boolean => server.listening;
  const server: Server = createHttpsServer({ ...parts, options, limits, budget, connections, isListening });
  server.on("connection", (socket: Duplex) => {
    if (socket instanceof Socket) connections.add(socket);
  });

  return {
    open: () =>
      new Promise((resolve, reject) => {
        const onError = (error: unknown): void => reject(listenFailure(error));
        server.once("error", onError);
        server.listen(options.port, options.host, () => {
          server.off("error", onError);
          // Running out of file descriptors, for example: the listener goes on with the next connection.
          server.on("error", (error) => {
            parts.events.emit("warning", { code: "INTERNAL", message: listenFailure(error).message });
          });
          const address = server.address();
          resolve(typeof address === "object" && address !== null ? address.port : options.port);
        });
      }),
    connectionCount: () => connections.count(),
    close: async () => {
      const timer = setTimeout(() => connections.endAll(), limits.closeGraceMilliseconds);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      connections.endIdle();
      await Promise.all([closed, connections.whenNone()]);
      clearTimeout(timer);
    },
  };
}

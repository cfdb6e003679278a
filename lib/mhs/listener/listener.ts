// The HTTPS server that peers post to: mutual TLS, HTTP, and its limits. What a message means is decided elsewhere.
import { constants } from "node:crypto";
import type { EventEmitter } from "node:events";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { definedOnly } from "../../defined-only.js";
import { CpisError, type ErrorCode } from "../../errors.js";
import type { StoredReply } from "../../store/message-model.js";
import { createConnections, type Connections } from "./connections.js";
import { defaultListenerLimits, type ListenerLimits } from "./listener-limits.js";
import type { MhsEvents, RefusalReason } from "../model.js";
import { createByteBudget, readBody, type ByteBudget } from "./read-body.js";
import type { MessageReceiver } from "../inbound/receive-message.js";
import { judgeRequestHead } from "./request-head.js";
import { peerChain, readOwnCertificates, readPeerCertificates } from "../../tls/certificates.js";
import { isNamedClient, type ClientNames } from "../../tls/peer-name.js";
import { describeTlsFailure } from "../../tls/tls-failure.js";
import { createTlsContext, tlsOptions, type TlsMaterial } from "../../tls/tls-material.js";

export interface ListenerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** For example "/mhs/ebxml". */
  readonly path: string;
  readonly tls: TlsMaterial;
  /** Whose certificates are taken. "any" is for a simulator only: thousands have one of the same authority. */
  readonly clientNames: ClientNames;
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
  readonly connections: Connections;
  isListening(): boolean;
}

const retryAfterSeconds = 5;
const connectionsInTurn = 256;

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
  const { options, limits } = surroundings;
  // Made for its errors: it names bad material before the server does.
  createTlsContext(options.tls);
  const tls = tlsOptions(options.tls);
  const server = createServer({
    ...tls,
    // A resumed session would stand on a certificate that was judged in another time.
    secureOptions: (tls.secureOptions ?? 0) | constants.SSL_OP_NO_TICKET,
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
  // Far above what the two limits of connections let through: only a flood in one turn of the event loop gets here.
  server.maxConnections = limits.maximumConnections + limits.maximumHandshakes + connectionsInTurn;
  server.timeout = limits.silenceMilliseconds;
  followConnections(server, surroundings);
  return server;
}

function followConnections(server: Server, surroundings: Surroundings): void {
  const { options, events, connections } = surroundings;
  const refuseConnection = (reason: RefusalReason, remoteAddress: string, code?: ErrorCode): void => {
    events.emit("refused", { httpStatus: 0, reason, remoteAddress, ...definedOnly({ code }) });
  };
  server.on("drop", (peer?: { readonly remoteAddress?: string }) =>
    refuseConnection("too-many-connections", peer?.remoteAddress ?? ""),
  );
  // First of all: room is made before the handshake of this one begins.
  server.prependListener("connection", (socket: Duplex) => {
    if (socket instanceof Socket) connections.add(socket);
  });
  /** Node reports a failed handshake as bad HTTP as well; it is told once. */
  const admitted = new WeakSet<Duplex>();
  const visitors = new WeakSet<Duplex>();
  server.on("clientError", (error, socket) => {
    if (admitted.has(socket) || visitors.has(socket)) answerBadHttp(error, socket, events);
  });
  server.on("tlsClientError", (error: Error & { code?: string }, socket) => {
    // Node.js closes the connection of a certificate that it does not accept, and says why here only.
    const refusal: unknown = socket.authorizationError;
    const cause = typeof refusal === "string" ? Object.assign(new Error(refusal), { code: refusal }) : error;
    // Without a refusal the peer has left, which those who count the connections tell.
    if (cause !== error || error.code !== "ECONNRESET") {
      const address = connections.fail(socket);
      if (error.code === "ERR_TLS_HANDSHAKE_TIMEOUT") refuseConnection("time-out", address);
      else refuseConnection("tls", address, describeTlsFailure(cause).code);
    }
    socket.destroy();
  });
  /** Whoever holds our own key is this machine, which looks whether its listener answers; it may say nothing. */
  const own = readOwnCertificates(options.tls)[0]?.fingerprint;
  // Before HTTP is read on it.
  server.prependListener("secureConnection", (socket: TLSSocket) => {
    const certificate = socket.getPeerCertificate();
    const isNamed = isNamedClient(certificate, options.clientNames);
    if (!isNamed && certificate.fingerprint256 === own && connections.secure(socket)) visitors.add(socket);
    else if (!isNamed) {
      refuseConnection("client-name", connections.fail(socket), "TLS_CLIENT_REFUSED");
      socket.destroy();
    } else if (options.tls.revocation?.isRevoked(peerChain(socket)) === true) {
      refuseConnection("tls", connections.fail(socket), "TLS_PEER_REVOKED");
      socket.destroy();
    } else if (!connections.secure(socket)) {
      refuseConnection("too-many-connections", remoteAddressOf(socket));
      socket.destroy();
    } else {
      admitted.add(socket);
      events.emit("certificatesShown", { by: "client", chain: readPeerCertificates(socket) });
    }
  });
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    connections.addRequest(request, response);
    if (visitors.has(request.socket)) {
      refuse(request, response, 403, "client-name", surroundings);
      return;
    }
    if (!admitted.has(request.socket)) {
      request.socket.destroy();
      return;
    }
    respond(request, response, surroundings).catch(() => {
      events.emit("warning", { code: "INTERNAL", message: "A request to the listener failed unexpectedly" });
      if (response.headersSent) response.destroy();
      else refuse(request, response, 500, "internal", surroundings);
    });
  };
  server.on("request", onRequest);
  server.on("checkContinue", onRequest);
}

/** Throws CONFIG_MISSING or CONFIG_INVALID for TLS material that cannot be used. */
export function createListener(options: ListenerOptions, parts: ListenerParts): Listener {
  const limits = { ...defaultListenerLimits, ...options.limits };
  const budget = createByteBudget(limits.maximumBytesInFlight);
  const connections = createConnections(limits, (remoteAddress, why) => {
    const reason = why === "dropped" ? "too-many-handshakes" : "tls";
    parts.events.emit("refused", { httpStatus: 0, reason, remoteAddress });
  });
  const isListening = (): boolean => server.listening;
  const server: Server = createHttpsServer({ ...parts, options, limits, budget, connections, isListening });

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

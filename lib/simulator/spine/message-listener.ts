// Takes HTTP requests over TLS with client certificate, reads them whole, and lets the simulator reply.
import type { IncomingMessage, ServerResponse } from "node:http";
import { openLoopbackServer, type LoopbackServer } from "../loopback-server.js";
import type { Disturbance } from "./network-fault.js";
import { readSlowly } from "./read-slowly.js";
import type { HttpReply } from "./replies.js";

export interface ReceivedRequest {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly soapAction: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** As `disturb` gave it. */
  readonly disturbance: Disturbance;
}

/** How a request ends: with a reply, with the connection cut, or not at all. */
export type RequestEnd =
  /** `cutAfterBytes`: the connection is cut after so many bytes of the body. */
  | { readonly kind: "reply"; readonly reply: HttpReply; readonly cutAfterBytes?: number }
  | { readonly kind: "reset" }
  | { readonly kind: "silence" };

/** "sent": the bytes of the reply are out, or nothing will ever be. */
export interface RequestHandling {
  readonly end: RequestEnd;
  sent(): void;
}

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly keyPem: string;
  readonly certPem: string;
  readonly caPem: string;
  readonly maximumBytes: number;
  /** Whether messages are taken on this path. */
  isKnownPath(path: string): boolean;
  /** What befalls the transmission of a message of this SOAPAction. Asked once for each, before its body is read. */
  disturb(soapAction: string | undefined): Disturbance;
  take(request: ReceivedRequest): Promise<RequestHandling>;
  /** A request that did not come to be taken: a status, or 0 for one that ended in the middle. */
  refused(status: number, reason: string): void;
  readonly failed: (cause: unknown) => void;
}

export type MessageListener = Pick<LoopbackServer, "port" | "close">;

/** Longer than the pause between two messages of a client: so the client's connection is not closed under it. */
const keepAliveMilliseconds = 60_000;

type BodyReading =
  | { readonly kind: "body"; readonly body: Buffer }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  | { readonly kind: "cut" };

async function readBody(
  request: IncomingMessage,
  maximumBytes: number,
  disturbance: Disturbance,
): Promise<BodyReading> {
  if (request.headers["transfer-encoding"] !== undefined || request.headers["content-length"] === undefined) {
    return { kind: "refused", status: 411, reason: "Content-Length is missing: Spine takes no chunked request" };
  }
  if (Number(request.headers["content-length"]) > maximumBytes) {
    return { kind: "refused", status: 413, reason: "too large" };
  }
  const chunks: Buffer[] = [];
  let length = 0;
  const cutAfterBytes = disturbance.requestCutAfterBytes ?? Infinity;
  for await (const chunk of readSlowly(request, disturbance.bytesPerSecond)) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length >= cutAfterBytes) return { kind: "cut" };
  }
  return cutAfterBytes === Infinity ? { kind: "body", body: Buffer.concat(chunks) } : { kind: "cut" };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "Content-Length": "0", Connection: "close" });
  response.end();
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

function sendReply(response: ServerResponse, reply: HttpReply, cutAfterBytes: number | undefined): Promise<void> {
  response.writeHead(reply.status, { ...reply.headers, "Content-Length": String(reply.body.byteLength) });
  return new Promise((resolve) => {
    response.once("close", resolve);
    if (cutAfterBytes === undefined) response.end(reply.body);
    else if (cutAfterBytes === 0) response.destroy();
    else response.write(reply.body.subarray(0, cutAfterBytes), () => response.destroy());
  });
}

async function serve(request: IncomingMessage, response: ServerResponse, options: ListenerOptions): Promise<void> {
  // A request that is given up half read forgets its socket.
  const { socket } = request;
  const path = request.url ?? "";
  const refusal = !options.isKnownPath(path) ? 404 : request.method !== "POST" ? 405 : undefined;
  if (refusal !== undefined) {
    options.refused(refusal, refusal === 404 ? "unknown path" : "not a POST");
    refuse(response, refusal);
    return;
  }
  const soapAction = headerText(request.headers["soapaction"]);
  const disturbance = options.disturb(soapAction);
  const reading = await readBody(request, options.maximumBytes, disturbance);
  if (reading.kind === "cut") {
    socket.destroy();
    return;
  }
  if (reading.kind === "refused") {
    options.refused(reading.status, reading.reason);
    refuse(response, reading.status);
    return;
  }
  const handling = await options.take({
    path,
    contentType: request.headers["content-type"],
    soapAction,
    rawHeaders: request.rawHeaders,
    body: reading.body,
    disturbance,
  });
  const { end } = handling;
  if (end.kind === "reply") await sendReply(response, end.reply, end.cutAfterBytes);
  else if (end.kind === "reset") socket.destroy();
  handling.sent();
}

/** Throws CONFIG_PORT_IN_USE, or CONFIG_LISTEN with the reason. */
export function openListener(options: ListenerOptions): Promise<MessageListener> {
  return openLoopbackServer({
    host: options.host,
    port: options.port,
    tls: {
      key: options.keyPem,
      cert: options.certPem,
      ca: options.caPem,
      requestCert: true,
      rejectUnauthorized: true,
      keepAliveTimeout: keepAliveMilliseconds,
    },
    serve: (request, response) => {
      const { socket } = request;
      serve(request, response, options).catch((cause: unknown) => {
        if (request.complete) options.failed(cause);
        else options.refused(0, "the request ended in the middle");
        socket.destroy();
      });
    },
    failed: options.failed,
  });
}

// Takes HTTP requests of MESH over TLS, reads bodies within limits, and writes the answers.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { refusalAnswer, type MeshAnswer, type MeshProblem } from "./mesh-answers.js";
import { spellHeader, type MeshBehaviours } from "./mesh-behaviours.js";
import type { BodyReading } from "./mesh-call.js";
import type { IssuedCertificate } from "../pki/pki.js";
import { openLoopbackServer, type LoopbackServer } from "../loopback-server.js";

export interface MeshHttpRequest {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** May be called once. Throws when the request is cut. */
  readBody(): Promise<BodyReading>;
}

/** How a request ends: with an answer, or with the connection cut. */
export type MeshHttpEnd =
  | {
      readonly kind: "answer";
      readonly answer: MeshAnswer;
      readonly headerCase: MeshBehaviours["headerCase"];
      /** By how much the Content-Length is wrong. */
      readonly lengthDifference: number;
    }
  | { readonly kind: "cut" };

export interface MeshListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: IssuedCertificate;
  readonly caPem: string;
  readonly requireClientCertificate: boolean;
  readonly maximumRequestBytes: number;
  take(request: MeshHttpRequest): Promise<MeshHttpEnd>;
  readonly failed: (cause: unknown) => void;
}

export type MeshListener = Pick<LoopbackServer, "port" | "close">;

const keepAliveMilliseconds = 60_000;
/** As long as clients of the real service wait for 100 MB. */
const requestMilliseconds = 600_000;
/** Bodies that are read at the same time, as a multiple of the largest. */
const bodiesInMemory = 4;
/** A body that is too large is read to its end, so that the client hears of it; beyond this it is cut. */
const largestIgnoredBytes = 1024 ** 3;

function refused(status: number, message: string): BodyReading {
  return { kind: "refused", problem: { status, message } };
}

async function ignoreBody(request: IncomingMessage): Promise<void> {
  let ignored = 0;
  for await (const chunk of request) {
    ignored += (chunk as Buffer).byteLength;
    if (ignored > largestIgnoredBytes) return;
  }
}

/** With a Content-Length, or in chunked coding, whose length nobody knows before its end. */
function createBodyReader(maximumBytes: number): (request: IncomingMessage) => Promise<BodyReading> {
  let bytesInMemory = 0;
  /** Room is reserved for what was announced, or for each piece as it comes. */
  const readWhole = async (request: IncomingMessage, announced: number | undefined): Promise<BodyReading> => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isTooLarge = (announced ?? 0) > maximumBytes;
    let reserved = isTooLarge ? 0 : (announced ?? 0);
    bytesInMemory += reserved;
    let isTooMuch = bytesInMemory > maximumBytes * bodiesInMemory;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        bytes += chunk.byteLength;
        if (announced === undefined) {
          reserved += chunk.byteLength;
          bytesInMemory += chunk.byteLength;
          isTooLarge ||= bytes > maximumBytes;
          isTooMuch ||= bytesInMemory > maximumBytes * bodiesInMemory;
        }
        if (isTooLarge || isTooMuch) chunks.length = 0;
        else chunks.push(chunk);
        if (bytes > largestIgnoredBytes) break;
      }
      if (isTooLarge) return refused(413, "The request is larger than the limit");
      if (isTooMuch) return refused(503, "Too much is being uploaded at once");
      return { kind: "body", body: Buffer.concat(chunks) };
    } finally {
      bytesInMemory -= reserved;
    }
  };
  return async (request) => {
    const { "content-length": declared, "transfer-encoding": coding } = request.headers;
    if (declared === undefined && coding === undefined) {
      await ignoreBody(request);
      return refused(411, "Content-Length is missing");
    }
    return readWhole(request, coding === undefined ? Number(declared) : undefined);
  };
}

function writeAnswer(response: ServerResponse, end: Extract<MeshHttpEnd, { kind: "answer" }>): Promise<void> {
  const { answer, headerCase, lengthDifference } = end;
  const length = Math.max(0, answer.body.byteLength + lengthDifference);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...answer.headers, "Content-Length": String(length) })) {
    headers[spellHeader(name, headerCase)] = value;
  }
  if (lengthDifference !== 0) response.shouldKeepAlive = false;
  response.writeHead(answer.status, headers);
  return new Promise((resolve) => {
    response.once("close", resolve);
    // Nothing more comes: a client that waits for the rest must see the end.
    response.end(answer.body, () => lengthDifference !== 0 && response.destroy());
  });
}

/** A request that Node.js cannot read: its parser refuses control characters before we see them. */
function refuseUnreadable(cause: Error, socket: Duplex): void {
  const code = "code" in cause ? cause.code : undefined;
  if (!socket.writable || code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const statuses: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };
  const status = statuses[String(code)] ?? 400;
  const problem: MeshProblem =
    code === "HPE_INVALID_HEADER_TOKEN"
      ? { status, event: "TRANSFER", code: "06", message: "Malformed control file" }
      : { status, message: "The request is not readable" };
  const { headers, body } = refusalAnswer(2, problem);
  const lines = Object.entries({ ...headers, "Content-Length": String(body.byteLength), Connection: "close" });
  const head = [`HTTP/1.1 ${status} Refused`, ...lines.map(([name, value]) => `${name}: ${value}`)].join("\r\n");
  socket.end(`${head}\r\n\r\n${body.toString("utf8")}`);
}

/** Throws CONFIG_PORT_IN_USE, or CONFIG_LISTEN with the reason. */
export async function openMeshListener(options: MeshListenerOptions): Promise<MeshListener> {
  const { certificate, caPem, requireClientCertificate } = options;
  const readBody = createBodyReader(options.maximumRequestBytes);
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url = "", headers, socket } = request;
    const end = await options.take({ method, url, headers, readBody: () => readBody(request) });
    if (end.kind === "cut") socket.destroy();
    else await writeAnswer(response, end);
  };
  const opened = await openLoopbackServer({
    host: options.host,
    port: options.port,
    tls: {
      key: certificate.keyPem,
      cert: certificate.certPem,
      ca: caPem,
      requestCert: requireClientCertificate,
      rejectUnauthorized: requireClientCertificate,
      keepAliveTimeout: keepAliveMilliseconds,
      requestTimeout: requestMilliseconds,
    },
    serve: (request, response) => {
      const { socket } = request;
      serve(request, response).catch((cause: unknown) => {
        if (!request.complete || response.headersSent) {
          socket.destroy();
          return;
        }
        options.failed(cause);
        response.writeHead(500, { "Content-Length": "0" });
        response.end();
      });
    },
    failed: options.failed,
  });
  opened.server.on("clientError", refuseUnreadable);
  return opened;
}

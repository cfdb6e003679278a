// An HTTPS server in the place of a peer that answers as a test says: wrong, endlessly, slowly, or with lies.
import { once } from "node:events";
import { createServer, request as httpsRequest, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { IssuedCertificate, Pki } from "../../../lib/simulator/index.js";

export interface HostileRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export type HostileReply = (to: ServerResponse, request: HostileRequest) => void;

export interface HostileServer {
  readonly url: string;
  /** Method and path, in order. */
  readonly calls: readonly string[];
  answer: HostileReply;
  close(): Promise<void>;
}

/** Writes until nobody reads any more. */
export function endless(to: ServerResponse, piece: string): void {
  const write = (): void => {
    while (!to.destroyed && to.write(piece.repeat(1_000)));
  };
  to.on("drain", write);
  write();
}

/** A byte at a time, for as long as anybody reads. */
export function drip(to: ServerResponse): void {
  const timer = setInterval(() => to.write(" "), 50);
  to.on("close", () => clearInterval(timer));
}

/** `certificate`: of the server, which shows it to honest peers behind it, too. */
export async function startHostileServer(pki: Pki, certificate: IssuedCertificate): Promise<HostileServer> {
  const calls: string[] = [];
  const tls = { key: certificate.keyPem, cert: certificate.certPem, ca: pki.caPem, requestCert: true };
  const server: Server = createServer({ ...tls, rejectUnauthorized: false }, (request, response) => {
    response.on("error", () => undefined);
    calls.push(`${request.method ?? ""} ${request.url ?? ""}`);
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      hostile.answer(response, { method, path, headers, body: Buffer.concat(pieces) });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const hostile: HostileServer = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answer: (response) => void response.writeHead(200).end(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return hostile;
}

/** What follows from the bytes is said anew. */
function without(headers: IncomingMessage["headers"], names: readonly string[]): IncomingMessage["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

/** Asks an honest server, and passes its answer on with another text. */
export function changed(
  { url, ...tls }: { readonly url: string; readonly key: string; readonly cert: string; readonly ca: string },
  change: (text: string, request: HostileRequest) => string,
): HostileReply {
  return (to, request) => {
    const headers = without(request.headers, ["host", "content-length"]);
    const place = new URL(request.path, url);
    const asked = httpsRequest(place, { ...tls, agent: false, method: request.method, headers }, (reply) => {
      const pieces: Buffer[] = [];
      reply.on("data", (piece: Buffer) => pieces.push(piece));
      reply.on("end", () => {
        const kept = without(reply.headers, ["content-length", "transfer-encoding"]);
        to.writeHead(reply.statusCode ?? 500, kept).end(change(Buffer.concat(pieces).toString(), request));
      });
    });
    asked.on("error", () => to.destroy());
    asked.end(request.body);
  };
}

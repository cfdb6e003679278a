// An HTTPS server in the place of MESH that answers as a test says: wrong, endlessly, slowly, or with lies.
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { IssuedCertificate, Pki } from "../../../lib/simulator/index.js";

/** The call, as "POST", "GET inbox", "GET inbox/ID", "PUT status" or "POST outbox". */
export type HostileAnswer = (call: string, response: ServerResponse, request: IncomingMessage) => void;

export interface HostileMesh {
  readonly url: string;
  /** In order. */
  readonly calls: readonly string[];
  answer: HostileAnswer;
  close(): Promise<void>;
}

function callOf({ method = "", url = "" }: IncomingMessage): string {
  const [, , , place = "", id = "", more = ""] = (url.split("?")[0] ?? "").split("/");
  if (more !== "" && method === "PUT") return "PUT status";
  return `${method} ${place}${id === "" ? "" : `/${id}`}`.trim();
}

export async function startHostileMesh(pki: Pki, certificate: IssuedCertificate): Promise<HostileMesh> {
  const calls: string[] = [];
  const tls = { key: certificate.keyPem, cert: certificate.certPem, ca: pki.caPem, requestCert: true };
  const server: Server = createServer(tls, (request, response) => {
    request.resume();
    response.on("error", () => undefined);
    calls.push(callOf(request));
    mesh.answer(callOf(request), response, request);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const mesh: HostileMesh = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answer: (_call, response) => void response.writeHead(200).end(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return mesh;
}

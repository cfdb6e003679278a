// The other end of the measured connections, in a process of its own: the simulator, or a bare pair of posts.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import https from "node:https";
import {
  createPki,
  createSpineSimulator,
  type IssuedCertificate,
  type SimulatedParty,
} from "../../lib/simulator/index.js";
import type { MessagingContract } from "../../lib/sds/contract.js";

export type PeerRequest = { readonly kind: "simulator" } | { readonly kind: "bare"; readonly responseBytes: number };

export interface PeerReady {
  readonly url: string;
  readonly caPem: string;
  readonly client: IssuedCertificate;
  readonly contract?: MessagingContract;
}

interface PartyRequest {
  readonly kind: "party";
  readonly party: SimulatedParty;
}

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const loopback = "127.0.0.1";

function tell(message: PeerReady | "registered"): void {
  process.send?.(message);
}

async function startSimulator(): Promise<void> {
  const pki = await createPki(effects);
  const simulator = await createSpineSimulator({ pki, effects });
  process.on("message", (message: PartyRequest) => {
    simulator.registerParty(message.party);
    tell("registered");
  });
  const client = await simulator.issueClient(loopback);
  tell({ url: simulator.url, caPem: simulator.caPem, client, contract: simulator.contracts.express });
}

/** Path "/<port>/<number>": answers 202 at once, then posts to that port with the number as its path. */
async function startBare(responseBytes: number): Promise<void> {
  const pki = await createPki(effects);
  const own = await pki.issue({ commonName: loopback, ipAddresses: [loopback], usage: "both" });
  const tls = { key: own.keyPem, cert: own.certPem, ca: pki.caPem };
  const agent = new https.Agent({ ...tls, keepAlive: true });
  const answer = Buffer.alloc(responseBytes, 0x20);
  const server = https.createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    request.resume();
    request.on("end", () => {
      response.writeHead(202, { "Content-Length": 0 });
      response.end();
      const [, port, number] = (request.url ?? "").split("/");
      const headers = { "Content-Length": answer.byteLength, "Content-Type": "text/xml" };
      https
        .request(`https://${loopback}:${port ?? ""}/${number ?? ""}`, { method: "POST", agent, headers }, (reply) =>
          reply.resume(),
        )
        .end(answer);
    });
  });
  server.listen(0, loopback);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const client = await pki.issue({ commonName: loopback, ipAddresses: [loopback], usage: "both" });
  tell({ url: `https://${loopback}:${address.port}`, caPem: pki.caPem, client });
}

process.once("message", (request: PeerRequest) => {
  void (request.kind === "simulator" ? startSimulator() : startBare(request.responseBytes));
});

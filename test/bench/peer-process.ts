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
import { encodeBusinessMessage } from "../../lib/ebxml/encode-message.js";
import { parseConversationId, parseMessageId } from "../../lib/identifiers.js";
import type { MessagingContract } from "../../lib/sds/contract.js";
import { buildResponse, queryContext, wrapPayload } from "./sample-messages.js";

export type PeerRequest =
  | { readonly kind: "simulator" }
  /** Answers each query with the same record, and reads nothing but the ids. */
  | { readonly kind: "canned"; readonly accesses: number }
  | { readonly kind: "bare"; readonly responseBytes: number };

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
  // Each subject of a measurement waits while the others are measured.
  server.keepAliveTimeout = 0;
  server.listen(0, loopback);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const client = await pki.issue({ commonName: loopback, ipAddresses: [loopback], usage: "both" });
  tell({ url: `https://${loopback}:${address.port}`, caPem: pki.caPem, client });
}

const placeholder = {
  message: "0B000000-0000-4000-8000-000000000001",
  reference: "0B000000-0000-4000-8000-000000000002",
  conversation: "0B000000-0000-4000-8000-000000000003",
} as const;

function cannedAnswer(accesses: number): { readonly contentType: string; readonly text: string } {
  const message = wrapPayload(buildResponse(accesses), 0);
  const { contentType, body } = encodeBusinessMessage(
    {
      ...message,
      header: {
        ...message.header,
        fromPartyKey: message.header.toPartyKey,
        toPartyKey: message.header.fromPartyKey,
        action: "REPC_IN000007GB01",
        messageId: parseMessageId(placeholder.message),
        refToMessageId: parseMessageId(placeholder.reference),
        conversationId: parseConversationId(placeholder.conversation),
      },
    },
    { style: "spine" },
  );
  return { contentType, text: body.toString("latin1") };
}

/** Path "/<port>": answers 202 at once, then posts the record to that port. */
async function startCanned(accesses: number): Promise<void> {
  const pki = await createPki(effects);
  const own = await pki.issue({ commonName: loopback, ipAddresses: [loopback], usage: "both" });
  const tls = { key: own.keyPem, cert: own.certPem, ca: pki.caPem };
  const agent = new https.Agent({ ...tls, keepAlive: true });
  const { contentType, text } = cannedAnswer(accesses);
  const idIn = (body: string, name: string): string => new RegExp(`<eb:${name}>([^<]+)<`).exec(body)?.[1] ?? "";
  const eventIdIn = (body: string): string => /<cP-ISNHSQuery[^>]*>\s*<id root="([^"]+)"/.exec(body)?.[1] ?? "";
  const server = https.createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.writeHead(202, { "Content-Length": 0 });
      response.end();
      const body = Buffer.concat(chunks).toString("latin1");
      const answer = Buffer.from(
        text
          .replaceAll(placeholder.message, effects.newUuid())
          .replaceAll(placeholder.reference, idIn(body, "MessageId"))
          .replaceAll(placeholder.conversation, idIn(body, "ConversationId"))
          .replaceAll(queryContext.eventId, eventIdIn(body)),
        "latin1",
      );
      const port = request.url?.split("/")[1] ?? "";
      const headers = { "Content-Length": answer.byteLength, "Content-Type": contentType };
      https
        .request(`https://${loopback}:${port}/mhs/ebxml`, { method: "POST", agent, headers }, (reply) => reply.resume())
        .end(answer);
    });
  });
  // Each subject of a measurement waits while the others are measured.
  server.keepAliveTimeout = 0;
  server.listen(0, loopback);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const client = await pki.issue({ commonName: loopback, ipAddresses: [loopback], usage: "both" });
  tell({ url: `https://${loopback}:${address.port}`, caPem: pki.caPem, client });
}

process.once("message", (request: PeerRequest) => {
  if (request.kind === "simulator") void startSimulator();
  else if (request.kind === "canned") void startCanned(request.accesses);
  else void startBare(request.responseBytes);
});

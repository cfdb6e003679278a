// The other end of the wire for tests: a real HTTPS server and client that speak bytes, made with the real codecs.
import { randomUUID } from "node:crypto";
import { createServer, request as httpsRequest, type ServerOptions } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { encodeBusinessMessage } from "../../../lib/ebxml/encode-message.js";
import { acknowledgmentOf, encodeAcknowledgment } from "../../../lib/ebxml/encode-signal.js";
import type { BusinessMessage, EncodedMessage } from "../../../lib/ebxml/model.js";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import {
  parseConversationId,
  parseCpaId,
  parseMessageId,
  parsePartyKey,
  type MessageId,
} from "../../../lib/identifiers.js";
import type { TlsMaterial } from "../../../lib/tls/tls-material.js";
import { createPki, type CertificateRequest, type Pki } from "../../../lib/simulator/pki/pki.js";

export const ownParty = parsePartyKey("ZT7-900145");
export const spineParty = parsePartyKey("ZSP-0000001");
export const service = "urn:nhs:names:services:cpisquery";

export function newId(): MessageId {
  return parseMessageId(randomUUID().toUpperCase());
}

/** Two authorities that do not know each other, and certificates of both. Made once for all tests: keys take time. */
export interface TestCertificates {
  readonly pki: Pki;
  readonly foreignPki: Pki;
  /** For both ends of the loopback interface. */
  readonly good: TlsMaterial;
  readonly foreign: TlsMaterial;
  issue(request: Partial<CertificateRequest>): Promise<TlsMaterial>;
}

const loopback: CertificateRequest = {
  commonName: "localhost",
  dnsNames: ["localhost"],
  ipAddresses: ["127.0.0.1"],
  usage: "both",
};

async function issueFrom(pki: Pki, trusted: Pki, request: Partial<CertificateRequest>): Promise<TlsMaterial> {
  const { keyPem, certPem } = await pki.issue({ ...loopback, ...request });
  return { key: keyPem, cert: certPem, ca: trusted.caPem };
}

async function createCertificates(): Promise<TestCertificates> {
  const pki = await createPki({ now: () => Date.now() });
  const foreignPki = await createPki({ now: () => Date.now(), authorityName: "Another authority" });
  return {
    pki,
    foreignPki,
    good: await issueFrom(pki, pki, {}),
    foreign: await issueFrom(foreignPki, pki, {}),
    issue: (request) => issueFrom(pki, pki, request),
  };
}

let certificates: Promise<TestCertificates> | undefined;

export function testCertificates(): Promise<TestCertificates> {
  certificates ??= createCertificates();
  return certificates;
}

export interface PeerRequest {
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly path: string;
  readonly body: Buffer;
}

export interface Peer {
  readonly port: number;
  /** In the order of arrival. */
  readonly requests: readonly PeerRequest[];
  /** TCP connections that were ever made. */
  connectionsMade(): number;
  close(): Promise<void>;
}

export type PeerBehaviour = (request: PeerRequest, response: ServerResponse) => void;

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** An HTTPS server with mutual TLS that hands every whole request to `behave`; on any free port unless one is given. */
export async function startPeer(
  tls: TlsMaterial,
  behave: PeerBehaviour,
  more: ServerOptions = {},
  port = 0,
): Promise<Peer> {
  const requests: PeerRequest[] = [];
  const sockets = new Set<Socket>();
  let made = 0;
  const { key, cert, ca } = tls;
  const server = createServer(
    { key, cert, ca: ca as string, requestCert: true, rejectUnauthorized: true, ...more },
    (incoming, response) => {
      readAll(incoming).then(
        (body) => {
          const { headers, rawHeaders, url = "" } = incoming;
          const request = { headers, rawHeaders, path: url, body };
          requests.push(request);
          behave(request, response);
        },
        () => response.destroy(),
      );
    },
  );
  server.on("connection", (socket: Socket) => {
    made += 1;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the peer has no port");
  return {
    port: address.port,
    requests,
    connectionsMade: () => made,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export function readBusiness(bytes: {
  readonly body: Buffer;
  readonly contentType: string | undefined;
}): BusinessMessage {
  const reading = parseEbxml(bytes);
  if (reading.kind !== "parsed" || reading.message.kind !== "message") throw new Error("not a business message");
  return reading.message;
}

export function messageIn(request: PeerRequest): BusinessMessage {
  return readBusiness({ body: request.body, contentType: request.headers["content-type"] });
}

export interface MessageChange {
  readonly header?: Partial<BusinessMessage["header"]>;
  readonly reliability?: BusinessMessage["reliability"];
  readonly payload?: string;
}

const express = { duplicateElimination: false, syncReply: true };

/** A message from Spine to us, by default one that refers to nothing. */
export function inboundMessage(change: MessageChange = {}): BusinessMessage {
  return {
    kind: "message",
    header: {
      fromPartyKey: spineParty,
      toPartyKey: ownParty,
      cpaId: parseCpaId("S9000145A9000201"),
      conversationId: parseConversationId("5D0C7A52-91B4-4E0A-8B6E-2F1D60A9C301"),
      service,
      action: "QUQI_IN010000UK14",
      messageId: newId(),
      timestamp: "2026-11-22T10:15:00Z",
      ...change.header,
    },
    reliability: change.reliability ?? express,
    payload: Buffer.from(change.payload ?? '<QUQI_IN010000UK14 xmlns="urn:hl7-org:v3"/>'),
    attachments: [],
    externalReferences: [],
  };
}

export function encodeInbound(change: MessageChange = {}): EncodedMessage {
  return encodeBusinessMessage(inboundMessage(change), { style: "spine" });
}

/** Spine's answer to a request of ours. */
export function answerTo(request: BusinessMessage, change: MessageChange = {}): EncodedMessage {
  const { conversationId, messageId } = request.header;
  return encodeInbound({ ...change, header: { conversationId, refToMessageId: messageId, ...change.header } });
}

export function acknowledgmentFor(request: BusinessMessage): EncodedMessage {
  const identity = { messageId: newId(), now: "2026-11-22T10:20:01Z", ownPartyKey: spineParty };
  return encodeAcknowledgment(acknowledgmentOf(request, identity));
}

export function replyEmpty(response: ServerResponse, status = 202): void {
  response.writeHead(status, { "Content-Type": "text/xml", "Content-Length": 0 }).end();
}

export function replyWith(response: ServerResponse, message: EncodedMessage, status = 202): void {
  response.writeHead(status, { "Content-Type": message.contentType, "Content-Length": message.body.length });
  response.end(message.body);
}

export interface Posting {
  readonly port: number;
  readonly tls: TlsMaterial;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly message?: EncodedMessage;
}

export interface PostReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Posts as Spine does: one message on a connection of its own. Rejects when the connection fails. */
export async function post(posting: Posting): Promise<PostReply> {
  const { port, tls, message } = posting;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpsRequest({
    host: "127.0.0.1",
    port,
    path: posting.path ?? "/mhs/ebxml",
    method: posting.method ?? "POST",
    key: tls.key,
    cert: tls.cert,
    ca: tls.ca as string,
    agent: false,
    headers: {
      ...(message === undefined
        ? {}
        : {
            "Content-Type": message.contentType,
            SOAPAction: message.soapAction,
            "Content-Length": message.body.length,
          }),
      ...posting.headers,
    },
  });
  request.on("response", resolve).on("error", reject);
  request.end(message?.body);
  const reply = await promise;
  return { status: reply.statusCode ?? 0, headers: reply.headers, body: await readAll(reply) };
}

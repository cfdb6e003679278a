// A client of the simulator for its tests: bytes built by the codecs, a listener of its own, real TLS on loopback.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import https from "node:https";
import type { Duplex } from "node:stream";
import type { Author } from "../../../lib/cpis/model.js";
import { parseNhsNumber } from "../../../lib/cpis/nhs-number.js";
import { encodeQueryRequest } from "../../../lib/cpis/query/query-request.js";
import { encodeBusinessMessage } from "../../../lib/ebxml/encode-message.js";
import { acknowledgmentOf, encodeAcknowledgment } from "../../../lib/ebxml/encode-signal.js";
import type { BusinessMessage, EbxmlMessage, EncodedMessage } from "../../../lib/ebxml/model.js";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import { reliabilityElements } from "../../../lib/ebxml/reliability.js";
import { hl7TimeAt } from "../../../lib/hl7v3/timestamp.js";
import { parseConversationId, parseMessageId, parsePartyKey } from "../../../lib/identifiers.js";
import {
  createPki,
  createSpineSimulator,
  type IssuedCertificate,
  type Pki,
  type SimulatedEbxmlPattern,
  type SpineSimulator,
  type SpineSimulatorOptions,
} from "../../../lib/simulator/index.js";

export const partyKey = "ZT7-900145";
export const asid = "990000000145";
export const partyCpaId = "S9000145A9000201";
export const newUuid = (): string => randomUUID().toUpperCase();

export const clinician: Author = {
  kind: "person",
  userId: "990000009001",
  roleProfileId: "990000009002",
  role: { code: "R8000", codeSystem: "2.16.840.1.113883.2.1.3.2.4.17.196", displayName: "Clinical Practitioner" },
  name: { given: ["Ann"], family: "Example" },
  organisation: { code: "ZT7", codeType: "organisation", name: "EXAMPLE HOSPITAL TRUST" },
};

let sharedPki: Promise<{ pki: Pki; spine: IssuedCertificate; client: IssuedCertificate }> | undefined;

/** Keys take time to make: all tests share these. */
export function testPki(): Promise<{ pki: Pki; spine: IssuedCertificate; client: IssuedCertificate }> {
  sharedPki ??= (async () => {
    const pki = await createPki({ now: () => Date.now() });
    const issue = (commonName: string): Promise<IssuedCertificate> =>
      pki.issue({ commonName, dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], usage: "both" });
    return { pki, spine: await issue("spine"), client: await issue("client") };
  })();
  return sharedPki;
}

/** A clock that stands until it is moved. */
export interface TestClock {
  now: number;
}

export interface PreparedQuery {
  readonly pattern: SimulatedEbxmlPattern;
  readonly messageId: string;
  readonly hl7Id: string;
  readonly eventId: string;
  readonly nhsNumber: string;
  readonly message: BusinessMessage;
  readonly encoded: EncodedMessage;
}

export interface QueryOptions {
  readonly pattern?: SimulatedEbxmlPattern;
  readonly author?: Author;
  readonly hl7Id?: string;
  readonly toAsid?: string;
  readonly fromAsid?: string;
  /** Changes the HL7 text before it is put into the message. */
  readonly alterPayload?: (text: string) => string;
  readonly alterMessage?: (message: BusinessMessage) => BusinessMessage;
}

export interface HttpResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface TestSpine {
  readonly simulator: SpineSimulator;
  readonly clock: TestClock;
  /** Of our own listener. */
  readonly answerUrl: string;
  /** Messages that were posted to us, in their order. */
  readonly answers: EbxmlMessage[];
  readonly answerBodies: Buffer[];
  prepare(nhsNumber: string, options?: QueryOptions): PreparedQuery;
  send(query: PreparedQuery, change?: Partial<EncodedMessage>): Promise<HttpResult>;
  post(path: string, headers: Record<string, string>, body: Buffer): Promise<HttpResult>;
  /** The nth answer, counted from 1, once it is here. */
  answer(count: number): Promise<EbxmlMessage>;
  /** Once the simulator has seen the reply to that many of its answers. */
  acknowledged(count: number): Promise<void>;
  close(): Promise<void>;
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Our own listener; acknowledges what it can read as a receiver of Spine's answers does. */
async function openAnswerListener(
  pki: Pki,
  certificate: IssuedCertificate,
  received: (body: Buffer, contentType: string | undefined) => EbxmlMessage | undefined,
): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Duplex>();
  const server = https.createServer(
    {
      key: certificate.keyPem,
      cert: certificate.certPem,
      ca: pki.caPem,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      void readAll(request).then((body) => {
        const message = received(body, request.headers["content-type"]);
        if (message?.kind !== "message") return response.end();
        const acknowledgment = acknowledgmentOf(message, {
          messageId: parseMessageId(newUuid()),
          now: "2026-11-22T10:00:00Z",
          ownPartyKey: parsePartyKey(partyKey),
        });
        response.setHeader("Content-Type", "text/xml; charset=UTF-8");
        return response.end(encodeAcknowledgment(acknowledgment).body);
      });
    },
  );
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    url: `https://127.0.0.1:${address.port}/answers`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Calls waiting for the nth of something. */
function createCounter(): { count: number; add(): void; reached(count: number): Promise<void> } {
  const waiting: { count: number; resolve: () => void }[] = [];
  const counter = {
    count: 0,
    add: () => {
      counter.count += 1;
      for (const entry of waiting) if (entry.count <= counter.count) entry.resolve();
    },
    reached: (count: number) =>
      new Promise<void>((resolve) => {
        if (counter.count >= count) resolve();
        else waiting.push({ count, resolve });
      }),
  };
  return counter;
}

function prepareQuery(
  spine: SpineSimulator,
  clock: TestClock,
  nhsNumber: string,
  options: QueryOptions,
): PreparedQuery {
  const pattern = options.pattern ?? "express";
  const contract = spine.contracts[pattern];
  const messageId = newUuid();
  const hl7Id = options.hl7Id ?? newUuid();
  const eventId = newUuid();
  const text = encodeQueryRequest({
    nhsNumber: parseNhsNumber(nhsNumber),
    author: options.author ?? clinician,
    fromAsid: options.fromAsid ?? asid,
    toAsid: options.toAsid ?? contract.toAsid,
    messageId: hl7Id,
    eventId,
    queriedAt: hl7TimeAt(clock.now),
  });
  const plain: BusinessMessage = {
    kind: "message",
    header: {
      fromPartyKey: parsePartyKey(partyKey),
      toPartyKey: contract.toPartyKey,
      cpaId: contract.cpaId,
      conversationId: parseConversationId(newUuid()),
      service: "urn:nhs:names:services:cpisquery",
      action: "QUPC_IN000006GB01",
      messageId: parseMessageId(messageId),
      timestamp: "2026-11-22T10:15:00Z",
    },
    reliability: reliabilityElements(pattern === "forwardReliable" ? "forward-reliable" : pattern),
    payload: Buffer.from((options.alterPayload ?? ((unchanged) => unchanged))(text), "utf8"),
    attachments: [],
    externalReferences: [],
  };
  const message = options.alterMessage?.(plain) ?? plain;
  return { pattern, messageId, hl7Id, eventId, nhsNumber, message, encoded: encodeBusinessMessage(message) };
}

/** A simulator, a listener for its answers, and a party with a contract. */
export async function openTestSpine(options: Partial<SpineSimulatorOptions> = {}): Promise<TestSpine> {
  const { pki, spine, client } = await testPki();
  const clock: TestClock = { now: Date.parse("2026-11-22T10:15:00Z") };
  const simulator = await createSpineSimulator({
    pki,
    certificate: spine,
    effects: { now: () => clock.now, newUuid },
    ...options,
  });
  const answers: EbxmlMessage[] = [];
  const answerBodies: Buffer[] = [];
  const arrivals = createCounter();
  const acknowledgments = createCounter();
  simulator.events.on("acknowledged", () => acknowledgments.add());
  const listener = await openAnswerListener(pki, client, (body, contentType) => {
    answerBodies.push(body);
    const limits = {
      maximumBytes: 50_000_000,
      maximumParts: 10,
      xml: { maximumBytes: 100_000, maximumDepth: 64, maximumElements: 1000, maximumAttributesPerElement: 64 },
    };
    const reading = parseEbxml({ body, contentType, limits });
    if (reading.kind === "malformed") throw reading.error;
    answers.push(reading.message);
    arrivals.add();
    return reading.message;
  });
  simulator.registerParty({ partyKey, asid, cpaId: partyCpaId, answerUrl: listener.url });
  const agent = new https.Agent({ keepAlive: true, ca: pki.caPem, key: client.keyPem, cert: client.certPem });

  const post: TestSpine["post"] = (path, headers, body) =>
    new Promise((resolve, reject) => {
      const request = https.request(`${simulator.url}${path}`, { method: "POST", agent, headers });
      request.on("error", reject);
      request.on("response", (response) => {
        readAll(response).then(
          (content) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: content }),
          reject,
        );
      });
      request.end(body);
    });

  return {
    simulator,
    clock,
    answerUrl: listener.url,
    answers,
    answerBodies,
    prepare: (nhsNumber, queryOptions = {}) => prepareQuery(simulator, clock, nhsNumber, queryOptions),
    send: (query, change = {}) => {
      const { contentType, soapAction, body } = { ...query.encoded, ...change };
      const path = new URL(simulator.contracts[query.pattern].endpointUrl).pathname;
      return post(
        path,
        { "Content-Type": contentType, SOAPAction: soapAction, "Content-Length": String(body.byteLength) },
        body,
      );
    },
    post,
    answer: async (count) => {
      await arrivals.reached(count);
      return answers[count - 1]!;
    },
    acknowledged: (count) => acknowledgments.reached(count),
    close: async () => {
      agent.destroy();
      await simulator.close();
      await listener.close();
    },
  };
}

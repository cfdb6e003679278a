// Whole queries through the simulator over mutual TLS, beside two bare posts of the same sizes over the same kind of TLS.
import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import https from "node:https";
import path from "node:path";
import { parseAsid, parseCpaId, parsePartyKey } from "../../lib/identifiers.js";
import { createMessageHandlingService } from "../../lib/mhs/message-handling-service.js";
import { createQueryService } from "../../lib/services/query/query.js";
import { createMemoryStore } from "../support/store/sqlite-place.js";
import { median, percentile, row, type Row } from "./measure.js";
import { author } from "./sample-messages.js";
import type { PeerReady, PeerRequest } from "./peer-process.js";

const inFlight = 32;
const callsPerRound = 4000;
const rounds = 5;
const party = { partyKey: "ZT7-900145", asid: "200000000001", cpaId: "S9000145A9000201" };
/** In the simulator's register, with few accesses, so that sizes stay the same in every round. */
const askedNumber = "9990001014";

export interface Round {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** `calls` in all, so many at a time. */
export async function runRound(call: () => Promise<void>, calls = callsPerRound, atATime = inFlight): Promise<Round> {
  const latencies: number[] = [];
  let left = calls;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      while (left > 0) {
        left -= 1;
        const begun = performance.now();
        await call();
        latencies.push(performance.now() - begun);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  return { perSecond: calls / seconds, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

export interface Peer {
  readonly child: ChildProcess;
  readonly ready: PeerReady;
}

/** The other end runs in a process of its own, as Spine does: ours and the bare one alike. */
export async function startPeer(request: PeerRequest): Promise<Peer> {
  const child = fork(path.join(__dirname, "peer-process.ts"), { execArgv: ["--import", "tsx"] });
  child.send(request);
  const [ready] = (await once(child, "message")) as [PeerReady];
  return { child, ready };
}

export async function stopPeer({ child }: Peer): Promise<void> {
  const ended = once(child, "exit");
  child.kill();
  await ended;
}

export interface Subject {
  call(): Promise<void>;
  close(): Promise<void>;
}

/** Of the bodies of one query and its answer on the wire; known after the first one. */
export interface Sizes {
  requestBytes: number;
  answerBytes: number;
}

async function createOurs(): Promise<Subject & { readonly sizes: Readonly<Sizes> }> {
  const listenerPort = 0;
  const peer = await startPeer({ kind: "simulator" });
  const { caPem, client, contract } = peer.ready;
  if (contract === undefined) throw new Error("the simulator gave no contract");
  const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
  const tls = { key: client.keyPem, cert: client.certPem, ca: caPem };
  const store = await createMemoryStore();
  const mhs = createMessageHandlingService({
    ownParty: { partyKey: parsePartyKey(party.partyKey), cpaId: parseCpaId(party.cpaId) },
    clientTls: tls,
    listener: { host: "127.0.0.1", port: listenerPort, path: "/mhs/ebxml", tls, clientNames: "any" },
    store,
    effects,
  });
  const sizes: Sizes = { requestBytes: 0, answerBytes: 0 };
  mhs.events.once("sending", ({ bytes }) => (sizes.requestBytes = bytes));
  mhs.events.once("received", ({ bytes }) => (sizes.answerBytes = bytes));
  const { port } = await mhs.start();
  const registered = once(peer.child, "message");
  peer.child.send({ kind: "party", party: { ...party, answerUrl: `https://127.0.0.1:${port}/mhs/ebxml` } });
  await registered;
  const service = createQueryService({
    mhs,
    effects,
    settings: {
      fromAsid: parseAsid(party.asid),
      contract: () => Promise.resolve(contract),
      checkActivities: false,
      timeoutMilliseconds: 10_000,
      emptyResponse: "failed",
    },
  });
  return {
    sizes,
    async call() {
      const { result } = await service.ask({ nhsNumber: askedNumber, author, accessType: "unscheduled" });
      if (result.outcome !== "found") throw new Error(`a query came to ${result.outcome}`);
    },
    async close() {
      await mhs.close();
      await store.close();
      await stopPeer(peer);
    },
  };
}

function post(agent: https.Agent, url: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      url,
      { method: "POST", agent, headers: { "Content-Length": body.byteLength, "Content-Type": "text/xml" } },
      (response) => {
        response.resume();
        response.on("end", resolve);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** The same journey with nothing in it: a post there, a post back with its number, each answered at once. */
export async function createBare({ requestBytes, answerBytes }: Sizes): Promise<Subject> {
  const peer = await startPeer({ kind: "bare", responseBytes: answerBytes });
  const { caPem, client, url } = peer.ready;
  const tls = { key: client.keyPem, cert: client.certPem, ca: caPem };
  const waiting = new Map<string, () => void>();
  const server = https.createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    request.resume();
    request.on("end", () => {
      response.writeHead(200, { "Content-Length": 0 });
      response.end();
      const number = request.url?.slice(1) ?? "";
      waiting.get(number)?.();
      waiting.delete(number);
    });
  });
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const agent = new https.Agent({ ...tls, keepAlive: true });
  const body = Buffer.alloc(requestBytes, 0x20);
  let number = 0;
  return {
    async call() {
      number += 1;
      const key = String(number);
      const answered = new Promise<void>((resolve) => waiting.set(key, resolve));
      await post(agent, `${url}/${address.port}/${key}`, body);
      await answered;
    },
    async close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await stopPeer(peer);
    },
  };
}

async function compareRounds(ours: Subject, bare: Subject): Promise<{ ours: Round[]; bare: Round[] }> {
  const samples: { ours: Round[]; bare: Round[] } = { ours: [], bare: [] };
  await runRound(() => bare.call());
  for (let round = 0; round < rounds; round += 1) {
    samples.ours.push(await runRound(() => ours.call()));
    samples.bare.push(await runRound(() => bare.call()));
  }
  return samples;
}

async function measureRounds(): Promise<{ ours: Round[]; bare: Round[] }> {
  const ours = await createOurs();
  try {
    await runRound(() => ours.call());
    const bare = await createBare(ours.sizes);
    return await compareRounds(ours, bare).finally(() => bare.close());
  } finally {
    await ours.close();
  }
}

export async function measureQueries(): Promise<readonly Row[]> {
  const samples = await measureRounds();
  const of = (which: "ours" | "bare", what: keyof Round): number => median(samples[which].map((entry) => entry[what]));
  const compare = (measure: string, unit: string, what: keyof Round, aim: string): Row =>
    row(measure, unit, of("ours", what), of("bare", what), aim);
  return [
    compare(`whole queries over TLS-MA, ${inFlight} in flight / two bare posts`, "per second", "perSecond", "0.6"),
    compare("latency of a whole query, median / two bare posts", "ms", "p50", "none set"),
    compare("latency of a whole query, 99th percentile / two bare posts", "ms", "p99", "at most 3"),
  ];
}

// Whole queries through the simulator over mutual TLS, beside two bare posts of the same sizes over the same kind of TLS.
import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import https from "node:https";
import path from "node:path";
import { parseAsid, parseCpaId, parsePartyKey } from "../../lib/identifiers.js";
import { createMessageHandlingService } from "../../lib/mhs/message-handling-service.js";
import { createQueryService } from "../../lib/services/query.js";
import { createMemoryInboundRegister } from "../../lib/store/memory-inbound-register.js";
import { median, percentile, row, type Row } from "./measure.js";
import { author, buildQueryBody, buildResponse } from "./sample-messages.js";
import type { PeerReady, PeerRequest } from "./peer-process.js";

const inFlight = 32;
const callsPerRound = 4000;
const rounds = 5;
const party = { partyKey: "ZT7-900145", asid: "200000000001", cpaId: "S9000145A9000201" };
/** In the simulator's register, with few accesses, so that sizes stay the same in every round. */
const askedNumber = "9990001014";

interface Round {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

async function runRound(call: () => Promise<void>): Promise<Round> {
  const latencies: number[] = [];
  let left = callsPerRound;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left > 0) {
        left -= 1;
        const begun = performance.now();
        await call();
        latencies.push(performance.now() - begun);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  return { perSecond: callsPerRound / seconds, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

interface Peer {
  readonly child: ChildProcess;
  readonly ready: PeerReady;
}

/** The other end runs in a process of its own, as Spine does: ours and the bare one alike. */
async function startPeer(request: PeerRequest): Promise<Peer> {
  const child = fork(path.join(__dirname, "peer-process.ts"), { execArgv: ["--import", "tsx"] });
  child.send(request);
  const [ready] = (await once(child, "message")) as [PeerReady];
  return { child, ready };
}

async function stopPeer({ child }: Peer): Promise<void> {
  const ended = once(child, "exit");
  child.kill();
  await ended;
}

interface Subject {
  call(): Promise<void>;
  close(): Promise<void>;
}

async function createOurs(): Promise<Subject> {
  const listenerPort = 0;
  const peer = await startPeer({ kind: "simulator" });
  const { caPem, client, contract } = peer.ready;
  if (contract === undefined) throw new Error("the simulator gave no contract");
  const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
  const tls = { key: client.keyPem, cert: client.certPem, ca: caPem };
  const mhs = createMessageHandlingService({
    ownParty: { partyKey: parsePartyKey(party.partyKey), cpaId: parseCpaId(party.cpaId) },
    clientTls: tls,
    listener: { host: "127.0.0.1", port: listenerPort, path: "/mhs/ebxml", tls },
    register: createMemoryInboundRegister({ now: effects.now }),
    effects,
  });
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
    async call() {
      const { result } = await service.ask({ nhsNumber: askedNumber, author, accessType: "unscheduled" });
      if (result.outcome !== "found") throw new Error(`a query came to ${result.outcome}`);
    },
    async close() {
      await mhs.close();
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
async function createBare(): Promise<Subject> {
  const responseBytes = buildResponse(1).byteLength + 2000;
  const peer = await startPeer({ kind: "bare", responseBytes });
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
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const agent = new https.Agent({ ...tls, keepAlive: true });
  const body = buildQueryBody(1);
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

export async function measureQueries(): Promise<readonly Row[]> {
  const ours = await createOurs();
  const bare = await createBare();
  const samples: { ours: Round[]; bare: Round[] } = { ours: [], bare: [] };
  try {
    await runRound(() => ours.call());
    await runRound(() => bare.call());
    for (let round = 0; round < rounds; round += 1) {
      samples.ours.push(await runRound(() => ours.call()));
      samples.bare.push(await runRound(() => bare.call()));
    }
  } finally {
    await ours.close();
    await bare.close();
  }
  const of = (which: "ours" | "bare", what: keyof Round): number => median(samples[which].map((entry) => entry[what]));
  const compare = (measure: string, unit: string, what: keyof Round, aim: string): Row =>
    row(measure, unit, of("ours", what), of("bare", what), aim);
  return [
    compare(`whole queries over TLS-MA, ${inFlight} in flight / two bare posts`, "per second", "perSecond", "0.6"),
    compare("latency of a whole query, median / two bare posts", "ms", "p50", "none set"),
    compare("latency of a whole query, 99th percentile / two bare posts", "ms", "p99", "at most 3"),
  ];
}

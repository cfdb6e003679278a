// Whole queries as the product makes them, kept in an embedded store and audited, against a canned peer in a process of
// its own; beside two bare posts of the same sizes, and the same path with nothing on disk.
import { randomBytes, randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createContentProtection } from "../../lib/crypto/content-protection.js";
import { createKeyRing } from "../../lib/crypto/key-ring.js";
import { parseAsid, parseCpaId, parsePartyKey } from "../../lib/identifiers.js";
import { createMessageHandlingService } from "../../lib/mhs/message-handling-service.js";
import { createQueryService, judgeStoredQuery } from "../../lib/services/query/query.js";
import { createSqliteMessageStore } from "../../lib/store/sqlite/sqlite-message-store.js";
import { expressContract } from "../support/mhs/exchange.js";
import { median, row, type Row } from "./measure.js";
import { createBare, runRound, startPeer, stopPeer, type Sizes, type Subject } from "./queries.js";
import { author, nhsNumber } from "./sample-messages.js";

/** An answer of about 7.3 kB. */
const accesses = 3;
const rounds = 3;
const manyCalls = 2_000;
const singleCalls = 300;
const party = { partyKey: "ZT7-900145", asid: "200000000001" };
const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };

interface Figures {
  readonly perSecond: number;
  readonly p99: number;
  /** With one in flight. */
  readonly p50: number;
  /** Of this process, in milliseconds a query. */
  readonly cpu: number;
}

async function createOurs(folder: string): Promise<Subject & { readonly sizes: Sizes }> {
  const peer = await startPeer({ kind: "canned", accesses });
  const { caPem, client, url } = peer.ready;
  const tls = { key: client.keyPem, cert: client.certPem, ca: caPem };
  const protection = createContentProtection(createKeyRing(randomBytes), randomBytes);
  const store = await createSqliteMessageStore({ folder, protection, now: effects.now });
  const mhs = createMessageHandlingService({
    ownParty: { partyKey: parsePartyKey(party.partyKey) },
    clientTls: tls,
    listener: { host: "127.0.0.1", port: 0, path: "/mhs/ebxml", tls, clientNames: "any" },
    store,
    judge: judgeStoredQuery,
    effects,
  });
  const sizes: Sizes = { requestBytes: 0, answerBytes: 0 };
  mhs.events.once("sending", ({ bytes }) => (sizes.requestBytes = bytes));
  mhs.events.once("received", ({ bytes }) => (sizes.answerBytes = bytes));
  const { port } = await mhs.start();
  const contract = { ...expressContract, cpaId: parseCpaId("S1"), endpointUrl: `${url}/${port}` };
  const service = createQueryService({
    mhs,
    effects,
    audit: { appendAudit: (entry) => store.appendAudit(entry), isOfMessageStore: true },
    settings: {
      fromAsid: parseAsid(party.asid),
      contract: () => Promise.resolve(contract),
      checkActivities: false,
      timeoutMilliseconds: 30_000,
      emptyResponse: "failed",
    },
  });
  return {
    sizes,
    async call() {
      const { result } = await service.ask({ nhsNumber, author, accessType: "unscheduled" });
      if (result.outcome !== "found") throw new Error(`a query came to ${result.outcome}`);
    },
    async close() {
      await mhs.close();
      await store.close();
      await stopPeer(peer);
    },
  };
}

async function measure(subject: Subject): Promise<Figures> {
  const before = process.cpuUsage();
  const many = await runRound(() => subject.call(), manyCalls);
  const { user, system } = process.cpuUsage(before);
  const single = await runRound(() => subject.call(), singleCalls, 1);
  return { perSecond: many.perSecond, p99: many.p99, p50: single.p50, cpu: (user + system) / 1000 / manyCalls };
}

const names = ["stored", "inMemory", "bare"] as const;

/** In turns, so that a change of the machine's pace meets all of them. */
async function measureInTurns(subjects: Readonly<Record<(typeof names)[number], Subject>>) {
  const all: Record<(typeof names)[number], Figures[]> = { stored: [], inMemory: [], bare: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) all[name].push(await measure(subjects[name]));
  }
  return (name: (typeof names)[number], what: keyof Figures): number => median(all[name].map((each) => each[what]));
}

export async function measureDurableQueries(): Promise<readonly Row[]> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-bench-"));
  const stored = await createOurs(path.join(folder, "store"));
  const inMemory = await createOurs(":memory:");
  try {
    await runRound(() => stored.call(), 500);
    await runRound(() => inMemory.call(), 500);
    const bare = await createBare(stored.sizes);
    const of = await measureInTurns({ stored, inMemory, bare }).finally(() => bare.close());
    const compare = (measured: string, unit: string, what: keyof Figures, aim: string): readonly Row[] => [
      row(`${measured}, embedded store and audit / two bare posts`, unit, of("stored", what), of("bare", what), aim),
      row(`${measured}, nothing on disk / two bare posts`, unit, of("inMemory", what), of("bare", what), "none set"),
    ];
    return [
      ...compare("durable queries, 32 in flight", "per second", "perSecond", "0.35"),
      ...compare("durable queries, 32 in flight, 99th percentile", "ms", "p99", "at most 3"),
      ...compare("a durable query, one in flight, median", "ms", "p50", "at most 8"),
      ...compare("our CPU a query", "ms", "cpu", "ours at most 0.6 ms"),
    ];
  } finally {
    await stored.close();
    await inMemory.close();
    await fs.rm(folder, { recursive: true });
  }
}

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { parsePartyKey } from "../../../../lib/identifiers.js";
import type { TlsMaterial } from "../../../../lib/tls/tls-material.js";
import type { Command, Report } from "../../../support/mhs/abused-listener.js";
import {
  acknowledgmentFor,
  encodeInbound,
  inboundMessage,
  post,
  testCertificates,
  type TestCertificates,
} from "../../../support/mhs/peer.js";

const total = 10_000;
const workers = 50;
const marginBytes = 4_000_000;

interface Malformed {
  readonly method?: string;
  readonly path?: string;
  readonly contentType: string;
  readonly body: Buffer;
  readonly status: number;
}

const good = encodeInbound();
const { contentType } = good;

function edited(from: RegExp, to: string): Buffer {
  return Buffer.from(good.body.toString("latin1").replace(from, to), "latin1");
}

/** All of them leave the connection usable. */
const malformed: readonly Malformed[] = [
  { contentType, body: good.body, path: "/", status: 404 },
  { contentType, body: good.body, method: "PUT", status: 405 },
  { contentType: "application/json", body: Buffer.from("{}"), status: 415 },
  { contentType, body: Buffer.from("no MIME at all"), status: 500 },
  { contentType, body: Buffer.alloc(100_000, "x"), status: 500 },
  { contentType, body: good.body.subarray(0, good.body.length / 2), status: 500 },
  { contentType: "text/xml", body: Buffer.alloc(0), status: 500 },
  { contentType: "text/xml", body: Buffer.from("<a>".repeat(20_000)), status: 500 },
  { contentType: "text/xml", body: Buffer.from('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), status: 500 },
  { contentType, body: edited(/<eb:MessageId>[^<]*<\/eb:MessageId>/, ""), status: 500 },
  { contentType, body: edited(/<eb:CPAId>[^<]*<\/eb:CPAId>/, ""), status: 200 },
  { contentType, body: encodeInbound({ header: { toPartyKey: parsePartyKey("ZZ9-000001") } }).body, status: 200 },
  { contentType: "text/xml", body: acknowledgmentFor(inboundMessage()).body, status: 200 },
];

describe("the listener under abuse", () => {
  let certificates: TestCertificates;
  let child: ChildProcess;
  let port: number;
  let agent: Agent;

  async function ask(command: Command): Promise<Report> {
    const answer = once(child, "message") as Promise<[Report]>;
    child.send(command);
    return (await answer)[0];
  }

  async function measure(): Promise<Extract<Report, { kind: "measured" }>> {
    const report = await ask({ kind: "measure" });
    if (report.kind !== "measured") assert.fail(`the report is ${report.kind}`);
    return report;
  }

  async function measureWhenQuiet(): Promise<Extract<Report, { kind: "measured" }>> {
    for (let count = 0; count < 2_000; count += 1) {
      const report = await measure();
      if (report.connections === 0) return report;
      await wait(50);
    }
    return measure();
  }

  /** Gives the status of the reply. */
  async function sendMalformed(wrong: Malformed): Promise<number> {
    const request = httpsRequest({
      agent,
      host: "127.0.0.1",
      port,
      method: wrong.method ?? "POST",
      path: wrong.path ?? "/mhs/ebxml",
      headers: { "Content-Type": wrong.contentType, "Content-Length": wrong.body.length },
    });
    request.end(wrong.body);
    let reply: IncomingMessage;
    try {
      [reply] = (await once(request, "response")) as [IncomingMessage];
    } catch (error) {
      // A connection that was idle may be closed at the moment in which it is used again.
      if (request.reusedSocket && error instanceof Error && "code" in error && error.code === "ECONNRESET")
        return sendMalformed(wrong);
      throw error;
    }
    reply.resume();
    await once(reply, "end");
    return reply.statusCode ?? 0;
  }

  /** Waits until the listener ends the connection. */
  async function untilClosed(socket: Socket): Promise<void> {
    socket.on("error", () => socket.destroy());
    socket.resume();
    if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  }

  async function talk(text: string, tls: TlsMaterial = certificates.good): Promise<void> {
    const socket = connectTls({ host: "127.0.0.1", port, key: tls.key, cert: tls.cert, ca: tls.ca as string });
    socket.on("secureConnect", () => socket.write(text));
    await untilClosed(socket);
  }

  const head = "POST /mhs/ebxml HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n";

  /** Connections of their own: too large, no HTTP, wrongly certified, slow. */
  const rude: readonly (() => Promise<void>)[] = [
    () => talk(`${head}Content-Length: 1000000000\r\n\r\n${"x".repeat(10_000)}`),
    () => talk(`${head}X: ${"x".repeat(50_000)}\r\n\r\n`),
    () => talk("no HTTP\r\n\r\n"),
    () => talk("anything", { ca: certificates.good.ca }),
    () => talk("anything", { ...certificates.foreign, ca: certificates.good.ca }),
    () => talk("POST /mhs/ebxml HT"),
    () => talk(`${head}Content-Length: 1000\r\n\r\n<begin>`),
    () => untilClosed(connectTcp(port, "127.0.0.1")),
  ];

  /** Gives how many requests were made; every twentieth has a connection of its own. */
  async function abuse(count: number): Promise<number> {
    let next = 0;
    let made = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < count; index = next++) {
        if (index % 20 === 0) {
          await rude[(index / 20) % rude.length]?.();
        } else {
          const wrong = malformed[index % malformed.length];
          assert.ok(wrong);
          assert.equal(await sendMalformed(wrong), wrong.status);
        }
        made += 1;
      }
    };
    agent = new Agent({ keepAlive: true, maxSockets: workers, key, cert, ca });
    await Promise.all(Array.from({ length: workers }, work));
    agent.destroy();
    return made;
  }

  let key: string;
  let cert: string;
  let ca: string;

  before(async () => {
    certificates = await testCertificates();
    ({ key, cert, ca } = certificates.good as { key: string; cert: string; ca: string });
    child = fork(path.join(__dirname, "../../../support/mhs/abused-listener.ts"), {
      execArgv: ["--expose-gc", "--require", "tsx/cjs"],
    });
    const report = await ask({ kind: "open", key, cert, ca });
    if (report.kind !== "opened") assert.fail(`the report is ${report.kind}`);
    ({ port } = report);
  });

  after(async () => {
    const exited = once(child, "exit");
    await ask({ kind: "close" });
    assert.deepEqual(await exited, [0, null]);
  });

  it(`takes the next good message after ${total} bad ones, with its memory back and no connection left`, async () => {
    await abuse(1_000);
    const before = await measureWhenQuiet();
    assert.equal(await abuse(total), total);

    const reply = await post({ port, tls: certificates.good, message: good });
    assert.equal(reply.status, 200);
    assert.match(reply.body.toString(), /<eb:Acknowledgment /);

    const after = await measureWhenQuiet();
    assert.equal(after.connections, 0);
    assert.ok(after.refused - before.refused > total * 0.9);
    const grown = after.bytes - before.bytes;
    assert.ok(grown < marginBytes, `the listener keeps ${grown} bytes`);
  });
});

// The life of a simulator: where it may listen, whom it lets in, what it tells, and how it ends.
import assert from "node:assert/strict";
import { once } from "node:events";
import https from "node:https";
import net from "node:net";
import type tls from "node:tls";
import { isCpisError } from "../../../lib/errors.js";
import {
  createPki,
  createSpineSimulator,
  type SimulatedExchange,
  type SpineSimulatorOptions,
} from "../../../lib/simulator/index.js";
import { selectPattern } from "../../../lib/sds/contract.js";
import {
  asid,
  newUuid,
  openTestSpine,
  partyKey,
  testPki,
  type TestSpine,
} from "../../support/simulator/simulator-client.js";

const known = "9990001014";

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => isCpisError(error) && error.code === code;
}

async function simulatorOptions(): Promise<SpineSimulatorOptions> {
  const { pki, spine } = await testPki();
  return { pki, certificate: spine, effects: { now: () => Date.now(), newUuid } };
}

describe("The simulator", () => {
  let spine: TestSpine;
  beforeEach(async () => {
    spine = await openTestSpine();
  });
  afterEach(async () => {
    await spine.close();
  });

  it("refuses to listen where others could reach it", async () => {
    const options = await simulatorOptions();
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.org", "127.0.0.1.example.org", ""]) {
      await assert.rejects(createSpineSimulator({ ...options, host }), hasCode("CONFIG_INVALID"), host);
    }
  });

  it("listens on any loopback address", async () => {
    const simulator = await createSpineSimulator({ ...(await simulatorOptions()), host: "127.0.0.2" });
    try {
      assert.match(simulator.url, /^https:\/\/127\.0\.0\.2:[0-9]+$/);
    } finally {
      await simulator.close();
    }
  });

  it("says when its port is in use", async () => {
    const options = await simulatorOptions();
    await assert.rejects(
      createSpineSimulator({ ...options, port: spine.simulator.port }),
      hasCode("CONFIG_PORT_IN_USE"),
    );
  });

  it("leaves no MESH behind when it cannot start", async () => {
    const options = await simulatorOptions();
    const holder = net.createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as net.AddressInfo;
    await new Promise((resolve) => holder.close(resolve));
    const wrong = [{ port: spine.simulator.port }, { records: [{ nhsNumber: "9990000019", plans: [] }] }];
    for (const change of wrong) {
      await assert.rejects(createSpineSimulator({ ...options, ...change, mesh: { port } }), isCpisError);
    }
    const simulator = await createSpineSimulator({ ...options, mesh: { port } });
    assert.equal(simulator.mesh.port, port);
    await simulator.close();
  });

  it("offers contracts for the express and the reliable pattern", () => {
    const { express, reliable } = spine.simulator.contracts;
    assert.equal(selectPattern(express), "express");
    assert.equal(selectPattern(reliable), "reliable");
    assert.equal(express.endpointUrl, `${spine.simulator.url}/reliablemessaging/queryrequest`);
    assert.equal(reliable.endpointUrl, `${spine.simulator.url}/reliablemessaging/reliablerequest`);
    assert.notEqual(express.cpaId, reliable.cpaId);
  });

  it("lets nobody in without a certificate of its own authority", async () => {
    const foreign = await createPki({ now: () => Date.now() });
    const stranger = await foreign.issue({ commonName: "stranger", usage: "client" });
    const attempt = (identity: tls.SecureContextOptions): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const request = https.request(spine.simulator.contracts.express.endpointUrl, {
          method: "POST",
          agent: false,
          ca: spine.simulator.caPem,
          ...identity,
        });
        request.on("response", resolve);
        request.on("error", reject);
        request.end();
      });
    await assert.rejects(attempt({}));
    await assert.rejects(attempt({ key: stranger.keyPem, cert: stranger.certPem }));
    const { client } = await testPki();
    await attempt({ key: client.keyPem, cert: client.certPem });
  });

  it("refuses parties that cannot be answered", () => {
    const party = { partyKey, asid, cpaId: "S1A1", answerUrl: "https://127.0.0.1:1/" };
    const wrong = [
      { answerUrl: "http://127.0.0.1/" },
      { answerUrl: "no" },
      { asid: "1" },
      { partyKey: " " },
      { cpaId: "" },
    ];
    for (const change of wrong) {
      assert.throws(() => spine.simulator.registerParty({ ...party, ...change }), hasCode("CONFIG_INVALID"));
    }
  });

  it("no longer knows a party that was removed", async () => {
    spine.simulator.removeParty(partyKey);
    const reply = await spine.send(spine.prepare(known));
    assert.match(reply.body.toString("utf8"), /402005/);
  });

  it("shows the whole conversation as text", async () => {
    const exchanges: SimulatedExchange[] = [];
    spine.simulator.events.on("exchange", (exchange) => exchanges.push(exchange));
    const query = spine.prepare(known);
    await spine.send(query);
    await spine.acknowledged(1);
    const [request, answer] = exchanges;
    assert.equal(request?.kind, "request");
    assert.equal(request.messageId, query.messageId);
    assert.match(request.request, /^POST \/reliablemessaging\/queryrequest HTTP\/1\.1\r\nContent-Type: multipart/);
    assert.match(request.request, /<person\.NHSnumber>/);
    assert.match(request.reply, /^HTTP\/1\.1 202 Accepted\r\n/);
    assert.equal(answer?.kind, "answer");
    assert.equal(answer.refToMessageId, query.messageId);
    assert.equal(answer.action, "REPC_IN000007GB01");
    assert.match(answer.request, /^POST \/answers HTTP\/1\.1\r\nUser-Agent: /);
    assert.match(answer.request, /CP-ISNHSQueryResponse/);
    assert.match(answer.reply, /eb:Acknowledgment/);
    assert.equal(answer.status, 200);
  });

  it("tells when an answer cannot be delivered, and goes on", async () => {
    const listening = net.createServer().listen(0, "127.0.0.1");
    await once(listening, "listening");
    const { port } = listening.address() as net.AddressInfo;
    await new Promise((resolve) => listening.close(resolve));
    spine.simulator.registerParty({ partyKey, asid, cpaId: "S1A1", answerUrl: `https://127.0.0.1:${port}/` });
    // A listener for "error" is what a test would forget: without one nothing must be thrown.
    assert.equal((await spine.send(spine.prepare(known))).status, 202);
    const failure = once(spine.simulator.events, "acknowledged").catch((error: unknown) => error);
    await spine.send(spine.prepare(known));
    assert.ok(hasCode("CPIS_NOT_SENT")(await failure));
  });

  it("forgets the oldest message ids beyond its limit", async () => {
    const small = await openTestSpine({ limits: { maximumIdsRemembered: 2 } });
    try {
      const queries = [1, 2, 3].map(() => small.prepare(known, { pattern: "reliable" }));
      for (const query of queries) await small.send(query);
      await small.answer(3);
      for (const query of queries.slice(1)) await small.send(query);
      await small.send(queries[0]!);
      await small.answer(4);
      assert.equal(small.answers[3]?.header.refToMessageId, queries[0]?.messageId);
    } finally {
      await small.close();
    }
  });

  it("closes at once and leaves nothing open, whatever is going on", async () => {
    const { simulator } = spine;
    simulator.inject({ fault: { kind: "delayAnswer", milliseconds: 60_000 }, times: 1 });
    await spine.send(spine.prepare(known));
    const taken = once(simulator.events, "exchange");
    const silent = spine.send(spine.prepare("1111111111"));
    await taken;
    const late = { nhsNumber: "9990001022" };
    simulator.inject({ match: late, fault: { kind: "delayReply", milliseconds: 60_000 } });
    const accessed = once(simulator.events, "access");
    const delayed = spine.send(spine.prepare(late.nhsNumber));
    await accessed;
    const halfOpen = net.connect(simulator.port, "127.0.0.1");
    halfOpen.on("error", () => undefined);
    await once(halfOpen, "connect");
    const ended = Promise.allSettled([silent, delayed]);
    await simulator.close();
    for (const { status } of await ended) assert.equal(status, "rejected");
    if (!halfOpen.closed) await once(halfOpen, "close");
    const again = net.connect(simulator.port, "127.0.0.1");
    const [error] = (await once(again, "error")) as [NodeJS.ErrnoException];
    assert.equal(error.code, "ECONNREFUSED");
    await simulator.close();
    assert.equal(spine.answers.length, 0);
  });
});

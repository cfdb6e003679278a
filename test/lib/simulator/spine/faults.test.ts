// Faults on demand, and answers held back and released.
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { isCpisError } from "../../../../lib/errors.js";
import { classifyReplyBody } from "../../../../lib/mhs/outbound/classify-reply.js";
import type { Fault, FaultInjection } from "../../../../lib/simulator/index.js";
import { createFaultInjector } from "../../../../lib/simulator/spine/faults.js";
import {
  openTestSpine,
  type HttpResult,
  type PreparedQuery,
  type TestSpine,
} from "../../../support/simulator/simulator-client.js";

const action = "QUPC_IN000006GB01";
const dropAnswer: Fault = { kind: "dropAnswer" };

function befallen(injection: FaultInjection, seed: number, count: number): readonly number[] {
  const injector = createFaultInjector(seed);
  injector.inject(injection);
  return Array.from({ length: count }, () => injector.faultsFor({ action, nhsNumber: "9990001014" }).length);
}

describe("Injected faults", () => {
  it("befall every message unless told otherwise, and at most so many times", () => {
    assert.deepEqual(befallen({ fault: dropAnswer }, 1, 3), [1, 1, 1]);
    assert.deepEqual(befallen({ fault: dropAnswer, times: 2 }, 1, 3), [1, 1, 0]);
    assert.deepEqual(befallen({ fault: dropAnswer, match: { nth: 2 } }, 1, 3), [0, 1, 0]);
    assert.deepEqual(befallen({ fault: dropAnswer, match: { nhsNumber: "9990001022" } }, 1, 2), [0, 0]);
    assert.deepEqual(befallen({ fault: dropAnswer, match: { action: "OTHER" } }, 1, 2), [0, 0]);
  });

  it("are bounded in number", () => {
    const injector = createFaultInjector(1);
    for (let count = 0; count < 1000; count += 1) injector.inject({ fault: dropAnswer });
    assert.throws(
      () => injector.inject({ fault: dropAnswer }),
      (error) => isCpisError(error) && error.code === "CONFIG_INVALID",
    );
    injector.clear();
    injector.inject({ fault: dropAnswer });
  });

  it("with a rate befall the same messages for the same seed, and about that share", () => {
    const first = befallen({ fault: dropAnswer, rate: 0.25 }, 7, 2000);
    assert.deepEqual(befallen({ fault: dropAnswer, rate: 0.25 }, 7, 2000), first);
    assert.notDeepEqual(befallen({ fault: dropAnswer, rate: 0.25 }, 8, 2000), first);
    const share = first.filter((count) => count === 1).length / 2000;
    assert.ok(share > 0.2 && share < 0.3, `share ${share}`);
  });
});

describe("The simulator with faults", () => {
  let spine: TestSpine;
  let query: PreparedQuery;
  beforeEach(async () => {
    spine = await openTestSpine();
    query = spine.prepare("9990001014");
  });
  afterEach(async () => {
    await spine.close();
  });

  /** The kind of the reply's body; sends the query after injecting the fault once. */
  async function sendWith(fault: Fault, prepared: PreparedQuery = query): Promise<HttpResult> {
    spine.simulator.inject({ fault, times: 1 });
    return spine.send(prepared);
  }
  const kindOf = (reply: HttpResult): string => classifyReplyBody({ contentType: "text/xml", body: reply.body }).kind;

  it("refuses with a status, a fault or an error list, and records nothing", async () => {
    let accesses = 0;
    spine.simulator.events.on("access", () => (accesses += 1));
    assert.equal((await sendWith({ kind: "httpError", status: 502 })).status, 502);
    assert.equal(kindOf(await sendWith({ kind: "soapFault", code: "206" })), "fault");
    assert.equal(kindOf(await sendWith({ kind: "ebxmlError", code: "200" })), "message-error");
    await assert.rejects(sendWith({ kind: "resetConnection" }));
    assert.equal(accesses, 0);
    assert.equal((await spine.send(query)).status, 202);
    await spine.answer(1);
    assert.equal(accesses, 1);
  });

  it("answers although the reply is dropped", async () => {
    const sending = sendWith({ kind: "dropReply" });
    assert.equal((await spine.answer(1)).header.refToMessageId, query.messageId);
    await spine.simulator.close();
    await assert.rejects(sending);
  });

  it("drops the answer although it accepted", async () => {
    assert.equal((await sendWith(dropAnswer)).status, 202);
    await spine.send(spine.prepare("9990001022"));
    await spine.answer(1);
    assert.equal(spine.answers.length, 1);
    assert.notEqual(spine.answers[0]?.header.refToMessageId, query.messageId);
  });

  it("answers before the reply, and twice", async () => {
    spine.simulator.inject({ fault: { kind: "duplicateAnswer" } });
    await sendWith({ kind: "answerBeforeReply" });
    assert.equal(spine.answers.length, 2);
    assert.deepEqual(spine.answerBodies[0], spine.answerBodies[1]);
  });

  it("delays reply and answer", async () => {
    spine.simulator.inject({ fault: { kind: "delayAnswer", milliseconds: 5 } });
    assert.equal((await sendWith({ kind: "delayReply", milliseconds: 5 })).status, 202);
    await spine.answer(1);
  });

  it("acknowledges another message, or nothing, until the reliable message is sent again", async () => {
    const reliable = spine.prepare("9990001014", { pattern: "reliable" });
    const wrong = await sendWith({ kind: "wrongAckReference" }, reliable);
    const body = classifyReplyBody({ contentType: "text/xml", body: wrong.body });
    assert.equal(body.kind, "acknowledgment");
    assert.notEqual(body.acknowledgedMessageId, reliable.messageId);
    assert.equal(kindOf(await sendWith({ kind: "emptyReplyForReliable" }, reliable)), "empty");
    const right = classifyReplyBody({ contentType: "text/xml", body: (await spine.send(reliable)).body });
    assert.equal(right.kind === "acknowledgment" && right.acknowledgedMessageId, reliable.messageId);
    await spine.acknowledged(1);
    assert.equal(spine.answers.length, 1);
  });

  it("takes a reliable message that was refused for a while", async () => {
    const reliable = spine.prepare("9990001014", { pattern: "reliable" });
    spine.simulator.inject({ fault: { kind: "soapFault", code: "206" }, times: 2 });
    assert.equal(kindOf(await spine.send(reliable)), "fault");
    assert.equal(kindOf(await spine.send(reliable)), "fault");
    assert.equal(kindOf(await spine.send(reliable)), "acknowledgment");
    await spine.answer(1);
  });

  it("ends the lines of its answer with line feeds", async () => {
    await sendWith({ kind: "lineEndsLf" });
    await spine.answer(1);
    const text = spine.answerBodies[0]?.toString("utf8") ?? "";
    assert.ok(text.includes("\n"));
    assert.ok(!text.includes("\r"));
  });

  it("forgets its faults", async () => {
    spine.simulator.inject({ fault: dropAnswer });
    spine.simulator.clearFaults();
    await spine.send(query);
    await spine.answer(1);
  });

  it("keeps 100 answers back and sends them in reverse order", async () => {
    spine.simulator.holdAnswers();
    const queries = Array.from({ length: 100 }, () => spine.prepare("9990001014"));
    for (const one of queries) assert.equal((await spine.send(one)).status, 202);
    while (spine.simulator.heldAnswers < 100) await setImmediate();
    assert.equal(spine.answers.length, 0);
    assert.equal(spine.simulator.releaseAnswers("reverse"), 100);
    await spine.answer(100);
    assert.deepEqual(
      spine.answers.map(({ header }) => header.refToMessageId),
      queries.map(({ messageId }) => messageId).reverse(),
    );
    await spine.send(query);
    await spine.answer(101);
  });
});

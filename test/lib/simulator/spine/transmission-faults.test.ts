// What the network does to messages, in both directions, on demand.
import assert from "node:assert/strict";
import { isCpisError } from "../../../../lib/errors.js";
import { parseCommand } from "../../../../lib/simulator/commands.js";
import { createFaultInjector } from "../../../../lib/simulator/spine/faults.js";
import type { FaultInjection, TransmissionFault } from "../../../../lib/simulator/index.js";
import { interaction, prepareMessage, type PreparedMessage } from "../../../support/simulator/business-message.js";
import { newUuid, openTestSpine, partyKey, type TestSpine } from "../../../support/simulator/simulator-client.js";

describe("Faults of the transmission to the simulator", () => {
  let spine: TestSpine;
  let message: PreparedMessage;
  beforeEach(async () => {
    spine = await openTestSpine({ interactions: [interaction] });
    message = prepareMessage(spine);
  });
  afterEach(() => spine.close());

  const inject = (fault: TransmissionFault): void => spine.simulator.inject({ fault, times: 1 });
  const effects = (): number => spine.simulator.effects.size;

  it("let a message get lost: no effect, no reply", async () => {
    inject({ kind: "dropMessage" });
    const lost = message.send();
    await prepareMessage(spine).send();
    assert.equal(spine.simulator.effects.find(message.hl7Id), undefined);
    await spine.simulator.close();
    await assert.rejects(lost);
  });

  it("cut the connection in the middle of the request, before any effect", async () => {
    for (const afterBytes of [0, 100, 10_000_000]) {
      inject({ kind: "resetInRequest", afterBytes });
      await assert.rejects(message.send());
      assert.equal(effects(), 0);
    }
    assert.equal((await message.send()).status, 202);
  });

  it("cut the connection in the reply, or lose the acknowledgment, after the effect", async () => {
    for (const fault of [
      { kind: "resetInReply", afterBytes: 0 },
      { kind: "resetInReply", afterBytes: 50 },
      { kind: "lostAcknowledgment" },
    ] as const) {
      inject(fault);
      const fresh = prepareMessage(spine);
      await assert.rejects(fresh.send());
      assert.equal((await fresh.send()).status, 202);
      assert.equal(spine.simulator.effects.find(fresh.hl7Id)?.count, 1);
    }
  });

  it("lose the acknowledgment that would be a post of its own", async () => {
    inject({ kind: "lostAcknowledgment" });
    const forwarded = prepareMessage(spine, { pattern: "forwardReliable" });
    await assert.rejects(forwarded.send());
    await forwarded.send();
    await spine.answer(1);
    assert.equal(spine.answers.length, 1);
  });

  it("bring a message twice, with one effect", async () => {
    inject({ kind: "duplicateMessage" });
    assert.equal((await message.send()).status, 202);
    assert.equal(spine.simulator.effects.find(message.hl7Id)?.count, 1);
  });

  it("let the next message overtake, or wait only so long", async () => {
    inject({ kind: "reorderMessage", milliseconds: 600_000 });
    const overtaken = message.send();
    const next = prepareMessage(spine);
    await next.send();
    await overtaken;
    assert.deepEqual(
      spine.simulator.effects.list().map(({ id }) => id),
      [next.hl7Id, message.hl7Id],
    );
    inject({ kind: "reorderMessage", milliseconds: 5 });
    assert.equal((await prepareMessage(spine).send()).status, 202);
  });

  it("delay a message, and read it slowly", async () => {
    inject({ kind: "delayMessage", milliseconds: 5 });
    inject({ kind: "slowReader", bytesPerSecond: 1_000_000 });
    assert.equal((await message.send()).status, 202);
    assert.equal(effects(), 1);
  });
});

describe("Faults of the transmission from the simulator", () => {
  let spine: TestSpine;
  beforeEach(async () => {
    spine = await openTestSpine();
  });
  afterEach(() => spine.close());

  const cases: readonly { readonly fault: TransmissionFault; readonly attempts: number; readonly arrivals: number }[] =
    [
      { fault: { kind: "dropMessage" }, attempts: 2, arrivals: 1 },
      { fault: { kind: "resetInRequest", afterBytes: 0 }, attempts: 2, arrivals: 1 },
      { fault: { kind: "resetInRequest", afterBytes: 200 }, attempts: 2, arrivals: 1 },
      { fault: { kind: "resetInReply", afterBytes: 0 }, attempts: 2, arrivals: 2 },
      { fault: { kind: "resetInReply", afterBytes: 100 }, attempts: 2, arrivals: 2 },
      { fault: { kind: "lostAcknowledgment" }, attempts: 2, arrivals: 2 },
      { fault: { kind: "duplicateMessage" }, attempts: 1, arrivals: 2 },
      { fault: { kind: "delayMessage", milliseconds: 5 }, attempts: 1, arrivals: 1 },
      { fault: { kind: "reorderMessage", milliseconds: 5 }, attempts: 1, arrivals: 1 },
      { fault: { kind: "slowReader", bytesPerSecond: 1_000_000 }, attempts: 1, arrivals: 1 },
    ];
  for (const { fault, attempts, arrivals } of cases) {
    it(`${JSON.stringify(fault)} needs ${attempts} sends, and ${arrivals} arrive`, async () => {
      spine.simulator.inject({ direction: "sent", fault, times: 1 });
      const outcome = await spine.simulator.sendReliable({
        partyKey,
        ...interaction,
        payload: Buffer.from("<Example/>"),
        retryIntervalMilliseconds: 1,
      });
      assert.equal(outcome.kind, "acknowledged");
      assert.equal(outcome.attempts, attempts);
      assert.equal(spine.answers.length, arrivals);
      for (const body of spine.answerBodies) assert.deepEqual(body, spine.answerBodies[0]);
    });
  }

  it("let one message overtake another", async () => {
    const messageId = newUuid();
    spine.simulator.inject({
      direction: "sent",
      match: { messageId: messageId.toLowerCase() },
      fault: { kind: "reorderMessage", milliseconds: 600_000 },
    });
    const send = (id: string): Promise<unknown> =>
      spine.simulator.sendReliable({ partyKey, ...interaction, payload: Buffer.from("<Example/>"), messageId: id });
    const overtaken = send(messageId);
    const next = newUuid();
    await send(next);
    await overtaken;
    assert.deepEqual(
      spine.answers.map(({ header }) => header.messageId),
      [next, messageId],
    );
  });

  it("befall answers as well", async () => {
    spine.simulator.inject({ direction: "sent", fault: { kind: "duplicateMessage" } });
    await spine.send(spine.prepare("9990001014"));
    await spine.answer(2);
    assert.deepEqual(spine.answerBodies[0], spine.answerBodies[1]);
  });
});

describe("Injected faults of the transmission", () => {
  const refuses = (injection: FaultInjection): boolean => {
    try {
      createFaultInjector(1).inject(injection);
    } catch (error) {
      return isCpisError(error) && error.code === "CONFIG_INVALID";
    }
    return false;
  };

  it("are refused when they could never happen", () => {
    assert.ok(refuses({ direction: "sent", fault: { kind: "dropAnswer" } }));
    assert.ok(refuses({ fault: { kind: "dropMessage" }, match: { nhsNumber: "9990001014" } }));
    assert.ok(refuses({ fault: { kind: "dropMessage" }, match: { messageId: newUuid() } }));
    assert.ok(!refuses({ direction: "sent", fault: { kind: "dropMessage" }, match: { messageId: newUuid() } }));
  });

  it("choose the same by rate for the same seed, whatever else is injected and happens", () => {
    const choices = (seed: number, isAlone: boolean): readonly boolean[] => {
      const injector = createFaultInjector(seed);
      injector.inject({ fault: { kind: "dropMessage" }, rate: 0.5 });
      if (!isAlone) injector.inject({ direction: "sent", fault: { kind: "lostAcknowledgment" }, rate: 0.5 });
      return Array.from({ length: 200 }, () => {
        if (!isAlone) injector.disturbanceFor("sent", { action: "A" });
        return injector.disturbanceFor("received", { action: "A" }).isDropped;
      });
    };
    assert.deepEqual(choices(3, true), choices(3, false));
    assert.notDeepEqual(choices(3, true), choices(4, true));
  });

  it("can be told by command", () => {
    const injections: readonly FaultInjection[] = [
      { direction: "sent", fault: { kind: "dropMessage" }, rate: 0.1 },
      { direction: "received", fault: { kind: "delayMessage", milliseconds: 10 } },
      { fault: { kind: "duplicateMessage" } },
      { fault: { kind: "reorderMessage", milliseconds: 10 } },
      { fault: { kind: "resetInRequest", afterBytes: 0 } },
      { fault: { kind: "resetInReply", afterBytes: 10 }, times: 2 },
      { direction: "sent", fault: { kind: "lostAcknowledgment" }, match: { messageId: "A", nth: 1 } },
      { fault: { kind: "slowReader", bytesPerSecond: 1000 } },
    ];
    for (const injection of injections) {
      const command = parseCommand({ command: "injectFault", ...injection }, 0);
      assert.deepEqual(command, { command: "injectFault", injection });
    }
    const isInvalid = (error: unknown): boolean => isCpisError(error) && error.code === "CONFIG_INVALID";
    for (const wrong of [{ kind: "resetInReply" }, { kind: "slowReader", bytesPerSecond: 0 }]) {
      assert.throws(() => parseCommand({ command: "injectFault", fault: wrong }, 0), isInvalid);
    }
    assert.throws(
      () => parseCommand({ command: "injectFault", direction: "up", fault: { kind: "dropMessage" } }, 0),
      isInvalid,
    );
  });
});

// Reliable messages of the simulator's own: the same bytes until acknowledged, refused or given up.
import assert from "node:assert/strict";
import { isCpisError } from "../../../../lib/errors.js";
import { parseMessageId } from "../../../../lib/identifiers.js";
import type { ReliableMessage } from "../../../../lib/simulator/index.js";
import { interaction, postSignal } from "../../../support/simulator/business-message.js";
import { newUuid, openTestSpine, partyKey, type TestSpine } from "../../../support/simulator/simulator-client.js";

const message: ReliableMessage = {
  partyKey,
  ...interaction,
  payload: Buffer.from("<Example/>"),
  retryIntervalMilliseconds: 1,
};

describe("A reliable message of the simulator", () => {
  let spine: TestSpine;
  beforeEach(async () => {
    spine = await openTestSpine();
  });
  afterEach(() => spine.close());

  /** The party gets everything, and its replies never arrive. */
  const loseReplies = (): void => spine.simulator.inject({ direction: "sent", fault: { kind: "lostAcknowledgment" } });

  it("carries the elements of its pattern, and is acknowledged in the reply", async () => {
    for (const [pattern, actor, syncReply] of [
      ["reliable", "toPartyMSH", true],
      ["forwardReliable", "nextMSH", false],
    ] as const) {
      const outcome = await spine.simulator.sendReliable({ ...message, pattern });
      assert.equal(outcome.kind === "acknowledged" && outcome.by, "reply");
      const received = spine.answers.at(-1);
      assert.equal(received?.kind, "message");
      assert.equal(received.header.messageId, outcome.messageId);
      assert.deepEqual(received.reliability, { duplicateElimination: true, ackRequested: actor, syncReply });
    }
  });

  it("is sent once and Retries times more, and is then given up", async () => {
    loseReplies();
    const outcome = await spine.simulator.sendReliable({ ...message, retries: 3, persistDurationMilliseconds: 200 });
    assert.deepEqual(outcome, {
      kind: "given-up",
      messageId: outcome.messageId,
      attempts: 4,
      reason: "not-acknowledged",
    });
    assert.equal(spine.answers.length, 4);
    for (const body of spine.answerBodies) assert.deepEqual(body, spine.answerBodies[0]);
  });

  it("is acknowledged, or refused, by a message of its own", async () => {
    loseReplies();
    for (const [kind, expected] of [
      ["acknowledgment", "acknowledged"],
      ["message-error", "given-up"],
    ] as const) {
      const before = spine.answers.length;
      const sending = spine.simulator.sendReliable({ ...message, pattern: "forwardReliable", retries: 0 });
      const received = await spine.answer(before + 1);
      assert.equal(received.kind, "message");
      assert.equal((await postSignal(spine, kind, received)).status, 200);
      const outcome = await sending;
      assert.equal(outcome.kind, expected);
      assert.equal(
        outcome.kind === "given-up" ? outcome.reason : outcome.by,
        kind === "acknowledgment" ? "post" : "refused",
      );
    }
  });

  it("does not mind a signal about another message", async () => {
    loseReplies();
    const sending = spine.simulator.sendReliable({ ...message, retries: 0, persistDurationMilliseconds: 100 });
    const received = await spine.answer(1);
    assert.equal(received.kind, "message");
    const other = { ...received, header: { ...received.header, messageId: parseMessageId(newUuid()) } };
    await postSignal(spine, "acknowledgment", other);
    assert.equal((await sending).kind, "given-up");
  });

  it("ends when the simulator closes", async () => {
    loseReplies();
    const sending = spine.simulator.sendReliable({ ...message, retries: 0 });
    await spine.answer(1);
    await spine.simulator.close();
    const outcome = await sending;
    assert.equal(outcome.kind === "given-up" && outcome.reason, "closed");
  });

  it("needs a party", async () => {
    await assert.rejects(
      spine.simulator.sendReliable({ ...message, partyKey: "ZT7-999999" }),
      (error) => isCpisError(error) && error.code === "CONFIG_INVALID",
    );
  });
});

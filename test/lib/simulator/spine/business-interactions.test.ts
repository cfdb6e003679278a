// Interactions beside the query: taken once each, acknowledged as their pattern says, and counted.
import assert from "node:assert/strict";
import { isCpisError } from "../../../../lib/errors.js";
import { classifyReplyBody } from "../../../../lib/mhs/outbound/classify-reply.js";
import { createBusinessInteractions } from "../../../../lib/simulator/spine/business-interactions.js";
import { interaction, prepareMessage } from "../../../support/simulator/business-message.js";
import {
  newUuid,
  openTestSpine,
  type HttpResult,
  type TestSpine,
} from "../../../support/simulator/simulator-client.js";

const bodyOf = (reply: HttpResult): ReturnType<typeof classifyReplyBody> =>
  classifyReplyBody({ contentType: "text/xml", body: reply.body });
const codeOf = (reply: HttpResult): string | undefined => {
  const body = bodyOf(reply);
  return body.kind === "fault" ? body.fault.errors[0]?.errorCode : undefined;
};

describe("Interactions beside the query", () => {
  let spine: TestSpine;
  beforeEach(async () => {
    spine = await openTestSpine({ interactions: [interaction] });
  });
  afterEach(() => spine.close());

  it("take effect once, and get the same acknowledgment however often they are sent", async () => {
    const told: unknown[] = [];
    spine.simulator.events.on("effect", (effect) => told.push(effect));
    const message = prepareMessage(spine);
    const first = await message.send();
    assert.equal(first.status, 202);
    const body = bodyOf(first);
    assert.equal(body.kind === "acknowledgment" && body.acknowledgedMessageId, message.messageId);
    for (let turn = 0; turn < 3; turn += 1) assert.deepEqual((await message.send()).body, first.body);
    const { service, action } = interaction;
    const { conversationId } = message.message.header;
    const { hl7Id: id, messageId } = message;
    const effect = { id, messageId, service, action, fromPartyKey: "ZT7-900145", count: 1 };
    assert.deepEqual(spine.simulator.effects.list(), [effect]);
    assert.deepEqual(told, [{ ...effect, conversationId }]);
  });

  it("show a second effect when a message comes again under another MessageId", async () => {
    const hl7Id = newUuid();
    await prepareMessage(spine, { hl7Id }).send();
    await prepareMessage(spine, { hl7Id: hl7Id.toLowerCase() }).send();
    assert.equal(spine.simulator.effects.size, 1);
    assert.equal(spine.simulator.effects.find(hl7Id)?.count, 2);
  });

  it("are counted by MessageId when the payload has no id", async () => {
    const message = prepareMessage(spine, { payload: "<Other/>" });
    await message.send();
    assert.equal(spine.simulator.effects.find(message.messageId)?.count, 1);
  });

  it("are refused when nobody registered them, as express, or with an unreadable payload", async () => {
    assert.equal(codeOf(await prepareMessage(spine, { action: "REPC_IN990002GB01" }).send()), "101");
    assert.equal(codeOf(await prepareMessage(spine, { pattern: "express" }).send()), "101");
    assert.equal(codeOf(await prepareMessage(spine, { payload: "<Other>" }).send()), "201");
    assert.equal(spine.simulator.effects.size, 0);
    spine.simulator.registerInteraction({ ...interaction, action: "REPC_IN990002GB01" });
    assert.equal(bodyOf(await prepareMessage(spine, { action: "REPC_IN990002GB01" }).send()).kind, "acknowledgment");
  });

  it("are acknowledged by a post of its own when they are forwarded, and again when sent again", async () => {
    const message = prepareMessage(spine, { pattern: "forwardReliable" });
    for (let turn = 1; turn <= 2; turn += 1) {
      const reply = await message.send();
      assert.equal(reply.status, 202);
      assert.equal(reply.body.byteLength, 0);
      const answer = await spine.answer(turn);
      assert.equal(answer.kind === "acknowledgment" && answer.acknowledgedMessageId, message.messageId);
      assert.equal(answer.kind === "acknowledgment" && answer.actor, "nextMSH");
    }
    assert.deepEqual(spine.answerBodies[0], spine.answerBodies[1]);
    assert.equal(spine.simulator.effects.find(message.hl7Id)?.count, 1);
  });

  it("get no acknowledgment, or that of another message, when a fault says so", async () => {
    const message = prepareMessage(spine, { pattern: "forwardReliable" });
    spine.simulator.inject({ fault: { kind: "emptyReplyForReliable" }, times: 1 });
    await message.send();
    spine.simulator.inject({ fault: { kind: "wrongAckReference" }, times: 1 });
    await message.send();
    const answer = await spine.answer(1);
    assert.equal(answer.kind, "acknowledgment");
    assert.notEqual(answer.acknowledgedMessageId, message.messageId);
  });

  it("let a query be forwarded too: the acknowledgment comes before the answer", async () => {
    await spine.send(spine.prepare("9990001014", { pattern: "forwardReliable" }));
    await spine.answer(2);
    assert.deepEqual(
      spine.answers.map(({ kind }) => kind),
      ["acknowledgment", "message"],
    );
  });

  it("must have names, and are bounded in number", () => {
    const isInvalid = (error: unknown): boolean => isCpisError(error) && error.code === "CONFIG_INVALID";
    const interactions = createBusinessInteractions(10);
    assert.throws(() => interactions.register({ service: " ", action: "A" }), isInvalid);
    for (let number = 0; number < 1000; number += 1) interactions.register({ service: "S", action: `A${number}` });
    assert.throws(() => interactions.register({ service: "S", action: "B" }), isInvalid);
  });
});

// Responses to stored messages: one completes its message, and no other is ever delivered as its response.
import assert from "node:assert/strict";
import { action, business, consume, inboundIn, onlyInbound, textOf } from "../../support/mhs/consuming.js";
import { stored, until, untilState, useDurableScene, type Instance } from "../../support/mhs/durable-exchange.js";
import { acknowledgmentFor, answerTo, messageIn, replyEmpty, replyWith } from "../../support/mhs/peer.js";

describe("the inbox", () => {
  const scene = useDurableScene();

  describe("with responses to a message that its consumer finishes", () => {
    it("delivers each of them, and leaves the message as it is", async () => {
      const peer = await scene.startPeer((request, response) =>
        replyWith(response, acknowledgmentFor(messageIn(request))),
      );
      const instance = await scene.start({ settings: { responseMilliseconds: 1 } });
      const context = Buffer.from("kept");
      const message = scene.message({ completedBy: "consumer", context, attributes: { file: 42 } });
      const id = await instance.mhs.send(message);
      await untilState(instance.store, id, "awaiting-response");
      const { taken } = consume(instance);
      const [request] = peer.requests;
      if (request === undefined) assert.fail("nothing was sent");
      for (const payload of ["<first/>", "<second/>"]) {
        await instance.post({ message: answerTo(messageIn(request), { payload, header: { action } }) });
      }
      await until(() => taken.length === 2);
      const row = await stored(instance.store, id);
      assert.deepEqual([row.state, row.answeredBy, row.attributes["file"]], ["awaiting-response", undefined, 42]);
      assert.deepEqual(await instance.store.readContext(id), context);
    });
  });

  describe("with the response to a message of ours", () => {
    async function asked() {
      const peer = await scene.startPeer((request, response) =>
        replyWith(response, acknowledgmentFor(messageIn(request))),
      );
      const instance = await scene.start({ settings: { responseMilliseconds: 150 } });
      const id = await instance.mhs.send(scene.message({ completedBy: "response" }));
      await untilState(instance.store, id, "awaiting-response");
      const [request] = peer.requests;
      if (request === undefined) assert.fail("nothing was sent");
      const answer = (payload: string) => answerTo(messageIn(request), { payload, header: { action } });
      return { instance, id, answer };
    }

    it("completes the message and delivers the response to the consumer", async () => {
      const { instance, id, answer } = await asked();
      const { taken } = consume(instance);
      await instance.post({ message: answer("<yes/>") });
      await until(() => taken.length === 1);
      const { state, answeredBy } = await stored(instance.store, id);
      assert.equal(state, "completed");
      assert.equal(answeredBy, taken[0]?.id);
    });

    it("stores a second, different one, marks it and never delivers it", async () => {
      const { instance, answer } = await asked();
      const { taken } = consume(instance);
      await instance.post({ message: answer("<yes/>") });
      assert.equal((await instance.post({ message: answer("<no/>") })).status, 200);
      await until(async () =>
        (await inboundIn(instance.store)).every(({ state }) => state !== "received" && state !== "delivered"),
      );
      assert.deepEqual(taken.map(textOf), ["<yes/>"]);
      const [, second] = await inboundIn(instance.store);
      assert.equal(second?.state, "rejected");
      assert.equal(second.errorCode, "EBXML_CONFLICTING_ANSWER");
      assert.ok(instance.log.includes("warning CONFLICTING_ANSWER"));
    });

    it("stores a late one, marks it and never delivers it; the expired message stays so", async () => {
      const { instance, id, answer } = await asked();
      const { taken } = consume(instance);
      await untilState(instance.store, id, "expired");
      assert.equal((await instance.post({ message: answer("<yes/>") })).status, 200);
      await until(async () => (await onlyInbound(instance.store)).state === "rejected");
      assert.equal((await onlyInbound(instance.store)).errorCode, "EBXML_LATE_ANSWER");
      assert.equal((await stored(instance.store, id)).state, "expired");
      assert.equal(taken.length, 0);
      assert.ok(instance.log.includes("warning LATE_ANSWER"));
    });

    it("does not mistake an answer of another message's conversation for one", async () => {
      const { instance, id } = await asked();
      await instance.post({ message: business("<x/>") });
      assert.equal((await stored(instance.store, id)).answeredBy, undefined);
    });
  });

  it("answers its own express messages with nothing lost when the peer posts before it replies", async () => {
    const instances: Instance[] = [];
    await scene.startPeer((request, response) => {
      void instances[0]
        ?.post({ message: answerTo(messageIn(request), { header: { action } }) })
        .then(() => replyEmpty(response));
    });
    const instance = await scene.start();
    instances.push(instance);
    const { taken } = consume(instance);
    const contract = scene.contract({ ackRequested: "never", duplicateElimination: "never" });
    const id = await instance.mhs.send(scene.message({ contract, completedBy: "response" }));
    await untilState(instance.store, id, "completed");
    await until(() => taken.length === 1);
  });
});

// Which message of ours an arrival is an answer to, and what becomes of one that is nobody's answer.
import assert from "node:assert/strict";
import { CpisError } from "../../../../lib/errors.js";
import type { ConversationId, MessageId } from "../../../../lib/identifiers.js";
import type { OutboundRequest, RequestOutcome } from "../../../../lib/mhs/model.js";
import type { StoredMessage } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { answered } from "../../../support/mhs/exchange.js";
import { until, useDurableScene, type Instance } from "../../../support/mhs/durable-exchange.js";
import { encodeInbound, newId, replyEmpty } from "../../../support/mhs/peer.js";
import { awaitedRequest } from "../../../support/mhs/receiving.js";
import { createMemoryStore } from "../../../support/store/sqlite-place.js";

const minute = 60_000;
const day = 24 * 60 * minute;
const inboundDue = { channel: "transport", direction: "inbound", states: ["delivered"] } as const;

describe("an answer", () => {
  const scene = useDurableScene();
  let store: MessageStore;

  beforeEach(async () => {
    store = await createMemoryStore();
  });

  /** Closed after the instances on it, which the scene closes. */
  after(() => store.close());

  async function startSilentPeer(): Promise<void> {
    await scene.startPeer((_request, response) => replyEmpty(response));
  }

  async function ask(
    { mhs }: Instance,
    change: Partial<OutboundRequest> = {},
  ): Promise<{ request: OutboundRequest; outcome: Promise<RequestOutcome> }> {
    const request = scene.request(change);
    const sent = new Promise<void>((resolve) => {
      mhs.events.on("replied", ({ messageId }) => {
        if (messageId === request.messageId) resolve();
      });
    });
    const outcome = mhs.request(request);
    await sent;
    return { request, outcome };
  }

  async function post(
    instance: Instance,
    header: { refToMessageId?: MessageId; conversationId?: ConversationId },
    payload = "<answer/>",
  ): Promise<StoredMessage> {
    const messageId = newId();
    const reply = await instance.post({ message: encodeInbound({ payload, header: { messageId, ...header } }) });
    assert.equal(reply.status, 200);
    const kept = await store.findByMessageId("inbound", messageId);
    if (kept === undefined) assert.fail("the message was not kept");
    return kept;
  }

  function fateOf({ state, errorCode, attributes }: StoredMessage): readonly unknown[] {
    return [attributes["role"], state, errorCode];
  }

  it("without a reference never belongs to a message of its conversation that has ended", async () => {
    await startSilentPeer();
    const instance = await scene.start({ store });
    const { request, outcome } = await ask(instance, { timeoutMilliseconds: 300 });
    assert.equal((await outcome).kind, "timeout");
    const { conversationId } = request;
    assert.deepEqual(fateOf(await post(instance, { conversationId })), ["consumer", "received", undefined]);
    const row = await store.findByMessageId("outbound", request.messageId);
    assert.deepEqual([row?.state, row?.answeredBy], ["failed", undefined]);
  });

  it("without a reference belongs to nobody when its sender is not the party that was asked", async () => {
    await startSilentPeer();
    const instance = await scene.start({ store });
    const contract = { ...scene.request().contract, toPartyKey: scene.request().contract.toPartyKey };
    const { request, outcome } = await ask(instance, {
      contract: { ...contract, toPartyKey: `${contract.toPartyKey}9` as typeof contract.toPartyKey },
      timeoutMilliseconds: 500,
    });
    const { conversationId } = request;
    assert.deepEqual(fateOf(await post(instance, { conversationId })), ["consumer", "received", undefined]);
    assert.equal((await outcome).kind, "timeout");
  });

  it("never belongs to a message of another transport on the same store", async () => {
    await startSilentPeer();
    const asker = await scene.start({ store });
    const stranger = await scene.start({ store, settings: { channel: "another transport" } });
    const { request, outcome } = await ask(asker);
    const { messageId: refToMessageId, conversationId } = request;
    for (const header of [{ refToMessageId }, { conversationId }]) {
      assert.deepEqual(fateOf(await post(stranger, header)), ["consumer", "received", undefined]);
    }
    await post(asker, { refToMessageId });
    answered(await outcome);
  });

  it("never belongs to a message that was not sent yet", async () => {
    const instance = await scene.start({ store });
    const message = scene.message({
      completedBy: "response",
      contract: scene.contract({ endpointUrl: "https://127.0.0.1:1/" }),
    });
    const id = await instance.mhs.send(message);
    await until(async () => (await store.findById(id))?.errorCode !== undefined || instance.log.length > 0);
    const { messageId: refToMessageId } = message;
    assert.deepEqual(fateOf(await post(instance, { refToMessageId })), ["consumer", "received", undefined]);
    const row = await store.findById(id);
    assert.deepEqual([row?.answeredBy, row?.attempts], [undefined, 0]);
  });

  it("that contradicts the one before it is rejected in the store, and given to nobody", async () => {
    await startSilentPeer();
    const instance = await scene.start({ store });
    const taken: string[] = [];
    instance.mhs.consume({ confirm: "on-handover", deliver: ({ id }) => Promise.resolve(void taken.push(String(id))) });
    const { request, outcome } = await ask(instance);
    const { messageId: refToMessageId } = request;
    assert.deepEqual(fateOf(await post(instance, { refToMessageId })), ["answer", "confirmed", undefined]);
    const { answer } = answered(await outcome);
    assert.equal(Buffer.from(answer.message.payload ?? []).toString(), "<answer/>");
    const second = await post(instance, { refToMessageId }, "<another/>");
    assert.deepEqual(fateOf(second).slice(1), ["rejected", "EBXML_CONFLICTING_ANSWER"]);
    assert.deepEqual(taken, []);
  });

  it("that is late is rejected in the store, and given to nobody", async () => {
    await startSilentPeer();
    const instance = await scene.start({ store });
    const { request, outcome } = await ask(instance, { timeoutMilliseconds: 300 });
    assert.equal((await outcome).kind, "timeout");
    const late = await post(instance, { refToMessageId: request.messageId });
    assert.deepEqual(fateOf(late).slice(1), ["rejected", "EBXML_LATE_ANSWER"]);
    const row = await store.findByMessageId("outbound", request.messageId);
    assert.deepEqual([row?.state, row?.answeredBy], ["failed", late.id]);
  });

  it("that nobody collects is set aside once its request cannot wait any more, and not before", async () => {
    const instance = await scene.start({ store });
    const refToMessageId = newId();
    const deadline = Date.now() + 10 * minute;
    await store.acceptRequest(awaitedRequest(refToMessageId, deadline));
    const kept = await post(instance, { refToMessageId });
    assert.deepEqual(fateOf(kept), ["answer", "delivered", undefined]);
    const tooSoon = await scene.start({ store, now: () => deadline + minute - 1_000 });
    await until(async () => (await store.nextDueAt(inboundDue)) !== undefined);
    await tooSoon.close();
    assert.equal((await store.findById(kept.id))?.state, "delivered");
    await scene.start({ store, now: () => deadline + minute });
    await until(async () => (await store.findById(kept.id))?.state === "rejected");
    assert.equal((await store.findById(kept.id))?.errorCode, "EBXML_ANSWER_NOT_COLLECTED");
  });

  it("is recognised when it is repeated for a day, or for as long as is set", async () => {
    for (const [setting, expected] of [
      [undefined, day],
      [minute, day],
      [3 * day, 3 * day],
    ] as const) {
      const at = Date.now();
      const settings = setting === undefined ? {} : { duplicateMilliseconds: setting };
      const instance = await scene.start({ store, now: () => at, settings });
      const message = encodeInbound();
      const first = await instance.post({ message });
      await instance.close();
      const before = await scene.start({ store, now: () => at + expected - 1, settings });
      assert.deepEqual((await before.post({ message })).body, first.body);
      await before.close();
      const afterwards = await scene.start({ store, now: () => at + expected, settings });
      assert.notDeepEqual((await afterwards.post({ message })).body, first.body);
      await afterwards.close();
    }
  });

  it("reaches the one who asked although the store cannot say whether it has it", async () => {
    await startSilentPeer();
    const doubtful: MessageStore = {
      ...store,
      async acceptInbound(message) {
        await store.acceptInbound(message);
        throw new CpisError("STORE_OUTCOME_UNKNOWN");
      },
    };
    const instance = await scene.start({ store: doubtful });
    const { request, outcome } = await ask(instance);
    const message = encodeInbound({ header: { refToMessageId: request.messageId } });
    assert.equal((await instance.post({ message })).status, 503);
    answered(await outcome);
  });

  it("that came in the last moment, and was taken elsewhere, is given instead of the time-out", async () => {
    await startSilentPeer();
    const deaf: MessageStore = { ...store, subscribe: () => () => undefined };
    const asker = await scene.start({ store: deaf });
    const other = await scene.start({ store });
    const { request, outcome } = await ask(asker, { timeoutMilliseconds: 3_000 });
    const kept = await post(other, { refToMessageId: request.messageId });
    assert.equal(kept.state, "delivered");
    answered(await outcome);
    await until(async () => (await store.findById(kept.id))?.state === "confirmed");
  });
});

// Inbound messages that the store keeps: their replies, their delivery, and what becomes of those nobody takes.
import assert from "node:assert/strict";
import { UnwantedMessage } from "../../../../lib/queue/model.js";
import { parseConversationId } from "../../../../lib/identifiers.js";
import type { MessageRowId } from "../../../../lib/store/message-model.js";
import { business, consume, inboundIn, onlyInbound, textOf } from "../../../support/mhs/consuming.js";
import { stored, until, untilState, useDurableScene } from "../../../support/mhs/durable-exchange.js";
import { newId } from "../../../support/mhs/peer.js";

describe("the inbox", () => {
  const scene = useDurableScene();

  it("has a message in the store, with its reply, before it acknowledges it", async () => {
    const instance = await scene.start();
    const message = business("<one/>");
    const reply = await instance.post({ message });
    assert.equal(reply.status, 200);
    const row = await onlyInbound(instance.store);
    assert.equal(row.state, "received");
    const content = await instance.store.readContent(row.id);
    assert.deepEqual(content, { kind: "content", bytes: message.body });
  });

  it("gives a repeated message the same bytes, also after a restart, and delivers it once", async () => {
    const first = await scene.start();
    const message = business("<one/>");
    const { taken } = consume(first);
    const replies = [await first.post({ message }), await first.post({ message })];
    await until(() => taken.length > 0);
    await first.close();
    const second = await scene.start();
    const later = consume(second);
    replies.push(await second.post({ message }));
    const [reply, ...repeated] = replies;
    for (const each of repeated) assert.deepEqual(each.body, reply?.body);
    assert.equal(taken.length + later.taken.length, 1);
    await onlyInbound(second.store);
  });

  it("gives copies that arrive together one reply", async () => {
    const instance = await scene.start();
    const message = business("<one/>");
    const replies = await Promise.all(Array.from({ length: 5 }, () => instance.post({ message })));
    assert.equal(new Set(replies.map(({ body }) => body.toString())).size, 1);
    await onlyInbound(instance.store);
  });

  it("repeats the reply of a message whose time to live is over by then", async () => {
    let passed = 0;
    const now = (): number => Date.now() + passed;
    const instance = await scene.start({ now });
    const timeToLive = `${new Date(now()).toISOString().slice(0, 19)}Z`;
    const message = business("<one/>", { header: { timeToLive } });
    const reply = await instance.post({ message });
    passed = 10 * 60_000;
    assert.deepEqual((await instance.post({ message })).body, reply.body);
    const other = await instance.post({ message: business("<two/>", { header: { timeToLive } }) });
    assert.match(other.body.toString(), /TimeToLiveExpired/);
  });

  it("confirms on hand-over what its consumer took", async () => {
    const instance = await scene.start();
    const { taken } = consume(instance);
    await instance.post({ message: business("<one/>") });
    await until(() => taken.length === 1);
    const [delivery] = taken;
    if (delivery === undefined) assert.fail("nothing was delivered");
    assert.equal(textOf(delivery), "<one/>");
    assert.equal(delivery.delivery, 1);
    await untilState(instance.store, delivery.id, "confirmed");
  });

  it("delivers again what its consumer does not confirm, until it does", async () => {
    const instance = await scene.start();
    const { taken } = consume(instance, { confirm: "by-consumer" });
    await instance.post({ message: business("<one/>") });
    await until(() => taken.length === 3);
    const id = taken[0]?.id as MessageRowId;
    assert.deepEqual(await instance.mhs.confirm(id), { kind: "confirmed" });
    assert.deepEqual(await instance.mhs.confirm(id), { kind: "confirmed" });
    const { state, attempts } = await stored(instance.store, id);
    assert.equal(state, "confirmed");
    assert.deepEqual(
      taken.map(({ delivery }) => delivery),
      Array.from({ length: attempts }, (_, index) => index + 1),
    );
  });

  it("lets a consumer confirm before its delivery has ended", async () => {
    const instance = await scene.start();
    consume(instance, {
      confirm: "by-consumer",
      deliver: async ({ id }) => {
        await instance.mhs.confirm(id);
      },
    });
    await instance.post({ message: business("<one/>") });
    await until(async () => (await onlyInbound(instance.store)).state === "confirmed");
    assert.equal((await onlyInbound(instance.store)).attempts, 1);
  });

  it("knows no confirmation of what it has not delivered to a consumer", async () => {
    const instance = await scene.start();
    assert.deepEqual(await instance.mhs.confirm(4711 as MessageRowId), { kind: "unknown" });
  });

  it("sets a message aside at once that its consumer will never want", async () => {
    const instance = await scene.start();
    let deliveries = 0;
    consume(instance, {
      deliver: () => {
        deliveries += 1;
        return Promise.reject(new UnwantedMessage("CPIS_MESSAGE_INVALID"));
      },
    });
    await instance.post({ message: business("<one/>") });
    await until(async () => (await onlyInbound(instance.store)).state === "rejected");
    assert.deepEqual([(await onlyInbound(instance.store)).errorCode, deliveries], ["CPIS_MESSAGE_INVALID", 1]);
  });

  it("sets a message aside that no delivery succeeded with, says so once, and goes on", async () => {
    const instance = await scene.start();
    const seen: string[] = [];
    consume(instance, {
      maximumDeliveries: 3,
      deliver: (delivery) => {
        seen.push(textOf(delivery));
        return textOf(delivery) === "<poison/>" ? Promise.reject(new Error("no")) : Promise.resolve();
      },
    });
    await instance.post({ message: business("<poison/>") });
    await instance.post({ message: business("<good/>") });
    await until(() => seen.includes("<good/>"));
    assert.deepEqual(seen, ["<poison/>", "<poison/>", "<poison/>", "<good/>"]);
    const [poison] = await inboundIn(instance.store);
    if (poison === undefined) assert.fail("nothing is stored");
    assert.equal(poison.state, "rejected");
    assert.equal(poison.errorCode, "EBXML_NOT_DELIVERED");
    assert.equal(instance.log.filter((line) => line === "setAside EBXML_NOT_DELIVERED").length, 1);
    assert.deepEqual(await instance.mhs.confirm(poison.id), {
      kind: "not-confirmable",
      state: "rejected",
    });
  });

  it("counts a delivery that never ends as one that failed", async () => {
    const instance = await scene.start();
    let count = 0;
    consume(instance, {
      maximumDeliveries: 2,
      deliver: () => ((count += 1) === 1 ? new Promise(() => undefined) : Promise.resolve()),
    });
    await instance.post({ message: business("<one/>") });
    await until(async () => (await onlyInbound(instance.store)).state === "confirmed");
    assert.equal(count, 2);
  });

  it("keeps the order within a conversation while another one passes", async () => {
    const instance = await scene.start();
    const seen: string[] = [];
    consume(instance, {
      maximumDeliveries: 10_000,
      deliver: (delivery) => {
        if (textOf(delivery) === "<a1/>" && !seen.includes("<b1/>")) return Promise.reject(new Error("not yet"));
        seen.push(textOf(delivery));
        return Promise.resolve();
      },
    });
    const [a, b] = [{ conversationId: parseConversationId("A") }, { conversationId: parseConversationId("B") }];
    for (const [payload, header] of [
      ["<a1/>", a],
      ["<a2/>", a],
      ["<b1/>", b],
      ["<a3/>", a],
    ] as const) {
      await instance.post({ message: business(payload, { header }) });
    }
    await until(() => seen.length === 4);
    assert.deepEqual(
      seen.filter((text) => text !== "<b1/>"),
      ["<a1/>", "<a2/>", "<a3/>"],
    );
    assert.equal(seen[0], "<b1/>");
  });

  it("keeps the order of all messages of a consumer that asks for it", async () => {
    const instance = await scene.start();
    const seen: string[] = [];
    let isFirst = true;
    consume(instance, {
      inOrder: "all",
      deliver: (delivery) => {
        if (isFirst) {
          isFirst = false;
          return Promise.reject(new Error("not yet"));
        }
        seen.push(textOf(delivery));
        return Promise.resolve();
      },
    });
    const expected = ["<n1/>", "<n2/>", "<n3/>"];
    for (const payload of expected) {
      await instance.post({ message: business(payload, { header: { conversationId: parseConversationId(newId()) } }) });
    }
    await until(() => seen.length === 3);
    assert.deepEqual(seen, expected);
  });

  it("keeps what nobody consumes, and delivers it to a consumer that comes later, oldest first", async () => {
    const instance = await scene.start();
    const other = consume(instance, { actions: ["REPC_IN000099GB01"] });
    for (const payload of ["<n1/>", "<n2/>"]) await instance.post({ message: business(payload) });
    assert.deepEqual(instance.log, ["warning UNMATCHED_ANSWER", "warning UNMATCHED_ANSWER"]);
    assert.deepEqual(
      (await inboundIn(instance.store)).map(({ state }) => state),
      ["received", "received"],
    );
    const { taken } = consume(instance);
    await until(() => taken.length === 2);
    assert.deepEqual(taken.map(textOf), ["<n1/>", "<n2/>"]);
    assert.equal(other.taken.length, 0);
  });

  it("delivers after a restart what was delivered and not confirmed", async () => {
    const first = await scene.start();
    const before = consume(first, { confirm: "by-consumer", redeliverAfterMilliseconds: 200 });
    await first.post({ message: business("<one/>") });
    await until(() => before.taken.length === 1);
    await first.close();
    const second = await scene.start();
    const after = consume(second, { confirm: "by-consumer", redeliverAfterMilliseconds: 200 });
    await until(() => after.taken.length === 1);
    assert.equal(after.taken[0]?.delivery, 2);
  });

  it("begins no delivery to a consumer that was closed", async () => {
    const instance = await scene.start();
    const { taken, consumer } = consume(instance);
    await consumer.close();
    await instance.post({ message: business("<one/>") });
    assert.equal((await onlyInbound(instance.store)).state, "received");
    assert.equal(taken.length, 0);
  });

  it("delivers to a consumer that comes later what was delivered before the restart and found nobody since", async () => {
    let passed = 0;
    const now = (): number => Date.now() + passed;
    const first = await scene.start({ now });
    const refusing = { deliver: () => Promise.reject(new Error("not now")), redeliverAfterMilliseconds: 1000 };
    const { consumer } = consume(first, { ...refusing, maximumDeliveries: 100 });
    await first.post({ message: business("<one/>") });
    await until(async () => (await onlyInbound(first.store)).attempts === 1);
    await consumer.close();
    await first.close();
    passed = 10 * 3_600_000;
    const second = await scene.start({ now });
    await until(async () => ((await onlyInbound(second.store)).nextAttemptAt ?? 0) > now());
    const { taken } = consume(second);
    await until(() => taken.length > 0);
    assert.equal(taken.length, 1);
  });
});

// Queries that the store records: one sending, one outcome, and what is left when somebody dies in between.
import assert from "node:assert/strict";
import { answered } from "../../../support/mhs/exchange.js";
import { stored, until, useDurableScene, type Instance } from "../../../support/mhs/durable-exchange.js";
import {
  acknowledgmentFor,
  answerTo,
  messageIn,
  replyEmpty,
  replyWith,
  type PeerBehaviour,
} from "../../../support/mhs/peer.js";
import { createFailingStore } from "../../../support/mhs/failing-store.js";
import { createMemoryStore } from "../../../support/store/sqlite-place.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import type { StoredMessage } from "../../../../lib/store/message-model.js";

const nhsNumber = "9000000009";

async function outboundIn(store: MessageStore): Promise<StoredMessage> {
  const { messages } = await store.list({ direction: "outbound" }, 10);
  const [only, ...others] = messages;
  if (only === undefined || others.length > 0) assert.fail(`${messages.length} messages are stored`);
  return only;
}

async function statesOf(store: MessageStore, message: StoredMessage): Promise<readonly string[]> {
  return (await store.history(message.id)).map(({ state }) => state);
}

describe("a query with a message store", () => {
  const scene = useDurableScene();
  let instances: Instance[] = [];

  /** Replies and then answers by a post to the instance that was started last. */
  const answerAfter: PeerBehaviour = (request, response) => {
    replyEmpty(response);
    void instances.at(-1)?.post({ message: answerTo(messageIn(request), { payload: "<answer/>" }) });
  };

  async function start(...options: Parameters<typeof scene.start>): Promise<Instance> {
    const instance = await scene.start(...options);
    instances.push(instance);
    return instance;
  }

  afterEach(() => {
    instances = [];
  });

  it("takes an answer that comes in time, whatever the clock was set to while it waited", async () => {
    let ahead = 0;
    const asked = Promise.withResolvers<Parameters<PeerBehaviour>[0]>();
    await scene.startPeer((request, response) => {
      const message = messageIn(request);
      if (message.header.action === "QUPC_IN000006GB01") {
        replyEmpty(response);
        asked.resolve(request);
      } else replyWith(response, acknowledgmentFor(message), 200);
    });
    const instance = await start({ now: () => Date.now() + ahead });
    const { store } = instance;
    const outcome = instance.mhs.request(scene.request({ timeoutMilliseconds: 100_000 }));
    const request = await asked.promise;
    const { messageId } = messageIn(request).header;
    await until(async () => (await store.findByMessageId("outbound", messageId))?.state === "awaiting-response");
    ahead = 130_000;
    // New work makes its worker look, and find the query overdue by the clock that was set.
    const sent = await instance.mhs.send(scene.message());
    await until(async () => (await stored(store, sent)).state === "completed");
    await instance.post({ message: answerTo(messageIn(request), { payload: "<answer/>" }) });
    answered(await outcome);
    assert.equal((await store.findByMessageId("outbound", messageId))?.state, "completed");
    assert.deepEqual(instance.undelivered, []);
  });

  it("is in the store, with its bytes, before the first of them leaves", async () => {
    const seen: (string | undefined)[] = [];
    const peer = await scene.startPeer((request, response) => {
      void (async () => {
        const row = await instances[0]?.store.findByMessageId("outbound", messageIn(request).header.messageId);
        const content = row === undefined ? undefined : await instances[0]?.store.readContent(row.id);
        const isSame = content?.kind === "content" && content.bytes.equals(request.body);
        seen.push(row?.state, String(isSame));
        answerAfter(request, response);
      })();
    });
    const { mhs, store } = await start();
    answered(await mhs.request(scene.request({ subject: nhsNumber })));
    assert.deepEqual(seen, ["sending", "true"]);
    const row = await outboundIn(store);
    assert.equal(row.state, "completed");
    assert.equal(peer.requests.length, 1);
    const found = await store.list({ subject: nhsNumber }, 10);
    assert.deepEqual(
      found.messages.map(({ id }) => id),
      [row.id],
    );
    assert.equal(JSON.stringify(row).includes(nhsNumber), false);
  });

  it("fails in its own time while the store hangs, and is not sent when the store takes it later", async () => {
    const peer = await scene.startPeer(answerAfter);
    const real = await createMemoryStore();
    const failing = createFailingStore(real);
    const { mhs } = await start({ store: failing.store });
    failing.hang(["acceptRequest"]);
    const aborting = new AbortController();
    const abandoned = mhs.request(scene.request({ timeoutMilliseconds: 100_000, signal: aborting.signal }));
    const outcome = await mhs.request(scene.request({ timeoutMilliseconds: 200 }));
    assert.equal(outcome.kind === "not-sent" && outcome.error.code, "STORE_UNAVAILABLE");
    aborting.abort();
    assert.deepEqual(await abandoned, { kind: "aborted" });
    assert.deepEqual((await real.list({}, 10)).messages, []);
    failing.letGo();
    const codesOf = async () =>
      (await real.list({ states: ["failed"] }, 10)).messages.map(({ errorCode }) => errorCode);
    await until(async () => (await codesOf()).length === 2);
    assert.deepEqual((await codesOf()).toSorted(), ["EBXML_NOT_SENT", "STORE_UNAVAILABLE"]);
    answered(await mhs.request(scene.request()));
    assert.equal(peer.requests.length, 1);
    await mhs.close();
    await real.close();
  });

  it("is recorded step by step, and its answer is confirmed", async () => {
    await scene.startPeer((request, response) => {
      replyEmpty(response);
      const message = answerTo(messageIn(request));
      void until(async () => (await outboundIn(instances[0]!.store)).state === "awaiting-response").then(() =>
        instances[0]?.post({ message }),
      );
    });
    const { mhs, store } = await start();
    answered(await mhs.request(scene.request()));
    const row = await outboundIn(store);
    assert.deepEqual(await statesOf(store, row), ["sending", "awaiting-response", "completed"]);
    const { answeredBy } = row;
    if (answeredBy === undefined) assert.fail("no answer");
    await until(async () => (await stored(store, answeredBy)).state === "confirmed");
  });

  it("fails with a code that says why after a lost reply and no answer, and is not sent again", async () => {
    const peer = await scene.startPeer((_request, response) => response.destroy());
    const { mhs, store } = await start();
    const outcome = await mhs.request(scene.request({ timeoutMilliseconds: 300 }));
    assert.deepEqual(outcome, { kind: "timeout", wasAccepted: false });
    const row = await outboundIn(store);
    assert.equal(row.state, "failed");
    assert.equal(row.errorCode, "EBXML_OUTCOME_UNKNOWN");
    assert.equal(peer.requests.length, 1);
  });

  it("is not sent again by a reliable contract either", async () => {
    const peer = await scene.startPeer((_request, response) => replyEmpty(response, 503));
    const { mhs, store } = await start();
    const outcome = await mhs.request(scene.request({ contract: scene.contract() }));
    assert.equal(outcome.kind, "http-error");
    assert.equal((await outboundIn(store)).errorCode, "EBXML_REFUSED");
    assert.equal(peer.requests.length, 1);
  });

  it("fails without an answer in time, and says that the peer had it; a late answer is never given", async () => {
    const peer = await scene.startPeer((_request, response) => replyEmpty(response));
    const instance = await start();
    const { mhs, store, log } = instance;
    const outcome = await mhs.request(scene.request({ timeoutMilliseconds: 300 }));
    assert.deepEqual(outcome, { kind: "timeout", wasAccepted: true });
    const row = await outboundIn(store);
    assert.deepEqual([row.state, row.errorCode], ["failed", "EBXML_NO_RESPONSE"]);
    const [request] = peer.requests;
    if (request === undefined) assert.fail("nothing was sent");
    assert.equal((await instance.post({ message: answerTo(messageIn(request)) })).status, 200);
    const { messages } = await store.list({ direction: "inbound", states: ["rejected"] }, 10);
    assert.deepEqual(
      messages.map(({ errorCode }) => errorCode),
      ["EBXML_LATE_ANSWER"],
    );
    assert.ok(log.includes("warning LATE_ANSWER"));
    assert.equal((await outboundIn(store)).state, "failed");
  });

  it("takes an acknowledgment by its own post as the word that the peer has it", async () => {
    await scene.startPeer((request, response) => {
      replyEmpty(response);
      void instances[0]?.post({ message: acknowledgmentFor(messageIn(request)) });
    });
    const { mhs } = await start();
    const contract = scene.contract();
    const outcome = await mhs.request(scene.request({ contract, timeoutMilliseconds: 500 }));
    assert.deepEqual(outcome, { kind: "timeout", wasAccepted: true });
  });

  it("waits on after an answer that its judge keeps for later", async () => {
    await scene.startPeer((request, response) => {
      replyEmpty(response);
      void (async () => {
        for (const payload of ["<wait/>", "<answer/>"]) {
          await instances[0]?.post({ message: answerTo(messageIn(request), { payload }) });
        }
      })();
    });
    const { mhs, store } = await start();
    const request = scene.request({
      judge: ({ message }) => {
        const isToWait = Buffer.from(message.payload ?? []).toString() === "<wait/>";
        return isToWait ? { kind: "keep-waiting" } : { kind: "settles", result: undefined };
      },
    });
    const { answer } = answered(await mhs.request(request));
    assert.equal(Buffer.from(answer.message.payload ?? []).toString(), "<answer/>");
    assert.equal((await outboundIn(store)).state, "completed");
  });

  it("is not sent when nobody can be reached, and the record says so", async () => {
    await scene.startPeer(answerAfter);
    await scene.stopPeer();
    const { mhs, store } = await start();
    const outcome = await mhs.request(scene.request());
    assert.equal(outcome.kind, "not-sent");
    const row = await outboundIn(store);
    assert.deepEqual([row.state, row.errorCode], ["failed", "EBXML_CONNECT_FAILED"]);
  });

  it("ends as aborted when the service closes, and the record says what is known", async () => {
    const peer = await scene.startPeer(() => undefined);
    const instance = await start();
    const { mhs, store } = instance;
    const outcome = mhs.request(scene.request());
    await until(() => peer.requests.length === 1);
    const row = await outboundIn(store);
    await mhs.close();
    assert.deepEqual(await outcome, { kind: "aborted" });
    const { state, errorCode } = await stored(store, row.id);
    assert.deepEqual([state, errorCode], ["failed", "EBXML_OUTCOME_UNKNOWN"]);
    await instance.close();
  });

  it("gives every one of many its own answer", async () => {
    await scene.startPeer((request, response) => {
      replyEmpty(response);
      const message = messageIn(request);
      void instances[0]?.post({ message: answerTo(message, { payload: `<a>${message.header.messageId}</a>` }) });
    });
    const { mhs } = await start();
    const requests = Array.from({ length: 40 }, () => scene.request());
    const outcomes = await Promise.all(requests.map((request) => mhs.request(request)));
    outcomes.forEach((outcome, index) => {
      const text = Buffer.from(answered(outcome).answer.message.payload ?? []).toString();
      assert.equal(text, `<a>${requests[index]?.messageId ?? ""}</a>`);
    });
  });
});

// Messages that the store keeps, sent to a real peer over TLS: what arrives there, how often, and what is left here.
import assert from "node:assert/strict";
import type { Instance } from "../../../support/mhs/durable-exchange.js";
import { stored, until, untilState, useDurableScene } from "../../../support/mhs/durable-exchange.js";
import { errorFor } from "../../../support/mhs/exchange.js";
import {
  acknowledgmentFor,
  answerTo,
  inboundMessage,
  messageIn,
  replyEmpty,
  replyWith,
  type PeerBehaviour,
  type PeerRequest,
} from "../../../support/mhs/peer.js";

const acknowledge: PeerBehaviour = (request, response) => replyWith(response, acknowledgmentFor(messageIn(request)));

/** Acknowledges the message with this number and all later ones; what it does with the others is given. */
function acknowledgeFrom(count: number, before: PeerBehaviour): PeerBehaviour {
  let seen = 0;
  return (request, response) => ((seen += 1) < count ? before : acknowledge)(request, response);
}

function payloads(requests: readonly PeerRequest[]): readonly string[] {
  return requests.map((request) => Buffer.from(messageIn(request).payload ?? []).toString());
}

describe("the outbox", () => {
  const scene = useDurableScene();

  it("completes a message when the peer acknowledges it in its reply", async () => {
    await scene.startPeer(acknowledge);
    const { mhs, store } = await scene.start();
    const id = await mhs.send(scene.message());
    await untilState(store, id, "completed");
    const message = await stored(store, id);
    assert.equal(message.attempts, 1);
    assert.ok(message.acknowledgedAt !== undefined);
    const states = (await store.history(id)).map(({ state }) => state);
    assert.deepEqual(states, ["queued", "sending", "completed"]);
  });

  it("sends the same bytes and headers again until they are acknowledged", async () => {
    const peer = await scene.startPeer(acknowledgeFrom(3, (_request, response) => replyEmpty(response)));
    const { mhs, store } = await scene.start();
    const id = await mhs.send(scene.message());
    await untilState(store, id, "completed");
    assert.equal(peer.requests.length, 3);
    const [first, ...others] = peer.requests;
    for (const other of others) {
      assert.deepEqual(other.body, first?.body);
      assert.deepEqual(other.rawHeaders, first?.rawHeaders);
    }
  });

  for (const [title, behave] of [
    ["a lost reply", (_request, response) => response.destroy()],
    [
      "a reply cut in the middle",
      (_request, response) => {
        response.writeHead(200, { "Content-Type": "text/xml", "Content-Length": 100 });
        response.write("<x");
        response.destroy();
      },
    ],
    [
      "an acknowledgment of another message",
      (_request, response) => replyWith(response, acknowledgmentFor(inboundMessage())),
    ],
    ["HTTP 503", (_request, response) => replyEmpty(response, 503)],
    ["HTTP 500 without a body", (_request, response) => replyEmpty(response, 500)],
  ] satisfies readonly (readonly [string, PeerBehaviour])[]) {
    it(`sends again after ${title}`, async () => {
      const peer = await scene.startPeer(acknowledgeFrom(2, behave));
      const { mhs, store } = await scene.start();
      await untilState(store, await mhs.send(scene.message()), "completed");
      assert.equal(peer.requests.length, 2);
    });
  }

  it("stops after the retries of the contract, and lets the message expire at the end of its time", async () => {
    const peer = await scene.startPeer((_request, response) => replyEmpty(response));
    const { mhs, store, undelivered } = await scene.start();
    const contract = scene.contract({ retries: 2, persistDurationMilliseconds: 400 });
    const message = scene.message({ contract });
    const id = await mhs.send(message);
    await untilState(store, id, "expired");
    assert.equal(peer.requests.length, 3);
    const code = "EBXML_NOT_ACKNOWLEDGED";
    assert.equal((await stored(store, id)).errorCode, code);
    await until(() => undelivered.length > 0);
    assert.deepEqual(undelivered, [{ messageId: message.messageId, state: "expired", code }]);
  });

  it("keeps a refused message as a dead letter, and sends it once only", async () => {
    const peer = await scene.startPeer((request, response) => replyWith(response, errorFor(request, "Error"), 200));
    const { mhs, store } = await scene.start();
    const id = await mhs.send(scene.message());
    await untilState(store, id, "failed");
    assert.equal((await stored(store, id)).errorCode, "EBXML_REFUSED");
    assert.equal((await store.readContent(id)).kind, "content");
    assert.equal(peer.requests.length, 1);
  });

  it("never sends an express message again after a lost reply", async () => {
    const peer = await scene.startPeer((_request, response) => response.destroy());
    const { mhs, store } = await scene.start();
    const contract = scene.contract({ ackRequested: "never", duplicateElimination: "never" });
    const id = await mhs.send(scene.message({ contract }));
    await untilState(store, id, "failed");
    assert.equal((await stored(store, id)).errorCode, "EBXML_OUTCOME_UNKNOWN");
    assert.equal(peer.requests.length, 1);
  });

  it("refuses a message id that was used before, and a contract that no pattern has", async () => {
    await scene.startPeer(acknowledge);
    const { mhs } = await scene.start();
    const message = scene.message();
    await mhs.send(message);
    await assert.rejects(mhs.send(message), { code: "STORE_MESSAGE_ID_TAKEN" });
    const contract = scene.contract({ duplicateElimination: "never" });
    await assert.rejects(mhs.send(scene.message({ contract })), { code: "CONFIG_CONTRACT" });
  });

  it("keeps the order of a destination across resends, and lets others pass", async () => {
    let refusals = 0;
    const peer = await scene.startPeer((request, response) => {
      const isFirst = Buffer.from(messageIn(request).payload ?? []).toString() === "<n1/>";
      if (isFirst && (refusals += 1) <= 2) replyEmpty(response, 503);
      else acknowledge(request, response);
    });
    const { mhs, store } = await scene.start();
    const ids = [];
    for (const name of ["n1", "n2", "n3"]) {
      ids.push(await mhs.send(scene.message({ payload: Buffer.from(`<${name}/>`), orderedBy: "authority" })));
    }
    ids.push(await mhs.send(scene.message({ payload: Buffer.from("<other/>") })));
    for (const id of ids) await untilState(store, id, "completed");
    const order = payloads(peer.requests);
    assert.deepEqual(
      order.filter((payload) => payload !== "<other/>"),
      ["<n1/>", "<n1/>", "<n1/>", "<n2/>", "<n3/>"],
    );
    assert.ok(order.indexOf("<other/>") < order.indexOf("<n2/>"));
  });

  it("sends no more messages at a time than allowed", async () => {
    let open = 0;
    let most = 0;
    await scene.startPeer((request, response) => {
      most = Math.max(most, (open += 1));
      setTimeout(() => {
        open -= 1;
        acknowledge(request, response);
      }, 20);
    });
    const { mhs, store } = await scene.start({ settings: { maximumParallel: 3 } });
    const ids = await Promise.all(Array.from({ length: 12 }, () => mhs.send(scene.message())));
    for (const id of ids) await untilState(store, id, "completed");
    assert.equal(most, 3);
  });

  describe("while the peer is away", () => {
    it("raises one alert, uses up no sending, and clears it once when all is delivered", async () => {
      await scene.startPeer(acknowledge);
      await scene.stopPeer();
      const { mhs, store, log } = await scene.start();
      let tries = 0;
      mhs.events.on("replied", ({ kind }) => (tries += kind === "not-sent" ? 1 : 0));
      const ids = await Promise.all(Array.from({ length: 20 }, () => mhs.send(scene.message())));
      await until(() => tries >= 12);
      for (const id of ids) assert.equal((await stored(store, id)).state === "completed", false);
      await scene.startPeer(acknowledge);
      for (const id of ids) await untilState(store, id, "completed");
      for (const id of ids) assert.equal((await stored(store, id)).attempts, 1);
      assert.deepEqual(log, ["peerUnreachable EBXML_CONNECT_FAILED", "peerReachable"]);
    });
  });

  describe("acknowledgments by their own post", () => {
    const accept: PeerBehaviour = (_request, response) => replyEmpty(response);

    async function sent(pattern: "None" | "MSHSignalsOnly", persistDurationMilliseconds = 20_000) {
      const peer = await scene.startPeer(accept);
      const instance = await scene.start();
      const times = { retryIntervalMilliseconds: 100, persistDurationMilliseconds };
      const contract = scene.contract({ syncReplyMode: pattern, retries: 1, ...times });
      const id = await instance.mhs.send(scene.message({ contract }));
      await untilState(instance.store, id, "awaiting-acknowledgement");
      const [request] = peer.requests;
      if (request === undefined) assert.fail("nothing was sent");
      return { instance, id, message: messageIn(request) };
    }

    const postAck = (instance: Instance, message: ReturnType<typeof messageIn>) =>
      instance.post({ message: acknowledgmentFor(message) });

    it("complete a forward-reliable message, which its reply does not", async () => {
      const { instance, id, message } = await sent("None");
      assert.equal((await postAck(instance, message)).status, 200);
      assert.equal((await stored(instance.store, id)).state, "completed");
      assert.deepEqual(instance.log, ["acknowledged in-time"]);
    });

    it("that come twice change nothing", async () => {
      const { instance, id, message } = await sent("None");
      await postAck(instance, message);
      const before = await stored(instance.store, id);
      assert.equal((await postAck(instance, message)).status, 200);
      assert.deepEqual(await stored(instance.store, id), before);
      assert.deepEqual(instance.log, ["acknowledged in-time", "acknowledged repeated"]);
    });

    it("that come after the message expired are noted, and its state stands", async () => {
      const { instance, id, message } = await sent("None", 250);
      await untilState(instance.store, id, "expired");
      assert.equal((await postAck(instance, message)).status, 200);
      const { state, acknowledgedAt } = await stored(instance.store, id);
      assert.equal(state, "expired");
      assert.ok(acknowledgedAt !== undefined);
      assert.equal((await instance.store.history(id)).at(-1)?.code, "acknowledged-late");
      assert.equal(instance.log.at(-1), "acknowledged late");
    });

    it("of a message that is not ours are answered, warned of, and change nothing", async () => {
      const { instance, id } = await sent("None");
      assert.equal((await postAck(instance, inboundMessage())).status, 200);
      assert.equal((await stored(instance.store, id)).state, "awaiting-acknowledgement");
      assert.deepEqual(instance.log, ["warning UNMATCHED_SIGNAL"]);
    });

    it("of a message that was not sent yet are not ours either", async () => {
      await scene.startPeer(accept);
      const instance = await scene.start();
      const contract = scene.contract({ retryIntervalMilliseconds: 20_000 });
      const first = await instance.mhs.send(scene.message({ contract, orderedBy: "authority" }));
      const outgoing = scene.message({ contract, orderedBy: "authority" });
      const second = await instance.mhs.send(outgoing);
      await untilState(instance.store, first, "awaiting-acknowledgement");
      await postAck(instance, inboundMessage({ header: { messageId: outgoing.messageId } }));
      assert.equal((await stored(instance.store, second)).state, "queued");
      assert.deepEqual(instance.log, ["warning UNMATCHED_SIGNAL"]);
    });

    it("are outrun by an answer, which proves the delivery and stops the resending", async () => {
      const peer = await scene.startPeer(accept);
      const instance = await scene.start();
      const contract = scene.contract({ retries: 3, retryIntervalMilliseconds: 150 });
      const id = await instance.mhs.send(scene.message({ contract, completedBy: "response" }));
      await until(() => peer.requests.length === 1);
      const [request] = peer.requests;
      if (request === undefined) assert.fail("nothing was sent");
      await instance.post({ message: answerTo(messageIn(request)) });
      const { state, answeredBy } = await stored(instance.store, id);
      assert.equal(state, "completed");
      assert.ok(answeredBy !== undefined);
      const next = await instance.store.nextDueAt({
        channel: "transport",
        direction: "outbound",
        states: ["queued", "sending", "awaiting-acknowledgement", "awaiting-response"],
      });
      assert.equal(next, undefined);
    });
  });

  it("sends after a restart what was accepted and not sent, with the bytes of then", async () => {
    await scene.startPeer(acknowledge);
    await scene.stopPeer();
    const first = await scene.start();
    const outgoing = scene.message();
    const id = await first.mhs.send(outgoing);
    const content = await first.store.readContent(id);
    await first.close();
    const peer = await scene.startPeer(acknowledge);
    const second = await scene.start();
    await untilState(second.store, id, "completed");
    assert.equal(peer.requests.length, 1);
    assert.deepEqual(peer.requests[0]?.body, content.kind === "content" ? content.bytes : undefined);
  });

  it("takes over what a dead instance was sending, by the message's contract", async () => {
    const peer = await scene.startPeer(acknowledge);
    const { mhs, store } = await scene.start();
    const abandoned = { lease: { owner: "dead", until: Date.now() + 200 }, state: "sending" } as const;
    const reliableId = await mhs.send(scene.message());
    await untilState(store, reliableId, "completed");
    const row = await stored(store, reliableId);
    const content = await store.readContent(reliableId);
    if (content.kind !== "content") assert.fail("no content");
    const copy = { ...row, content: content.bytes, acceptedAt: Date.now(), ...abandoned, subject: "" };
    const [again] = await store.acceptOutbound([{ ...copy, messageId: row.messageId.replace(/^./, "F") + "0" }]);
    const never = { ...row.attributes, resendable: "never" };
    const [once] = await store.acceptOutbound([{ ...copy, messageId: row.messageId + "1", attributes: never }]);
    if (again === undefined || once === undefined) assert.fail("not accepted");
    await untilState(store, once, "failed");
    assert.equal((await stored(store, once)).errorCode, "EBXML_OUTCOME_UNKNOWN");
    await until(() => peer.requests.length === 2);
    assert.deepEqual(peer.requests[1]?.body, peer.requests[0]?.body);
  });
});

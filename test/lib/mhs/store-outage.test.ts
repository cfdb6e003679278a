// What happens to messages while the store is full or away: new work is refused, accepted work waits and goes on.
import assert from "node:assert/strict";
import type { ErrorCode } from "../../../lib/errors.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import type { StorePlace } from "../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../support/store/sqlite-place.js";
import { stored, until, untilState, useDurableScene } from "../../support/mhs/durable-exchange.js";
import { createFailingStore, type FailingStore } from "../../support/mhs/failing-store.js";
import {
  acknowledgmentFor,
  encodeInbound,
  messageIn,
  replyEmpty,
  replyWith,
  type PeerBehaviour,
} from "../../support/mhs/peer.js";

const acknowledge: PeerBehaviour = (request, response) => replyWith(response, acknowledgmentFor(messageIn(request)));

describe("while the message store fails", () => {
  const scene = useDurableScene();
  let place: StorePlace;
  let real: MessageStore;
  let failing: FailingStore;

  beforeEach(async () => {
    place = await createSqlitePlace();
    real = await place.open();
    failing = createFailingStore(real);
  });

  afterEach(async () => {
    await real.close();
    await place.remove();
  });

  for (const code of ["STORE_FULL", "STORE_UNAVAILABLE"] satisfies readonly ErrorCode[]) {
    it(`with ${code}, new work is refused, one alert is raised and cleared, and all goes on by itself`, async () => {
      const peer = await scene.startPeer(acknowledge);
      const instance = await scene.start({ store: failing.store });
      const { mhs, log } = instance;
      failing.fail(code);
      await assert.rejects(mhs.send(scene.message()), { code });
      await assert.rejects(mhs.send(scene.message()), { code });
      assert.equal((await instance.post({ message: encodeInbound() })).status, 503);
      assert.equal((await instance.post({ message: acknowledgmentFor(messageOfNobody()) })).status, 503);
      const outcome = await mhs.request(scene.request());
      assert.equal(outcome.kind === "not-sent" ? outcome.error.code : outcome.kind, code);
      assert.equal(peer.requests.length, 0);
      failing.recover();
      const id = await mhs.send(scene.message());
      await untilState(real, id, "completed");
      assert.equal((await instance.post({ message: encodeInbound() })).status, 200);
      const alerts = log.filter((line) => line.startsWith("store"));
      assert.deepEqual(alerts, [`storeUnavailable ${code}`, "storeAvailable"]);
      mhs.events.removeAllListeners();
      await instance.close();
    });
  }

  it("the end of a sending is written down as soon as it can be, and nothing is sent twice", async () => {
    const peer = await scene.startPeer((request, response) => {
      failing.fail("STORE_UNAVAILABLE");
      acknowledge(request, response);
    });
    const instance = await scene.start({ store: failing.store, settings: { leaseMilliseconds: 20_000 } });
    const id = await instance.mhs.send(scene.message());
    await until(() => failing.refusals() > 2);
    assert.equal((await stored(real, id)).state, "sending");
    failing.recover();
    await untilState(real, id, "completed");
    assert.equal(peer.requests.length, 1);
    await instance.close();
  });

  it("a message whose sending cannot be written down first is not sent", async () => {
    const peer = await scene.startPeer(acknowledge);
    failing.fail("STORE_FULL", ["transition"]);
    const instance = await scene.start({ store: failing.store, settings: { leaseMilliseconds: 100 } });
    const id = await instance.mhs.send(scene.message());
    await until(() => failing.refusals() > 2);
    assert.equal(peer.requests.length, 0);
    failing.recover();
    await untilState(real, id, "completed");
    assert.equal(peer.requests.length, 1);
    await instance.close();
  });

  it("a query's time-out comes in time, and its end is written down later", async () => {
    await scene.startPeer((_request, response) => {
      replyEmpty(response);
      failing.fail("STORE_UNAVAILABLE");
    });
    const instance = await scene.start({ store: failing.store });
    const request = scene.request({ timeoutMilliseconds: 200 });
    const outcome = await instance.mhs.request(request);
    assert.equal(outcome.kind, "timeout");
    failing.recover();
    await until(async () => (await real.findByMessageId("outbound", request.messageId))?.state === "failed");
    await instance.close();
  });

  it("closing does not wait for a store that stays away", async () => {
    await scene.startPeer((request, response) => {
      failing.fail("STORE_UNAVAILABLE");
      acknowledge(request, response);
    });
    const instance = await scene.start({ store: failing.store });
    const id = await instance.mhs.send(scene.message());
    await until(() => failing.refusals() > 1);
    await instance.close();
    assert.equal((await stored(real, id)).state, "sending");
  });
});

function messageOfNobody() {
  return messageIn({ ...encodedAsRequest(), rawHeaders: [], path: "" });
}

function encodedAsRequest() {
  const { body, contentType } = encodeInbound();
  return { body, headers: { "content-type": contentType } };
}

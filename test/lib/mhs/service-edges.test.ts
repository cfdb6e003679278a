// The edges of a service: before it is started, after it is closed, and with a wrong key.
import assert from "node:assert/strict";
import { CpisError, type ErrorCode } from "../../../lib/errors.js";
import type { MessageRowId } from "../../../lib/store/message-model.js";
import type { ContentProtection } from "../../../lib/store/message-store.js";
import { createTestProtection } from "../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../support/store/sqlite-place.js";
import { business, consume, onlyInbound } from "../../support/mhs/consuming.js";
import { stored, until, untilState, useDurableScene, type Instance } from "../../support/mhs/durable-exchange.js";
import { acknowledgmentFor, messageIn, replyWith, startPeer, testCertificates } from "../../support/mhs/peer.js";
import type { PeerBehaviour } from "../../support/mhs/peer.js";

const acknowledge: PeerBehaviour = (request, response) => replyWith(response, acknowledgmentFor(messageIn(request)));

/** Opens nothing. */
function failing(code: ErrorCode): ContentProtection {
  return {
    ...createTestProtection("k2"),
    open(): Buffer {
      throw new CpisError(code);
    },
  };
}

describe("a message handling service", () => {
  const scene = useDurableScene();

  it("takes nothing more once it is closed", async () => {
    await scene.startPeer(acknowledge);
    const instance = await scene.start();
    const { mhs } = instance;
    await mhs.close();
    const closed = { code: "CONFIG_CLOSED" };
    await assert.rejects(mhs.send(scene.message()), closed);
    assert.throws(() => mhs.consume({ confirm: "on-handover", deliver: () => Promise.resolve() }), closed);
    assert.equal((await mhs.request(scene.request())).kind, "not-sent");
    await instance.close();
  });

  it("refuses a consumer that may never get a message", async () => {
    const { mhs } = await scene.start();
    const never = { confirm: "on-handover", maximumDeliveries: 0, deliver: () => Promise.resolve() } as const;
    assert.throws(() => mhs.consume(never), { code: "CONFIG_INVALID" });
  });

  it("makes a dead letter at once of a message whose peer has a certificate that is not trusted", async () => {
    const { foreign, foreignPki } = await testCertificates();
    const stranger = await startPeer({ ...foreign, ca: foreignPki.caPem }, acknowledge);
    const { mhs, store, undelivered } = await scene.start();
    const contract = scene.contract({ endpointUrl: `https://127.0.0.1:${stranger.port}/reliablemessaging` });
    const id = await mhs.send(scene.message({ contract }));
    await untilState(store, id, "failed");
    assert.equal((await stored(store, id)).errorCode, "TLS_PEER_AUTHORITY_UNKNOWN");
    await until(() => undelivered.length === 1);
    assert.equal(stranger.requests.length, 0);
    await stranger.close();
  });

  describe("whose key ring lacks a key", () => {
    async function withMessage(accept: (before: Instance) => Promise<void>, protection: ContentProtection) {
      const place = await createSqlitePlace();
      const first = await place.open();
      const before = await scene.start({ store: first });
      await accept(before);
      await before.close();
      await first.close();
      const store = await place.open({ protection });
      const after = await scene.start({ store });
      const end = async (): Promise<void> => {
        await after.close();
        await store.close();
        await place.remove();
      };
      return { after, store, end };
    }

    it("holds a message to send, sends nothing, and says so", async () => {
      await scene.startPeer(acknowledge);
      await scene.stopPeer();
      const ids: MessageRowId[] = [];
      const accept = async ({ mhs }: Instance): Promise<void> => void ids.push(await mhs.send(scene.message()));
      const { after, store, end } = await withMessage(accept, failing("STORE_KEY_UNKNOWN"));
      const peer = await scene.startPeer(acknowledge);
      const [id] = ids;
      if (id === undefined) assert.fail("nothing was accepted");
      await untilState(store, id, "held");
      await until(() => after.log.includes("undelivered held STORE_KEY_UNKNOWN"));
      assert.equal(peer.requests.length, 0);
      await end();
    });

    const post = async (before: Instance): Promise<void> => {
      await before.post({ message: business("<one/>") });
    };

    it("keeps a message to deliver until the key is back", async () => {
      const { after, store, end } = await withMessage(post, failing("STORE_KEY_UNKNOWN"));
      const { taken } = consume(after);
      await until(() => after.log.includes("warning NOT_DELIVERED"));
      assert.equal((await onlyInbound(store)).state, "received");
      assert.equal(taken.length, 0);
      await end();
    });

    it("sets a message aside whose content was changed", async () => {
      const { after, store, end } = await withMessage(post, failing("STORE_CONTENT_TAMPERED"));
      const { taken } = consume(after);
      await until(async () => (await onlyInbound(store)).state === "rejected");
      assert.equal((await onlyInbound(store)).errorCode, "STORE_CONTENT_TAMPERED");
      assert.equal(taken.length, 0);
      await end();
    });
  });
});

// Two instances on one PostgreSQL: answers reach the one who waits, and the work of one is done by the other.
import assert from "node:assert/strict";
import { startPostgres, type PostgresServer } from "../../support/store/postgres-server.js";
import { answered } from "../../support/mhs/exchange.js";
import { stored, until, untilState, useDurableScene, type Instance } from "../../support/mhs/durable-exchange.js";
import {
  acknowledgmentFor,
  answerTo,
  encodeInbound,
  messageIn,
  replyEmpty,
  replyWith,
} from "../../support/mhs/peer.js";

describe("two instances on one message store", () => {
  const scene = useDurableScene();
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.close());

  async function startTwo(): Promise<{ one: Instance; other: Instance; end: () => Promise<void> }> {
    const schema = server.newSchema();
    const stores = [await server.openStore(schema), await server.openStore(schema)] as const;
    const one = await scene.start({ store: stores[0] });
    const other = await scene.start({ store: stores[1] });
    return {
      one,
      other,
      end: async () => {
        await Promise.all([one.close(), other.close()]);
        await Promise.all(stores.map((store) => store.close()));
      },
    };
  }

  it("give an answer that reaches one of them to the request that waits in the other", async () => {
    const { one, other, end } = await startTwo();
    await scene.startPeer((request, response) => {
      replyEmpty(response);
      void other.post({ message: answerTo(messageIn(request), { payload: "<answer/>" }) });
    });
    const request = scene.request();
    const { answer } = answered(await one.mhs.request(request));
    assert.equal(Buffer.from(answer.message.payload ?? []).toString(), "<answer/>");
    const row = await one.store.findByMessageId("outbound", request.messageId);
    if (row?.answeredBy === undefined) assert.fail("no answer is noted");
    assert.equal(row.state, "completed");
    await untilState(one.store, row.answeredBy, "confirmed");
    await end();
  });

  it("send each message once between them, also what only one of them has accepted", async () => {
    const peer = await scene.startPeer((request, response) =>
      replyWith(response, acknowledgmentFor(messageIn(request))),
    );
    const { one, other, end } = await startTwo();
    const ids = await Promise.all(Array.from({ length: 30 }, () => one.mhs.send(scene.message())));
    for (const id of ids) await untilState(other.store, id, "completed");
    assert.equal(peer.requests.length, 30);
    assert.equal(new Set(peer.requests.map((request) => messageIn(request).header.messageId)).size, 30);
    await end();
  });

  it("give copies that reach both of them one reply, and deliver the message once", async () => {
    const { one, other, end } = await startTwo();
    const taken: string[] = [];
    for (const [name, instance] of [
      ["one", one],
      ["other", other],
    ] as const) {
      instance.mhs.consume({ confirm: "on-handover", deliver: () => Promise.resolve(void taken.push(name)) });
    }
    const message = encodeInbound();
    const replies = await Promise.all([one, other, one, other].map((instance) => instance.post({ message })));
    assert.equal(new Set(replies.map(({ body }) => body.toString())).size, 1);
    await until(
      async () => (await one.store.list({ direction: "inbound", states: ["confirmed"] }, 5)).messages.length === 1,
    );
    assert.equal(taken.length, 1);
    await end();
  });

  it("take an acknowledgment that reaches the one for what the other has sent", async () => {
    const { one, other, end } = await startTwo();
    await scene.startPeer((request, response) => {
      replyEmpty(response);
      void other.post({ message: acknowledgmentFor(messageIn(request)) });
    });
    const contract = scene.contract({ syncReplyMode: "None", retryIntervalMilliseconds: 5_000 });
    const id = await one.mhs.send(scene.message({ contract }));
    await untilState(one.store, id, "completed");
    assert.equal((await stored(one.store, id)).attempts, 1);
    await end();
  });
});

import assert from "node:assert/strict";
import { parseMessageId } from "../../../../lib/identifiers.js";
import { answered, errorFor, useExchanges } from "../../../support/mhs/exchange.js";
import { answerTo, encodeInbound, newId } from "../../../support/mhs/peer.js";

describe("what arrives for a request", () => {
  const exchanges = useExchanges();
  const { openRequest } = exchanges;

  it("acknowledges a late answer, reports it as late, and does not hand it over", async () => {
    const { outcome, message } = await openRequest({ timeoutMilliseconds: 300 });
    assert.equal((await outcome).kind, "timeout");
    const reply = await exchanges.current().post({ message: answerTo(message) });
    assert.equal(reply.status, 200);
    assert.match(reply.body.toString(), /Acknowledgment/);
    assert.deepEqual(
      exchanges.current().received.map(({ disposition }) => disposition),
      ["late-answer"],
    );
  });

  it("lets the first of two different answers stand and reports the second as a conflict", async () => {
    const { outcome, message } = await openRequest();
    await exchanges.current().post({ message: answerTo(message, { payload: "<first/>" }) });
    const second = await exchanges.current().post({ message: answerTo(message, { payload: "<second/>" }) });
    assert.equal(second.status, 200);
    assert.equal(Buffer.from(answered(await outcome).answer.message.payload ?? []).toString(), "<first/>");
    assert.deepEqual(
      exchanges.current().received.map(({ disposition }) => disposition),
      ["answer", "conflicting-answer"],
    );
  });

  it("acknowledges a message that answers no request, and leaves the open one waiting", async () => {
    const { outcome, message } = await openRequest();
    const unmatched = await exchanges
      .current()
      .post({ message: encodeInbound({ header: { refToMessageId: newId() } }) });
    assert.equal(unmatched.status, 200);
    await exchanges.current().post({ message: answerTo(message) });
    answered(await outcome);
    assert.deepEqual(
      exchanges.current().received.map(({ disposition }) => disposition),
      ["unmatched", "answer"],
    );
  });

  it("finds the request of an answer whose id is written in lower case", async () => {
    const { outcome, message } = await openRequest();
    const refToMessageId = parseMessageId(message.header.messageId.toLowerCase());
    await exchanges.current().post({ message: answerTo(message, { header: { refToMessageId } }) });
    answered(await outcome);
  });

  it("finds the request of an answer without reference by its conversation", async () => {
    const { outcome, message } = await openRequest();
    const { conversationId } = message.header;
    await exchanges.current().post({ message: encodeInbound({ header: { conversationId } }) });
    answered(await outcome);
  });

  it("does not guess between two open requests of one conversation", async () => {
    const { outcome, message, request } = await openRequest({ timeoutMilliseconds: 1_000 });
    const { conversationId } = message.header;
    const other = exchanges.current().mhs.request({ ...request, messageId: newId() });
    await exchanges.current().post({ message: encodeInbound({ header: { conversationId } }) });
    assert.equal(exchanges.current().received[0]?.disposition, "unmatched");
    assert.deepEqual([(await outcome).kind, (await other).kind], ["timeout", "timeout"]);
  });

  it("hands over one of two copies that arrive in parallel, and gives both the same bytes", async () => {
    const { outcome, message } = await openRequest();
    const copy = answerTo(message);
    const replies = await Promise.all(Array.from({ length: 8 }, () => exchanges.current().post({ message: copy })));
    answered(await outcome);
    assert.equal(new Set(replies.map(({ body }) => body.toString("hex"))).size, 1);
    const dispositions = exchanges.current().received.map(({ disposition }) => disposition);
    assert.deepEqual(dispositions.sort(), ["answer", ...Array.from({ length: 7 }, () => "duplicate")]);
  });

  it("keeps waiting after an answer that its caller judges not to be the one", async () => {
    const verdicts = ["keep-waiting", "discard", "settles"] as const;
    let count = 0;
    const { outcome, message } = await openRequest({
      judge: () => ({ kind: verdicts[count++] ?? "settles", result: undefined }),
    });
    for (const payload of ["<one/>", "<two/>", "<three/>"])
      await exchanges.current().post({ message: answerTo(message, { payload }) });
    assert.equal(Buffer.from(answered(await outcome).answer.message.payload ?? []).toString(), "<three/>");
    assert.deepEqual(
      exchanges.current().received.map(({ disposition }) => disposition),
      ["kept-waiting", "discarded", "answer"],
    );
  });

  it("does not pass on an answer that its caller fails to judge", async () => {
    const { outcome, message } = await openRequest({
      judge: () => {
        throw new Error("broken judge");
      },
    });
    assert.equal((await exchanges.current().post({ message: answerTo(message) })).status, 200);
    assert.equal((await outcome).kind, "unparseable");
  });

  it("ends the request whose error list is posted to the listener", async () => {
    const { outcome, sent } = await openRequest();
    const reply = await exchanges.current().post({ message: errorFor(sent, "Error") });
    assert.deepEqual([reply.status, reply.body.length], [200, 0]);
    const result = await outcome;
    if (result.kind !== "ebxml-error") assert.fail(`the outcome is ${result.kind}`);
    assert.equal(result.errors[0]?.number, "501319");
  });
});

// What every message store promises of accepting: all or nothing, once, and the same reply again.
import assert from "node:assert/strict";
import type { InboundAcceptance } from "../../../lib/store/message-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import {
  acceptNew,
  acceptOne,
  createTestProtection,
  inbound,
  noSuchId,
  outbound,
  type StorePlace,
} from "../../support/store/sample-messages.js";

function asDuplicate(acceptance: InboundAcceptance): Extract<InboundAcceptance, { kind: "duplicate" }> {
  if (acceptance.kind !== "duplicate") assert.fail("the message was accepted as new");
  return acceptance;
}

export function describeAccepting(createPlace: () => Promise<StorePlace>): void {
  let place: StorePlace;
  let store: MessageStore;

  beforeEach(async () => {
    place = await createPlace();
    store = await place.open();
  });

  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  describe("accepting outbound messages", () => {
    it("keeps everything that was said of a message", async () => {
      const originalId = await acceptOne(store, outbound());
      const message = outbound({
        messageId: " a1-lower ",
        refToMessageId: "b2-lower",
        applicationId: "HL7-ID",
        nextAttemptAt: 5000,
        deadline: 9000,
        errorCode: "CPIS_TIMEOUT",
        attributes: { contentType: "text/xml", bytes: 12, isResend: true },
        subject: "9449305552",
        originalId,
        lease: { owner: "one", until: 3000 },
        state: "sending",
      });
      const id = await acceptOne(store, message);
      const { content, acceptedAt, subject, lease, ...kept } = message;
      assert.deepEqual(await store.findById(id), {
        ...kept,
        id,
        direction: "outbound",
        state: "sending",
        messageId: "A1-LOWER",
        refToMessageId: "B2-LOWER",
        subjectHash: createTestProtection().hash(subject ?? ""),
        createdAt: acceptedAt,
        updatedAt: acceptedAt,
        attempts: 0,
        leaseOwner: lease?.owner,
        leaseUntil: lease?.until,
        contentBytes: content.byteLength,
      });
    });

    it("gives back the very bytes", async () => {
      const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index & 0xff));
      const id = await acceptOne(store, outbound({ content: bytes }));
      assert.deepEqual(await store.readContent(id), { kind: "content", bytes });
      const empty = await acceptOne(store, outbound({ content: Buffer.alloc(0) }));
      assert.deepEqual(await store.readContent(empty), { kind: "content", bytes: Buffer.alloc(0) });
    });

    it("numbers messages in the order in which they are accepted", async () => {
      const ids = [
        ...(await store.acceptOutbound([outbound(), outbound(), outbound()])),
        await acceptNew(store, inbound()),
        await acceptOne(store, outbound()),
      ];
      assert.deepEqual(
        ids,
        [...ids].sort((one, other) => one - other),
      );
      assert.equal(new Set(ids).size, 5);
    });

    it("takes none of several when one is refused", async () => {
      const known = outbound();
      await acceptOne(store, known);
      const fresh = outbound();
      await assert.rejects(store.acceptOutbound([fresh, outbound({ messageId: known.messageId.toLowerCase() })]), {
        code: "STORE_MESSAGE_ID_TAKEN",
      });
      assert.equal(await store.findByMessageId("outbound", fresh.messageId), undefined);
    });

    it("does not let one refused message harm those accepted beside it", async () => {
      const known = outbound();
      await acceptOne(store, known);
      const messages = Array.from({ length: 12 }, (_, index) =>
        index % 3 === 1 ? outbound({ messageId: known.messageId }) : outbound(),
      );
      const outcomes = await Promise.allSettled(messages.map((message) => acceptOne(store, message)));
      for (const [index, outcome] of outcomes.entries()) {
        assert.equal(outcome.status, index % 3 === 1 ? "rejected" : "fulfilled", `message ${index}`);
        if (outcome.status !== "fulfilled") continue;
        const reading = await store.readContent(outcome.value);
        assert.deepEqual(reading, { kind: "content", bytes: messages[index]?.content });
      }
    });

    it("still has everything after it was closed and opened again", async () => {
      const message = outbound({ subject: "9449305552" });
      const id = await acceptOne(store, message);
      const before = await store.findById(id);
      await store.close();
      store = await place.open();
      assert.deepEqual(await store.findById(id), before);
      assert.deepEqual(await store.readContent(id), { kind: "content", bytes: message.content });
      assert.ok((await acceptOne(store, outbound())) > id);
    });

    it("does not keep the subject itself anywhere in its rows", async () => {
      const id = await acceptOne(store, outbound({ subject: "9449305552" }));
      assert.equal(JSON.stringify(await store.findById(id)).includes("9449305552"), false);
    });
  });

  describe("accepting inbound messages", () => {
    it("accepts a message once, and gives its repetitions the very bytes of the first reply", async () => {
      const first = inbound({ reply: { status: 202, contentType: "text/xml", body: Buffer.from([0, 13, 10, 255]) } });
      const id = await acceptNew(store, first);
      const again = { ...first, messageId: first.messageId.toLowerCase(), reply: inbound().reply };
      assert.deepEqual(await store.acceptInbound(again), {
        kind: "duplicate",
        reply: first.reply,
        isSameBody: true,
        id,
        state: "received",
      });
    });

    it("says when a repeated message id comes with another body", async () => {
      const first = inbound();
      await acceptNew(store, first);
      assert.equal(asDuplicate(await store.acceptInbound({ ...first, bodyDigest: "another" })).isSameBody, false);
    });

    it("accepts exactly one of many copies that arrive together, and answers all the same", async () => {
      const message = inbound();
      const copies = Array.from({ length: 8 }, (_, index) => ({
        ...message,
        reply: { ...message.reply, body: Buffer.from(`reply of copy ${index}`) },
      }));
      const acceptances = await Promise.all(copies.map((copy) => store.acceptInbound(copy)));
      const accepted = acceptances.findIndex(({ kind }) => kind === "accepted");
      for (const [index, acceptance] of acceptances.entries()) {
        if (index === accepted) continue;
        assert.equal(asDuplicate(acceptance).reply.body.toString(), `reply of copy ${accepted}`);
      }
      assert.equal((await store.list({ direction: "inbound" }, 10)).messages.length, 1);
    });

    it("keeps the messages of two senders apart, however sender and id read when joined", async () => {
      await acceptNew(store, inbound({ fromParty: "A", messageId: "B-C" }));
      await acceptNew(store, inbound({ fromParty: "A-B", messageId: "C" }));
      await acceptNew(store, inbound({ fromParty: "B", messageId: "B-C" }));
    });

    it("recognises a repetition to the end of the window and not beyond", async () => {
      const message = inbound({ duplicateUntil: 5000 });
      const first = await acceptNew(store, message);
      asDuplicate(await store.acceptInbound({ ...message, acceptedAt: 4999 }));
      const second = await acceptNew(store, { ...message, acceptedAt: 5000, duplicateUntil: 9000 });
      assert.equal((await store.findByMessageId("inbound", message.messageId))?.id, second);
      assert.equal(asDuplicate(await store.acceptInbound({ ...message, acceptedAt: 8999 })).id, second);
      assert.notEqual(first, second);
    });

    it("remembers what it answered after a restart", async () => {
      const message = inbound();
      await acceptNew(store, message);
      await store.close();
      store = await place.open();
      assert.deepEqual(asDuplicate(await store.acceptInbound(message)).reply, message.reply);
    });
  });

  describe("accepting an answer", () => {
    it("finishes the outbound message in the same transaction, and ends its lease", async () => {
      const id = await acceptOne(store, outbound({ state: "awaiting-response", lease: { owner: "one", until: 9000 } }));
      const acceptance = await store.acceptInbound(inbound({ answers: { id }, acceptedAt: 3000 }));
      assert.ok(acceptance.kind === "accepted" && acceptance.answer === "answered");
      const row = await store.findById(id);
      assert.equal(row?.state, "completed");
      assert.equal(row.answeredBy, acceptance.id);
      assert.equal(row.answeredAt, 3000);
      assert.equal(row.leaseOwner, undefined);
      assert.deepEqual(await store.history(id), [
        { at: 1000, state: "awaiting-response" },
        { at: 3000, state: "completed", code: "answered" },
      ]);
    });

    it("notes a refusal as the failure of the outbound message", async () => {
      const id = await acceptOne(store, outbound({ state: "sending" }));
      await acceptNew(store, inbound({ answers: { id, state: "failed", code: "CPIS_QUERY_REJECTED" } }));
      const row = await store.findById(id);
      assert.deepEqual([row?.state, row?.errorCode], ["failed", "CPIS_QUERY_REJECTED"]);
    });

    it("lets the first answer stand, and keeps the second beside it", async () => {
      const id = await acceptOne(store, outbound({ state: "awaiting-response" }));
      const first = await acceptNew(store, inbound({ answers: { id } }));
      const second = await store.acceptInbound(inbound({ answers: { id, state: "failed" } }));
      assert.ok(second.kind === "accepted" && second.answer === "conflicting");
      const row = await store.findById(id);
      assert.deepEqual([row?.state, row?.answeredBy], ["completed", first]);
      assert.equal((await store.findById(second.id))?.direction, "inbound");
    });

    for (const state of ["expired", "failed"] as const) {
      it(`notes an answer that comes after the message has ${state}, and leaves that state`, async () => {
        const id = await acceptOne(store, outbound({ state, errorCode: "CPIS_TIMEOUT" }));
        const acceptance = await store.acceptInbound(inbound({ answers: { id }, acceptedAt: 7000 }));
        assert.ok(acceptance.kind === "accepted" && acceptance.answer === "late");
        const row = await store.findById(id);
        assert.deepEqual([row?.state, row?.answeredAt, row?.errorCode], [state, 7000, "CPIS_TIMEOUT"]);
        assert.equal((await store.history(id)).at(-1)?.code, "answered-late");
      });
    }

    it("keeps an answer to a message it does not know", async () => {
      const acceptance = await store.acceptInbound(inbound({ answers: { id: noSuchId } }));
      assert.ok(acceptance.kind === "accepted" && acceptance.answer === "unknown");
    });

    it("changes nothing for a repeated answer", async () => {
      const id = await acceptOne(store, outbound({ state: "awaiting-response" }));
      const answer = inbound({ answers: { id } });
      await acceptNew(store, answer);
      const before = await store.findById(id);
      asDuplicate(await store.acceptInbound({ ...answer, acceptedAt: 4000 }));
      assert.deepEqual(await store.findById(id), before);
    });
  });
}

import assert from "node:assert/strict";
import { parseConversationId, parseMessageId } from "../../../../lib/identifiers.js";
import { createCorrelation, type AnswerReferences, type Correlation } from "../../../../lib/mhs/request/correlation.js";

function ids(messageId: string, conversationId = "C1") {
  return { messageId: parseMessageId(messageId), conversationId: parseConversationId(conversationId) };
}

function answer(messageId: string, refToMessageId?: string, conversationId = "C1"): AnswerReferences {
  return {
    ...ids(messageId, conversationId),
    ...(refToMessageId === undefined ? {} : { refToMessageId: parseMessageId(refToMessageId) }),
  };
}

describe("createCorrelation", () => {
  let time: number;
  let correlation: Correlation<string>;

  beforeEach(() => {
    time = 0;
    correlation = createCorrelation<string>({ now: () => time, keepMilliseconds: 1_000, maximumKept: 3 });
  });

  it("finds an open request by the id that the answer refers to, in whatever case", () => {
    correlation.register(ids("Aa-1"), "waiter");
    const match = correlation.match(answer("X", " aA-1 "));
    assert.deepEqual(match, { kind: "open", messageId: "Aa-1", waiter: "waiter" });
  });

  it("never takes the conversation when the answer refers to a message, even an unknown one", () => {
    correlation.register(ids("A", "C1"), "waiter");
    assert.equal(correlation.match(answer("X", "B", "C1")).kind, "unmatched");
  });

  it("takes the conversation without a reference only if one open request has it", () => {
    correlation.register(ids("A", "C1"), "waiter A");
    correlation.register(ids("B", "C2"), "waiter B");
    assert.deepEqual(correlation.match(answer("X", undefined, "c1")), {
      kind: "open",
      messageId: "A",
      waiter: "waiter A",
    });
    correlation.register(ids("D", "C1"), "waiter D");
    assert.equal(correlation.match(answer("X", undefined, "C1")).kind, "unmatched");
    correlation.settle(ids("D").messageId);
    assert.equal(correlation.match(answer("X", undefined, "C1")).kind, "open");
    assert.equal(correlation.match(answer("X", undefined, "C3")).kind, "unmatched");
  });

  it("tells the repeated answer from a conflicting one", () => {
    correlation.register(ids("A"), "waiter");
    correlation.settle(ids("A").messageId, ids("X").messageId);
    assert.equal(correlation.match(answer("x", "A")).kind, "repeated");
    assert.equal(correlation.match(answer("Y", "A")).kind, "conflict");
  });

  it("calls the first answer after the end late and a further one a conflict", () => {
    correlation.register(ids("A"), "waiter");
    correlation.settle(ids("A").messageId);
    assert.equal(correlation.match(answer("X", "A")).kind, "late");
    correlation.noteLateAnswer(ids("A").messageId, ids("X").messageId);
    assert.equal(correlation.match(answer("X", "A")).kind, "repeated");
    assert.equal(correlation.match(answer("Y", "A")).kind, "conflict");
  });

  it("keeps the first settlement of a request", () => {
    correlation.register(ids("A"), "waiter");
    correlation.settle(ids("A").messageId, ids("X").messageId);
    correlation.settle(ids("A").messageId);
    assert.equal(correlation.match(answer("X", "A")).kind, "repeated");
  });

  it("refuses an id that is open or settled, in whatever case", () => {
    correlation.register(ids("A"), "waiter");
    assert.throws(() => correlation.register(ids("a"), "other"), { code: "CPIS_INVALID_REQUEST" });
    correlation.settle(ids("A").messageId);
    assert.throws(() => correlation.register(ids("a"), "other"), { code: "CPIS_INVALID_REQUEST" });
  });

  it("forgets a settled request when its time is over, but never an open one", () => {
    correlation.register(ids("A"), "waiter A");
    correlation.register(ids("B"), "waiter B");
    correlation.settle(ids("A").messageId);
    time = 999;
    assert.equal(correlation.match(answer("X", "A")).kind, "late");
    time = 1_000;
    assert.equal(correlation.match(answer("X", "A")).kind, "unmatched");
    assert.equal(correlation.match(answer("X", "B")).kind, "open");
    assert.deepEqual([correlation.isKnown(ids("A").messageId), correlation.isKnown(ids("B").messageId)], [false, true]);
  });

  it("forgets those settled longest ago when there are too many", () => {
    for (const id of ["A", "B", "D", "E"]) {
      correlation.register(ids(id), id);
      correlation.settle(ids(id).messageId);
    }
    const kinds = ["A", "B", "D", "E"].map((id) => correlation.match(answer("X", id)).kind);
    assert.deepEqual(kinds, ["unmatched", "late", "late", "late"]);
  });
});

// One entry a conversation, with what came of it in the words of CP-IS: never well because a message was delivered well.
import assert from "node:assert/strict";
import { createMessageLog, type MessageLog } from "../../../../lib/services/message-log/message-log.js";
import type { LogEntry, LogFilter } from "../../../../lib/services/message-log/message-log-model.js";
import { everything, noAnswers } from "../../../../lib/services/message-log/message-log-view.js";
import type { MessageOutcome, MessageRowId, NewOutboundMessage } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { acceptNew, acceptOne, inbound, outbound, type StorePlace } from "../../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";

const query = { interaction: "QUPC_IN000006GB01", attributes: { isAwaited: true }, nextAttemptAt: 1 } as const;

describe("the outcome of a conversation", () => {
  let place: StorePlace;
  let store: MessageStore;
  let log: MessageLog;
  let at = 1000;

  beforeEach(async () => {
    place = await createSqlitePlace();
    store = await place.open();
    log = createMessageLog({ store, now: () => 5000 });
    at = 1000;
  });

  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  function send(changes: Partial<NewOutboundMessage>): Promise<MessageRowId> {
    at += 10;
    return acceptOne(store, outbound({ acceptedAt: at, ...changes }));
  }

  /** A query that was answered by the transport's rules, with the outcome that its entry in the audit says. */
  async function ask(name: string, ended?: MessageOutcome): Promise<MessageRowId> {
    const id = await send({ ...query, messageId: `Q-${name}`, conversationId: name, subject: "9990000018" });
    const answer = { conversationId: name, refToMessageId: `Q-${name}`, answers: { id } };
    await acceptNew(store, inbound({ ...answer, interaction: "QUQI_IN010000UK14", acceptedAt: at + 5 }));
    if (ended !== undefined) {
      const { outcome, outcomeCode } = ended;
      const code = outcomeCode === undefined ? {} : { code: outcomeCode };
      await store.appendAudit({ at, event: "query-ended", messageId: `Q-${name}`, outcome, ...code });
    }
    return id;
  }

  async function upload(name: string, outcome?: MessageOutcome, state: "completed" | "failed" = "completed") {
    const id = await send({ conversationId: name, attributes: { uploadOwner: "flow" } });
    const changes = outcome === undefined ? {} : { outcome };
    await store.transition({ id, from: ["queued"], to: state, at, changes });
  }

  async function entries(filter: LogFilter = {}, view = everything): Promise<readonly LogEntry[]> {
    return (await log.entries(filter, 50, undefined, view)).entries;
  }

  function said({ conversationId, outcome }: LogEntry): string {
    return [conversationId, outcome.words, outcome.tone, outcome.problem?.code].filter(Boolean).join(" | ");
  }

  it("is what CP-IS said, and not that its messages arrived", async () => {
    await ask("a", { outcome: "found" });
    await ask("b", { outcome: "not-found" });
    await ask("c", { outcome: "failed", outcomeCode: "CPIS_APPLICATION_ERROR" });
    await ask("d");
    await upload("e", { outcome: "accepted" });
    await upload("f", { outcome: "partly-accepted" });
    await upload("g", { outcome: "refused" });
    await upload("h", { outcome: "file-refused", outcomeCode: "CPIS_UPLOAD_REFUSED" }, "failed");
    await upload("i", { outcome: "word of a later version" });
    assert.deepEqual((await entries()).map(said).sort(), [
      "a | record found | neutral",
      "b | no CP-IS record | neutral",
      "c | failed | bad | CPIS_APPLICATION_ERROR",
      "d | answered, and not on record with what | warn",
      "e | loaded | good",
      "f | partly loaded | warn",
      "g | no record loaded | bad",
      "h | file refused | bad | CPIS_UPLOAD_REFUSED",
      "i | not known here: word of a later version | bad",
    ]);
  });

  it("is that of the message where nobody was asked, or nothing came of it yet", async () => {
    await send({ conversationId: "a" });
    await send({ conversationId: "b", state: "held" });
    await send({ conversationId: "c", state: "expired", errorCode: "EBXML_NOT_ACKNOWLEDGED" });
    const notification = { interaction: "REPC_IN000004GB01", acceptedAt: 2000 };
    await acceptNew(store, inbound({ ...notification, conversationId: "d" }));
    const taken = await acceptNew(store, inbound({ ...notification, conversationId: "e" }));
    await store.transition({ id: taken, from: ["received"], to: "confirmed", at: 2001 });
    const response = await acceptNew(store, inbound({ interaction: "REPC_IN000003GB01", conversationId: "f" }));
    await store.transition({ id: response, from: ["received"], to: "confirmed", at: 2001 });
    await acceptNew(
      store,
      inbound({ ...notification, conversationId: "g", state: "rejected", errorCode: "MESH_BAD_FILE" }),
    );
    assert.deepEqual((await entries()).map(said).sort(), [
      "a | waiting to be sent | open",
      "b | held until a person decides | warn",
      "c | time ran out | bad | EBXML_NOT_ACKNOWLEDGED",
      "d | waiting for the flow | open",
      "e | taken by the flow | good",
      "f | taken by the flow | neutral",
      "g | set aside | bad | MESH_BAD_FILE",
    ]);
  });

  it("of a query without an answer has the code that the flow was told, and is found by that and by the message's", async () => {
    const id = await send({ ...query, messageId: "Q-t", conversationId: "t" });
    await store.transition({
      id,
      from: ["queued"],
      to: "failed",
      at,
      changes: { errorCode: "EBXML_NO_RESPONSE" },
    });
    await store.appendAudit({ at, event: "query-ended", messageId: "Q-t", outcome: "failed", code: "CPIS_TIMEOUT" });
    for (const errorCode of ["CPIS_TIMEOUT", "EBXML_NO_RESPONSE"]) {
      for (const view of [everything, noAnswers]) {
        assert.deepEqual(
          (await entries({ errorCode }, view)).map(said),
          ["t | failed | bad | CPIS_TIMEOUT"],
          errorCode,
        );
      }
    }
  });

  it("is told to nobody who may not see answers, nor found by what it is", async () => {
    await ask("a", { outcome: "found" });
    await ask("b", { outcome: "not-found" });
    await ask("c", { outcome: "failed", outcomeCode: "CPIS_UNREADABLE_PLAN" });
    await upload("d", { outcome: "refused" });
    const told = await entries({}, noAnswers);
    assert.deepEqual(told.map(said).sort(), [
      "a | answered | neutral",
      "b | answered | neutral",
      "c | answered | neutral",
      "d | no record loaded | bad",
    ]);
    const [first, second] = ["a", "b"].map((name) => {
      const { outcome, lead, messages } = told.find(({ conversationId }) => conversationId === name) ?? assert.fail();
      const { id, createdAt, updatedAt, answeredAt, messageId, conversationId, ...same } = lead;
      assert.ok(id > 0 && createdAt <= updatedAt && answeredAt !== undefined && messageId !== conversationId);
      return { outcome, messages, same };
    });
    assert.deepEqual(first, second);
    for (const filter of [
      { outcomes: ["found"] },
      { outcomes: ["failed"] },
      { errorCode: "CPIS_UNREADABLE_PLAN" },
    ] as const)
      assert.deepEqual(await entries(filter, noAnswers), []);
    assert.deepEqual(await entries({ nhsNumber: "9990000018" }, noAnswers), []);
    const unreadable = told.find(({ conversationId }) => conversationId === "c")?.id ?? 0;
    const opened = await log.conversation(unreadable, noAnswers);
    assert.doesNotMatch(JSON.stringify(opened), /UNREADABLE|QUQI|without a record/);
  });

  it("is told once over all pages, each of which is full but the last", async () => {
    for (let count = 0; count < 7; count += 1) await ask(`q${count}`, { outcome: "found" });
    for (const filter of [{}, { from: 0 }, { channel: "transport" }] as const) {
      const seen: string[] = [];
      const sizes: number[] = [];
      let after: string | undefined;
      do {
        const page = await log.entries(filter, 3, after);
        seen.push(...page.entries.map(({ conversationId }) => conversationId));
        sizes.push(page.entries.length);
        after = page.next;
      } while (after !== undefined && sizes.length < 10);
      assert.deepEqual(seen, ["q6", "q5", "q4", "q3", "q2", "q1", "q0"]);
      assert.deepEqual(sizes.slice(0, 2), [3, 3]);
    }
  });

  it("fills a page of what needs attention, however much of it has been dealt with", async () => {
    const ids: MessageRowId[] = [];
    for (let count = 0; count < 60; count += 1) ids.push(await send({ state: "failed", errorCode: "EBXML_REFUSED" }));
    for (const id of ids.slice(8)) await store.dealWith({ id, states: ["failed"], at, by: "anna" });
    const page = await log.entries({ needsPerson: true }, 5);
    assert.equal(page.entries.length, 5);
    const rest = await log.entries({ needsPerson: true }, 5, page.next);
    assert.deepEqual([rest.entries.length, rest.next], [3, undefined]);
  });
});

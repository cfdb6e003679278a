// The message log on real stores: what is found, what is shown of it, and what people do with it.
import assert from "node:assert/strict";
import { newOutboundRow } from "../../../../lib/mesh/outbound-file.js";
import { createMessageLog, type MessageLog } from "../../../../lib/services/message-log/message-log.js";
import type { LogActionName, LogActionOutcome } from "../../../../lib/services/message-log/message-log-model.js";
import type { MessageRowId, NewOutboundMessage } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { outboundFile } from "../../../support/mesh/sample-files.js";
import { type PostgresServer, startPostgres } from "../../../support/store/postgres-server.js";
import {
  acceptNew,
  acceptOne,
  inbound,
  noSuchId,
  outbound,
  type StorePlace,
} from "../../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";

const nhsNumber = "9990000018";

/** A file for MESH in this state, as its outbox has left it. */
function fileRow(changes: Partial<NewOutboundMessage> = {}): NewOutboundMessage {
  const row = newOutboundRow(outboundFile(), { mailbox: "OWN", channel: "mesh", acceptedAt: 1000 });
  const attributes = { ...row.attributes, uploadOwner: "flow", isFailureTold: true, ...changes.attributes };
  return { ...row, ...changes, attributes };
}

function describeLog(createPlace: () => Promise<StorePlace>): void {
  let place: StorePlace;
  let store: MessageStore;
  let log: MessageLog;

  beforeEach(async () => {
    place = await createPlace();
    store = await place.open();
    log = createMessageLog({ store, now: () => 5000 });
  });

  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  async function actions(id: MessageRowId): Promise<readonly LogActionName[]> {
    return (await log.get(id))?.actions ?? [];
  }

  function act(action: LogActionName, id: MessageRowId, by = "anna"): Promise<LogActionOutcome> {
    return log.act(action, { id, by });
  }

  function actAtOnce(action: LogActionName, id: MessageRowId): Promise<LogActionOutcome[]> {
    return Promise.all(["anna", "ben", "cleo"].map((by) => act(action, id, by)));
  }

  function kinds(outcomes: readonly LogActionOutcome[]): readonly string[] {
    return outcomes.map(({ kind }) => kind).sort();
  }

  async function refusal(action: LogActionName, id: MessageRowId): Promise<string> {
    const outcome = await act(action, id);
    return outcome.kind === "refused" ? outcome.error.code : outcome.kind;
  }

  describe("a list", () => {
    it("gives every message once over its pages, newest first, in plain words", async () => {
      for (let count = 0; count < 5; count += 1) await acceptOne(store, outbound({ acceptedAt: 1000 + (count >> 1) }));
      const seen: number[] = [];
      let after: string | undefined;
      do {
        const page = await log.list({}, 2, after);
        seen.push(...page.messages.map(({ id }) => id));
        after = page.next;
      } while (after !== undefined);
      assert.deepEqual(seen, [5, 4, 3, 2, 1]);
      const [message] = (await log.list({}, 1)).messages;
      assert.deepEqual([message?.stateWords, message?.interactionName], ["waiting to be sent", "response to a query"]);
    });

    it("finds by a typed NHS number, which comes back from nowhere, and by conversation", async () => {
      const id = await acceptOne(store, outbound({ subject: nhsNumber, conversationId: "C" }));
      const answer = await acceptNew(store, inbound({ conversationId: "C", acceptedAt: 2000 }));
      await acceptOne(store, outbound());
      const found = await log.list({ nhsNumber: "999 000 0018" }, 10);
      assert.deepEqual(
        found.messages.map((message) => message.id),
        [id],
      );
      const text = JSON.stringify([found, await log.conversation(id), await log.get(id)]);
      assert.ok(!text.includes(nhsNumber) && !text.includes("subjectHash"));
      const ofConversation = await log.list({ conversationId: "C", from: 0 }, 10);
      assert.deepEqual(
        ofConversation.messages.map((message) => message.id),
        [answer, id],
      );
      const both = await log.list({ conversationId: "C", nhsNumber, direction: "inbound" }, 10);
      assert.deepEqual(both.messages, []);
    });

    it("refuses a number that is none without repeating it, and a page that it never gave", async () => {
      await assert.rejects(log.list({ nhsNumber: "1234567890" }, 10), (error: Error & { code?: string }) => {
        assert.equal(error.code, "CPIS_INVALID_NHS_NUMBER");
        return !JSON.stringify([error.message, error]).includes("1234567890");
      });
      for (const after of ["", "x", Buffer.from("1:0").toString("base64url"), Buffer.from("a:b").toString("base64")]) {
        await assert.rejects(log.list({}, 10, after), { code: "CPIS_LOG_REQUEST_INVALID" });
      }
    });
  });

  describe("one message", () => {
    it("has its error with advice, its duration, and nothing of a peer's code that has no words", async () => {
      const id = await acceptOne(store, outbound({ state: "sending" }));
      const changes = { errorCode: "EBXML_REFUSED" };
      await store.transition({ id, from: ["sending"], to: "failed", at: 1700, code: "EBXML_REFUSED", changes });
      const message = await log.get(id);
      assert.deepEqual([message?.durationMilliseconds, message?.state], [700, "failed"]);
      assert.equal(message?.error?.message, "The peer refused the message");
      assert.match(message.error.advice, /\.$/);
      const other = await acceptOne(store, outbound({ state: "failed", errorCode: "X-1" }));
      assert.deepEqual((await log.get(other))?.error, { code: "X-1", message: "X-1", advice: "" });
    });

    it("that is not there is undefined, whatever the id", async () => {
      for (const id of [noSuchId, 0, -1, 1.5, Number.NaN]) {
        assert.equal(await log.get(id), undefined);
        assert.equal(await log.conversation(id), undefined);
        assert.deepEqual(await log.content(id), { kind: "unknown" });
        const outcome = await log.act("resend", { id, by: "anna" });
        assert.equal(outcome.kind === "refused" && outcome.error.code, "CPIS_LOG_MESSAGE_UNKNOWN");
      }
    });
  });

  describe("a conversation", () => {
    it("has its messages with their histories, what was sent again, and its picture", async () => {
      const id = await acceptOne(store, fileRow({ state: "failed", errorCode: "MESH_UNDELIVERED" }));
      const outcome = await act("resend", id);
      assert.ok(outcome.kind === "done" && outcome.resent !== undefined);
      const conversation = await log.conversation(outcome.resent.id);
      assert.deepEqual(
        conversation?.messages.map((message) => [message.id, message.originalId, message.resentAs]),
        [
          [id, undefined, [outcome.resent.id]],
          [outcome.resent.id, id, undefined],
        ],
      );
      assert.deepEqual(
        conversation.historyOf[id]?.map(({ code, by }) => [code, by]),
        [
          ["MESH_UNDELIVERED", undefined],
          ["dealt-with", "anna"],
        ],
      );
      assert.deepEqual(
        conversation.events.map(({ label }) => label),
        [
          "CP-IS upload",
          "MESH reports that the recipient did not collect the file",
          "CP-IS upload, sent again by anna",
        ],
      );
      assert.equal(conversation.isCut, false);
    });

    it("of more messages than are shown is cut around the one that was asked for", async () => {
      const rows = Array.from({ length: 450 }, () => outbound({ conversationId: "long", state: "completed" }));
      const ids = await store.acceptOutbound(rows);
      for (const [place, first] of [
        [0, 0],
        [225, 125],
        [449, 250],
      ] as const) {
        const conversation = await log.conversation(ids[place]!);
        assert.ok(conversation !== undefined);
        assert.deepEqual([conversation.messages.length, conversation.isCut], [200, true]);
        assert.equal(conversation.messages[0]?.id, ids[first]);
        assert.ok(conversation.messages.some((message) => message.id === ids[place]));
      }
    });
  });

  describe("a person", () => {
    it("sends a dead letter again: one of those who press at once, and it is dealt with", async () => {
      const id = await acceptOne(store, fileRow({ state: "failed", errorCode: "MESH_UNDELIVERED" }));
      assert.deepEqual(await actions(id), ["resend", "deal-with"]);
      const outcomes = await actAtOnce("resend", id);
      assert.deepEqual(kinds(outcomes), ["already-done", "already-done", "done"]);
      const successors = new Set(outcomes.map((outcome) => outcome.kind !== "refused" && outcome.resent?.id));
      assert.equal(successors.size, 1);
      const message = await log.get(id);
      assert.deepEqual([message?.isDealtWith, message?.state, message?.resentAs], [true, "failed", [...successors]]);
      const [resent] = (await log.list({ states: ["queued"] }, 10)).messages;
      assert.deepEqual([resent?.originalId, resent?.interactionName, resent?.attempts], [id, "CP-IS upload", 0]);
    });

    it("lets a held one go, or drops it: one of those who press at once", async () => {
      const held = { state: "held", errorCode: "STORE_KEY_UNKNOWN" } as const;
      const released = await acceptOne(store, fileRow(held));
      assert.deepEqual(await actions(released), ["release", "drop"]);
      assert.deepEqual(kinds(await actAtOnce("release", released)), ["already-done", "already-done", "done"]);
      assert.equal((await log.get(released))?.state, "queued");
      const row = await store.findById(released);
      assert.deepEqual([row?.attributes["isFailureTold"], row?.errorCode], [undefined, undefined]);
      const dropped = await acceptOne(store, fileRow(held));
      assert.deepEqual(kinds(await actAtOnce("drop", dropped)), ["already-done", "already-done", "done"]);
      const message = await log.get(dropped);
      assert.deepEqual([message?.state, message?.error?.code], ["failed", "CPIS_LOG_DROPPED"]);
      // So that its owner, who knows of a held file, hears that it was dropped.
      assert.equal((await store.findById(dropped))?.attributes["isFailureTold"], undefined);
      assert.equal(await refusal("release", dropped), "CPIS_LOG_NOT_POSSIBLE");
      assert.deepEqual(await actions(dropped), ["resend", "deal-with"]);
    });

    it("who drops and another who lets go do not both have their way", async () => {
      for (let count = 0; count < 5; count += 1) {
        const id = await acceptOne(store, fileRow({ state: "held", errorCode: "MESH_OUTCOME_UNKNOWN" }));
        const outcomes = await Promise.all([act("release", id), act("drop", id, "ben")]);
        assert.deepEqual(kinds(outcomes), ["done", "refused"]);
      }
    });

    it("is warned that a file of unknown outcome may be a second upload, and lets it go under a new id", async () => {
      const id = await acceptOne(store, fileRow({ state: "held", errorCode: "MESH_OUTCOME_UNKNOWN" }));
      assert.equal((await log.get(id))?.cautions?.release?.code, "MAY_BE_SECOND_UPLOAD");
      assert.equal((await act("release", id)).kind, "done");
      const row = await store.findById(id);
      assert.deepEqual([row?.state, row?.attributes["isResendWanted"]], ["awaiting-acknowledgement", true]);
      const failed = await acceptOne(store, fileRow({ state: "failed", errorCode: "MESH_UNDELIVERED" }));
      assert.equal((await log.get(failed))?.cautions, undefined);
    });

    it("never sends again a query, a file that CP-IS refused, or what was answered, and is told why", async () => {
      const ebxml = { pattern: "express", soapAction: "s/X", contentType: "text/xml" };
      const query = { state: "failed", errorCode: "EBXML_OUTCOME_UNKNOWN", interaction: "QUPC_IN000006GB01" } as const;
      const asked = await acceptOne(store, outbound({ ...query, attributes: { ...ebxml, isAwaited: true } }));
      assert.equal((await log.get(asked))?.interactionName, "CP-IS query");
      assert.deepEqual(await actions(asked), ["deal-with"]);
      assert.equal(await refusal("resend", asked), "EBXML_NOT_RESENDABLE");
      for (const errorCode of ["MESH_BAD_FILE", "CPIS_UPLOAD_REFUSED"]) {
        const refused = await acceptOne(store, fileRow({ state: "failed", errorCode }));
        assert.deepEqual(await actions(refused), ["deal-with"]);
        assert.equal(await refusal("resend", refused), errorCode);
      }
      const answered = await acceptOne(store, outbound({ state: "awaiting-response", attributes: ebxml }));
      await acceptNew(store, inbound({ answers: { id: answered, state: "failed", code: "EBXML_REFUSED" } }));
      assert.deepEqual(await actions(answered), ["deal-with"]);
      assert.equal(await refusal("resend", answered), "CPIS_LOG_ANSWERED");
      assert.equal(await refusal("resend", await acceptOne(store, fileRow())), "CPIS_LOG_NOT_POSSIBLE");
      assert.equal(await refusal("resend", await acceptNew(store, inbound())), "CPIS_LOG_NOT_POSSIBLE");
    });

    it("cannot send again what the store has no bytes of", async () => {
      await store.close();
      store = await place.open({ mode: "metadata-only" });
      log = createMessageLog({ store, now: () => 5000 });
      const id = await acceptOne(store, fileRow({ state: "failed", errorCode: "MESH_UNDELIVERED" }));
      assert.equal(await refusal("resend", id), "STORE_CONTENT_GONE");
      assert.equal((await log.get(id))?.isDealtWith, false);
    });

    it("marks a dead letter as dealt with, which changes neither its state nor its times", async () => {
      const id = await acceptNew(store, inbound({ state: "rejected", errorCode: "EBXML_LATE_ANSWER" }));
      const before = await log.get(id);
      assert.deepEqual(before?.actions, ["deal-with"]);
      assert.deepEqual(kinds(await actAtOnce("deal-with", id)), ["already-done", "already-done", "done"]);
      assert.deepEqual(await log.get(id), { ...before, isDealtWith: true, actions: [] });
      assert.equal(await refusal("deal-with", await acceptOne(store, outbound())), "CPIS_LOG_NOT_POSSIBLE");
    });

    it("confirms what the flow has seen, and nothing that it has not", async () => {
      const id = await acceptNew(store, inbound());
      assert.deepEqual(await actions(id), []);
      assert.equal(await refusal("confirm", id), "CPIS_LOG_NOT_POSSIBLE");
      await store.transition({ id, from: ["received"], to: "delivered", at: 2, changes: { attempts: 1 } });
      assert.deepEqual(await actions(id), ["confirm"]);
      assert.deepEqual(kinds(await actAtOnce("confirm", id)), ["already-done", "already-done", "done"]);
      const answer = await acceptNew(store, inbound({ state: "delivered", attributes: { role: "answer" } }));
      assert.equal(await refusal("confirm", answer), "CPIS_LOG_NOT_POSSIBLE");
    });

    it("hears of a store that is away as an error, not as a refusal", async () => {
      const id = await acceptOne(store, fileRow({ state: "failed" }));
      await store.close();
      await assert.rejects(act("drop", id), { code: "STORE_CLOSED" });
    });
  });
}

describe("The message log over SQLite", () => describeLog(createSqlitePlace));

describe("The message log over PostgreSQL", () => {
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.close());

  describeLog(() => server.createPlace());
});

// The course of a conversation as it is drawn: what went from whom to whom, and where the time went.
import assert from "node:assert/strict";
import { eventsOf, spansOf, type Recorded } from "../../../../lib/services/message-log/message-timeline.js";
import type {
  HistoryEntry,
  MessageRowId,
  MessageState,
  StoredInboundMessage,
  StoredMessage,
  StoredOutboundMessage,
} from "../../../../lib/store/message-model.js";

const details = {
  channel: "transport",
  destination: "spine",
  isOrdered: false,
  service: "urn:nhs:names:services:cpisquery",
  messageId: "OUT-1",
  conversationId: "C",
  fromParty: "ZT7-900145",
  toParty: "ZSP-0000001",
  attributes: {},
  createdAt: 0,
  updatedAt: 0,
  attempts: 1,
  contentBytes: 1,
};

function outbound(changes: Partial<StoredOutboundMessage> = {}): StoredOutboundMessage {
  const id = 1 as MessageRowId;
  return { ...details, id, interaction: "QUPC_IN000006GB01", direction: "outbound", state: "completed", ...changes };
}

function inbound(changes: Partial<StoredInboundMessage> = {}): StoredInboundMessage {
  const id = 2 as MessageRowId;
  return { ...details, id, interaction: "REPC_IN000007GB01", direction: "inbound", state: "confirmed", ...changes };
}

type Line = readonly [at: number, state: MessageState, code?: string | undefined, by?: string];

function recorded(message: StoredMessage, ...lines: readonly Line[]): Recorded {
  const history: HistoryEntry[] = lines.map(([at, state, code, by]) => ({
    at,
    state,
    ...(code === undefined ? {} : { code }),
    ...(by === undefined ? {} : { by }),
  }));
  return { message, history };
}

function drawn(...conversation: readonly Recorded[]): readonly string[] {
  return eventsOf(conversation).map(({ at, from, to, kind, label }) => `${at} ${from}>${to} ${kind}: ${label}`);
}

describe("The course of a conversation", () => {
  it("is request, acknowledgment, answer and delivery for a query", () => {
    const asked = recorded(
      outbound({ acknowledgedAt: 20, answeredAt: 90, answeredBy: 2 as MessageRowId }),
      [0, "queued"],
      [0, "sending"],
      [20, "awaiting-response"],
      [90, "completed", "answered"],
    );
    const answer = recorded(inbound({ createdAt: 90, refToMessageId: "OUT-1" }), [90, "delivered"], [91, "confirmed"]);
    assert.deepEqual(drawn(asked, answer), [
      "0 flow>here request: CP-IS query",
      "0 here>peer request: CP-IS query",
      "20 peer>here acknowledgment: acknowledgment",
      "90 peer>here answer: response to a query",
      "90 here>flow delivery: delivered",
      "91 flow>here delivery: confirmed",
    ]);
  });

  it("shows each retry, each failure with its words, and the end", () => {
    const message = outbound({ interaction: "X", state: "expired", errorCode: "EBXML_NOT_ACKNOWLEDGED" });
    const lines = drawn(
      recorded(
        message,
        [0, "queued"],
        [1, "sending"],
        [2, "awaiting-acknowledgement", "EBXML_CONNECT_FAILED"],
        [3, "sending"],
        [4, "awaiting-acknowledgement"],
        [9, "expired", "EBXML_NOT_ACKNOWLEDGED"],
      ),
    );
    assert.deepEqual(lines, [
      "0 flow>here request: X",
      "1 here>peer request: X",
      "2 peer>here failure: No connection to the message handling service could be made",
      "3 here>peer retry: X, retry 1",
      "9 here>flow failure: The peer did not acknowledge the message within the time of its contract",
    ]);
  });

  it("shows the answer to a file that is stored elsewhere, and does not count chunks as retries", () => {
    const attributes = { uploadOwner: "flow" };
    const lines = drawn(
      recorded(
        outbound({ attributes, acknowledgedAt: 3 }),
        [0, "queued"],
        [1, "sending"],
        [2, "sending"],
        [3, "awaiting-response"],
        [4, "awaiting-response", "isOverdueTold"],
        [8, "completed", "partly-accepted"],
      ),
    );
    assert.deepEqual(lines.slice(1), [
      "1 here>peer request: CP-IS upload",
      "3 peer>here acknowledgment: acknowledgment",
      "8 peer>here answer: answer to CP-IS upload: partly-accepted",
    ]);
  });

  it("links the response to a file that has a conversation of its own, and tells of it once", () => {
    const upload = outbound({ attributes: { uploadOwner: "flow", responseMessageId: "mesh-77" } });
    const asked = recorded(
      upload,
      [0, "queued"],
      [1, "sending"],
      [3, "awaiting-response"],
      [8, "completed", "accepted"],
    );
    const response = inbound({ interaction: "FileResponse", messageId: "MESH-77", createdAt: 5 });
    assert.deepEqual(drawn(asked, recorded(response, [5, "received"])).slice(2), [
      "5 peer>here answer: response to an upload",
    ]);
  });

  it("shows a notification that the flow did not take at first, and who confirmed it", () => {
    const message = inbound({ interaction: "CP-ISAccessToServiceNotification" });
    const lines = drawn(
      recorded(
        message,
        [0, "received"],
        [1, "delivered"],
        [2, "received", "not-taken"],
        [3, "delivered"],
        [4, "delivered", "awaiting-confirmation"],
        [9, "confirmed", "confirmed-by-hand", "anna"],
      ),
    );
    assert.deepEqual(lines, [
      "0 peer>here notification: access to service notification",
      "1 here>flow delivery: delivered",
      "2 flow>here failure: not taken by the flow",
      "3 here>flow delivery: delivered, time 2",
      "9 flow>here delivery: confirmed by anna",
    ]);
  });

  it("shows who released, dropped or sent again, and no note on what has ended", () => {
    const held = recorded(
      outbound({ interaction: "X" }),
      [0, "queued"],
      [1, "held", "STORE_KEY_UNKNOWN"],
      [2, "queued", "released", "anna"],
      [3, "held", "STORE_KEY_UNKNOWN"],
      [4, "failed", "CPIS_LOG_DROPPED", "ben"],
      [5, "failed", "dealt-with", "ben"],
    );
    const again = recorded(
      outbound({ id: 3 as MessageRowId, interaction: "X", originalId: 1 as MessageRowId, createdAt: 5 }),
      [5, "queued", undefined, "ben"],
    );
    const lines = drawn(held, again);
    assert.equal(lines[2], "2 flow>here delivery: released by anna");
    assert.match(lines[4] ?? "", /^4 here>flow failure: A person decided/);
    assert.deepEqual(lines.slice(5), ["5 flow>here request: X, sent again by ben"]);
  });

  it("gives the time in each state, without gaps, up to the end", () => {
    const message = outbound();
    const spans = spansOf([
      recorded(
        message,
        [0, "queued"],
        [10, "sending"],
        [15, "sending"],
        [30, "awaiting-response"],
        [90, "completed", "answered"],
        [5000, "completed", "late-note"],
      ),
    ]);
    assert.deepEqual(
      spans.map(({ label, milliseconds }) => [label, milliseconds]),
      [
        ["waiting to be sent", 10],
        ["being sent", 20],
        ["waiting for the answer", 60],
      ],
    );
    assert.equal(
      spans.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
      90,
    );
  });
});

// The table of what becomes of a stored message, without store, peer or waiting.
import assert from "node:assert/strict";
import { CpisError } from "../../../../lib/errors.js";
import {
  decideDelivery,
  type DeliveryEvent,
  type DeliveryPolicy,
  type DeliveryState,
} from "../../../../lib/mhs/outbound/delivery-policy.js";
import {
  accepted,
  ackInReply,
  acknowledged,
  deadline,
  due,
  errorList,
  express,
  failed,
  fault,
  forward,
  http,
  minute,
  noAckInReply,
  noReply,
  now,
  query,
  refusedCertificate,
  refusedConnection,
  reliable,
  reliableQuery,
  sending,
  told,
} from "../../../support/mhs/delivery-cases.js";

type Row = readonly [title: string, state: DeliveryState, event: DeliveryEvent, policy: DeliveryPolicy, told: string];

const resend = `awaiting-acknowledgement at ${minute}`;
const refused = "failed EBXML_REFUSED";
const unknown = "failed EBXML_OUTCOME_UNKNOWN";
const busy = `awaiting-acknowledgement EBXML_REFUSED at ${minute}`;

const tables: Readonly<Record<string, readonly Row[]>> = {
  "when its time has come": [
    ["a new message is sent", { state: "queued", attempts: 0 }, due, reliable, `send 1 until ${5 * minute}`],
    [
      "a message that nobody reached is sent with a deadline from then",
      { state: "queued", attempts: 0 },
      due,
      { ...reliable, persistDurationMilliseconds: 0 },
      `send 1 until ${3 * minute}`,
    ],
    [
      "a resend keeps its deadline",
      { ...sending, state: "awaiting-acknowledgement" },
      due,
      reliable,
      `send 2 until ${4 * minute}`,
    ],
    [
      "the last resend goes",
      { state: "awaiting-acknowledgement", attempts: 2, deadline },
      due,
      reliable,
      `send 3 until ${4 * minute}`,
    ],
    [
      "after the last resend the deadline is waited for",
      { state: "awaiting-acknowledgement", attempts: 3, deadline },
      due,
      reliable,
      `awaiting-acknowledgement at ${4 * minute}`,
    ],
    [
      "at the deadline it expires",
      { state: "awaiting-acknowledgement", attempts: 2, deadline: now },
      due,
      reliable,
      "expired EBXML_NOT_ACKNOWLEDGED",
    ],
    [
      "one that must not go twice only waits for its acknowledgment",
      { ...sending, state: "awaiting-acknowledgement" },
      due,
      { ...forward, resendable: "never" },
      `awaiting-acknowledgement at ${4 * minute}`,
    ],
    ["a sending that was abandoned is resent", sending, due, reliable, resend],
    ["an abandoned forward message is resent", sending, due, forward, resend],
    ["an abandoned express message has an unknown outcome", sending, due, express, unknown],
    ["one that must not go twice has an unknown outcome", sending, due, { ...reliable, resendable: "never" }, unknown],
    ["a query whose asker is gone was not sent", { state: "queued", attempts: 0 }, due, query, "failed EBXML_NOT_SENT"],
    ["a query that was under way has an unknown outcome", sending, due, query, unknown],
    ["a reliable query that was under way is not resent either", sending, due, reliableQuery, unknown],
    [
      "a query that waited for its answer fails",
      { ...sending, state: "awaiting-response" },
      due,
      query,
      "failed EBXML_NO_RESPONSE",
    ],
    [
      "a message without response expires",
      { ...sending, state: "awaiting-response" },
      due,
      { ...reliable, completedBy: "response" },
      "expired EBXML_NO_RESPONSE",
    ],
    ["a message that is held stays so", { ...sending, state: "held" }, due, reliable, "nothing"],
  ],
  "when nobody was reached": [
    ["a first sending is queued again", sending, refusedConnection, reliable, "queued EBXML_CONNECT_FAILED at 100"],
    ["an express message is queued again", sending, refusedConnection, express, "queued EBXML_CONNECT_FAILED at 100"],
    [
      "a resend waits on",
      { ...sending, attempts: 2 },
      refusedConnection,
      reliable,
      "awaiting-acknowledgement EBXML_CONNECT_FAILED at 100",
    ],
    ["a refused certificate is final", sending, refusedCertificate, reliable, "failed TLS_FAILED"],
  ],
  "when nothing is known": [
    ["a reliable message is resent", sending, noReply, reliable, resend],
    ["a forward message is resent", sending, noReply, forward, resend],
    ["an express message is not", sending, noReply, express, unknown],
    [
      "after the last resend the deadline is waited for",
      { ...sending, attempts: 3 },
      noReply,
      reliable,
      `awaiting-acknowledgement at ${4 * minute}`,
    ],
    [
      "a resend beyond the deadline is not planned",
      { ...sending, deadline: now + minute },
      noReply,
      reliable,
      `awaiting-acknowledgement at ${minute}`,
    ],
    ["HTTP 500 without a body is such a case", sending, http(500), reliable, resend],
    ["HTTP 502 is", sending, http(502), express, unknown],
    ["HTTP 504 is", sending, http(504), reliable, resend],
    ["an empty reply to a reliable message is", sending, noAckInReply, reliable, resend],
    [
      "an express reply that cannot be read is",
      sending,
      failed({ kind: "unparseable", error: new CpisError("SOAP_MALFORMED") }),
      express,
      unknown,
    ],
  ],
  "when the peer refuses": [
    ["fault 200 is retried", sending, fault("200"), reliable, busy],
    ["faults 206 and 208 together are", sending, fault("206", "208"), reliable, busy],
    ["one final code among them is final", sending, fault("206", "300"), reliable, refused],
    ["a fault without codes is final", sending, fault(), reliable, refused],
    ["a fault of an express message is final", sending, fault("206"), express, refused],
    [
      "an error list is final",
      sending,
      failed({ kind: "ebxml-error", errors: errorList("ValueNotRecognized") }),
      reliable,
      refused,
    ],
    [
      "DeliveryFailure is retried",
      sending,
      failed({ kind: "ebxml-error", errors: errorList("DeliveryFailure") }),
      reliable,
      busy,
    ],
    [
      "DeliveryFailure by its own post is retried",
      { ...sending, state: "awaiting-acknowledgement" },
      { kind: "refused", errors: errorList("DeliveryFailure") },
      reliable,
      busy,
    ],
    [
      "an error list by its own post is final",
      { ...sending, state: "awaiting-acknowledgement" },
      { kind: "refused", errors: errorList("Inconsistent") },
      reliable,
      refused,
    ],
    [
      "DeliveryFailure with another error is final",
      sending,
      failed({ kind: "ebxml-error", errors: errorList("DeliveryFailure", "Inconsistent") }),
      reliable,
      refused,
    ],
    ["HTTP 403 is final", sending, http(403), reliable, refused],
    ["HTTP 302 is final", sending, http(302), reliable, refused],
    ["HTTP 503 is retried", sending, http(503), reliable, busy],
    [
      "HTTP 429 is retried when the peer says",
      sending,
      http(429, 2 * minute),
      reliable,
      `awaiting-acknowledgement EBXML_REFUSED at ${2 * minute}`,
    ],
    ["HTTP 503 asks for no haste", sending, http(503, 5), reliable, busy],
    ["HTTP 503 for an express message is final", sending, http(503), express, refused],
    [
      "a refusal after the last resend waits for the deadline",
      { ...sending, attempts: 3 },
      http(503),
      reliable,
      `awaiting-acknowledgement EBXML_REFUSED at ${4 * minute}`,
    ],
  ],
  "when the peer has it": [
    ["an acknowledgment in the reply completes it", sending, ackInReply, reliable, "completed"],
    [
      "one by its own post completes it",
      { ...sending, state: "awaiting-acknowledgement" },
      acknowledged,
      forward,
      "completed",
    ],
    ["one that comes before the reply completes it", sending, acknowledged, reliable, "completed"],
    ["an empty reply completes an express message", sending, accepted, express, "completed"],
    ["an empty reply to a forward message leaves the acknowledgment to wait for", sending, accepted, forward, resend],
    [
      "a response is waited for",
      sending,
      ackInReply,
      { ...reliable, completedBy: "response" },
      `awaiting-response at ${60 * minute}`,
    ],
    [
      "an express message with a strange reply still waits for its response",
      sending,
      noAckInReply,
      { ...express, completedBy: "response" },
      `awaiting-response at ${60 * minute}`,
    ],
    [
      "a second acknowledgment changes nothing",
      { ...sending, state: "awaiting-response" },
      acknowledged,
      { ...reliable, completedBy: "response" },
      "nothing",
    ],
    ["a late acknowledgment changes nothing", { ...sending, state: "expired" }, acknowledged, reliable, "nothing"],
    [
      "a late refusal changes nothing",
      { ...sending, state: "completed" },
      { kind: "refused", errors: errorList("Inconsistent") },
      reliable,
      "nothing",
    ],
  ],
};

describe("what becomes of a stored message", () => {
  for (const [title, rows] of Object.entries(tables)) {
    describe(title, () => {
      for (const [name, state, event, policy, expected] of rows) {
        it(name, () => assert.equal(told(decideDelivery(state, event, policy, now)), expected));
      }
    });
  }

  it("a connection that failed uses up no sending and leaves no deadline", () => {
    const decision = decideDelivery(sending, refusedConnection, reliable, now);
    assert.deepEqual(decision.kind === "transition" ? decision.changes : undefined, {
      attempts: 0,
      nextAttemptAt: now + 100,
      deadline: null,
    });
  });
});

// The JSON of MESH in both versions of its API, and what comes instead of it.
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  complaintText,
  readComplaint,
  readInboxPage,
  readMessageId,
  readTracking,
} from "../../../../lib/mesh/api/read-answer.js";

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe("The answers of MESH", () => {
  for (const name of ["message_id", "messageID", "messageId"]) {
    it(`give the id of a file that was taken as ${name}`, () => {
      assert.equal(readMessageId(json({ [name]: "20261122101501123456_A1B2C3" })), "20261122101501123456_A1B2C3");
    });
  }

  it("give no id when it is missing, or could not be a part of a path", () => {
    for (const value of [{}, { message_id: 5 }, { message_id: "" }, { message_id: "a b" }, null, []]) {
      assert.equal(readMessageId(json(value)), undefined);
    }
  });

  it("give a page of the inbox with the position of the next one, taken from its link", () => {
    const links = {
      self: "/messageexchange/M/inbox",
      next: "/messageexchange/M/inbox?max_results=10&continue_from=a%2Bb",
    };
    assert.deepEqual(readInboxPage(json({ messages: ["A", 5, "B"], links, approx_inbox_count: 12 })), {
      messageIds: ["A", "B"],
      continueFrom: "a+b",
      remaining: 12,
    });
  });

  it("give an empty page that has a next one", () => {
    const links = { next: "https://elsewhere.example/x?continue_from=9" };
    assert.deepEqual(readInboxPage(json({ messages: [], links })), { messageIds: [], continueFrom: "9" });
    assert.deepEqual(readInboxPage(json({ messages: [] })), { messageIds: [] });
    assert.equal(readInboxPage(json({})), undefined);
  });

  it("give the tracking of a file in both versions", () => {
    assert.deepEqual(readTracking(json({ message_id: "A", status: "accepted" })), {
      messageId: "A",
      status: "accepted",
    });
    assert.deepEqual(readTracking(json({ dtsId: "A", status: "Uploading" })), { messageId: "A", status: "uploading" });
    assert.equal(readTracking(json({ status: "accepted" })), undefined);
  });

  for (const [what, body, text] of [
    [
      "in version 2",
      { detail: [{ event: "SEND", code: "12", msg: "Unregistered to address" }] },
      "status 417, SEND 12: Unregistered to address",
    ],
    [
      "of one header",
      { detail: [{ loc: ["header", "mex-workflowid"], msg: "field required", type: "value_error.missing" }] },
      "status 417, header mex-workflowid: field required",
    ],
    [
      "in version 1",
      { errorEvent: "SEND", errorCode: "17", errorDescription: "Workflow is not registered" },
      "status 417, SEND 17: Workflow is not registered",
    ],
    ["of which nothing is said", null, "status 417"],
  ] as const) {
    it(`give the reason of a refusal ${what}`, () => {
      assert.equal(complaintText(417, readComplaint(json(body))), text);
    });
  }

  it("give no reason when the body is no JSON, or repeats the token of the request", () => {
    assert.deepEqual(readComplaint(Buffer.from("<html>Bad gateway</html>")), {});
    assert.deepEqual(readComplaint(Buffer.alloc(0)), {});
    assert.deepEqual(readComplaint(json({ detail: [{ msg: "got NHSMESH ZT7OT001:1:0:2:abc" }] })), {});
  });

  it("are read whatever they hold", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = json(value);
        assert.ok(complaintText(500, readComplaint(body)).length < 300);
        for (const read of [readMessageId, readInboxPage, readTracking]) assert.doesNotThrow(() => read(body));
      }),
      { numRuns: 200 },
    );
  });
});

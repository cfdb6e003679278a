import assert from "node:assert/strict";
import {
  acknowledgmentOf,
  encodeAcknowledgment,
  encodeMessageError,
  messageErrorOf,
  type SignalIdentity,
} from "../../../lib/ebxml/encode-signal.js";
import { parseMessageId, parsePartyKey } from "../../../lib/identifiers.js";
import { parsed, readHttpVector, sampleHeader, sampleMessage } from "../../support/ebxml/sample-messages.js";

function identity(messageId: string): SignalIdentity {
  return {
    messageId: parseMessageId(messageId),
    now: "2026-05-04T09:30:02Z",
    ownPartyKey: parsePartyKey("ZSP-0000009"),
  };
}

const acknowledgment = acknowledgmentOf(sampleMessage("reliable"), identity("E5F6A7B8-0005-4C9D-8E1F-4A5B6C7D8E05"));

const messageError = messageErrorOf(sampleHeader, identity("F6A7B8C9-0006-4D0E-9F2A-5B6C7D8E9F06"), [
  { errorCode: "ValueNotRecognized", description: "501319:Unknown eb:CPAId" },
]);

describe("encoding an ebXML signal", () => {
  const goldens = [
    {
      vector: "ebxml/signal/acknowledgment.http",
      message: acknowledgment,
      encoded: encodeAcknowledgment(acknowledgment),
    },
    { vector: "ebxml/signal/message-error.http", message: messageError, encoded: encodeMessageError(messageError) },
  ];
  for (const { vector, message, encoded } of goldens) {
    it(`writes ${vector} to the byte and reads it back`, () => {
      const expected = readHttpVector(vector);
      assert.equal(encoded.body.toString("utf8"), expected.body.toString("utf8"));
      assert.equal(encoded.contentType, expected.contentType);
      assert.equal(encoded.body.byteLength, expected.contentLength);
      assert.deepEqual(parsed(expected.body, expected.contentType), {
        kind: "parsed",
        message,
        warnings: [],
        unresolvedReferences: [],
      });
    });
  }

  it("acknowledges to the sender, with the contract, conversation and timestamp of the message", () => {
    const { header, timestamp, acknowledgedMessageId, actor } = acknowledgment;
    assert.equal(header.fromPartyKey, sampleHeader.toPartyKey);
    assert.equal(header.toPartyKey, sampleHeader.fromPartyKey);
    assert.equal(header.cpaId, sampleHeader.cpaId);
    assert.equal(header.conversationId, sampleHeader.conversationId);
    assert.equal(header.timestamp, sampleHeader.timestamp);
    assert.equal(header.refToMessageId, sampleHeader.messageId);
    assert.equal(acknowledgedMessageId, sampleHeader.messageId);
    assert.equal(timestamp, "2026-05-04T09:30:02Z");
    assert.equal(actor, "toPartyMSH");
    assert.equal(
      encodeAcknowledgment(acknowledgment).soapAction,
      "urn:oasis:names:tc:ebxml-msg:service/Acknowledgment",
    );
  });

  it("acknowledges as the actor that was asked", () => {
    const forwarded = acknowledgmentOf(
      sampleMessage("forward-reliable"),
      identity("E5F6A7B8-0005-4C9D-8E1F-4A5B6C7D8E05"),
    );
    assert.equal(forwarded.actor, "nextMSH");
    assert.ok(encodeAcknowledgment(forwarded).body.includes('soap:actor="urn:oasis:names:tc:ebxml-msg:actor:nextMSH"'));
  });

  it("answers a message of which only sender and id could be read", () => {
    const error = messageErrorOf(
      { fromPartyKey: parsePartyKey("ZT9-901234"), messageId: parseMessageId("A1B2C3D4-0001-4E5F-8A9B-0C1D2E3F4A01") },
      identity("F6A7B8C9-0006-4D0E-9F2A-5B6C7D8E9F06"),
      [{ errorCode: "Inconsistent", location: "eb:MessageHeader" }],
    );
    const { body, contentType } = encodeMessageError(error);
    assert.deepEqual(parsed(body, contentType).message, error);
    assert.equal(error.header.refToMessageId, "A1B2C3D4-0001-4E5F-8A9B-0C1D2E3F4A01");
  });

  it("is severe when one of its errors is", () => {
    const id = identity("F6A7B8C9-0006-4D0E-9F2A-5B6C7D8E9F06");
    const warning = { errorCode: "Unknown", severity: "Warning" } as const;
    assert.equal(messageErrorOf(sampleHeader, id, [warning]).highestSeverity, "Warning");
    assert.equal(messageErrorOf(sampleHeader, id, [warning, { errorCode: "OtherXml" }]).highestSeverity, "Error");
  });

  it("escapes what it inserts", () => {
    const description = `<b> & "c" 'd' ]]>\r\né`;
    const error = messageErrorOf(sampleHeader, identity("F6A7B8C9-0006-4D0E-9F2A-5B6C7D8E9F06"), [
      { errorCode: `<&"'>`, description },
    ]);
    const { body, contentType } = encodeMessageError(error);
    const { message } = parsed(body, contentType);
    assert.ok(message.kind === "message-error");
    assert.equal(message.errors[0]?.description, description);
    assert.equal(message.errors[0].errorCode, `<&"'>`);
  });
});

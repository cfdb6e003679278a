import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeBusinessMessage } from "../../../lib/ebxml/encode-message.js";
import {
  acknowledgmentOf,
  encodeAcknowledgment,
  encodeMessageError,
  messageErrorOf,
} from "../../../lib/ebxml/encode-signal.js";
import type { BusinessMessage, EbxmlReading, MessageHeader } from "../../../lib/ebxml/model.js";
import { parseContentType } from "../../../lib/ebxml/content-type.js";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import { reliabilityElements } from "../../../lib/ebxml/reliability.js";
import { isCpisError } from "../../../lib/errors.js";
import { parseConversationId, parseCpaId, parseMessageId, parsePartyKey } from "../../../lib/identifiers.js";
import { multipartType, parsed, readHttpVector, sampleHeader } from "../../support/ebxml/sample-messages.js";

// What XML can hold; a value on the wire has no white space around it.
const isXmlText = (text: string): boolean =>
  // eslint-disable-next-line no-control-regex -- the control characters are the point
  !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text);
const text = fc.string({ unit: "binary", maxLength: 30 }).filter(isXmlText);
const value = text.filter((candidate) => candidate !== "" && candidate.trim() === candidate);
const mimeId = fc.stringMatching(/^[!-;=?-~]{1,40}$/);
const bytes = fc.uint8Array({ maxLength: 300 }).map((content) => Buffer.from(content));

function optionally<T extends object>(condition: boolean, part: T): T | Record<string, never> {
  return condition ? part : {};
}

const header: fc.Arbitrary<MessageHeader> = fc
  .record({
    from: value,
    to: value,
    cpa: value,
    conversation: value,
    service: value,
    action: value,
    id: mimeId,
    time: value,
    ref: fc.option(value),
  })
  .map(({ from, to, cpa, conversation, service, action, id, time, ref }) => ({
    fromPartyKey: parsePartyKey(from),
    toPartyKey: parsePartyKey(to),
    cpaId: parseCpaId(cpa),
    conversationId: parseConversationId(conversation),
    service,
    action,
    messageId: parseMessageId(id),
    timestamp: time,
    ...(ref === null ? {} : { refToMessageId: parseMessageId(ref) }),
  }));

const attachment = fc
  .record({
    contentId: mimeId,
    type: fc.stringMatching(/^[a-z]{1,9}\/[a-z]{1,9}(; name="[ -!#-[\]-~]{0,9}")?$/),
    description: text,
    content: bytes,
  })
  .map(({ contentId, type, description, content }) => ({
    contentId,
    contentType: type,
    ...optionally(description !== "", { description }),
    content,
  }));

const message: fc.Arbitrary<BusinessMessage> = fc
  .record({
    header,
    pattern: fc.constantFrom("express", "reliable", "forward-reliable"),
    payload: bytes,
    attachments: fc.uniqueArray(attachment, { maxLength: 4, selector: ({ contentId }) => contentId }),
    externalReferences: fc.array(mimeId, { maxLength: 3 }),
  })
  .filter((parts) => parts.attachments.every(({ contentId }) => !contentId.endsWith("@spine.nhs.uk")))
  .map(({ pattern, ...parts }) => ({
    kind: "message",
    ...parts,
    reliability: reliabilityElements(pattern),
    payloadCharset: "UTF-8",
  }));

function isValueOrCodedError(reading: EbxmlReading): boolean {
  return reading.kind === "parsed" || isCpisError(reading.error);
}

function read(body: Uint8Array, contentType: string = multipartType): EbxmlReading {
  return parseEbxml({ contentType, body: Buffer.from(body) });
}

describe("the ebXML codec", () => {
  it("reads back every message it writes, whatever bytes and characters are in it", () => {
    fc.assert(
      fc.property(message, fc.constantFrom("client", "spine"), (original, style) => {
        const encoded = encodeBusinessMessage(original, { style });
        const reading = parsed(encoded.body, encoded.contentType);
        assert.deepEqual(reading, { kind: "parsed", message: original, warnings: [], unresolvedReferences: [] });
      }),
      { numRuns: 300 },
    );
  });

  it("reads back every signal it writes", () => {
    const error = fc.record({ errorCode: value, description: value, location: value });
    fc.assert(
      fc.property(message, value, fc.array(error, { maxLength: 3 }), error, (original, id, errors, first) => {
        const identity = {
          messageId: parseMessageId(id),
          now: "2026-05-04T09:30:02Z",
          ownPartyKey: original.header.toPartyKey,
        };
        const acknowledgment = acknowledgmentOf(original, identity);
        assert.deepEqual(parsed(encodeAcknowledgment(acknowledgment).body, "text/xml").message, acknowledgment);
        const messageError = messageErrorOf(original.header, identity, [first, ...errors]);
        assert.deepEqual(parsed(encodeMessageError(messageError).body, "text/xml").message, messageError);
      }),
      { numRuns: 200 },
    );
  });

  it("gives a value or a coded error at every point where a message can be cut, and never a business message", () => {
    const { body, contentType } = readHttpVector("ebxml/request/forward-reliable-with-attachments.http");
    const complete = body.indexOf("----=_MIME-Boundary--") + "----=_MIME-Boundary--".length;
    for (let length = 0; length < body.byteLength; length += 1) {
      const reading = read(body.subarray(0, length), contentType);
      assert.equal(reading.kind, length < complete ? "malformed" : "parsed", `cut after ${length} bytes`);
    }
  });

  it("gives a value or a coded error whichever byte is changed", () => {
    const { body, contentType } = readHttpVector("ebxml/answer/spine-express-answer.http");
    for (let index = 0; index < body.byteLength; index += 1) {
      const damaged = Buffer.from(body);
      damaged[index] = (damaged[index] ?? 0) ^ (1 << (index % 8));
      assert.ok(isValueOrCodedError(read(damaged, contentType)), `byte ${index}`);
    }
  });

  it("gives a value or a coded error for any bytes and any content type", () => {
    const { body } = readHttpVector("ebxml/request/reliable.http");
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom("\r\n", "\n", "\r\n\r\n", "----=_MIME-Boundary", "--", "Content-Id:", "<a>")
        .map((mark) => Buffer.from(mark)),
      fc.nat(body.byteLength).map((start) => body.subarray(start, start + 60)),
    );
    const anything = fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.concat(pieces));
    fc.assert(
      fc.property(anything, fc.oneof(fc.constant(multipartType), fc.string()), (content, contentType) => {
        assert.ok(isValueOrCodedError(read(content, contentType)));
      }),
      { numRuns: 1000 },
    );
  });

  it("reads any content type without an error", () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        assert.equal(typeof parseContentType(header).mediaType, "string");
      }),
    );
  });

  it("looks at no byte twice over: hostile bodies of the largest size are done at once", () => {
    const size = 5_000_000;
    const hostile = [
      Buffer.alloc(size, "----=_MIME-Boundary"),
      Buffer.alloc(size, "\r\n----=_MIME-Boundary"),
      Buffer.alloc(size, "\r\n----=_MIME-Boundary\t \t x"),
      Buffer.alloc(size, "-"),
      Buffer.concat([Buffer.from("----=_MIME-Boundary\r\n"), Buffer.alloc(size, "a")]),
      Buffer.concat([Buffer.from("----=_MIME-Boundary\r\n"), Buffer.alloc(size, "a:\n")]),
      Buffer.concat([
        Buffer.from("----=_MIME-Boundary\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
        Buffer.alloc(size, "= "),
        Buffer.from("\r\n----=_MIME-Boundary--"),
      ]),
    ];
    for (const body of hostile) assert.equal(read(body).kind, "malformed");
  });

  it("copies no part that is not in base64", () => {
    const { body, contentType } = readHttpVector("ebxml/request/express.http");
    const { message: received } = parsed(body, contentType);
    assert.ok(received.kind === "message" && received.payload !== undefined);
    assert.equal(received.header.messageId, sampleHeader.messageId);
    const reading = parseEbxml({ contentType, body });
    assert.ok(reading.kind === "parsed" && reading.message.kind === "message");
    assert.equal(reading.message.payload?.buffer, body.buffer);
  });
});

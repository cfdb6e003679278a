import assert from "node:assert/strict";
import type { BusinessMessage } from "../../../lib/ebxml/model.js";
import { encodeBusinessMessage, type EncodeMessageOptions } from "../../../lib/ebxml/encode-message.js";
import { reliabilityElements } from "../../../lib/ebxml/reliability.js";
import { parseMessageId } from "../../../lib/identifiers.js";
import {
  parsed,
  readHttpVector,
  sampleAnswer,
  sampleHeader,
  sampleMessage,
} from "../../support/ebxml/sample-messages.js";

const attachments = [
  {
    contentId: "Attachment1@zt9.example.nhs.uk",
    contentType: "text/plain",
    description: 'Filename="a=b c.txt"',
    content: Buffer.from("First attachment, with a line\r\nend and two-byte é.\n".repeat(2)),
  },
  {
    contentId: "Attachment2@zt9.example.nhs.uk",
    contentType: "application/octet-stream",
    description: 'R&D <x> "q"',
    content: Buffer.from([0, 13, 10, 45, 45, 61, 95, 255, 254, 13]),
  },
];

interface Golden {
  readonly vector: string;
  readonly message: BusinessMessage;
  readonly style: "client" | "spine";
}

const goldens: readonly Golden[] = [
  { vector: "ebxml/request/express.http", message: sampleMessage("express"), style: "client" },
  { vector: "ebxml/request/reliable.http", message: sampleMessage("reliable"), style: "client" },
  {
    vector: "ebxml/request/forward-reliable-with-attachments.http",
    message: {
      ...sampleMessage("forward-reliable"),
      attachments,
      externalReferences: ["D4E5F6A7-0004-4B8C-9D0E-3F4A5B6C7D04"],
    },
    style: "client",
  },
  { vector: "ebxml/answer/spine-express-answer.http", message: sampleAnswer(), style: "spine" },
];

function textOf(message: BusinessMessage, options: EncodeMessageOptions = {}): string {
  return encodeBusinessMessage(message, options).body.toString("utf8");
}

describe("encoding an ebXML business message", () => {
  for (const { vector, message, style } of goldens) {
    it(`writes ${vector} to the byte`, () => {
      const expected = readHttpVector(vector);
      const encoded = encodeBusinessMessage(message, { style });
      assert.equal(encoded.body.toString("utf8"), expected.body.toString("utf8"));
      assert.ok(encoded.body.equals(expected.body));
      assert.equal(encoded.contentType, expected.contentType);
      assert.equal(encoded.soapAction, expected.soapAction);
      assert.equal(encoded.body.byteLength, expected.contentLength);
    });

    it(`reads ${vector} as the message it was made of`, () => {
      const { body, contentType } = readHttpVector(vector);
      const reading = parsed(body, contentType);
      assert.deepEqual(reading, { kind: "parsed", message, warnings: [], unresolvedReferences: [] });
    });
  }

  it("counts its length in bytes, not in characters", () => {
    const { body } = encodeBusinessMessage(sampleMessage("express"));
    assert.ok(body.byteLength > body.toString("utf8").length);
  });

  it("gives each pattern the reliability elements of its contract", () => {
    const elementsOf = (text: string): readonly boolean[] =>
      ["<eb:DuplicateElimination/>", "actor:toPartyMSH", "actor:nextMSH", "<eb:SyncReply "].map((mark) =>
        text.includes(mark),
      );
    assert.deepEqual(elementsOf(textOf(sampleMessage("express"))), [false, false, false, true]);
    assert.deepEqual(elementsOf(textOf(sampleMessage("reliable"))), [true, true, false, true]);
    assert.deepEqual(elementsOf(textOf(sampleMessage("forward-reliable"))), [true, false, true, false]);
  });

  it("writes a reliable answer of Spine with its own description and schema version", () => {
    const answer = sampleAnswer();
    const text = textOf(
      {
        ...answer,
        header: { ...answer.header, action: "MCCI_IN010000UK13" },
        reliability: reliabilityElements("reliable"),
      },
      { style: "spine" },
    );
    assert.ok(text.includes('eb:location="urn:hl7-org:v3_MCCI_IN010000UK13.xsd" eb:version="13"'));
    assert.ok(text.includes('<eb:Description xml:lang="en">The HL7 payload</eb:Description>'));
    assert.ok(text.includes("<eb:DuplicateElimination/></eb:MessageHeader><eb:AckRequested "));
  });

  it("takes another boundary when the payload contains the usual one", () => {
    const payload = Buffer.from("<a>\r\n----=_MIME-Boundary--\r\n----=_MIME-Boundary_100000000\r\n</a>");
    const message = { ...sampleMessage("express"), payload };
    const encoded = encodeBusinessMessage(message);
    assert.ok(encoded.contentType.includes('boundary="--=_MIME-Boundary_100000001"'));
    assert.deepEqual(parsed(encoded.body, encoded.contentType).message, message);
  });

  it("takes the boundary it is given", () => {
    const encoded = encodeBusinessMessage(sampleMessage("express"), { boundary: "Boundary_1" });
    assert.ok(encoded.contentType.includes('boundary="Boundary_1"'));
    assert.ok(encoded.body.toString("latin1").startsWith("--Boundary_1\r\n"));
  });

  it("refuses a boundary that a header cannot hold", () => {
    for (const boundary of ["", 'a"b', "a\r\nb", "x".repeat(61)]) {
      assert.throws(() => encodeBusinessMessage(sampleMessage("express"), { boundary }), { code: "EBXML_MIME" });
    }
  });

  it("sends 5,000,000 bytes and not one more", () => {
    const empty = { ...sampleMessage("express"), payload: Buffer.alloc(0) };
    const room = 5_000_000 - encodeBusinessMessage(empty).body.byteLength;
    const full = encodeBusinessMessage({ ...empty, payload: Buffer.alloc(room, "x") });
    assert.equal(full.body.byteLength, 5_000_000);
    assert.throws(() => encodeBusinessMessage({ ...empty, payload: Buffer.alloc(room + 1, "x") }), {
      code: "EBXML_TOO_LARGE",
    });
  });

  it("sends 98 attachments and not one more", () => {
    const attachment = (index: number): BusinessMessage["attachments"][number] => ({
      contentId: `A${index}@zt9.example.nhs.uk`,
      contentType: "text/plain",
      content: Buffer.from("x"),
    });
    const many = Array.from({ length: 99 }, (_, index) => attachment(index));
    const full = encodeBusinessMessage({ ...sampleMessage("express"), attachments: many.slice(1) });
    const { message } = parsed(full.body, full.contentType);
    assert.equal(message.kind === "message" && message.attachments.length, 98);
    assert.throws(() => encodeBusinessMessage({ ...sampleMessage("express"), attachments: many }), {
      code: "EBXML_TOO_LARGE",
    });
  });

  it("lets no id or type write headers of its own", () => {
    const content = Buffer.from("x");
    const attempts: readonly BusinessMessage[] = [
      { ...sampleMessage("express"), payloadCharset: "UTF-8\r\nX-Other: 1" },
      {
        ...sampleMessage("express"),
        attachments: [{ contentId: "a>\r\nX-Other: 1", contentType: "text/plain", content }],
      },
      {
        ...sampleMessage("express"),
        attachments: [{ contentId: "a@b", contentType: "text/plain\r\nX-Other: 1", content }],
      },
      { ...sampleMessage("express"), header: { ...sampleHeader, messageId: parseMessageId("a\r\nX-Other: 1") } },
    ];
    for (const message of attempts) assert.throws(() => encodeBusinessMessage(message), { code: "EBXML_MIME" });
  });

  it("refuses two parts with the same id, of which a reader would see one", () => {
    const attachment = { contentId: "a@b", contentType: "text/plain", content: Buffer.from("x") };
    const message = { ...sampleMessage("express"), attachments: [attachment, attachment] };
    assert.throws(() => encodeBusinessMessage(message), { code: "EBXML_MIME" });
  });
});

// Messages, and the vectors that show them, for the tests of the ebXML codec.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BusinessMessage, EbxmlMessage, MessageHeader, ParsedEbxml } from "../../../lib/ebxml/model.js";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import { reliabilityElements, type EbxmlPattern } from "../../../lib/ebxml/reliability.js";
import { parseConversationId, parseCpaId, parseMessageId, parsePartyKey } from "../../../lib/identifiers.js";

export interface HttpVector {
  readonly contentType: string;
  readonly contentLength: number;
  readonly soapAction: string;
  readonly body: Buffer;
}

/** Reads a complete HTTP message below test/vectors, for example "ebxml/request/express.http". */
export function readHttpVector(name: string): HttpVector {
  const bytes = readFileSync(join(__dirname, "../../vectors", name));
  const end = bytes.indexOf("\r\n\r\n");
  const head = bytes.toString("latin1", 0, end);
  const header = (field: string): string => new RegExp(`^${field}: (.*)$`, "m").exec(head)?.[1]?.trim() ?? "";
  return {
    contentType: header("Content-Type"),
    contentLength: Number(header("Content-Length")),
    soapAction: header("SOAPAction"),
    body: bytes.subarray(end + 4),
  };
}

export const sampleHeader: MessageHeader = {
  fromPartyKey: parsePartyKey("ZT9-901234"),
  toPartyKey: parsePartyKey("ZSP-0000009"),
  cpaId: parseCpaId("S9000009A9000301"),
  conversationId: parseConversationId("4C1D9E20-7A35-4F86-B0C2-9E8D7F6A5B01"),
  service: "urn:nhs:names:services:cpisquery",
  action: "QUPC_IN000006GB01",
  messageId: parseMessageId("A1B2C3D4-0001-4E5F-8A9B-0C1D2E3F4A01"),
  timestamp: "2026-05-04T09:30:00Z",
};

/** Holds characters of two, three and four bytes. */
export const samplePayload = Buffer.from(
  '<QUPC_IN000006GB01 xmlns="urn:hl7-org:v3"><id root="B2C3D4E5-0002-4F6A-9B8C-1D2E3F4A5B02"/>' +
    "<name>Zoë Łukasz 𝒳 €</name></QUPC_IN000006GB01>",
  "utf8",
);

export function sampleMessage(pattern: EbxmlPattern): BusinessMessage {
  return {
    kind: "message",
    header: sampleHeader,
    reliability: reliabilityElements(pattern),
    payload: samplePayload,
    payloadCharset: "UTF-8",
    attachments: [],
    externalReferences: [],
  };
}

export function sampleAnswer(): BusinessMessage {
  return {
    kind: "message",
    header: {
      fromPartyKey: parsePartyKey("ZSP-0000009"),
      toPartyKey: parsePartyKey("ZT9-901234"),
      cpaId: parseCpaId("S9001234A9000401"),
      conversationId: sampleHeader.conversationId,
      service: "urn:nhs:names:services:cpisquery",
      action: "QUQI_IN010000UK14",
      messageId: parseMessageId("C3D4E5F6-0003-4A7B-8C9D-2E3F4A5B6C03"),
      timestamp: "2026-05-04T09:30:00Z",
      refToMessageId: sampleHeader.messageId,
    },
    reliability: reliabilityElements("express"),
    payload: Buffer.from(
      "<?xml version='1.0' encoding='UTF-8'?>\n" +
        '<QUQI_IN010000UK14 xmlns="urn:hl7-org:v3"><id root="C3D4E5F6-0003-4A7B-8C9D-2E3F4A5B6C03"/></QUQI_IN010000UK14>',
    ),
    attachments: [],
    externalReferences: [],
  };
}

export const multipartType =
  'multipart/related; boundary="--=_MIME-Boundary"; type="text/xml"; start="<ebXMLHeader@spine.nhs.uk>"';

/** Changes every occurrence, and fails when there is none: a test that changes nothing shows nothing. */
export function change(text: string, from: string, to: string): string {
  assert.ok(text.includes(from), `the sample holds ${from}`);
  return text.replaceAll(from, to);
}

/** Parses text or bytes that must be readable. */
export function parsed(body: string | Buffer, contentType: string = multipartType): ParsedEbxml {
  const reading = parseEbxml({ contentType, body: Buffer.from(body) });
  if (reading.kind === "malformed") assert.fail(`${reading.error.code}: ${reading.error.message}`);
  return reading;
}

export function parsedMessage<Kind extends EbxmlMessage["kind"]>(
  kind: Kind,
  body: string | Buffer,
  contentType: string = multipartType,
): Extract<EbxmlMessage, { kind: Kind }> {
  const { message } = parsed(body, contentType);
  assert.equal(message.kind, kind);
  return message as Extract<EbxmlMessage, { kind: Kind }>;
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import { decodePart } from "../../../lib/ebxml/parse-multipart.js";
import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import {
  change,
  multipartType,
  parsed,
  parsedMessage,
  readHttpVector,
  sampleMessage,
  samplePayload,
} from "../../support/ebxml/sample-messages.js";

const express = readHttpVector("ebxml/request/express.http").body.toString("utf8");
const withAttachments = readHttpVector("ebxml/request/forward-reliable-with-attachments.http").body.toString("utf8");
const sample = sampleMessage("express");

function readsTheSample(body: string | Buffer, contentType: string = multipartType): void {
  const { message, warnings } = parsed(body, contentType);
  assert.deepEqual(message, sample);
  assert.deepEqual(warnings, []);
}

describe("tolerance of the ebXML reader for MIME", () => {
  for (const boundary of [
    "7f1c3a52-0d4e-4b6f-8a90-1b2c3d4e5f60",
    "Boundary_7f1c3a52-0d4e-4b6f-8a90-1b2c3d4e5f60",
    "----=_Part_12_345678.1602860000000",
  ]) {
    it(`takes the boundary ${boundary}`, () => {
      const type = change(multipartType, "--=_MIME-Boundary", boundary);
      readsTheSample(change(express, "--=_MIME-Boundary", boundary), type);
    });
  }

  for (const rootId of ["ContentRoot", "soappart", "7f1c3a52-0d4e-4b6f-8a90-1b2c3d4e5f60"]) {
    it(`takes the root id ${rootId}, with and without angle brackets in start`, () => {
      const body = change(express, "ebXMLHeader@spine.nhs.uk", rootId);
      readsTheSample(body, change(multipartType, "ebXMLHeader@spine.nhs.uk", rootId));
      readsTheSample(body, change(multipartType, "<ebXMLHeader@spine.nhs.uk>", rootId));
    });
  }

  it("takes parameters unquoted, in any order and case, and without blanks", () => {
    readsTheSample(
      express,
      "Multipart/Related;START=ebXMLHeader@spine.nhs.uk;type=text/xml;charset=UTF-8;BOUNDARY=--=_MIME-Boundary",
    );
  });

  it("takes a start in another case, blanks around the equals sign and a quote that is left open", () => {
    readsTheSample(express, change(multipartType, "ebXMLHeader@spine", "EBXMLHEADER@Spine"));
    readsTheSample(express, change(change(multipartType, "boundary=", "boundary = "), 'nhs.uk>"', "nhs.uk>"));
    readsTheSample(express, `${multipartType}; flag; note="a;b=\\"c"`);
  });

  it("finds the root part where start says it is", () => {
    const [preamble = "", root = "", payload = "", end = ""] = express.split("----=_MIME-Boundary");
    readsTheSample([preamble, payload, root, end].join("----=_MIME-Boundary"));
  });

  it("takes the first part as the root when start matches none, and warns", () => {
    const { message, warnings } = parsed(express, change(multipartType, "ebXMLHeader", "Other"));
    assert.deepEqual(message, sample);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["root-not-found"],
    );
  });

  it("takes the first part as the root when there is no start, without a warning", () => {
    readsTheSample(express, 'multipart/related; boundary="--=_MIME-Boundary"');
  });

  it("takes part header names in any case and values without a blank", () => {
    readsTheSample(change(change(express, "Content-Id: ", "Content-ID:"), "Content-Type: ", "CONTENT-TYPE:"));
  });

  it("takes header values on the next line, with and without white space in front", () => {
    readsTheSample(change(express, "Content-Id: <", "Content-Id:\n<"));
    readsTheSample(change(express, "Content-Id: <", "Content-Id:\r\n\t<"));
    readsTheSample(change(express, "text/xml; charset", "text/xml;\r\n charset"));
  });

  it("takes part headers in any order", () => {
    const encoding = "Content-Transfer-Encoding: 8bit\r\n";
    readsTheSample(change(change(express, encoding, ""), "Content-Id: ", `${encoding}Content-Id: `));
  });

  it("takes parts without transfer encoding and without charset", () => {
    const body = change(change(express, "Content-Transfer-Encoding: 8bit\r\n", ""), "; charset=UTF-8", "");
    const { payloadCharset, ...rest } = sample;
    assert.equal(payloadCharset, "UTF-8");
    assert.deepEqual(parsed(body).message, rest);
  });

  it("takes content ids with slashes and dots", () => {
    readsTheSample(change(express, `${sample.header.messageId}@spine.nhs.uk`, "Content1@e-mis.com/EMISWeb/GP2GP2.2A"));
  });

  it("takes a reference in lower case to an id in upper case", () => {
    const id = sample.header.messageId;
    readsTheSample(change(express, `cid:${id}`, `cid:${id.toLowerCase()}`));
  });

  it("takes a reference with percent-encoding", () => {
    const id = sample.header.messageId;
    readsTheSample(change(express, `cid:${id}@`, `CID:${id}%40`));
  });

  it("takes a preamble, and garbage before the first delimiter", () => {
    readsTheSample(`This is a multi-part message.\r\n\r\n${express}`);
    readsTheSample(`\r\n${express}`);
    readsTheSample(`garbage${express}`);
  });

  it("takes any epilogue or none", () => {
    readsTheSample(express.trimEnd());
    readsTheSample(`${express}\r\n`);
    readsTheSample(`${express}An epilogue.\r\n----=_MIME-Boundary\r\nis none of our parts\r\n`);
  });

  it("takes lines that end in LF only", () => {
    readsTheSample(change(express, "\r\n", "\n"));
  });

  it("takes a mixture of line ends", () => {
    readsTheSample(change(express, "\r\nContent-Type", "\nContent-Type"));
    readsTheSample(change(express, "8bit\r\n\r\n", "8bit\n\r\n"));
  });

  it("takes white space behind a delimiter", () => {
    readsTheSample(change(express, "----=_MIME-Boundary\r\n", "----=_MIME-Boundary \t\r\n"));
  });

  it("takes the boundary within a line of content for content", () => {
    for (const payload of ["<a>x----=_MIME-Boundary\r\n</a>", "<a>\r\n----=_MIME-Boundary x\r\n</a>"]) {
      const body = change(express, samplePayload.toString("utf8"), payload);
      assert.equal(Buffer.from(parsedMessage("message", body).payload ?? []).toString("utf8"), payload);
    }
  });

  it("takes blank lines before a delimiter", () => {
    const message = parsedMessage("message", change(express, "\r\n----=", "\r\n\r\n\r\n----="));
    assert.equal(
      Buffer.from(message.payload ?? [])
        .toString("utf8")
        .trim(),
      samplePayload.toString("utf8"),
    );
  });

  it("keeps a carriage return that ends the content of a message with LF lines", () => {
    const payload = "<a/>\r";
    const body = change(change(express, samplePayload.toString("utf8"), "@@"), "\r\n", "\n").replace("@@", payload);
    assert.deepEqual(parsedMessage("message", body).payload, Buffer.from(payload));
  });

  it("takes a message with the envelope only, and names the reference without a part", () => {
    const [, root = ""] = express.split("----=_MIME-Boundary");
    const reading = parsed(`----=_MIME-Boundary${root}----=_MIME-Boundary--`);
    assert.ok(reading.message.kind === "message");
    assert.equal(reading.message.payload, undefined);
    assert.deepEqual(reading.unresolvedReferences, [`${sample.header.messageId}@spine.nhs.uk`]);
  });

  it("takes attachments as third and fourth part in their order, in folded base64", () => {
    const { attachments, externalReferences } = parsedMessage("message", withAttachments);
    assert.deepEqual(
      attachments.map(({ contentId, contentType }) => [contentId, contentType]),
      [
        ["Attachment1@zt9.example.nhs.uk", "text/plain"],
        ["Attachment2@zt9.example.nhs.uk", "application/octet-stream"],
      ],
    );
    assert.deepEqual(attachments[1]?.content, Buffer.from([0, 13, 10, 45, 45, 61, 95, 255, 254, 13]));
    assert.deepEqual(externalReferences, ["D4E5F6A7-0004-4B8C-9D0E-3F4A5B6C7D04"]);
  });

  it("takes an image as second part for an attachment, not for the payload", () => {
    const body = change(
      change(express, "application/xml; charset=UTF-8", "image/png"),
      '<hl7ebxml:Payload style="HL7" encoding="XML" version="3.0"/>',
      "",
    );
    const { payload, attachments } = parsedMessage("message", body);
    assert.equal(payload, undefined);
    assert.deepEqual(
      attachments.map(({ contentType, content }) => [contentType, content]),
      [["image/png", samplePayload]],
    );
  });

  const gzipped = gzipSync(Buffer.concat([randomBytes(3000), Buffer.alloc(5000, "text ")]));
  for (const encoding of ["7bit", "8bit", "binary", "base64", "Base64"]) {
    it(`keeps the digest of compressed content in a ${encoding} part`, () => {
      const isBase64 = encoding.toLowerCase() === "base64";
      const content = isBase64 ? Buffer.from(gzipped.toString("base64").replace(/.{64}/g, "$&\r\n")) : gzipped;
      const [before = "", after = ""] = withAttachments.split("AA0KLS09X//+DQ==");
      const start = before.lastIndexOf("Content-Transfer-Encoding: base64");
      const head = `${before.slice(0, start)}Content-Transfer-Encoding: ${encoding}\r\n\r\n`;
      const { attachments } = parsedMessage("message", Buffer.concat([Buffer.from(head), content, Buffer.from(after)]));
      const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
      assert.equal(digest(attachments[1]?.content ?? new Uint8Array()), digest(gzipped));
    });
  }

  it("decodes envelope and HL7 part from base64, and warns", () => {
    const parts = express.split("----=_MIME-Boundary").map((part) => {
      const [head = "", ...content] = part.split("\r\n\r\n");
      if (!head.includes("8bit")) return part;
      const bytes = Buffer.from(content.join("\r\n\r\n"));
      return `${head.replace("8bit", "base64")}\r\n\r\n${bytes.toString("base64").replace(/.{76}/g, "$&\r\n")}\r\n`;
    });
    const { message, warnings } = parsed(parts.join("----=_MIME-Boundary"));
    assert.ok(message.kind === "message");
    assert.deepEqual(message.header, sample.header);
    assert.equal(Buffer.from(message.payload ?? []).toString("utf8"), `${samplePayload.toString("utf8")}\r\n`);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["envelope-base64", "payload-base64"],
    );
  });

  it("decodes an HL7 part from quoted-printable, and warns", () => {
    const quoted = [...samplePayload]
      .map((byte) =>
        byte > 126 || byte === 61 ? `=${byte.toString(16).toUpperCase().padStart(2, "0")}` : String.fromCharCode(byte),
      )
      .join("")
      .replace(/(?:[^=\r\n]|=[0-9A-F]{2}){60,70}(?=[^\r\n])/g, "$&=\r\n");
    const [root = "", part = ""] = express.split(/(?=----=_MIME-Boundary\r\nContent-Id: <A1B2)/);
    const [head = ""] = part.split("\r\n\r\n");
    const end = "\r\n----=_MIME-Boundary--\r\n";
    const { message, warnings } = parsed(`${root}${change(head, "8bit", "Quoted-Printable")}\r\n\r\n${quoted}${end}`);
    assert.ok(message.kind === "message");
    assert.equal(Buffer.from(message.payload ?? []).toString("utf8"), samplePayload.toString("utf8"));
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["payload-quoted-printable"],
    );
  });

  for (const [what, encoding, content] of [
    ["base64 with a sign of another alphabet", "base64", "AA0K-S09X//+DQ=="],
    ["base64 with a sign of no alphabet", "base64", "AA0K#LS09X//+DQ=="],
    ["base64 that is cut", "base64", "AA0KLS09X"],
    ["base64 with padding within", "base64", "AA0=LS09X//+DQ=="],
    ["base64 in even lines with a sign too much", "base64", "AA0KLS09\r\nX//+D!AA\r\nAA0K"],
    ["quoted-printable with a sign that is not quoted", "quoted-printable", "a=b=ZZ"],
    ["an unknown transfer encoding", "uuencode", "AA0K"],
  ] as const) {
    it(`answers ${what} with MimeProblem`, () => {
      const start = withAttachments.lastIndexOf("Content-Transfer-Encoding: base64");
      const [, after = ""] = withAttachments.slice(start).split("AA0KLS09X//+DQ==");
      const head = `${withAttachments.slice(0, start)}Content-Transfer-Encoding: ${encoding}\r\n\r\n`;
      const reading = parseEbxml({ contentType: multipartType, body: Buffer.from(head + content + after) });
      assert.ok(reading.kind === "malformed" && reading.routing !== undefined);
      assert.equal(reading.error.code, "EBXML_MIME");
      assert.equal(reading.report.errorCode, "MimeProblem");
    });
  }

  it("decodes base64 in lines of any length, as Node.js does", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        fc.constantFrom("\r\n", "\n", " \r\n"),
        (bytes, lengths, end) => {
          const content = Buffer.from(bytes);
          let text = content.toString("base64");
          const lines: string[] = [];
          for (let line = 0; text !== ""; line += 1) {
            const length = lengths[line % lengths.length]!;
            lines.push(text.slice(0, length));
            text = text.slice(length);
          }
          const part = {
            contentId: "",
            contentType: "",
            transferEncoding: "base64",
            content: Buffer.from(lines.join(end)),
          };
          assert.deepEqual(decodePart(part), content);
          const damaged = Buffer.concat([part.content, Buffer.from("!")]);
          assert.throws(() => decodePart({ ...part, content: damaged }), { code: "EBXML_MIME" });
        },
      ),
    );
  });

  it("keeps characters of two, three and four bytes", () => {
    const { payload } = parsedMessage("message", express);
    assert.ok(
      Buffer.from(payload ?? [])
        .toString("utf8")
        .includes("Zoë Łukasz 𝒳 €"),
    );
  });

  it("maps a reference that matches no id by its position, and warns", () => {
    const { message, warnings, unresolvedReferences } = parsed(change(express, "cid:A1B2C3D4", "cid:00000000"));
    assert.deepEqual(message, sample);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["reference-by-position"],
    );
    assert.deepEqual(unresolvedReferences, []);
  });

  it("gives a part to its own reference before the position of another", () => {
    const first = "cid:A1B2C3D4-0001-4E5F-8A9B-0C1D2E3F4A01@spine.nhs.uk";
    const swapped = change(withAttachments, first, "cid:Attachment1@zt9.example.nhs.uk");
    const { message, unresolvedReferences } = parsed(swapped);
    assert.ok(message.kind === "message");
    assert.deepEqual(unresolvedReferences, []);
    assert.equal(
      Buffer.from(message.payload ?? [])
        .toString("utf8")
        .startsWith("First attachment"),
      true,
    );
    assert.equal(message.attachments.length, 2, "the part that no reference names is kept");
  });

  it("takes the id of an attachment from its reference when the part has none", () => {
    const { attachments } = parsedMessage(
      "message",
      change(withAttachments, "Content-Id: <Attachment2@zt9.example.nhs.uk>\r\n", ""),
    );
    assert.equal(attachments[1]?.contentId, "Attachment2@zt9.example.nhs.uk");
  });

  it("takes no part for the payload of a message that refers to other messages only", () => {
    const cid = /<eb:Reference xlink:href="cid:[^]*?<\/eb:Reference>\r\n/g;
    const { payload, attachments } = parsedMessage("message", withAttachments.replace(cid, ""));
    assert.equal(payload, undefined);
    assert.equal(attachments.length, 3);
  });

  it("keeps the HL7 part of a message without a Manifest, and warns", () => {
    const body = express.replace(/<eb:Manifest[^]*<\/eb:Manifest>/, "");
    const { message, warnings } = parsed(body);
    assert.deepEqual(message, sample);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["part-unreferenced"],
    );
  });
});

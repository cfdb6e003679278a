import assert from "node:assert/strict";
import { encodeMessageError, messageErrorOf } from "../../../../lib/ebxml/encode-signal.js";
import type { BusinessMessage } from "../../../../lib/ebxml/model.js";
import { interpretReply, type HttpReply } from "../../../../lib/mhs/outbound/interpret-reply.js";
import { encodeSoapFault } from "../../../../lib/soap/fault.js";
import { acknowledgmentFor, inboundMessage, newId, spineParty } from "../../../support/mhs/peer.js";

const sent = inboundMessage();
const foreign: BusinessMessage = { ...sent, header: { ...sent.header, messageId: newId() } };

function errorList(message: BusinessMessage, severity: "Error" | "Warning"): Buffer {
  const identity = { messageId: newId(), now: "2026-11-22T10:20:01Z", ownPartyKey: spineParty };
  return encodeMessageError(messageErrorOf(message.header, identity, [{ errorCode: "402005", severity }])).body;
}

const bodies = {
  empty: Buffer.alloc(0),
  "white space": Buffer.from("\r\n"),
  acknowledgment: acknowledgmentFor(sent).body,
  "foreign acknowledgment": acknowledgmentFor(foreign).body,
  "error list": errorList(sent, "Error"),
  warnings: errorList(sent, "Warning"),
  "foreign warnings": errorList(foreign, "Warning"),
  fault: encodeSoapFault({ faultCode: "Server", faultString: "", errors: [] }),
  envelope: Buffer.from('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>'),
  garbage: Buffer.from("<html>"),
};

/** Body, statuses, then what it means for express and for reliable. */
const table: readonly (readonly [keyof typeof bodies, readonly number[], string, string])[] = [
  ["empty", [200, 201, 202, 204], "accepted", "undecided"],
  ["white space", [202], "accepted", "undecided"],
  ["empty", [302, 400, 404, 429, 500, 503], "http-error", "http-error"],
  ["acknowledgment", [200, 202, 500], "acknowledged", "acknowledged"],
  ["foreign acknowledgment", [200, 202], "undecided", "undecided"],
  ["foreign acknowledgment", [500], "http-error", "http-error"],
  ["error list", [200, 202, 400, 500], "ebxml-error", "ebxml-error"],
  ["warnings", [200, 202], "accepted", "accepted"],
  ["warnings", [500], "http-error", "http-error"],
  ["foreign warnings", [200], "undecided", "undecided"],
  ["fault", [200, 202, 400, 500], "soap-fault", "soap-fault"],
  ["envelope", [200, 202], "unparseable", "undecided"],
  ["garbage", [200, 202], "unparseable", "undecided"],
  ["garbage", [400, 500, 502], "http-error", "http-error"],
];

function meaningOf(body: keyof typeof bodies, httpStatus: number, pattern: "express" | "reliable"): string {
  const reply: HttpReply = { kind: "replied", httpStatus, contentType: "text/xml", body: bodies[body] };
  const meaning = interpretReply(reply, { messageId: sent.header.messageId, pattern });
  return meaning.kind === "failed" ? meaning.outcome.kind : meaning.kind;
}

describe("interpretReply", () => {
  for (const [body, statuses, express, reliable] of table) {
    for (const status of statuses) {
      it(`takes ${body} with status ${status} as ${express} for express and ${reliable} for reliable`, () => {
        assert.deepEqual(
          [meaningOf(body, status, "express"), meaningOf(body, status, "reliable")],
          [express, reliable],
        );
      });
    }
  }
});

import assert from "node:assert/strict";
import { encodeSoapFault } from "../../../../lib/soap/fault.js";
import { interpretSynchronousReply } from "../../../../lib/mhs/request/synchronous-form.js";
import { errorFor, settling } from "../../../support/mhs/exchange.js";
import { acknowledgmentFor, inboundMessage, newId, type PeerRequest } from "../../../support/mhs/peer.js";
import { encodeBusinessMessage } from "../../../../lib/ebxml/encode-message.js";

const messageId = newId();
const soap = "http://schemas.xmlsoap.org/soap/envelope/";

function envelope(content: string, relatesTo = ""): string {
  const header = relatesTo === "" ? "" : `<s:Header><RelatesTo>${relatesTo}</RelatesTo></s:Header>`;
  return `<s:Envelope xmlns:s="${soap}">${header}<s:Body>${content}</s:Body></s:Envelope>`;
}

function requestOf(message = inboundMessage()): PeerRequest {
  const { body, contentType } = encodeBusinessMessage(message);
  return { headers: { "content-type": contentType }, rawHeaders: [], path: "/", body };
}

const answer = "<REPC_IN000007GB01/>";
const fault = encodeSoapFault({ faultCode: "Client", faultString: "refused", errors: [] });
const errorList = errorFor(requestOf(), "Error").body;
const warningList = errorFor(requestOf(), "Warning").body;
const acknowledgment = acknowledgmentFor(inboundMessage()).body;

const cases: readonly (readonly [
  title: string,
  httpStatus: number,
  body: string | Buffer,
  outcome: string,
  isKept: boolean,
])[] = [
  ["an interaction with status 200 is the answer", 200, envelope(answer), "replied", true],
  [
    "so it is when it relates to our message",
    200,
    envelope(answer, `uuid:${messageId.toLowerCase()}`),
    "replied",
    true,
  ],
  ["one that relates to another message is none", 200, envelope(answer, `uuid:${newId()}`), "mismatched", true],
  ["whatever is in the Body is for the one who asked to judge", 200, envelope("<other/>"), "replied", true],
  ["an interaction with another status of success is no answer", 202, envelope(answer), "no-answer", true],
  ["an interaction with an error status is an HTTP error", 500, envelope(answer), "http-error", false],
  ["an empty Body is no answer", 200, envelope(""), "no-answer", true],
  ["an empty reply is no answer", 200, "", "no-answer", false],
  ["nor is an empty 202, as the asynchronous pattern has it", 202, " \r\n", "no-answer", false],
  ["an ebXML acknowledgment is no answer", 200, acknowledgment, "no-answer", true],
  ["warnings alone are no answer", 200, warningList, "no-answer", true],
  ["an error list is an ebXML error, with status 200", 200, errorList, "ebxml-error", false],
  ["and with status 500", 500, errorList, "ebxml-error", false],
  ["a fault is one with status 500", 500, fault, "soap-fault", false],
  ["and with status 200", 200, fault, "soap-fault", false],
  ["what is no XML cannot be read", 200, "Bad gateway", "unparseable", true],
  ["nor can what is no envelope", 200, "<html/>", "unparseable", true],
  ["an error status without fault is told as such", 503, "<html/>", "http-error", false],
  ["a redirection is no success", 302, "", "http-error", false],
];

describe("what the reply of a synchronous exchange means", () => {
  for (const [title, httpStatus, body, outcome, isKept] of cases) {
    it(`${title}: ${outcome}`, () => {
      const reply = { kind: "replied", httpStatus, contentType: "text/xml", body: Buffer.from(body) } as const;
      const meaning = interpretSynchronousReply(reply, { messageId, ...settling }, 0);
      assert.equal(meaning.outcome.kind, outcome);
      assert.equal(meaning.settles, outcome === "replied");
      assert.equal(meaning.kept !== undefined, isKept);
    });
  }
});

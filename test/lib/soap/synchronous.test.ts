// The synchronous form: the request to the byte, and replies in every dress that they were seen in.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { isCpisError } from "../../../lib/errors.js";
import { isSameId } from "../../../lib/identifiers.js";
import { parseSoapEnvelope } from "../../../lib/soap/envelope.js";
import {
  encodeSynchronousReply,
  readSynchronousReply,
  type SynchronousReply,
} from "../../../lib/soap/synchronous-reply.js";
import {
  encodeSynchronousRequest,
  readSynchronousRequest,
  type SynchronousRequest,
} from "../../../lib/soap/synchronous-request.js";
import { asid, text, uuid, withOneByteChanged } from "../../support/hl7v3/arbitraries.js";

const folder = join(__dirname, "../../vectors");
const messageId = "0A000000-0000-4000-8000-000000000001";

function vector(name: string): { readonly head: string; readonly body: Buffer } {
  const bytes = readFileSync(join(folder, `soap/${name}.http`));
  const end = bytes.indexOf("\r\n\r\n");
  return { head: bytes.toString("latin1", 0, end), body: bytes.subarray(end + 4) };
}

function replyIn(name: string): SynchronousReply {
  return readSynchronousReply(parseSoapEnvelope(vector(`reply/${name}`).body));
}

const query: SynchronousRequest = {
  messageId,
  service: "urn:nhs:names:services:cpisquery",
  interaction: "QUPC_IN000006GB01",
  endpointUrl: "https://msg.example.nhs.uk/sync-service",
  fromAddress: "",
  fromAsid: "200000000001",
  toAsid: "990000000001",
  payload: Buffer.from(readFileSync(join(folder, "cpis/query-request/person-author.xml"), "utf8").trim()),
};

describe("a request of the synchronous form", () => {
  it("is written to the byte: WS-Addressing, the two systems, the interaction right in the Body", () => {
    const { head, body } = vector("request/query");
    const encoded = encodeSynchronousRequest(query);
    assert.equal(encoded.body.toString("utf8"), body.toString("utf8"));
    assert.match(head, new RegExp(`^Content-Length: ${encoded.body.byteLength}$`, "m"));
    assert.ok(head.includes(`SOAPAction: ${encoded.soapAction}\r\n`));
    assert.ok(head.includes(`Content-Type: ${encoded.contentType}\r\n`));
  });

  it("has one XML declaration, whatever stands before the payload", () => {
    const expected = encodeSynchronousRequest(query).body;
    for (const before of ["\ufeff", '<?xml version="1.0" encoding="UTF-8"?>\r\n', "\ufeff<?xml version='1.0'?>"]) {
      const payload = Buffer.concat([Buffer.from(before), query.payload]);
      assert.ok(encodeSynchronousRequest({ ...query, payload }).body.equals(expected), JSON.stringify(before));
    }
  });

  it("is read as what it was made of, odd characters included", () => {
    const model = fc.record({
      messageId: uuid,
      service: text,
      interaction: text,
      to: text,
      from: text,
      toAsid: asid,
      fromAsid: asid,
    });
    fc.assert(
      fc.property(model, ({ to, from, ...ids }) => {
        const written = encodeSynchronousRequest({ ...query, ...ids, endpointUrl: to, fromAddress: from });
        const read = readSynchronousRequest(parseSoapEnvelope(written.body));
        // XML readers take CRLF for a line feed.
        const normal = (value: string | undefined): string => (value ?? "").replaceAll("\r\n", "\n");
        assert.equal(read.messageId, `uuid:${ids.messageId}`);
        assert.deepEqual([read.toAsid, read.fromAsid], [ids.toAsid, ids.fromAsid]);
        assert.deepEqual(
          [normal(read.action), normal(read.to)],
          [normal(`${ids.service}/${ids.interaction}`), normal(to)],
        );
        assert.equal(read.interaction?.localName, "QUPC_IN000006GB01");
      }),
      { numRuns: 50 },
    );
  });

  it("is read without what is missing, empty, doubled or of another namespace", () => {
    const whole = encodeSynchronousRequest(query).body.toString("utf8");
    const read = (from: string, to: string): ReturnType<typeof readSynchronousRequest> => {
      assert.ok(whole.includes(from));
      return readSynchronousRequest(parseSoapEnvelope(Buffer.from(whole.replaceAll(from, to))));
    };
    assert.equal(read(`<wsa:To>${query.endpointUrl}</wsa:To>`, "<wsa:To/>").to, undefined);
    assert.equal(read("<wsa:To>", "<wsa:To>a</wsa:To><wsa:To>").to, undefined);
    assert.equal(read("ws/2004/08/addressing", "ws/2003/03/addressing").messageId, undefined);
    assert.equal(read("hl7:communicationFunctionSnd", "hl7:other").fromAsid, undefined);
    assert.equal(read("</SOAP:Body>", "<second/></SOAP:Body>").interaction, undefined);
  });
});

describe("a reply of the synchronous form", () => {
  const cases = [
    ["record-with-extra-element", "REPC_IN000007GB01"],
    ["failure-bare-with-prefix", "QUQI_IN010000UK14"],
    ["acknowledgement-in-another-element", "MCCI_IN010000UK13"],
    ["failure-with-other-prefixes-and-line-feeds", "QUQI_IN010000UK14"],
  ] as const;
  for (const [name, interaction] of cases) {
    it(`tells its interaction and what it answers: ${name}`, () => {
      const reply = replyIn(name);
      assert.equal(reply.interaction, interaction);
      assert.deepEqual(
        reply.relatesTo.map((id) => isSameId(id, messageId)),
        [true],
      );
      assert.equal(reply.messageId, "0B000000-0000-4000-8000-000000000001");
      assert.equal(reply.body.localName, "Body");
    });
  }

  it("may come without Header, and then says nothing of what it answers", () => {
    const reply = replyIn("failure-without-header");
    assert.deepEqual([reply.interaction, reply.relatesTo, reply.messageId], ["QUQI_IN010000UK14", [], undefined]);
  });

  it("finds no interaction deeper than two levels, and none where there is none", () => {
    const body = (content: string): Buffer =>
      Buffer.from(
        `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${content}</s:Body></s:Envelope>`,
      );
    const read = (content: string): string | undefined =>
      readSynchronousReply(parseSoapEnvelope(body(content))).interaction;
    assert.equal(read("<a><REPC_IN000007GB01/></a>"), "REPC_IN000007GB01");
    assert.equal(read("<a><b><REPC_IN000007GB01/></b></a>"), undefined);
    assert.equal(read("<CP-ISNHSQueryResponse/>"), undefined);
  });

  it("overlooks no reference, of whatever version of WS-Addressing, and takes an empty one for none", () => {
    const { body } = vector("reply/record-with-extra-element");
    const read = (from: string, to: string): readonly string[] =>
      readSynchronousReply(parseSoapEnvelope(Buffer.from(body.toString("utf8").replaceAll(from, to)))).relatesTo;
    assert.deepEqual(read("http://schemas.xmlsoap.org/ws/2004/08/addressing", "http://www.w3.org/2005/08/addressing"), [
      messageId,
    ]);
    assert.deepEqual(read("uuid:0A0", "urn:uuid:0A0"), [messageId]);
    assert.deepEqual(read("<wsa:RelatesTo>", "<wsa:RelatesTo>other</wsa:RelatesTo><wsa:RelatesTo>"), [
      "other",
      messageId,
    ]);
    assert.deepEqual(read(`uuid:${messageId}`, ""), []);
  });

  it("is written by the simulator as Spine writes it, to the byte", () => {
    const payload = readFileSync(join(folder, "cpis/query-response/d2-extra-wrapper.xml"), "utf8").trim();
    const { service, toAsid: fromAsid, fromAsid: toAsid } = query;
    const written = encodeSynchronousReply({
      messageId: "0B000000-0000-4000-8000-000000000001",
      relatesTo: messageId,
      service,
      interaction: "REPC_IN000007GB01",
      fromAddress: "https://cpisquery.example.nhs.uk/syncservice",
      fromAsid,
      toAsid,
      payload: Buffer.from(payload),
    });
    assert.equal(written.toString("utf8"), vector("reply/record-with-extra-element").body.toString("utf8"));
  });

  it("gives a value or a coded error for any byte that is changed", () => {
    const { body } = vector("reply/failure-bare-with-prefix");
    fc.assert(
      fc.property(withOneByteChanged(body), (changed) => {
        try {
          readSynchronousReply(parseSoapEnvelope(changed));
        } catch (error) {
          assert.ok(isCpisError(error));
        }
      }),
      { numRuns: 200 },
    );
  });
});

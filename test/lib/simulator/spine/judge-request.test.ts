// Which messages the simulator accepts and which it refuses, over real TLS with bytes of the codecs.
import assert from "node:assert/strict";
import { once } from "node:events";
import tls from "node:tls";
import fc from "fast-check";
import type { BusinessMessage } from "../../../../lib/ebxml/model.js";
import { reliabilityElements } from "../../../../lib/ebxml/reliability.js";
import { parseCpaId, parsePartyKey } from "../../../../lib/identifiers.js";
import { classifyReplyBody, type ReplyBody } from "../../../../lib/mhs/outbound/classify-reply.js";
import type { SimulatorEvents } from "../../../../lib/simulator/index.js";
import { judgeRequest } from "../../../../lib/simulator/spine/judge-request.js";
import {
  openTestSpine,
  partyCpaId,
  partyKey,
  type HttpResult,
  type PreparedQuery,
  type QueryOptions,
  testPki,
  type TestSpine,
} from "../../../support/simulator/simulator-client.js";

const known = "9990001014";

function classify(reply: HttpResult): ReplyBody {
  return classifyReplyBody({ contentType: String(reply.headers["content-type"]), body: reply.body });
}

/** Every error of the list as "code description". */
function errorTexts(reply: HttpResult): readonly string[] {
  const body = classify(reply);
  assert.equal(body.kind, "message-error");
  return body.errors.map(({ errorCode, description = "" }) => `${errorCode} ${description}`);
}

function faultCode(reply: HttpResult): string | undefined {
  const body = classify(reply);
  assert.equal(body.kind, "fault");
  return body.fault.errors[0]?.errorCode;
}

function withText(query: PreparedQuery, from: string | RegExp, to: string): { body: Buffer } {
  const text = query.encoded.body.toString("latin1");
  const changed = text.replace(from, to);
  assert.notEqual(changed, text);
  return { body: Buffer.from(changed, "latin1") };
}

describe("The simulator's acceptance of messages", () => {
  let spine: TestSpine;
  before(async () => {
    spine = await openTestSpine();
  });
  after(async () => {
    await spine.close();
  });

  it("accepts an express query with an empty 202 and posts the answer as Spine does", async () => {
    const query = spine.prepare(known);
    const reply = await spine.send(query);
    assert.equal(reply.status, 202);
    assert.equal(reply.body.byteLength, 0);
    assert.equal(reply.headers["soapaction"], "asyncExpressSyncAck");
    const answer = await spine.answer(1);
    assert.equal(answer.kind, "message");
    assert.equal(answer.header.action, "REPC_IN000007GB01");
    assert.equal(answer.header.refToMessageId, query.messageId);
    assert.equal(answer.header.conversationId, query.message.header.conversationId);
    assert.equal(answer.header.cpaId, partyCpaId);
    assert.equal(answer.header.timestamp, query.message.header.timestamp);
    assert.equal(answer.header.toPartyKey, partyKey);
    assert.deepEqual(answer.reliability, reliabilityElements("express"));
  });

  it("accepts a reliable query with an Acknowledgment of it", async () => {
    const query = spine.prepare(known, { pattern: "reliable" });
    const reply = await spine.send(query);
    assert.equal(reply.status, 202);
    const body = classify(reply);
    assert.equal(body.kind === "acknowledgment" && body.acknowledgedMessageId, query.messageId);
  });

  const express = (change: (message: BusinessMessage) => BusinessMessage): QueryOptions => ({ alterMessage: change });
  const refused: readonly (readonly [string, QueryOptions, readonly string[]])[] = [
    [
      "an unknown CPA id",
      express((message) => ({ ...message, header: { ...message.header, cpaId: parseCpaId("S1A1") } })),
      ["ValueNotRecognized 501319:Unknown eb:CPAId"],
    ],
    [
      "an unknown To party",
      express((message) => ({ ...message, header: { ...message.header, toPartyKey: parsePartyKey("XXX-000001") } })),
      ["ValueNotRecognized 501314:Invalid To Party Type attribute"],
    ],
    [
      "a party without contract",
      express((message) => ({ ...message, header: { ...message.header, fromPartyKey: parsePartyKey("XXX-000001") } })),
      ["402005 Contract not found"],
    ],
    [
      "an express message with reliability elements",
      express((message) => ({ ...message, reliability: reliabilityElements("reliable") })),
      [
        "Inconsistent ErrorBaseTms.DUPLICATE_ELIMINATION_INCONSISTENT_WITH_CONTRACT[duplicateEliminationUnexpected]",
        "Inconsistent ErrorBaseTms.ACK_REQUESTED_INCONSISTENT_WITH_CONTRACT[ackRequiredUnexpected]",
      ],
    ],
    [
      "a reliable message without reliability elements",
      { pattern: "reliable", alterMessage: (message) => ({ ...message, reliability: reliabilityElements("express") }) },
      [
        "Inconsistent ErrorBaseTms.DUPLICATE_ELIMINATION_INCONSISTENT_WITH_CONTRACT",
        "Inconsistent ErrorBaseTms.ACK_REQUESTED_INCONSISTENT_WITH_CONTRACT",
        "Inconsistent ErrorBaseTms.ACK_REQUESTED_VERSION_INVALID",
        "Inconsistent ErrorBaseTms.ACK_REQUESTED_SIGNED_INVALID",
        "Inconsistent ErrorBaseTms.ACK_REQUESTED_ACTOR_INVALID",
      ],
    ],
  ];
  for (const [what, options, texts] of refused) {
    it(`refuses ${what} with an ebXML error in a reply of status 200, and says so in an event`, async () => {
      const event = once(spine.simulator.events, "refused");
      const reply = await spine.send(spine.prepare(known, options));
      assert.equal(reply.status, 200);
      assert.deepEqual(errorTexts(reply), texts);
      const [refusal] = (await event) as SimulatorEvents["refused"];
      assert.equal(refusal.stage, "ebxml");
      assert.equal(refusal.faults.length, texts.length);
    });
  }

  it("refuses a message without conversation id by its name of the fault", async () => {
    const query = spine.prepare(known);
    const reply = await spine.send(query, withText(query, /<eb:ConversationId>[^<]*<\/eb:ConversationId>/, ""));
    assert.deepEqual(errorTexts(reply), ["Inconsistent ErrorBaseTms.MESSAGE_NOT_WELL_FORMED"]);
  });

  it("refuses a message without payload", async () => {
    const bare = spine.prepare(known, {
      alterMessage: ({ payload, ...message }) => {
        assert.ok(payload);
        return message;
      },
    });
    assert.deepEqual(errorTexts(await spine.send(bare)), [
      "Inconsistent ErrorBaseTms.INVALID_MANIFEST_REFERENCE[manifest.referenceCount]",
      "Inconsistent ErrorBaseTms.INVALID_MANIFEST_REFERENCE[manfiest.referenceInvalid]",
    ]);
  });

  it("answers bytes that are no MIME or no XML with fault 201", async () => {
    const query = spine.prepare(known);
    for (const body of [Buffer.from("nothing"), query.encoded.body.subarray(0, 900), Buffer.alloc(0)]) {
      const reply = await spine.send(query, { body });
      assert.equal(reply.status, 500);
      assert.equal(faultCode(reply), "201");
    }
    const broken = spine.prepare(known, { alterPayload: (text) => text.slice(0, -10) });
    assert.equal(faultCode(await spine.send(broken)), "201");
  });

  it("answers an unknown SOAPAction, service or interaction with fault 101", async () => {
    const query = spine.prepare(known);
    assert.equal(faultCode(await spine.send(query, { soapAction: "urn:nhs:names:services:cpisquery/OTHER" })), "101");
    const other = spine.prepare(known, {
      alterMessage: (message) => ({ ...message, header: { ...message.header, action: "QUPC_IN000009GB01" } }),
    });
    assert.equal(faultCode(await spine.send(other)), "101");
    const payload = spine.prepare(known, { alterPayload: (text) => text.replaceAll("QUPC_IN000006", "QUPC_IN000009") });
    assert.equal(faultCode(await spine.send(payload)), "101");
  });

  it("takes a SOAPAction in quotes", async () => {
    const query = spine.prepare(known);
    assert.equal((await spine.send(query, { soapAction: `"${query.encoded.soapAction}"` })).status, 202);
  });

  it("refuses other paths, chunked bodies and large ones", async () => {
    const path = new URL(spine.simulator.contracts.express.endpointUrl).pathname;
    assert.equal((await spine.post("/other", { "Content-Length": "1" }, Buffer.from("x"))).status, 404);
    assert.equal((await spine.post(path, { "Transfer-Encoding": "chunked" }, Buffer.from("x"))).status, 411);
    const small = await openTestSpine({ limits: { maximumBytes: 100 } });
    try {
      assert.equal((await small.send(small.prepare(known))).status, 413);
    } finally {
      await small.close();
    }
  });

  it("takes signals posted to it without a word", async () => {
    const query = spine.prepare(known, { pattern: "reliable" });
    const acknowledgment = (await spine.send(query)).body;
    const path = new URL(spine.simulator.contracts.reliable.endpointUrl).pathname;
    const headers = { "Content-Type": "text/xml", "Content-Length": String(acknowledgment.byteLength) };
    const reply = await spine.post(path, headers, acknowledgment);
    assert.equal(reply.status, 200);
    assert.equal(reply.body.byteLength, 0);
  });

  it("can refuse a breach of the pattern with a fault instead", async () => {
    const faulty = await openTestSpine({ acceptanceFailure: "soap-fault" });
    try {
      const options = express((message) => ({ ...message, reliability: reliabilityElements("reliable") }));
      const reply = await faulty.send(faulty.prepare(known, options));
      assert.equal(reply.status, 500);
      assert.equal(faultCode(reply), "201");
    } finally {
      await faulty.close();
    }
  });

  it("tells of a request that ends in the middle, and takes the next", async () => {
    const { client, pki } = await testPki();
    const socket = tls.connect({
      host: "127.0.0.1",
      port: spine.simulator.port,
      ca: pki.caPem,
      key: client.keyPem,
      cert: client.certPem,
    });
    await once(socket, "secureConnect");
    const event = once(spine.simulator.events, "refused");
    socket.write("POST /reliablemessaging/queryrequest HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
    socket.end();
    const [refusal] = (await event) as SimulatorEvents["refused"];
    assert.equal(refusal.stage, "http");
    socket.destroy();
    assert.equal((await spine.send(spine.prepare(known))).status, 202);
  });
});

describe("Judging a request", () => {
  it("gives a judgement for any bytes", async () => {
    const spine = await openTestSpine();
    await spine.close();
    const { encoded } = spine.prepare(known);
    const { contentType, soapAction, body } = encoded;
    const judge = (bytes: Buffer, type: string | undefined): string =>
      judgeRequest(
        { pattern: "express", contentType: type, soapAction, body: bytes },
        { parties: new Map(), isRegistered: () => false },
      ).kind;
    assert.equal(judge(body, contentType), "error");
    const kinds = new Set(["fault", "error", "signal", "message"]);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), fc.boolean(), (place, value, isCut) => {
        const changed = Buffer.from(isCut ? body.subarray(0, place) : body);
        if (!isCut) changed[place] = value;
        assert.ok(kinds.has(judge(changed, contentType)));
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.option(fc.string(), { nil: undefined }), (bytes, type) => {
        assert.ok(kinds.has(judge(Buffer.from(bytes), type)));
      }),
      { numRuns: 200 },
    );
  });
});

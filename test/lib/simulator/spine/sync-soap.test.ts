// The simulator's synchronous form: what it refuses, how its replies look, and what can go wrong with them.
import assert from "node:assert/strict";
import { parseNhsNumber } from "../../../../lib/cpis/nhs-number.js";
import { decideSynchronousOutcome } from "../../../../lib/cpis/query/query-outcome.js";
import { encodeQueryRequest } from "../../../../lib/cpis/query/query-request.js";
import { hl7TimeAt } from "../../../../lib/hl7v3/timestamp.js";
import { classifyReplyBody } from "../../../../lib/mhs/outbound/classify-reply.js";
import type { SimulatorEvents, SyncSoapForm } from "../../../../lib/simulator/index.js";
import { parseSoapEnvelope } from "../../../../lib/soap/envelope.js";
import { readSynchronousReply, type SynchronousReply } from "../../../../lib/soap/synchronous-reply.js";
import { encodeSynchronousRequest } from "../../../../lib/soap/synchronous-request.js";
import {
  asid,
  clinician,
  newUuid,
  openTestSpine,
  type HttpResult,
  type TestSpine,
} from "../../../support/simulator/simulator-client.js";

const path = "/sync-service";
const action = "urn:nhs:names:services:cpisquery/QUPC_IN000006GB01";
const known = "9990001014";
const unknown = "9990000077";
const lateNumber = "9990002126";

interface Question {
  readonly messageId: string;
  readonly eventId: string;
  readonly nhsNumber: string;
  readonly body: Buffer;
}

function question(nhsNumber: string, fromAsid = asid): Question {
  const [messageId, eventId] = [newUuid(), newUuid()];
  const toAsid = "990000000001";
  const payload = encodeQueryRequest({
    nhsNumber: parseNhsNumber(nhsNumber),
    author: clinician,
    fromAsid,
    toAsid,
    messageId,
    eventId,
    queriedAt: hl7TimeAt(Date.parse("2026-11-22T10:15:00Z")),
  });
  const { body } = encodeSynchronousRequest({
    messageId,
    service: "urn:nhs:names:services:cpisquery",
    interaction: "QUPC_IN000006GB01",
    endpointUrl: "https://127.0.0.1/sync-service",
    fromAddress: "",
    fromAsid,
    toAsid,
    payload: Buffer.from(payload),
  });
  return { messageId, eventId, nhsNumber, body };
}

function replyIn(result: HttpResult): SynchronousReply {
  return readSynchronousReply(parseSoapEnvelope(result.body));
}

describe("the simulator's synchronous SOAP", () => {
  let spine: TestSpine;

  async function open(options: Parameters<typeof openTestSpine>[0] = {}): Promise<void> {
    spine = await openTestSpine(options);
  }
  afterEach(async () => {
    await spine.close();
  });

  function post(body: Buffer | string, soapAction = action): Promise<HttpResult> {
    return spine.post(path, { SOAPAction: soapAction, "Content-Type": "text/xml; charset=UTF-8" }, Buffer.from(body));
  }

  function outcomeOf(asked: Question, result: HttpResult): string {
    const context = { nhsNumber: asked.nhsNumber, messageId: asked.messageId, eventId: asked.eventId };
    const outcome = decideSynchronousOutcome(context, replyIn(result).body, { emptyResponse: "failed" });
    return outcome.outcome === "failed" ? outcome.code : outcome.outcome;
  }

  it("answers in the reply, posts nothing, and records the access", async () => {
    await open();
    const accesses: SimulatorEvents["access"][0][] = [];
    spine.simulator.events.on("access", (access) => accesses.push(access));
    const asked = question(known);
    const result = await post(asked.body);
    assert.equal(result.status, 200);
    assert.deepEqual(replyIn(result).relatesTo, [asked.messageId]);
    assert.equal(outcomeOf(asked, result), "found");
    assert.deepEqual(
      accesses.map(({ access }) => access.accessId),
      [asked.eventId],
    );
    assert.equal(spine.answers.length, 0);
  });

  const forms: readonly (readonly [SyncSoapForm, record: RegExp, failure: RegExp])[] = [
    ["spine", /<SOAP:Body><CP-ISNHSQueryResponse .*><REPC_IN000007GB01>/, /<SOAP:Body><hl7:QUQI_IN010000UK14 /],
    [
      "wrapped",
      /<SOAP:Body><CP-ISNHSQueryResponse .*><REPC_IN000007GB01>/,
      /<SOAP:Body><CP-ISNHSQueryResponse .*><QUQI_/,
    ],
    ["bare", /<SOAP:Body><REPC_IN000007GB01 /, /<SOAP:Body><QUQI_IN010000UK14 /],
  ];
  for (const [syncSoapForm, record, failure] of forms) {
    it(`writes its replies in the form "${syncSoapForm}", and all are understood`, async () => {
      await open({ syncSoapForm });
      const [found, none] = [question(known), question(unknown)];
      const [first, second] = [await post(found.body), await post(none.body)];
      assert.match(first.body.toString("utf8"), record);
      assert.match(second.body.toString("utf8"), failure);
      assert.deepEqual([outcomeOf(found, first), outcomeOf(none, second)], ["found", "not-found"]);
    });
  }

  it("leaves the query response code out of Spine's own failures, and swaps sender and receiver", async () => {
    await open();
    const text = (await post(question(unknown).body)).body.toString("utf8");
    assert.doesNotMatch(text, /queryAck/);
    assert.match(text, /<hl7:communicationFunctionRcv.*extension="990000000001".*<hl7:communicationFunctionSnd/);
  });

  const refusals: readonly (readonly [title: string, change: (text: string) => string, fault: RegExp, code: string])[] =
    [
      ["what is no XML", () => "nonsense", /XML_/, "201"],
      [
        "an envelope without Header",
        (text) => text.replace(/<SOAP:Header>[^]*<\/SOAP:Header>/, ""),
        /soapHeaderCount/,
        "201",
      ],
      ["a message id that has not 41 characters", (text) => text.replace("uuid:", ""), /SOAP_MESSAGE_ID_ERROR/, "201"],
      ["a missing Action", (text) => text.replace(/<wsa:Action>.*<\/wsa:Action>/, ""), /SOAP_ACTION_ERROR/, "201"],
      ["an empty To", (text) => text.replace(/<wsa:To>.*<\/wsa:To>/, "<wsa:To/>"), /SOAP_TO_ERROR/, "201"],
      [
        "a receiver that is no ASID",
        (text) => text.replace(/(<hl7:communicationFunctionRcv.*root=")[^"]*/, "$11.2.3"),
        /SOAP_COMM_FUNC_RCV_ERROR/,
        "201",
      ],
      [
        "a missing sender",
        (text) => text.replace(/<hl7:communicationFunctionSnd.*<\/hl7:communicationFunctionSnd>/, ""),
        /SOAP_COMM_FUNC_SND_ERROR/,
        "201",
      ],
      [
        "an Action that is not the SOAPAction",
        (text) => text.replace("cpisquery/QUPC", "cpisquery/OTHER"),
        /SOAPAction/,
        "101",
      ],
      [
        "another interaction",
        (text) => text.replaceAll("<QUPC_", "<XXXX_").replaceAll("</QUPC_", "</XXXX_"),
        /interaction/,
        "101",
      ],
    ];
  for (const [title, change, fault, code] of refusals) {
    it(`refuses ${title} with fault ${code}`, async () => {
      await open();
      const refused: string[] = [];
      spine.simulator.events.on("refused", ({ faults }) => refused.push(...faults));
      const text = question(known).body.toString("utf8");
      const changed = change(text);
      assert.notEqual(changed, text);
      const result = await post(changed);
      assert.equal(result.status, 500);
      const classified = classifyReplyBody({ contentType: "text/xml", body: result.body });
      assert.equal(classified.kind === "fault" && classified.fault.errors[0]?.errorCode, code);
      assert.match(refused.join(), fault);
    });
  }

  it("judges the HL7 message as it does over ebXML", async () => {
    await open();
    const stranger = question(known, "990000000999");
    assert.equal(outcomeOf(stranger, await post(stranger.body)), "application-rejected");
    const asked = question(known);
    assert.equal(outcomeOf(asked, await post(asked.body)), "found");
    assert.equal(outcomeOf(asked, await post(asked.body)), "application-rejected");
    const incomplete = question(known);
    const withoutAuthor = incomplete.body.toString("utf8").replace(/<author1 .*?<\/author1>/, "");
    assert.equal(outcomeOf(incomplete, await post(withoutAuthor)), "query-rejected");
  });

  it("keeps answers back until they are released, and delays those that are late", async () => {
    await open({ lateAnswerMilliseconds: 20 });
    spine.simulator.holdAnswers();
    const asked = question(known);
    const held = post(asked.body);
    while (spine.simulator.heldAnswers === 0) await new Promise((resolve) => setImmediate(resolve));
    spine.simulator.releaseAnswers("in-order");
    assert.equal(outcomeOf(asked, await held), "found");
    const late = question(lateNumber);
    assert.equal(outcomeOf(late, await post(late.body)), "found");
  });

  it("suffers the faults that are injected", async () => {
    await open();
    const { simulator } = spine;
    simulator.inject({ fault: { kind: "soapFault", code: "206" }, times: 1 });
    assert.equal((await post(question(known).body)).status, 500);
    simulator.inject({ fault: { kind: "lineEndsLf" }, times: 1 });
    const withLineFeeds = question(known);
    const lines = await post(withLineFeeds.body);
    assert.ok(!lines.body.includes("\r"));
    assert.equal(outcomeOf(withLineFeeds, lines), "found");
    for (const fault of [
      { kind: "resetConnection" },
      { kind: "lostAcknowledgment" },
      { kind: "resetInReply", afterBytes: 100 },
    ] as const) {
      simulator.inject({ fault, times: 1 });
      await assert.rejects(post(question(known).body), fault.kind);
    }
    const asked = question(known);
    assert.equal(outcomeOf(asked, await post(asked.body)), "found");
  });

  it("tells of the exchange with all that was said", async () => {
    await open();
    const exchanges: SimulatorEvents["exchange"][0][] = [];
    spine.simulator.events.on("exchange", (exchange) => exchanges.push(exchange));
    const asked = question(known);
    await post(asked.body);
    const [exchange] = exchanges;
    assert.deepEqual(
      [exchange?.kind, exchange?.action, exchange?.messageId, exchange?.status],
      ["request", "QUPC_IN000006GB01", asked.messageId, 200],
    );
    assert.match(exchange?.reply ?? "", /REPC_IN000007GB01/);
  });
});

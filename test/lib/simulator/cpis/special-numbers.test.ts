// Each special NHS number does what its row of the table says.
import assert from "node:assert/strict";
import { decideQueryOutcome, type QueryDecision } from "../../../../lib/cpis/query/query-outcome.js";
import { readNhsNumber } from "../../../../lib/cpis/nhs-number.js";
import type { BusinessMessage } from "../../../../lib/ebxml/model.js";
import { CpisError } from "../../../../lib/errors.js";
import { classifyReplyBody } from "../../../../lib/mhs/outbound/classify-reply.js";
import { specialNumbers, type SpecialNumber } from "../../../../lib/simulator/index.js";
import { sampleChildren } from "../../../../lib/simulator/cpis/sample-children.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import type { XmlElement } from "../../../../lib/xml/xml-element.js";
import {
  openTestSpine,
  type HttpResult,
  type PreparedQuery,
  type TestSpine,
} from "../../../support/simulator/simulator-client.js";

function readRoot(message: BusinessMessage): XmlElement | CpisError {
  try {
    return parseXml(message.payload ?? Buffer.alloc(0));
  } catch (error) {
    if (error instanceof CpisError) return error;
    throw error;
  }
}

function decide(query: PreparedQuery, message: BusinessMessage): QueryDecision {
  const context = { nhsNumber: query.nhsNumber, messageId: query.hl7Id, eventId: query.eventId };
  return decideQueryOutcome(context, readRoot(message), { emptyResponse: "failed" });
}

function summary(decision: QueryDecision): unknown {
  if (decision.kind !== "result") return decision.kind;
  const { result } = decision;
  switch (result.outcome) {
    case "found":
      return { outcome: "found" };
    case "not-found":
      return { outcome: "not-found", basis: result.basis };
    case "failed":
      return { outcome: "failed", code: result.code };
  }
}

/** What an answer that never settles the query looks like, by behaviour. */
const unsettling: Readonly<Record<string, (query: PreparedQuery, spine: TestSpine) => Promise<void>>> = {
  "acknowledged-only": async (query, spine) => {
    assert.equal(summary(decide(query, await businessAnswer(spine, 1))), "keep-waiting");
  },
  "wrong-message-reference": async (query, spine) => {
    assert.equal(summary(decide(query, await businessAnswer(spine, 1))), "discard");
  },
  "wrong-ebxml-reference": async (query, spine) => {
    const answer = await businessAnswer(spine, 1);
    assert.notEqual(answer.header.refToMessageId, query.messageId);
  },
  "oversized-answer": async (_query, spine) => {
    await spine.answer(1);
    assert.ok((spine.answerBodies[0]?.byteLength ?? 0) > 5_308_416);
  },
  "late-answer": async (query, spine) => {
    assert.deepEqual(summary(decide(query, await businessAnswer(spine, 1))), { outcome: "found" });
  },
};

async function businessAnswer(spine: TestSpine, count: number): Promise<BusinessMessage> {
  const answer = await spine.answer(count);
  assert.equal(answer.kind, "message");
  return answer;
}

function assertReply(special: SpecialNumber, reply: HttpResult): void {
  const { reply: conduct } = special.conduct;
  const classified = classifyReplyBody({ contentType: "text/xml", body: reply.body });
  switch (conduct.kind) {
    case "accept":
      assert.equal(reply.status, 202);
      assert.equal(reply.body.byteLength, 0);
      assert.equal(reply.headers["soapaction"], "asyncExpressSyncAck");
      break;
    case "http-error":
      assert.equal(reply.status, conduct.status);
      assert.equal(reply.body.byteLength, 0);
      break;
    case "soap-fault":
      assert.equal(reply.status, 500);
      assert.equal(classified.kind === "fault" && classified.fault.errors[0]?.errorCode, conduct.code);
      break;
    case "ebxml-error":
      assert.equal(reply.status, 200);
      assert.equal(classified.kind === "message-error" && classified.errors[0]?.errorCode, conduct.errorCode);
      break;
    case "silence":
    case "reset":
      assert.fail("there should be no reply");
  }
}

async function assertAnswer(special: SpecialNumber, query: PreparedQuery, spine: TestSpine): Promise<void> {
  const { expected, behaviour } = special;
  const check = unsettling[behaviour];
  if (check !== undefined) {
    assert.deepEqual(expected, { outcome: "failed", code: "timeout" });
    await check(query, spine);
    return;
  }
  const first = await spine.answer(1);
  if (first.kind === "message-error") {
    assert.deepEqual(expected, { outcome: "failed", code: "ebxml-error" });
    assert.equal(first.header.refToMessageId, query.messageId);
    return;
  }
  assert.equal(first.kind, "message");
  assert.equal(first.header.refToMessageId, query.messageId);
  assert.deepEqual(summary(decide(query, first)), expected);
}

describe("The special NHS numbers", () => {
  let spine: TestSpine;
  beforeEach(async () => {
    spine = await openTestSpine({ lateAnswerMilliseconds: 20 });
  });
  afterEach(async () => {
    await spine.close();
  });

  for (const special of specialNumbers) {
    it(`${special.behaviour}: ${special.description}`, async () => {
      const query = spine.prepare(special.nhsNumber);
      const { kind } = special.conduct.reply;
      if (kind === "silence" || kind === "reset") {
        const sending = spine.send(query);
        if (kind === "silence") await spine.simulator.close();
        await assert.rejects(sending);
        assert.deepEqual(special.expected, { outcome: "failed", code: "timeout" });
        return;
      }
      assertReply(special, await spine.send(query));
      if (special.conduct.answers.length > 0) await assertAnswer(special, query, spine);
      else if (kind === "accept") assert.deepEqual(special.expected, { outcome: "failed", code: "timeout" });
      else assert.equal(special.expected.outcome === "failed" && special.expected.code, kind);
    });
  }

  it("are valid, different from each other and from the sample children", () => {
    const numbers = [...specialNumbers, ...sampleChildren(Date.now())].map(({ nhsNumber }) => nhsNumber);
    assert.equal(new Set(numbers).size, numbers.length);
    for (const number of numbers) assert.equal(readNhsNumber(number), number);
    assert.equal(new Set(specialNumbers.map(({ behaviour }) => behaviour)).size, specialNumbers.length);
  });

  it("answer before the reply when the table says so", async () => {
    const special = specialNumbers.find(({ behaviour }) => behaviour === "answer-before-reply");
    await spine.send(spine.prepare(special!.nhsNumber));
    assert.equal(spine.answers.length, 1);
  });

  it("send the duplicate answer with the same bytes, and the conflicting one with another id", async () => {
    const numberOf = (name: string): string => specialNumbers.find(({ behaviour }) => behaviour === name)!.nhsNumber;
    await spine.send(spine.prepare(numberOf("duplicate-answer")));
    await spine.answer(2);
    assert.deepEqual(spine.answerBodies[0], spine.answerBodies[1]);
    const query = spine.prepare(numberOf("conflicting-answer"));
    await spine.send(query);
    const [third, fourth] = [await businessAnswer(spine, 3), await businessAnswer(spine, 4)];
    assert.notEqual(third.header.messageId, fourth.header.messageId);
    assert.equal(third.header.refToMessageId, fourth.header.refToMessageId);
    assert.deepEqual(summary(decide(query, fourth)), { outcome: "not-found", basis: "nhs-number-not-on-cpis" });
  });
});

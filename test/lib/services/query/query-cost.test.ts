// What one query costs: how often its answer is read and judged, and what it asks of the disk.
import assert from "node:assert/strict";
import { StatementSync } from "node:sqlite";
import { SaxesParser } from "saxes";
import type { PersonAuthor } from "../../../../lib/cpis/model.js";
import { createQueryService } from "../../../../lib/services/query/query.js";
import { encodeBusinessMessage } from "../../../../lib/ebxml/encode-message.js";
import { parseConversationId, parseMessageId } from "../../../../lib/identifiers.js";
import { useDurableScene, type Instance } from "../../../support/mhs/durable-exchange.js";
import { inboundMessage, newId, replyEmpty } from "../../../support/mhs/peer.js";

const author: PersonAuthor = {
  kind: "person",
  userId: "990000001001",
  roleProfileId: "990000001002",
  role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
  name: { given: ["Ann"], family: "Example" },
  organisation: { code: "ZT7", name: "EXAMPLE HOSPITAL TRUST" },
};
const effects = { now: () => Date.now(), newUuid: () => newId() };

/** Notes each call of a method of a real class: on what it was called. */
function watchCalls<Target extends object>(target: Target, name: keyof Target) {
  const original = target[name];
  const calledOn: Target[] = [];
  Object.defineProperty(target, name, {
    configurable: true,
    writable: true,
    value(this: Target, ...parameters: readonly unknown[]): unknown {
      calledOn.push(this);
      return Reflect.apply(original as (...all: readonly unknown[]) => unknown, this, parameters);
    },
  });
  return { calledOn, restore: () => Object.defineProperty(target, name, { value: original }) };
}

function textIn(body: Buffer, element: string): string {
  return new RegExp(`<eb:${element}>([^<]+)</eb:${element}>`).exec(body.toString("latin1"))?.[1] ?? "";
}

describe("one query with an embedded store and its audit", () => {
  const scene = useDurableScene();
  let restore: (() => void)[] = [];

  afterEach(() => {
    restore.forEach((each) => each());
    restore = [];
  });

  /** The peer reads nothing as XML, so that whatever is parsed in this process is parsed by us. */
  async function start(): Promise<{ instance: Instance; ask: () => Promise<string> }> {
    const opened: Instance[] = [];
    await scene.startPeer((request, response) => {
      replyEmpty(response);
      const hl7Id = /<id root="([^"]+)"/.exec(request.body.toString("latin1"))?.[1] ?? "";
      const answer = inboundMessage({
        header: {
          refToMessageId: parseMessageId(textIn(request.body, "MessageId")),
          conversationId: parseConversationId(textIn(request.body, "ConversationId")),
          action: "MCCI_IN010000UK13",
        },
        payload: `<MCCI_IN010000UK13 xmlns="urn:hl7-org:v3"><id root="${newId()}"/>
          <acknowledgement typeCode="AR"><messageRef><id root="${hl7Id}"/></messageRef></acknowledgement></MCCI_IN010000UK13>`,
      });
      void opened[0]?.post({ message: encodeBusinessMessage(answer, { style: "spine" }) });
    });
    const instance = await scene.start({ settings: { leaseMilliseconds: 600_000 } });
    opened.push(instance);
    const contract = scene.contract({ ackRequested: "never", duplicateElimination: "never" });
    const service = createQueryService({
      mhs: instance.mhs,
      effects,
      audit: { appendAudit: (entry) => instance.store.appendAudit(entry), isOfMessageStore: true },
      settings: {
        fromAsid: "990000000145",
        contract: () => Promise.resolve(contract),
        checkActivities: false,
        timeoutMilliseconds: 30_000,
        emptyResponse: "failed",
      },
    });
    return {
      instance,
      ask: async () => {
        const { result } = await service.ask({ nhsNumber: "9990001014", author, accessType: "unscheduled" });
        return result.outcome === "failed" ? result.code : result.outcome;
      },
    };
  }

  it("is three commits and twenty statements at most, with its message, answer and audit on disk", async () => {
    const { instance, ask } = await start();
    assert.equal(await ask(), "application-rejected");
    const statements = watchCalls(StatementSync.prototype, "all");
    restore.push(statements.restore);
    assert.equal(await ask(), "application-rejected");
    const texts = statements.calledOn.map(({ sourceSQL }) => sourceSQL.replaceAll(/\s+/g, " ").slice(0, 60));
    const commits = texts.filter((text) => text === "COMMIT").length;
    assert.ok(commits <= 3, `${commits} commits: ${texts.join("; ")}`);
    assert.ok(texts.length <= 20, `${texts.length} statements: ${texts.join("; ")}`);
    const entries = await instance.store.readAudit(0, 10);
    assert.deepEqual(
      entries.map(({ event, concerns }) => [event, concerns]),
      [
        ["query-asked", undefined],
        ["query-ended", 1],
        ["query-asked", undefined],
        ["query-ended", 3],
      ],
    );
    const { messages } = await instance.store.list({}, 10);
    assert.deepEqual(messages.map(({ state }) => state).sort(), ["completed", "completed", "confirmed", "confirmed"]);
  });

  it("reads its answer once: one envelope and one payload", async () => {
    const { ask } = await start();
    const readings = watchCalls(SaxesParser.prototype, "close");
    restore.push(readings.restore);
    assert.equal(await ask(), "application-rejected");
    assert.equal(readings.calledOn.length, 2);
  });

  it("judges its answer once", async () => {
    const answers: (() => void)[] = [];
    await scene.startPeer((_request, response) => {
      replyEmpty(response);
      answers[0]?.();
    });
    const instance = await scene.start();
    let judgements = 0;
    const request = scene.request({
      judge: () => {
        judgements += 1;
        return { kind: "settles", result: judgements };
      },
    });
    const { messageId: refToMessageId, conversationId } = request;
    const message = encodeBusinessMessage(inboundMessage({ header: { refToMessageId, conversationId } }));
    answers.push(() => void instance.post({ message }));
    const outcome = await instance.mhs.request(request);
    assert.ok(outcome.kind === "answered" && outcome.result === 1);
    assert.equal(judgements, 1);
  });
});

// Answers that reach another instance than the one that asks: whoever takes one decides as the asker would.
import assert from "node:assert/strict";
import type { PersonAuthor } from "../../../../lib/cpis/model.js";
import { parseMessageId } from "../../../../lib/identifiers.js";
import { createQueryService, judgeStoredQuery, type QueryAnswer } from "../../../../lib/services/query/query.js";
import type { StoredMessage } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { errorFor } from "../../../support/mhs/exchange.js";
import { useDurableScene, type Instance } from "../../../support/mhs/durable-exchange.js";
import {
  answerTo,
  encodeInbound,
  messageIn,
  newId,
  replyEmpty,
  type MessageChange,
  type PeerRequest,
} from "../../../support/mhs/peer.js";
import { createMemoryStore } from "../../../support/store/sqlite-place.js";

const author: PersonAuthor = {
  kind: "person",
  userId: "990000001001",
  roleProfileId: "990000001002",
  role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
  name: { given: ["Ann"], family: "Example" },
  organisation: { code: "ZT7", name: "EXAMPLE HOSPITAL TRUST" },
};
const effects = { now: () => Date.now(), newUuid: () => newId() };

function hl7IdIn(request: PeerRequest): string {
  return /<id root="([^"]+)"/.exec(Buffer.from(messageIn(request).payload ?? []).toString())?.[1] ?? "";
}

function wrapped(interaction: string, type: string, messageRef: string, content: string): string {
  const device = (root: string): string =>
    `<device classCode="DEV" determinerCode="INSTANCE"><id root="1.2.826.0.1285.0.2.0.107" extension="${root}"/></device>`;
  return `<${interaction} xmlns="urn:hl7-org:v3"><id root="${newId()}"/><creationTime value="20261122101500"/>
    <versionCode code="V3NPfIT3.0"/><interactionId root="2.16.840.1.113883.2.1.3.2.4.12" extension="${interaction}"/>
    <processingCode code="P"/><processingModeCode code="T"/><acceptAckCode code="NE"/>
    <acknowledgement typeCode="${type}"><messageRef><id root="${messageRef}"/></messageRef></acknowledgement>
    <communicationFunctionRcv typeCode="RCV">${device("990000000145")}</communicationFunctionRcv>
    <communicationFunctionSnd typeCode="SND">${device("990000000001")}</communicationFunctionSnd>${content}</${interaction}>`;
}

/** The NHS number is not on CP-IS. */
function notOnCpis(messageRef: string): string {
  return wrapped(
    "QUQI_IN010000UK14",
    "AE",
    messageRef,
    `<ControlActEvent classCode="CACT" moodCode="EVN"><reason typeCode="RSON"><justifyingDetectedIssueEvent
      classCode="ALRT" moodCode="EVN"><code code="NHSNCC002" codeSystem="2.16.840.1.113883.2.1.3.2.4.17.42"
      displayName="NHS Number Not Found"><qualifier code="ER"/></code></justifyingDetectedIssueEvent></reason>
      <queryAck type="QueryAck"><queryResponseCode code="ID"/></queryAck></ControlActEvent>`,
  );
}

const acknowledged = (messageRef: string): string => wrapped("MCCI_IN010000UK13", "AA", messageRef, "");

describe("an answer to a query that waits in another instance", () => {
  const scene = useDurableScene();
  let store: MessageStore;
  let asker: Instance;
  let other: Instance;

  beforeEach(async () => {
    store = await createMemoryStore();
    asker = await scene.start({ store, settings: { judge: judgeStoredQuery } });
    other = await scene.start({ store, settings: { judge: judgeStoredQuery } });
  });

  afterEach(async () => {
    await Promise.all([asker.close(), other.close()]);
    await store.close();
  });

  async function ask(timeoutMilliseconds = 30_000): Promise<QueryAnswer> {
    const contract = scene.contract({ ackRequested: "never", duplicateElimination: "never" });
    const service = createQueryService({
      mhs: asker.mhs,
      effects,
      audit: { appendAudit: (entry) => store.appendAudit(entry), isOfMessageStore: true },
      settings: {
        fromAsid: "990000000145",
        contract: () => Promise.resolve(contract),
        checkActivities: false,
        timeoutMilliseconds,
        emptyResponse: "failed",
      },
    });
    return service.ask({ nhsNumber: "9990001014", author, accessType: "unscheduled" });
  }

  /** Replies, and then posts each of these to the instance that did not ask, one after the other. */
  async function answering(posts: (request: PeerRequest) => readonly MessageChange[]): Promise<void> {
    await scene.startPeer((request, response) => {
      replyEmpty(response);
      void (async () => {
        for (const change of posts(request)) await other.post({ message: answerTo(messageIn(request), change) });
      })();
    });
  }

  async function outcomeOf(asking: Promise<QueryAnswer>): Promise<string> {
    const { result } = await asking;
    return result.outcome === "failed" ? result.code : result.outcome;
  }

  async function inboundStates(): Promise<readonly string[]> {
    const { messages } = await store.list({ direction: "inbound" }, 10);
    return messages
      .toReversed()
      .map(({ state, errorCode, attributes }: StoredMessage) =>
        [String(attributes["role"]), state, errorCode].filter(Boolean).join(" "),
      );
  }

  it("is not ended by an acknowledgement without data: the real answer is still taken", async () => {
    await answering((request) => [
      { header: { action: "MCCI_IN010000UK13" }, payload: acknowledged(hl7IdIn(request)) },
      { payload: notOnCpis(hl7IdIn(request)) },
    ]);
    assert.equal(await outcomeOf(ask()), "not-found");
    assert.deepEqual(await inboundStates(), ["kept-waiting confirmed", "answer confirmed"]);
  });

  it("is not ended by a reply about another message: the real answer is still taken", async () => {
    await answering((request) => [{ payload: notOnCpis(newId()) }, { payload: notOnCpis(hl7IdIn(request)) }]);
    assert.equal(await outcomeOf(ask()), "not-found");
    assert.deepEqual(await inboundStates(), ["discarded rejected EBXML_DISCARDED_ANSWER", "answer confirmed"]);
  });

  it("is ended by an ebXML error list at once, and not only by its time-out", async () => {
    await scene.startPeer((request, response) => {
      replyEmpty(response);
      void other.post({ message: errorFor(request, "Error") });
    });
    assert.equal(await outcomeOf(ask(60_000)), "ebxml-error");
    const { messages } = await store.list({ direction: "outbound" }, 5);
    assert.deepEqual(
      messages.map(({ state, errorCode }) => [state, errorCode]),
      [["failed", "EBXML_REFUSED"]],
    );
  });

  it("is in the audit once, with its outcome and the entry that it ends, wherever it arrives", async () => {
    await answering((request) => [{ payload: notOnCpis(hl7IdIn(request)) }]);
    assert.equal(await outcomeOf(ask()), "not-found");
    const entries = await store.readAudit(0, 10);
    assert.deepEqual(
      entries.map(({ event, outcome, concerns }) => [event, outcome, concerns]),
      [
        ["query-asked", undefined, undefined],
        ["query-ended", "not-found", 1],
      ],
    );
  });

  describe("that names no message around its payload", () => {
    async function answerWithoutReference(to: () => Instance, payload: (request: PeerRequest) => string) {
      await scene.startPeer((request, response) => {
        replyEmpty(response);
        const { conversationId } = messageIn(request).header;
        void to().post({ message: encodeInbound({ header: { conversationId }, payload: payload(request) }) });
      });
    }
    const instances = { "the asker's": () => asker, another: () => other } as const;

    for (const [which, instance] of Object.entries(instances)) {
      it(`counts in ${which} instance by the payload's own reference to the query`, async () => {
        await answerWithoutReference(instance, (request) => notOnCpis(hl7IdIn(request)));
        assert.equal(await outcomeOf(ask()), "not-found");
      });

      it(`does not count in ${which} instance by its conversation alone`, async () => {
        await answerWithoutReference(instance, () => notOnCpis("").replace(/<messageRef>.*<\/messageRef>/, ""));
        assert.equal(await outcomeOf(ask(1_500)), "timeout");
        assert.deepEqual(await inboundStates(), ["discarded rejected EBXML_DISCARDED_ANSWER"]);
      });
    }
  });

  for (const form of ["uuid:", "urn:uuid:", "URN:UUID:"]) {
    it(`finds its query when the reference is written ${form}...`, async () => {
      await answering((request) => [
        {
          header: { refToMessageId: parseMessageId(form + messageIn(request).header.messageId.toLowerCase()) },
          payload: notOnCpis(hl7IdIn(request)),
        },
      ]);
      assert.equal(await outcomeOf(ask()), "not-found");
    });
  }

  it("is waited for after a reply of status 204 without a body", async () => {
    await scene.startPeer((request, response) => {
      replyEmpty(response, 204);
      void asker.post({ message: answerTo(messageIn(request), { payload: notOnCpis(hl7IdIn(request)) }) });
    });
    assert.equal(await outcomeOf(ask()), "not-found");
  });
});

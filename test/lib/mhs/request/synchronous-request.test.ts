// Requests whose answer comes in the reply: one exchange, its answer kept and linked, and never a second one.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { parseConversationId, parseCpaId } from "../../../../lib/identifiers.js";
import { createMessageHandlingService } from "../../../../lib/mhs/message-handling-service.js";
import type { OutboundRequest, RequestOutcome } from "../../../../lib/mhs/model.js";
import { newOutboundRecord } from "../../../../lib/mhs/outbound/outbound-record.js";
import { prepareSynchronous } from "../../../../lib/mhs/request/synchronous-form.js";
import type { MessagingContract } from "../../../../lib/sds/contract.js";
import { parseSoapEnvelope } from "../../../../lib/soap/envelope.js";
import { encodeSoapFault } from "../../../../lib/soap/fault.js";
import { encodeSynchronousReply } from "../../../../lib/soap/synchronous-reply.js";
import { readSynchronousRequest } from "../../../../lib/soap/synchronous-request.js";
import type { StoredMessage } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { stored, until, untilState, useDurableScene } from "../../../support/mhs/durable-exchange.js";
import { settling } from "../../../support/mhs/exchange.js";
import { createFailingStore } from "../../../support/mhs/failing-store.js";
import { createMemoryStore } from "../../../support/store/sqlite-place.js";
import {
  newId,
  ownParty,
  service,
  startPeer,
  testCertificates,
  type PeerBehaviour,
  type PeerRequest,
} from "../../../support/mhs/peer.js";

const synchronous = { syncReplyMode: "None", ackRequested: "never", duplicateElimination: "never" };

function idIn(request: PeerRequest): string {
  return readSynchronousRequest(parseSoapEnvelope(request.body)).messageId?.slice("uuid:".length) ?? "";
}

function answerBody(relatesTo: string): Buffer {
  return encodeSynchronousReply({
    messageId: newId(),
    relatesTo,
    service,
    interaction: "QUQI_IN010000UK14",
    fromAddress: "https://cpisquery.example.nhs.uk/syncservice",
    fromAsid: "990000000001",
    toAsid: "990000000145",
    payload: Buffer.from("<QUQI_IN010000UK14/>"),
  });
}

function reply(response: ServerResponse, body: Buffer, status = 200): void {
  response.writeHead(status, { "Content-Type": "text/xml; charset=UTF-8", "Content-Length": body.length }).end(body);
}

const answering: PeerBehaviour = (request, response) => reply(response, answerBody(idIn(request)));

async function onlyOf(store: MessageStore, direction: "outbound" | "inbound"): Promise<StoredMessage> {
  const { messages } = await store.list({ direction }, 10);
  const [only, ...others] = messages;
  if (only === undefined || others.length > 0) assert.fail(`${messages.length} messages are stored`);
  return only;
}

describe("a synchronous request with a message store", () => {
  const scene = useDurableScene();

  function request(change: Partial<OutboundRequest> = {}): OutboundRequest {
    return scene.request({ contract: scene.contract(synchronous), fromAsid: "990000000145", ...change });
  }

  async function statesOf(store: MessageStore, message: StoredMessage): Promise<readonly string[]> {
    return (await store.history(message.id)).map(({ state }) => state);
  }

  it("is in the store, with its bytes, before the first of them leaves", async () => {
    const seen: unknown[] = [];
    const storeOf: MessageStore[] = [];
    await scene.startPeer((incoming, response) => {
      void (async () => {
        const row = await storeOf[0]?.findByMessageId("outbound", idIn(incoming));
        const content = row === undefined ? undefined : await storeOf[0]?.readContent(row.id);
        seen.push(row?.state, content?.kind === "content" && content.bytes.equals(incoming.body));
        answering(incoming, response);
      })();
    });
    const { mhs, store } = await scene.start();
    storeOf.push(store);
    const outcome = await mhs.request(request());
    assert.equal(outcome.kind, "replied");
    assert.deepEqual(seen, ["sending", true]);
  });

  it("is completed by the reply, which is kept, linked both ways, and confirmed", async () => {
    const peer = await scene.startPeer(answering);
    const { mhs, store } = await scene.start();
    const asked = request();
    const outcome = await mhs.request(asked);
    assert.ok(outcome.kind === "replied");
    assert.equal(outcome.reply.interaction, "QUQI_IN010000UK14");
    const row = await onlyOf(store, "outbound");
    assert.deepEqual(await statesOf(store, row), ["sending", "completed"]);
    const { answeredBy } = row;
    if (answeredBy === undefined) assert.fail("no answer");
    await until(async () => (await stored(store, answeredBy)).state === "confirmed");
    const answer = await stored(store, answeredBy);
    assert.deepEqual(
      [answer.interaction, answer.refToMessageId, answer.conversationId, answer.attributes["refersTo"]],
      ["QUQI_IN010000UK14", row.messageId, asked.conversationId, row.id],
    );
    const content = await store.readContent(answeredBy);
    assert.ok(content.kind === "content" && content.bytes.includes("<QUQI_IN010000UK14/>"));
    assert.equal(peer.requests.length, 1);
  });

  it("goes over the same mutual TLS, as text/xml with the ASIDs of both systems", async () => {
    const peer = await scene.startPeer(answering);
    const { mhs } = await scene.start();
    const asked = request();
    await mhs.request(asked);
    const [sent] = peer.requests;
    if (sent === undefined) assert.fail("nothing was sent");
    const read = readSynchronousRequest(parseSoapEnvelope(sent.body));
    assert.deepEqual([read.fromAsid, read.toAsid], ["990000000145", "990000000001"]);
    assert.equal(read.to, asked.contract.endpointUrl);
    assert.equal(sent.headers["soapaction"], `${service}/QUPC_IN000006GB01`);
    assert.equal(sent.headers["content-type"], "text/xml; charset=UTF-8");
    assert.equal(Number(sent.headers["content-length"]), sent.body.length);
  });

  const failures: readonly {
    readonly title: string;
    readonly behave: PeerBehaviour;
    readonly outcome: RequestOutcome["kind"];
    readonly code: string;
    readonly kept: string | undefined;
    readonly change?: Partial<OutboundRequest>;
  }[] = [
    {
      title: "a reply that relates to another message is discarded and kept",
      behave: (_request, response) => reply(response, answerBody(newId())),
      outcome: "mismatched",
      code: "SOAP_REPLY_MISMATCH",
      kept: "SOAP_REPLY_MISMATCH",
    },
    {
      title: "a reply that the one who asked does not take for his is kept as discarded",
      behave: answering,
      outcome: "replied",
      code: "SOAP_REPLY_MISMATCH",
      kept: "SOAP_REPLY_MISMATCH",
      change: { judgeReply: () => ({ settles: false, result: undefined }) },
    },
    {
      title: "a reply that cannot be read is kept",
      behave: (_request, response) => reply(response, Buffer.from("<SOAP:Envelope")),
      outcome: "unparseable",
      code: "SOAP_NO_ANSWER",
      kept: "SOAP_NO_ANSWER",
    },
    {
      title: "a judge that fails does not make the reply look like one that never came",
      behave: answering,
      outcome: "unparseable",
      code: "SOAP_NO_ANSWER",
      kept: "SOAP_NO_ANSWER",
      change: {
        judgeReply: () => {
          throw new Error("a fault of the judge");
        },
      },
    },
    {
      title: "a fault ends it as refused",
      behave: (_request, response) =>
        reply(response, encodeSoapFault({ faultCode: "Client", faultString: "no", errors: [] }), 500),
      outcome: "soap-fault",
      code: "EBXML_REFUSED",
      kept: undefined,
    },
    {
      title: "an empty reply is no answer",
      behave: (_request, response) => reply(response, Buffer.alloc(0)),
      outcome: "no-answer",
      code: "SOAP_NO_ANSWER",
      kept: undefined,
    },
    {
      title: "an HTTP error without a body leaves the outcome open",
      behave: (_request, response) => reply(response, Buffer.alloc(0), 500),
      outcome: "http-error",
      code: "EBXML_OUTCOME_UNKNOWN",
      kept: undefined,
    },
    {
      title: "a reply larger than the limit is read no further",
      behave: (_request, response) => reply(response, Buffer.alloc(6_000_000, " ")),
      outcome: "unparseable",
      code: "EBXML_OUTCOME_UNKNOWN",
      kept: undefined,
    },
    {
      title: "a connection that breaks leaves the outcome open at once, and nothing is sent again",
      behave: (_request, response) => response.destroy(),
      outcome: "timeout",
      code: "EBXML_OUTCOME_UNKNOWN",
      kept: undefined,
    },
  ];
  for (const { title, behave, outcome, code, kept, change } of failures) {
    it(`fails with ${code}: ${title}`, async () => {
      const peer = await scene.startPeer(behave);
      const { mhs, store } = await scene.start();
      assert.equal((await mhs.request(request(change))).kind, outcome);
      const row = await onlyOf(store, "outbound");
      assert.deepEqual([row.state, row.errorCode], ["failed", code]);
      const { messages } = await store.list({ direction: "inbound" }, 10);
      assert.deepEqual(
        messages.map(({ state, errorCode }) => [state, errorCode]),
        kept === undefined ? [] : [["rejected", kept]],
      );
      assert.equal(peer.requests.length, 1);
    });
  }

  it("fails when its time is over, is not sent again, and a late reply is kept and given to nobody", async () => {
    const release = Promise.withResolvers<undefined>();
    const peer = await scene.startPeer((incoming, response) => {
      void release.promise.then(() => answering(incoming, response));
    });
    const { mhs, store, log } = await scene.start();
    const outcome = await mhs.request(request({ timeoutMilliseconds: 200 }));
    assert.deepEqual(outcome, { kind: "timeout", wasAccepted: false });
    const row = await onlyOf(store, "outbound");
    assert.deepEqual([row.state, row.errorCode], ["failed", "EBXML_OUTCOME_UNKNOWN"]);
    release.resolve(undefined);
    await until(async () => (await store.list({ direction: "inbound", states: ["rejected"] }, 10)).messages.length > 0);
    const late = await onlyOf(store, "inbound");
    assert.equal(late.errorCode, "EBXML_LATE_ANSWER");
    assert.equal((await stored(store, row.id)).answeredBy, late.id);
    assert.ok(log.includes("warning LATE_ANSWER"));
    assert.equal(peer.requests.length, 1);
  });

  it("is not sent without the ASID of the system that asks", async () => {
    const peer = await scene.startPeer(answering);
    const { mhs } = await scene.start();
    const outcome = await mhs.request(scene.request({ contract: scene.contract(synchronous) }));
    assert.equal(outcome.kind === "not-sent" && outcome.error.code, "CONFIG_MISSING");
    assert.equal(peer.connectionsMade(), 0);
  });

  it("ends as aborted when the one who asked gives up, and when the service closes", async () => {
    await scene.startPeer(() => undefined);
    const instance = await scene.start();
    const { mhs } = instance;
    assert.deepEqual(await mhs.request(request({ signal: AbortSignal.timeout(50) })), { kind: "aborted" });
    const open = mhs.request(request());
    await once(mhs.events, "sending");
    await instance.close();
    assert.deepEqual(await open, { kind: "aborted" });
  });

  it("is never sent by another when its owner died while it was sent, or before", async () => {
    const peer = await scene.startPeer(answering);
    const first = await scene.start();
    const { store } = first;
    const now = Date.now();
    const rows = [request(), request()].map((asked) => ({
      ...newOutboundRecord(asked, prepareSynchronous(asked), {
        channel: "transport",
        ownParty: { partyKey: ownParty },
        acceptedAt: now - 60_000,
        policy: { resendable: "never", completedBy: "response", responseMilliseconds: 1_000, isAwaited: true },
      }),
      lease: { owner: "one who died", until: now - 1 },
    }));
    const [sending, queued] = await store.acceptOutbound(rows);
    if (sending === undefined || queued === undefined) assert.fail("nothing was stored");
    const began = {
      id: sending,
      from: ["queued"],
      to: "sending",
      at: now,
      owner: "one who died",
      keepLease: true,
    } as const;
    assert.equal(await store.transition(began), "done");
    await scene.start({ store });
    await untilState(store, sending, "failed");
    await untilState(store, queued, "failed");
    assert.equal((await stored(store, sending)).errorCode, "EBXML_OUTCOME_UNKNOWN");
    assert.equal((await stored(store, queued)).errorCode, "EBXML_NOT_SENT");
    assert.equal(peer.connectionsMade(), 0);
  });

  it("gives the answer also when the store cannot keep it, and says so", async () => {
    await scene.startPeer(answering);
    const { store } = await scene.start();
    const failing = createFailingStore(store);
    const { mhs, log } = await scene.start({ store: failing.store });
    mhs.events.once("sending", () => failing.fail("STORE_UNAVAILABLE"));
    assert.equal((await mhs.request(request())).kind, "replied");
    assert.ok(log.includes("warning NOT_STORED"));
    failing.recover();
    await until(async () => (await onlyOf(store, "outbound")).state === "completed");
  });

  it("cannot be sent reliably: that is refused before anything is stored", async () => {
    await scene.startPeer(answering);
    const { mhs, store } = await scene.start();
    await assert.rejects(mhs.send(scene.message({ contract: scene.contract(synchronous) })), {
      code: "CONFIG_CONTRACT",
      message: /synchronous SOAP/,
    });
    assert.deepEqual((await store.list({}, 10)).messages, []);
  });
});

describe("a synchronous request with nothing on disk and without listener", () => {
  it("has its answer in the reply", async () => {
    const { good } = await testCertificates();
    const peer = await startPeer(good, answering);
    const effects = { now: () => Date.now(), newUuid: () => newId() };
    const store = await createMemoryStore();
    const mhs = createMessageHandlingService({ ownParty: { partyKey: ownParty }, clientTls: good, store, effects });
    try {
      assert.deepEqual(await mhs.start(), { port: 0 });
      const contract: MessagingContract = {
        ...synchronous,
        endpointUrl: `https://127.0.0.1:${peer.port}/sync-service`,
        ...{ actor: "", retries: 0, retryIntervalMilliseconds: 0, persistDurationMilliseconds: 0 },
        ...{ cpaId: parseCpaId("S1"), toPartyKey: ownParty, toAsid: "990000000001" },
      };
      const outcome = await mhs.request({
        service,
        action: "QUPC_IN000006GB01",
        messageId: newId(),
        conversationId: parseConversationId(newId()),
        contract,
        payload: Buffer.from("<QUPC_IN000006GB01/>"),
        fromAsid: "990000000145",
        timeoutMilliseconds: 5_000,
        ...settling,
      });
      assert.equal(outcome.kind, "replied");
    } finally {
      await mhs.close();
      await peer.close();
      await store.close();
    }
  });
});

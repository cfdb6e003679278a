import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { encodeMessageError, messageErrorOf } from "../../../lib/ebxml/encode-signal.js";
import type { EncodedMessage } from "../../../lib/ebxml/model.js";
import { parseMessageId } from "../../../lib/identifiers.js";
import type { OutboundRequest, RequestOutcome } from "../../../lib/mhs/model.js";
import { createMessageHandlingService } from "../../../lib/mhs/message-handling-service.js";
import { encodeSoapFault } from "../../../lib/soap/fault.js";
import { createMemoryInboundRegister } from "../../../lib/store/memory-inbound-register.js";
import { openExchange, reliableContract, type Exchange, type ExchangeOptions } from "./exchange.js";
import {
  acknowledgmentFor,
  answerTo,
  encodeInbound,
  messageIn,
  newId,
  ownParty,
  replyEmpty,
  replyWith,
  spineParty,
  testCertificates,
  type PeerRequest,
} from "./peer.js";

function errorFor(request: PeerRequest, severity: "Error" | "Warning"): EncodedMessage {
  const identity = { messageId: newId(), now: "2026-11-22T10:20:01Z", ownPartyKey: spineParty };
  const report = { errorCode: "ValueNotRecognized", description: "501319:Unknown eb:CPAId", severity };
  return encodeMessageError(messageErrorOf(messageIn(request).header, identity, [report]));
}

const fault = {
  faultCode: "Server",
  faultString: "Application Exception",
  errors: [
    {
      codeContext: "urn:nhs:names:error:tms",
      errorCode: "206",
      severity: "Error",
      location: "Not Supported",
      description: "Routing delivery failure",
    },
  ],
};

function answered(outcome: RequestOutcome): Extract<RequestOutcome, { kind: "answered" }> {
  if (outcome.kind !== "answered") assert.fail(`the outcome is ${outcome.kind}`);
  return outcome;
}

describe("a message handling service and its peer", () => {
  let exchange: Exchange;
  let opened: Exchange[] = [];

  async function open(behave: ExchangeOptions["behave"], options?: ExchangeOptions["options"]): Promise<Exchange> {
    exchange = await openExchange({ behave, ...(options === undefined ? {} : { options }) });
    opened.push(exchange);
    return exchange;
  }

  /** A peer that takes every message and never answers. */
  const silent: ExchangeOptions["behave"] = () => (_request, response) => replyEmpty(response);

  /** A request under way to a silent peer, whose reply has come. */
  async function openRequest(change: Partial<OutboundRequest> = {}) {
    await open(silent);
    const request = exchange.request(change);
    const outcome = exchange.mhs.request(request);
    await once(exchange.mhs.events, "replied");
    const [sent] = exchange.peer.requests;
    assert.ok(sent);
    return { request, outcome, sent, message: messageIn(sent) };
  }

  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()));
    opened = [];
  });

  it("gives the answer that the peer posts after its reply", async () => {
    await open((current) => (request, response) => {
      replyEmpty(response);
      void current().post({ message: answerTo(messageIn(request), { payload: "<answer/>" }) });
    });
    const request = exchange.request();
    const { answer } = answered(await exchange.mhs.request(request));
    assert.equal(answer.message.header.refToMessageId, request.messageId);
    assert.equal(Buffer.from(answer.message.payload ?? []).toString(), "<answer/>");
  });

  it("sends exactly the headers that Spine takes, and counts the bytes itself", async () => {
    const { sent, message, request } = await openRequest();
    assert.deepEqual(sent.rawHeaders.filter((_text, index) => index % 2 === 0).sort(), [
      "Connection",
      "Content-Length",
      "Content-Type",
      "Host",
      "SOAPAction",
    ]);
    assert.equal(sent.headers["soapaction"], "urn:nhs:names:services:cpisquery/QUPC_IN000006GB01");
    assert.equal(Number(sent.headers["content-length"]), sent.body.length);
    assert.deepEqual(Buffer.from(message.payload ?? []), request.payload);
    assert.deepEqual(message.reliability, { duplicateElimination: false, syncReply: true });
  });

  it("gives an answer that comes before the reply to the request, and survives the reply", async () => {
    await open((current) => (request, response) => {
      const message = answerTo(messageIn(request));
      void current()
        .post({ message })
        .then(() => replyEmpty(response));
    });
    const replied = once(exchange.mhs.events, "replied");
    answered(await exchange.mhs.request(exchange.request()));
    assert.equal(exchange.replied.length, 0);
    await replied;
    assert.deepEqual(
      exchange.replied.map(({ kind }) => kind),
      ["accepted"],
    );
  });

  it("brings 100 requests together with answers that come in reverse order and before the replies", async () => {
    const waiting: { request: PeerRequest; response: ServerResponse }[] = [];
    await open((current) => (request, response) => {
      waiting.push({ request, response });
      if (waiting.length < 100) return;
      void (async () => {
        for (const each of waiting.toReversed()) {
          const message = messageIn(each.request);
          const payload = `<answer>${message.header.messageId}</answer>`;
          const reply = await current().post({ message: answerTo(message, { payload }) });
          assert.equal(reply.status, 200);
        }
        for (const each of waiting) replyEmpty(each.response);
      })();
    });
    const requests = Array.from({ length: 100 }, () => exchange.request());
    const outcomes = await Promise.all(requests.map((request) => exchange.mhs.request(request)));
    outcomes.forEach((outcome, index) => {
      const payload = Buffer.from(answered(outcome).answer.message.payload ?? []).toString();
      assert.equal(payload, `<answer>${requests[index]?.messageId ?? ""}</answer>`);
    });
    assert.equal(exchange.received.filter(({ disposition }) => disposition === "answer").length, 100);
  }).timeout(20_000);

  it("survives a peer that closes the connection after each reply", async () => {
    await open((current) => (request, response) => {
      response.setHeader("Connection", "close");
      replyEmpty(response);
      void current().post({ message: answerTo(messageIn(request)) });
    });
    for (let count = 0; count < 3; count += 1) answered(await exchange.mhs.request(exchange.request()));
    assert.equal(exchange.peer.connectionsMade(), 3);
  });

  it("uses a connection again that the peer keeps open", async () => {
    await open((current) => (request, response) => {
      replyEmpty(response);
      void current().post({ message: answerTo(messageIn(request)) });
    });
    for (let count = 0; count < 3; count += 1) answered(await exchange.mhs.request(exchange.request()));
    assert.equal(exchange.peer.connectionsMade(), 1);
  });

  describe("when the reply decides", () => {
    const replies: readonly {
      readonly title: string;
      readonly respond: (request: PeerRequest, response: ServerResponse) => void;
      readonly outcome: RequestOutcome["kind"];
      readonly replied: string;
    }[] = [
      {
        title: "a fault with status 500",
        respond: (_request, response) => {
          const body = encodeSoapFault(fault);
          replyWith(response, { contentType: "text/xml", soapAction: "", body }, 500);
        },
        outcome: "soap-fault",
        replied: "soap-fault",
      },
      {
        title: "a fault with status 200",
        respond: (_request, response) => {
          const body = encodeSoapFault(fault);
          replyWith(response, { contentType: "text/xml", soapAction: "", body }, 200);
        },
        outcome: "soap-fault",
        replied: "soap-fault",
      },
      {
        title: "an error list with status 200",
        respond: (request, response) => replyWith(response, errorFor(request, "Error"), 200),
        outcome: "ebxml-error",
        replied: "ebxml-error",
      },
      {
        title: "a status 500 without body",
        respond: (_request, response) => replyEmpty(response, 500),
        outcome: "http-error",
        replied: "http-error",
      },
      {
        title: "a web page with status 200",
        respond: (_request, response) => void response.end("<html><br></html>"),
        outcome: "unparseable",
        replied: "unparseable",
      },
    ];

    for (const { title, respond, outcome, replied } of replies) {
      it(`ends the request as ${outcome} after ${title}`, async () => {
        await open(() => respond);
        assert.equal((await exchange.mhs.request(exchange.request())).kind, outcome);
        assert.deepEqual(
          exchange.replied.map(({ kind }) => kind),
          [replied],
        );
      });
    }

    it("says in a time-out that the peer had accepted the message", async () => {
      await open(silent);
      const outcome = await exchange.mhs.request(exchange.request({ timeoutMilliseconds: 200 }));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: true });
    });

    it("takes an error list of warnings only as acceptance", async () => {
      await open(() => (request, response) => replyWith(response, errorFor(request, "Warning"), 200));
      const outcome = await exchange.mhs.request(exchange.request({ timeoutMilliseconds: 200 }));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: true });
    });
  });

  describe("with a reliable contract", () => {
    function reliable(timeoutMilliseconds: number): OutboundRequest {
      const { contract } = exchange.request();
      return exchange.request({ timeoutMilliseconds, contract: { ...contract, ...reliableContract } });
    }

    it("sends the reliability elements and takes the acknowledgment in the reply", async () => {
      await open(() => (request, response) => replyWith(response, acknowledgmentFor(messageIn(request))));
      const outcome = await exchange.mhs.request(reliable(200));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: true });
      const [sent] = exchange.peer.requests;
      assert.ok(sent);
      const expected = { duplicateElimination: true, ackRequested: "toPartyMSH", syncReply: true };
      assert.deepEqual(messageIn(sent).reliability, expected);
      assert.equal(exchange.replied[0]?.kind, "acknowledged");
    });

    it("does not take an empty reply as acceptance, and sends the message once", async () => {
      await open(silent);
      const outcome = await exchange.mhs.request(reliable(200));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: false });
      assert.equal(exchange.peer.requests.length, 1);
    });

    it("does not take the acknowledgment of another message as acceptance", async () => {
      await open(() => (request, response) => {
        const message = messageIn(request);
        replyWith(response, acknowledgmentFor({ ...message, header: { ...message.header, messageId: newId() } }));
      });
      const outcome = await exchange.mhs.request(reliable(200));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: false });
      assert.deepEqual(
        exchange.warnings.map(({ code }) => code),
        ["FOREIGN_REPLY"],
      );
    });

    it("takes an acknowledgment that is posted to the listener", async () => {
      await open((current) => (request, response) => {
        replyEmpty(response);
        void current().post({ message: acknowledgmentFor(messageIn(request)) });
      });
      const outcome = await exchange.mhs.request(reliable(400));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: true });
    });
  });

  describe("when answers are out of order", () => {
    it("acknowledges a late answer, reports it as late, and does not hand it over", async () => {
      const { outcome, message } = await openRequest({ timeoutMilliseconds: 300 });
      assert.equal((await outcome).kind, "timeout");
      const reply = await exchange.post({ message: answerTo(message) });
      assert.equal(reply.status, 200);
      assert.match(reply.body.toString(), /Acknowledgment/);
      assert.deepEqual(
        exchange.received.map(({ disposition }) => disposition),
        ["late-answer"],
      );
    });

    it("lets the first of two different answers stand and reports the second as a conflict", async () => {
      const { outcome, message } = await openRequest();
      await exchange.post({ message: answerTo(message, { payload: "<first/>" }) });
      const second = await exchange.post({ message: answerTo(message, { payload: "<second/>" }) });
      assert.equal(second.status, 200);
      assert.equal(Buffer.from(answered(await outcome).answer.message.payload ?? []).toString(), "<first/>");
      assert.deepEqual(
        exchange.received.map(({ disposition }) => disposition),
        ["answer", "conflicting-answer"],
      );
    });

    it("acknowledges a message that answers no request, and leaves the open one waiting", async () => {
      const { outcome, message } = await openRequest();
      const unmatched = await exchange.post({ message: encodeInbound({ header: { refToMessageId: newId() } }) });
      assert.equal(unmatched.status, 200);
      await exchange.post({ message: answerTo(message) });
      answered(await outcome);
      assert.deepEqual(
        exchange.received.map(({ disposition }) => disposition),
        ["unmatched", "answer"],
      );
    });

    it("finds the request of an answer whose id is written in lower case", async () => {
      const { outcome, message } = await openRequest();
      const refToMessageId = parseMessageId(message.header.messageId.toLowerCase());
      await exchange.post({ message: answerTo(message, { header: { refToMessageId } }) });
      answered(await outcome);
    });

    it("finds the request of an answer without reference by its conversation", async () => {
      const { outcome, message } = await openRequest();
      const { conversationId } = message.header;
      await exchange.post({ message: encodeInbound({ header: { conversationId } }) });
      answered(await outcome);
    });

    it("does not guess between two open requests of one conversation", async () => {
      const { outcome, message, request } = await openRequest({ timeoutMilliseconds: 1_000 });
      const { conversationId } = message.header;
      const other = exchange.mhs.request({ ...request, messageId: newId() });
      await exchange.post({ message: encodeInbound({ header: { conversationId } }) });
      assert.equal(exchange.received[0]?.disposition, "unmatched");
      assert.deepEqual([(await outcome).kind, (await other).kind], ["timeout", "timeout"]);
    });

    it("hands over one of two copies that arrive in parallel, and gives both the same bytes", async () => {
      const { outcome, message } = await openRequest();
      const copy = answerTo(message);
      const replies = await Promise.all(Array.from({ length: 8 }, () => exchange.post({ message: copy })));
      answered(await outcome);
      assert.equal(new Set(replies.map(({ body }) => body.toString("hex"))).size, 1);
      const dispositions = exchange.received.map(({ disposition }) => disposition);
      assert.deepEqual(dispositions.sort(), ["answer", ...Array.from({ length: 7 }, () => "duplicate")]);
    });

    it("keeps waiting after an answer that its caller judges not to be the one", async () => {
      const verdicts = ["keep-waiting", "discard", "settles"] as const;
      let count = 0;
      const { outcome, message } = await openRequest({ judge: () => verdicts[count++] ?? "settles" });
      for (const payload of ["<one/>", "<two/>", "<three/>"])
        await exchange.post({ message: answerTo(message, { payload }) });
      assert.equal(Buffer.from(answered(await outcome).answer.message.payload ?? []).toString(), "<three/>");
      assert.deepEqual(
        exchange.received.map(({ disposition }) => disposition),
        ["kept-waiting", "discarded", "answer"],
      );
    });

    it("does not pass on an answer that its caller fails to judge", async () => {
      const { outcome, message } = await openRequest({
        judge: () => {
          throw new Error("broken judge");
        },
      });
      assert.equal((await exchange.post({ message: answerTo(message) })).status, 200);
      assert.equal((await outcome).kind, "unparseable");
    });

    it("ends the request whose error list is posted to the listener", async () => {
      const { outcome, sent } = await openRequest();
      const reply = await exchange.post({ message: errorFor(sent, "Error") });
      assert.deepEqual([reply.status, reply.body.length], [200, 0]);
      const result = await outcome;
      if (result.kind !== "ebxml-error") assert.fail(`the outcome is ${result.kind}`);
      assert.equal(result.errors[0]?.number, "501319");
    });
  });

  describe("when a request cannot be made", () => {
    it("refuses a contract of synchronous SOAP and one of forward reliable, without sending", async () => {
      await open(silent);
      for (const always of ["always", "never"]) {
        const { contract } = exchange.request();
        const changed = { ...contract, syncReplyMode: "None", ackRequested: always, duplicateElimination: always };
        const outcome = await exchange.mhs.request(exchange.request({ contract: changed }));
        assert.equal(outcome.kind === "not-sent" && outcome.error.code, "CONFIG_CONTRACT");
      }
      assert.equal(exchange.peer.connectionsMade(), 0);
    });

    it("refuses an endpoint that is not https", async () => {
      await open(silent);
      for (const endpointUrl of ["http://127.0.0.1/", "nonsense", ""]) {
        const { contract } = exchange.request();
        const outcome = await exchange.mhs.request(exchange.request({ contract: { ...contract, endpointUrl } }));
        assert.equal(outcome.kind === "not-sent" && outcome.error.code, "CONFIG_INVALID");
      }
    });

    it("refuses a message id that was used before, in whatever case", async () => {
      const { outcome, message, request } = await openRequest();
      const messageId = parseMessageId(request.messageId.toLowerCase());
      const second = await exchange.mhs.request({ ...request, messageId });
      assert.equal(second.kind === "not-sent" && second.error.code, "CPIS_INVALID_REQUEST");
      await exchange.post({ message: answerTo(message) });
      answered(await outcome);
      assert.equal(exchange.peer.requests.length, 1);
    });

    it("refuses a payload that is too large", async () => {
      await open(silent);
      const outcome = await exchange.mhs.request(exchange.request({ payload: Buffer.alloc(6_000_000, "x") }));
      assert.equal(outcome.kind === "not-sent" && outcome.error.code, "EBXML_TOO_LARGE");
    });

    it("refuses requests before the start and after the close", async () => {
      const { good } = await testCertificates();
      const effects = { now: () => Date.now(), newUuid: () => newId() };
      const register = createMemoryInboundRegister(effects);
      const mhs = createMessageHandlingService({
        ownParty: { partyKey: ownParty },
        clientTls: good,
        register,
        effects,
      });
      await open(silent);
      const early = await mhs.request(exchange.request());
      assert.equal(early.kind === "not-sent" && early.error.code, "CONFIG_CLOSED");
      assert.deepEqual(await mhs.start(), { port: 0 });
      await mhs.close();
      const late = await mhs.request(exchange.request());
      assert.equal(late.kind === "not-sent" && late.error.code, "CONFIG_CLOSED");
      await assert.rejects(mhs.start(), { code: "CONFIG_CLOSED" });
    });

    it("says that a port is in use", async () => {
      await open(silent);
      const { good: tls } = await testCertificates();
      const listener = { host: "127.0.0.1", port: exchange.port, path: "/", tls };
      await assert.rejects(open(silent, { listener }), { code: "CONFIG_PORT_IN_USE" });
    });

    it("says that an address cannot be listened on", async () => {
      const { good: tls } = await testCertificates();
      const listener = { host: "192.0.2.1", port: 0, path: "/", tls };
      await assert.rejects(open(silent, { listener }), { code: "CONFIG_LISTEN" });
    });

    it("refuses TLS material that cannot be used or that trusts nobody", async () => {
      const { good, foreign } = await testCertificates();
      await assert.rejects(open(silent, { clientTls: { ...good, key: "no key" } }), { code: "CONFIG_INVALID" });
      await assert.rejects(open(silent, { clientTls: { ...good, key: foreign.key ?? "" } }), {
        code: "CONFIG_INVALID",
      });
      await assert.rejects(open(silent, { clientTls: { ...good, ca: [] } }), { code: "CONFIG_MISSING" });
      await assert.rejects(open(silent, { clientTls: { ca: good.ca } }), { code: "CONFIG_MISSING" });
    });
  });

  describe("when work ends early", () => {
    it("ends a request whose caller gives up, and reports its answer as late", async () => {
      const giveUp = new AbortController();
      const { outcome, message } = await openRequest({ signal: giveUp.signal });
      giveUp.abort();
      assert.deepEqual(await outcome, { kind: "aborted" });
      await exchange.post({ message: answerTo(message) });
      assert.equal(exchange.received[0]?.disposition, "late-answer");
    });

    it("sends nothing for a caller that has given up already", async () => {
      await open(silent);
      const outcome = await exchange.mhs.request(exchange.request({ signal: AbortSignal.abort() }));
      assert.deepEqual(outcome, { kind: "aborted" });
      assert.equal(exchange.peer.connectionsMade(), 0);
    });

    it("sends nothing for a caller that gives up while the connection is made", async () => {
      await open(silent);
      const giveUp = new AbortController();
      const outcome = exchange.mhs.request(exchange.request({ signal: giveUp.signal }));
      const replied = once(exchange.mhs.events, "replied");
      giveUp.abort();
      assert.deepEqual(await outcome, { kind: "aborted" });
      await replied;
      assert.equal(exchange.replied[0]?.kind, "not-sent");
      assert.equal(exchange.peer.requests.length, 0);
    });

    it("leaves no socket, server or timer behind when the service closes in the middle of work", async () => {
      const kinds = new Set(["TCPSocketWrap", "TCPServerWrap", "TLSWrap", "Timeout", "GetAddrInfoReqWrap"]);
      const resources = (): string[] =>
        process
          .getActiveResourcesInfo()
          .filter((kind) => kinds.has(kind))
          .sort();
      // The time-out of the test itself is set by then.
      await new Promise((next) => setImmediate(next));
      const before = resources();
      const { outcome } = await openRequest({ timeoutMilliseconds: 3_600_000 });
      const unanswered = exchange.mhs.request(exchange.request({ signal: new AbortController().signal }));
      await exchange.close();
      assert.deepEqual([(await outcome).kind, (await unanswered).kind], ["aborted", "aborted"]);
      for (let turn = 0; turn < 10; turn += 1) await new Promise((next) => setImmediate(next));
      assert.deepEqual(resources(), before);
    });

    it("ends open requests as aborted when the service closes", async () => {
      const { outcome } = await openRequest();
      await exchange.mhs.close();
      assert.deepEqual(await outcome, { kind: "aborted" });
    });
  });
});

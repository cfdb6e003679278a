import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { OutboundRequest, RequestOutcome } from "../../../lib/mhs/model.js";
import { encodeSoapFault } from "../../../lib/soap/fault.js";
import { answered, errorFor, reliableContract, silent, useExchanges } from "../../support/mhs/exchange.js";
import {
  acknowledgmentFor,
  answerTo,
  messageIn,
  newId,
  replyEmpty,
  replyWith,
  type PeerRequest,
} from "../../support/mhs/peer.js";

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

describe("a message handling service and its peer", () => {
  const exchanges = useExchanges();
  const { open, openRequest } = exchanges;

  it("gives the answer that the peer posts after its reply", async () => {
    await open((current) => (request, response) => {
      replyEmpty(response);
      void current().post({ message: answerTo(messageIn(request), { payload: "<answer/>" }) });
    });
    const request = exchanges.current().request();
    const { answer } = answered(await exchanges.current().mhs.request(request));
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
    const replied = once(exchanges.current().mhs.events, "replied");
    answered(await exchanges.current().mhs.request(exchanges.current().request()));
    assert.equal(exchanges.current().replied.length, 0);
    await replied;
    assert.deepEqual(
      exchanges.current().replied.map(({ kind }) => kind),
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
    const requests = Array.from({ length: 100 }, () => exchanges.current().request());
    const outcomes = await Promise.all(requests.map((request) => exchanges.current().mhs.request(request)));
    outcomes.forEach((outcome, index) => {
      const payload = Buffer.from(answered(outcome).answer.message.payload ?? []).toString();
      assert.equal(payload, `<answer>${requests[index]?.messageId ?? ""}</answer>`);
    });
    assert.equal(exchanges.current().received.filter(({ disposition }) => disposition === "answer").length, 100);
  });

  it("survives a peer that closes the connection after each reply", async () => {
    await open((current) => (request, response) => {
      response.setHeader("Connection", "close");
      replyEmpty(response);
      void current().post({ message: answerTo(messageIn(request)) });
    });
    for (let count = 0; count < 3; count += 1)
      answered(await exchanges.current().mhs.request(exchanges.current().request()));
    assert.equal(exchanges.current().peer.connectionsMade(), 3);
  });

  it("uses a connection again that the peer keeps open", async () => {
    await open((current) => (request, response) => {
      replyEmpty(response);
      void current().post({ message: answerTo(messageIn(request)) });
    });
    for (let count = 0; count < 3; count += 1)
      answered(await exchanges.current().mhs.request(exchanges.current().request()));
    assert.equal(exchanges.current().peer.connectionsMade(), 1);
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
        assert.equal((await exchanges.current().mhs.request(exchanges.current().request())).kind, outcome);
        assert.deepEqual(
          exchanges.current().replied.map(({ kind }) => kind),
          [replied],
        );
      });
    }

    it("says in a time-out that the peer had accepted the message", async () => {
      await open(silent);
      const outcome = await exchanges.current().mhs.request(exchanges.current().request({ timeoutMilliseconds: 200 }));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: true });
    });

    it("takes an error list of warnings only as acceptance", async () => {
      await open(() => (request, response) => replyWith(response, errorFor(request, "Warning"), 200));
      const outcome = await exchanges.current().mhs.request(exchanges.current().request({ timeoutMilliseconds: 200 }));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: true });
    });
  });

  describe("with a reliable contract", () => {
    function reliable(timeoutMilliseconds: number): OutboundRequest {
      const { contract } = exchanges.current().request();
      return exchanges.current().request({ timeoutMilliseconds, contract: { ...contract, ...reliableContract } });
    }

    it("sends the reliability elements and takes the acknowledgment in the reply", async () => {
      await open(() => (request, response) => replyWith(response, acknowledgmentFor(messageIn(request))));
      const outcome = await exchanges.current().mhs.request(reliable(200));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: true });
      const [sent] = exchanges.current().peer.requests;
      assert.ok(sent);
      const expected = { duplicateElimination: true, ackRequested: "toPartyMSH", syncReply: true };
      assert.deepEqual(messageIn(sent).reliability, expected);
      assert.equal(exchanges.current().replied[0]?.kind, "acknowledged");
    });

    it("does not take an empty reply as acceptance, and sends the message once", async () => {
      await open(silent);
      const outcome = await exchanges.current().mhs.request(reliable(200));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: false });
      assert.equal(exchanges.current().peer.requests.length, 1);
    });

    it("does not take the acknowledgment of another message as acceptance", async () => {
      await open(() => (request, response) => {
        const message = messageIn(request);
        replyWith(response, acknowledgmentFor({ ...message, header: { ...message.header, messageId: newId() } }));
      });
      const outcome = await exchanges.current().mhs.request(reliable(200));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: false });
      assert.deepEqual(
        exchanges.current().warnings.map(({ code }) => code),
        ["FOREIGN_REPLY"],
      );
    });

    it("takes an acknowledgment that is posted to the listener", async () => {
      await open((current) => (request, response) => {
        replyEmpty(response);
        void current().post({ message: acknowledgmentFor(messageIn(request)) });
      });
      const outcome = await exchanges.current().mhs.request(reliable(400));
      assert.deepEqual(outcome, { kind: "timeout", wasAccepted: true });
    });
  });
});

import assert from "node:assert/strict";
import { encodeBusinessMessage } from "../../../../lib/ebxml/encode-message.js";
import { encodeMessageError, messageErrorOf } from "../../../../lib/ebxml/encode-signal.js";
import type { EncodedMessage } from "../../../../lib/ebxml/model.js";
import { parseCpaId, parsePartyKey } from "../../../../lib/identifiers.js";
import type { InboundRules } from "../../../../lib/mhs/inbound/check-inbound.js";
import type { StoredReply } from "../../../../lib/store/message-model.js";
import { createFailingStore } from "../../../support/mhs/failing-store.js";
import {
  acknowledgmentFor,
  encodeInbound,
  inboundMessage,
  newId,
  ownParty,
  spineParty,
  type MessageChange,
} from "../../../support/mhs/peer.js";
import { closeReceiving, createReceiving, openRequest, signalIn } from "../../../support/mhs/receiving.js";

function assertRefused(reply: StoredReply, errorCode: string, description: string | RegExp): void {
  const signal = signalIn(reply);
  if (signal.kind !== "message-error") assert.fail(`the reply is ${signal.kind}`);
  assert.equal(reply.status, 200);
  const [error] = signal.errors;
  assert.ok(error);
  assert.equal(error.errorCode, errorCode);
  assert.match(error.description ?? "", new RegExp(description));
  assert.deepEqual([signal.header.fromPartyKey, signal.header.toPartyKey], [ownParty, spineParty]);
}

function assertFault(reply: StoredReply): void {
  assert.equal(reply.status, 500);
  assert.match(reply.body.toString(), /errorCode>201</);
}

/** Changes the text of the whole body; lengths of MIME parts are not written anywhere. */
function edit(message: EncodedMessage, from: string | RegExp, to: string): EncodedMessage {
  const text = message.body.toString("latin1");
  const changed = text.replace(from, to);
  assert.notEqual(changed, text);
  return { ...message, body: Buffer.from(changed, "latin1") };
}

describe("createMessageReceiver", () => {
  afterEach(closeReceiving);

  describe("refuses with fault 201", () => {
    const contentType = 'multipart/related; boundary="--=_MIME-Boundary"; type="text/xml"';
    const cases: readonly (readonly [string, EncodedMessage])[] = [
      ["a body without any MIME part", { contentType, soapAction: "", body: Buffer.from("nothing") }],
      ["an empty body", { contentType: "text/xml", soapAction: "", body: Buffer.alloc(0) }],
      ["an envelope that is not well formed", edit(encodeInbound(), "</soap:Envelope>", "")],
      ["an envelope with a document type", edit(encodeInbound(), "<soap:Envelope", "<!DOCTYPE x><soap:Envelope")],
      ["XML that is no envelope", { contentType: "text/xml", soapAction: "", body: Buffer.from("<a/>") }],
      ["a message without message id", edit(encodeInbound(), /<eb:MessageId>.*<\/eb:MessageId>/, "")],
      ["a message without From", edit(encodeInbound(), /<eb:From>.*<\/eb:From>/, "")],
      [
        "a broken signal, for which there is no ebXML answer",
        edit(acknowledgmentFor(inboundMessage()), /<eb:CPAId>.*<\/eb:CPAId>/, ""),
      ],
    ];
    for (const [title, message] of cases) {
      it(title, async () => {
        const receiving = await createReceiving();
        assertFault(await receiving.receive(message));
        assert.deepEqual(receiving.refused, [{ httpStatus: 500, reason: "unreadable", remoteAddress: "127.0.0.1" }]);
      });
    }
  });

  describe("refuses with an error list", () => {
    for (const name of ["CPAId", "ConversationId", "Service", "Action", "Timestamp"]) {
      it(`a message without ${name}`, async () => {
        const message = edit(encodeInbound(), new RegExp(`<eb:${name}>[^<]*</eb:${name}>`), "");
        assertRefused(await (await createReceiving()).receive(message), "Inconsistent", "lacks");
      });
    }

    const long = "X".repeat(257);
    for (const [name, pattern] of [
      ["To party", /(<eb:To>[^]*?<eb:PartyId[^>]*>)[^<]*/],
      ["CPAId", /(<eb:CPAId>)[^<]*/],
      ["ConversationId", /(<eb:ConversationId>)[^<]*/],
      ["Service", /(<eb:Service>)[^<]*/],
      ["Action", /(<eb:Action>)[^<]*/],
      ["Timestamp", /(<eb:MessageData>[^]*?<eb:Timestamp>)[^<]*/],
    ] as const) {
      it(`a message whose ${name} has more than 256 characters, without repeating it`, async () => {
        const receiving = await createReceiving();
        const reply = await receiving.receive(edit(encodeInbound(), pattern, `$1${long}`));
        assertRefused(reply, "ValueNotRecognized", "^A value is longer than 256 characters$");
        assert.ok(!reply.body.toString().includes(long));
      });
    }

    it("a message whose HL7 part is in a transfer encoding that is not read, or damaged", async () => {
      for (const encoding of ["uuencode", "base64", "quoted-printable"]) {
        const last = /8bit(?![^]*8bit)/;
        const message = edit(encodeInbound(), last, encoding);
        const receiving = await createReceiving();
        assertRefused(await receiving.receive(message), "MimeProblem", "damaged");
      }
    });

    const cases: readonly {
      readonly title: string;
      readonly message: () => EncodedMessage;
      readonly rules?: Partial<InboundRules>;
      readonly errorCode: string;
      readonly description: string;
    }[] = [
      {
        title: "a message for another party",
        message: () => encodeInbound({ header: { toPartyKey: parsePartyKey("ZZ9-000001") } }),
        errorCode: "ValueNotRecognized",
        description: "^501314:Invalid To Party Type attribute$",
      },
      {
        title: "a message whose time to live ended more than five minutes ago",
        message: () => encodeInbound({ header: { timeToLive: "2026-11-22T10:14:59Z" } }),
        errorCode: "TimeToLiveExpired",
        description: "time to live",
      },
      {
        title: "a message from a party of no contract",
        message: () => encodeInbound(),
        rules: { senderOf: (partyKey) => (partyKey === "ZSP-0000009" ? "peer" : "stranger") },
        errorCode: "ValueNotRecognized",
        description: "^The From party is not one of our contracts$",
      },
      {
        title: "a message under another CPA id, in strict mode",
        message: () => encodeInbound(),
        rules: { ownParty: { partyKey: ownParty, cpaId: parseCpaId("S1A1") }, isStrictCpaId: true },
        errorCode: "ValueNotRecognized",
        description: "^501319:Unknown eb:CPAId$",
      },
      {
        title: "a message whose payload part is missing",
        message: () =>
          edit(
            encodeInbound(),
            /----=_MIME-Boundary\r\nContent-Id: <(?!ebXMLHeader)[^]*?(?=----=_MIME-Boundary--)/,
            "",
          ),
        errorCode: "MimeProblem",
        description: "missing",
      },
      {
        title: "a message of a service and action that nobody knows",
        message: () => encodeInbound(),
        rules: { isKnownAction: () => false },
        errorCode: "ValueNotRecognized",
        description: "Unknown eb:Service or eb:Action",
      },
    ];
    for (const { title, message, rules = {}, errorCode, description } of cases) {
      it(title, async () => {
        const receiving = await createReceiving({ rules });
        assertRefused(await receiving.receive(message()), errorCode, description);
        assert.deepEqual([receiving.refused.length, receiving.received.length], [1, 0]);
      });
    }

    it("an answer of a service and action that nobody knows, and leaves its request open", async () => {
      const receiving = await createReceiving({ rules: { isKnownAction: (service) => service !== "urn:x" } });
      const { messageId, outcome } = await openRequest(receiving);
      const header = { refToMessageId: messageId, service: "urn:x", action: "FOO" };
      assertRefused(await receiving.receive(encodeInbound({ header })), "ValueNotRecognized", "Unknown eb:Service");
      assert.equal(outcome(), undefined);
    });

    for (const action of ["Ping", "StatusRequest"]) {
      it(`a ${action} of ebXML messaging itself, as not supported`, async () => {
        const message = edit(
          edit(acknowledgmentFor(inboundMessage()), /<eb:Acknowledgment [^]*<\/eb:Acknowledgment>/, ""),
          "<eb:Action>Acknowledgment</eb:Action>",
          `<eb:Action>${action}</eb:Action>`,
        );
        assertRefused(await (await createReceiving()).receive(message), "NotSupported", "not offered");
      });
    }

    it("and judges the same message anew when it comes again", async () => {
      let isKnown = false;
      const receiving = await createReceiving({ rules: { isKnownAction: () => isKnown } });
      const message = encodeInbound();
      assert.equal(signalIn(await receiving.receive(message)).kind, "message-error");
      isKnown = true;
      assert.equal(signalIn(await receiving.receive(message)).kind, "acknowledgment");
    });
  });

  describe("while no contract is known", () => {
    for (const [what, message] of [
      ["a message", () => encodeInbound()],
      ["an acknowledgment", () => acknowledgmentFor(inboundMessage())],
    ] as const) {
      it(`asks to send ${what} again, and takes nothing`, async () => {
        const receiving = await createReceiving({ rules: { senderOf: () => "unknown" } });
        assert.equal((await receiving.receive(message())).status, 503);
        assert.deepEqual([receiving.refused[0]?.reason, receiving.received], ["no-contract", []]);
      });
    }
  });

  it("takes no signal of a party of no contract: its request waits on", async () => {
    const receiving = await createReceiving({ rules: { senderOf: () => "stranger" } });
    const { messageId, outcome } = await openRequest(receiving);
    const asked = { ...inboundMessage(), header: { ...inboundMessage().header, messageId } };
    const identity = { messageId: newId(), now: "2026-11-22T10:20:01Z", ownPartyKey: spineParty };
    const error = messageErrorOf(asked.header, identity, [{ errorCode: "Unknown" }]);
    assertFault(await receiving.receive(encodeMessageError(error)));
    assertFault(await receiving.receive(acknowledgmentFor(asked)));
    assert.deepEqual([outcome(), receiving.received], [undefined, []]);
  });

  describe("takes", () => {
    it("a message whose party key is written in lower case", async () => {
      const message = encodeInbound({ header: { toPartyKey: parsePartyKey(ownParty.toLowerCase()) } });
      assert.equal(signalIn(await (await createReceiving()).receive(message)).kind, "acknowledgment");
    });

    const timesToLive = ["2026-11-22T10:15:00Z", "2026-11-22T10:15:00.5", "2027-01-01T00:00:00+01:00"];
    for (const timeToLive of timesToLive) {
      it(`a message with the time to live ${timeToLive}`, async () => {
        const reply = await (await createReceiving()).receive(encodeInbound({ header: { timeToLive } }));
        assert.equal(signalIn(reply).kind, "acknowledgment");
      });
    }

    const warned: readonly (readonly [string, MessageChange, Partial<InboundRules>, string])[] = [
      ["another CPA id", {}, { ownParty: { partyKey: ownParty, cpaId: parseCpaId("S1A1") } }, "UNEXPECTED_SENDER"],
      [
        "another reliability",
        {},
        { expectedReliability: { duplicateElimination: true, ackRequested: true } },
        "UNEXPECTED_RELIABILITY",
      ],
      ["an unreadable time to live", { header: { timeToLive: "soon" } }, {}, "UNREADABLE_TIME_TO_LIVE"],
    ];
    for (const [what, change, rules, code] of warned) {
      it(`a message with ${what}, with a warning`, async () => {
        const receiving = await createReceiving({ rules });
        assert.equal(signalIn(await receiving.receive(encodeInbound(change))).kind, "acknowledgment");
        assert.ok(receiving.warnings.some((warning) => warning.code === code));
      });
    }
  });

  describe("replies", () => {
    it("with an acknowledgment that copies conversation and CPA id and swaps the parties", async () => {
      const message = inboundMessage();
      const signal = signalIn(
        await (await createReceiving()).receive(encodeBusinessMessage(message, { style: "spine" })),
      );
      if (signal.kind !== "acknowledgment") assert.fail("no acknowledgment");
      assert.equal(signal.acknowledgedMessageId, message.header.messageId);
      assert.equal(signal.header.conversationId, message.header.conversationId);
      assert.equal(signal.header.cpaId, message.header.cpaId);
      assert.deepEqual([signal.header.fromPartyKey, signal.header.toPartyKey], [ownParty, spineParty]);
    });

    it("with 202 and nothing to a message that asks for no acknowledgment, if so set", async () => {
      const reply = await (await createReceiving({ ackWhenNotRequested: false })).receive(encodeInbound());
      assert.deepEqual([reply.status, reply.body.length], [202, 0]);
    });

    it("with an acknowledgment to a message that asks for one, whatever is set", async () => {
      const reliability = { duplicateElimination: true, ackRequested: "nextMSH", syncReply: false } as const;
      const reply = await (
        await createReceiving({ ackWhenNotRequested: false })
      ).receive(encodeInbound({ reliability }));
      const signal = signalIn(reply);
      assert.equal(signal.kind === "acknowledgment" && signal.actor, "nextMSH");
    });

    it("with nothing to an acknowledgment and to an error list, also to one that is not ours", async () => {
      const receiving = await createReceiving();
      const identity = { messageId: newId(), now: "2026-11-22T10:20:01Z", ownPartyKey: spineParty };
      const error = messageErrorOf(inboundMessage().header, identity, [{ errorCode: "Unknown" }]);
      for (const signal of [acknowledgmentFor(inboundMessage()), encodeMessageError(error)]) {
        const reply = await receiving.receive(signal);
        assert.deepEqual([reply.status, reply.body.length], [200, 0]);
      }
      assert.deepEqual(
        receiving.received.map(({ disposition }) => disposition),
        ["acknowledgment", "message-error"],
      );
      assert.deepEqual(
        receiving.warnings.map(({ code }) => code),
        ["UNMATCHED_SIGNAL", "UNMATCHED_SIGNAL"],
      );
    });

    it("to a repeated message with the same bytes, and delivers it once", async () => {
      const receiving = await createReceiving();
      const { messageId, outcome } = await openRequest(receiving);
      const message = encodeInbound({ header: { refToMessageId: messageId } });
      const first = await receiving.receive(message);
      assert.equal(outcome()?.kind, "answered");
      assert.deepEqual(await receiving.receive(message), first);
      assert.deepEqual(
        receiving.received.map(({ disposition }) => disposition),
        ["answer", "duplicate"],
      );
    });

    it("to a repeated id with other content as to a duplicate, and warns of it", async () => {
      const receiving = await createReceiving();
      const messageId = newId();
      const first = await receiving.receive(encodeInbound({ header: { messageId } }));
      const second = await receiving.receive(encodeInbound({ header: { messageId }, payload: "<other/>" }));
      assert.deepEqual(second, first);
      assert.ok(receiving.warnings.some(({ code }) => code === "DUPLICATE_WITH_OTHER_BODY"));
    });

    it("with 503 when the message cannot be remembered, and does not deliver it", async () => {
      const receiving = await createReceiving({
        through: (real) => {
          const failing = createFailingStore(real);
          failing.fail("STORE_FULL", ["acceptInbound"]);
          return failing.store;
        },
      });
      const { messageId, outcome } = await openRequest(receiving);
      const reply = await receiving.receive(encodeInbound({ header: { refToMessageId: messageId } }));
      assert.deepEqual([reply.status, reply.body.length], [503, 0]);
      assert.equal(outcome(), undefined);
      assert.equal(receiving.refused[0]?.reason, "not-stored");
    });
  });

  it("tells nothing of the content in its events", async () => {
    const receiving = await createReceiving();
    const { messageId } = await openRequest(receiving);
    const payload = "<secret>9990517010 Zoë Example</secret>";
    await receiving.receive(encodeInbound({ header: { refToMessageId: messageId }, payload }));
    await receiving.receive(encodeInbound({ header: { refToMessageId: messageId }, payload }));
    await receiving.receive(edit(encodeInbound({ payload }), "</soap:Envelope>", ""));
    const told = JSON.stringify([receiving.received, receiving.refused, receiving.warnings]);
    assert.ok(receiving.received.length === 2 && receiving.refused.length === 1);
    assert.doesNotMatch(told, /9990517010|Zo|Example|secret/);
    assert.match(told, /QUQI_IN010000UK14/);
  });
});

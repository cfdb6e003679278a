// A message receiver without sockets, with all that it tells, for tests of its decisions.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { EncodedMessage, EbxmlMessage } from "../../../lib/ebxml/model.js";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import type { InboundRules } from "../../../lib/mhs/inbound/check-inbound.js";
import { createReplier } from "../../../lib/mhs/inbound/inbound-replies.js";
import type { MhsEvents, RequestOutcome } from "../../../lib/mhs/model.js";
import { createMemoryIntake } from "../../../lib/mhs/inbound/message-intake.js";
import { createMessageReceiver } from "../../../lib/mhs/inbound/receive-message.js";
import { createRequestDesk, type RequestDesk } from "../../../lib/mhs/request/pending-requests.js";
import type { InboundRegister, StoredReply } from "../../../lib/store/inbound-register.js";
import { createMemoryInboundRegister } from "../../../lib/store/memory-inbound-register.js";
import { inboundMessage, newId, ownParty } from "./peer.js";

export const now = Date.parse("2026-11-22T10:20:00Z");

interface Setting {
  readonly rules?: Partial<InboundRules>;
  readonly ackWhenNotRequested?: boolean;
  readonly register?: InboundRegister;
}

export interface Receiving {
  readonly receive: (message: EncodedMessage) => Promise<StoredReply>;
  readonly desk: RequestDesk;
  readonly received: MhsEvents["received"][0][];
  readonly refused: MhsEvents["refused"][0][];
  readonly warnings: MhsEvents["warning"][0][];
}

export function createReceiving(setting: Setting = {}): Receiving {
  const effects = { now: () => now, newUuid: () => newId() };
  const events = new EventEmitter<MhsEvents>();
  const desk = createRequestDesk({ now: () => now, events });
  const ownPartyModel = { partyKey: ownParty };
  const receivePost = createMessageReceiver({
    rules: { ownParty: ownPartyModel, ...setting.rules },
    replier: createReplier({
      ownParty: ownPartyModel,
      effects,
      ackWhenNotRequested: setting.ackWhenNotRequested ?? true,
    }),
    intake: createMemoryIntake({
      register: setting.register ?? createMemoryInboundRegister(effects),
      desk,
      claimMilliseconds: 20,
    }),
    events,
    now: () => now,
  });
  const receiving: Receiving = {
    receive: ({ contentType, body }) => receivePost({ contentType, body, remoteAddress: "127.0.0.1" }),
    desk,
    received: [],
    refused: [],
    warnings: [],
  };
  events.on("received", (event) => receiving.received.push(event));
  events.on("refused", (event) => receiving.refused.push(event));
  events.on("warning", (event) => receiving.warnings.push(event));
  return receiving;
}

/** Opens a request at the desk and gives what it ended with, if it has. */
export function openRequest({ desk }: Receiving): {
  messageId: ReturnType<typeof newId>;
  outcome: () => RequestOutcome | undefined;
} {
  const messageId = newId();
  let ended: RequestOutcome | undefined;
  desk.open(
    { messageId, conversationId: inboundMessage().header.conversationId },
    {
      judge: () => "settles",
      noteAccepted: () => undefined,
      end: (outcome) => {
        ended = outcome;
      },
    },
  );
  return { messageId, outcome: () => ended };
}

export function signalIn(reply: StoredReply): EbxmlMessage {
  const reading = parseEbxml({ contentType: reply.contentType, body: reply.body });
  if (reading.kind !== "parsed") assert.fail("the reply is not readable");
  return reading.message;
}

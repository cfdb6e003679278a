// Sends reliable messages of the simulator's own to a party, again and again until they are acknowledged.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { postMessage, type DeliveryParts } from "./answer-delivery.js";
import type { AnswerMessage, PostedReply } from "./answer-sender.js";
import type { ReliableMessage, ReliableOutcome, SimulatedParty } from "../model.js";
import { ebxmlTime } from "./replies.js";
import { ebxmlPatternOf, spinePartyKey } from "../spine-identity.js";
import { encodeBusinessMessage } from "../../ebxml/encode-message.js";
import type { Acknowledgment, MessageError } from "../../ebxml/model.js";
import { reliabilityElements } from "../../ebxml/reliability.js";
import { CpisError } from "../../errors.js";
import {
  comparableId,
  isSameId,
  parseConversationId,
  parseCpaId,
  parseMessageId,
  parsePartyKey,
} from "../../identifiers.js";
import { classifyReplyBody } from "../../mhs/outbound/classify-reply.js";
import { isRetriableFault } from "../../soap/fault.js";

export interface ReliableSenderParts {
  readonly parties: ReadonlyMap<string, SimulatedParty>;
  readonly delivery: DeliveryParts;
}

export interface ReliableSender {
  /** Throws CONFIG_INVALID for an unknown party or an id that is not one. */
  send(message: ReliableMessage): Promise<ReliableOutcome>;
  /** An acknowledgment or an error of a party, about any message. */
  takeSignal(signal: Acknowledgment | MessageError): void;
}

type Verdict = "acknowledged" | "refused" | "send-again";

function refusesForGood(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function judgeReply(reply: PostedReply | undefined, messageId: string): Verdict {
  if (reply === undefined) return "send-again";
  const body = classifyReplyBody(reply);
  switch (body.kind) {
    case "acknowledgment":
      return isSameId(body.acknowledgedMessageId, messageId) ? "acknowledged" : "send-again";
    case "message-error":
      return "refused";
    case "fault":
      return isRetriableFault(body.fault) ? "send-again" : "refused";
    case "warnings":
    case "empty":
    case "other":
    case "unreadable":
      return refusesForGood(reply.status) ? "refused" : "send-again";
  }
}

function encode(message: ReliableMessage, party: SimulatedParty, { effects }: DeliveryParts): AnswerMessage {
  const { service, action, refToMessageId } = message;
  const messageId = parseMessageId(message.messageId ?? effects.newUuid());
  const conversationId = parseConversationId(message.conversationId ?? effects.newUuid());
  const reference = refToMessageId === undefined ? {} : { refToMessageId: parseMessageId(refToMessageId) };
  const encoded = encodeBusinessMessage(
    {
      kind: "message",
      header: {
        fromPartyKey: spinePartyKey,
        toPartyKey: parsePartyKey(party.partyKey),
        cpaId: parseCpaId(party.cpaId),
        conversationId,
        service,
        action,
        messageId,
        timestamp: ebxmlTime(effects.now()),
        ...reference,
      },
      reliability: reliabilityElements(ebxmlPatternOf(message.pattern ?? "reliable")),
      payload: message.payload,
      attachments: [],
      externalReferences: [],
    },
    { style: "spine" },
  );
  return { messageId, conversationId, action, encoded, ...reference };
}

/** A message on its way. */
interface Pending {
  attempts: number;
  verdict: { readonly kind: Exclude<Verdict, "send-again">; readonly by: "reply" | "post" } | undefined;
  /** Aborted when there is a verdict. */
  readonly settled: AbortController;
}

function settle(pending: Pending, kind: Verdict, by: "reply" | "post"): void {
  if (kind === "send-again" || pending.verdict !== undefined) return;
  pending.verdict = { kind, by };
  pending.settled.abort();
}

function outcomeOf({ attempts, verdict }: Pending, messageId: string, isClosed: boolean): ReliableOutcome {
  if (verdict?.kind === "acknowledged") return { kind: "acknowledged", messageId, attempts, by: verdict.by };
  const reason = verdict?.kind ?? (isClosed ? "closed" : "not-acknowledged");
  return { kind: "given-up", messageId, attempts, reason };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

/** Sleeps for so long, or until aborted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

export function createReliableSender(parts: ReliableSenderParts): ReliableSender {
  const { parties, delivery } = parts;
  const underWay = new Map<string, Pending>();

  const sendUntil = async (
    ended: AbortSignal,
    pending: Pending,
    answer: AnswerMessage,
    party: SimulatedParty,
    message: ReliableMessage,
  ): Promise<void> => {
    const { retries = 2, retryIntervalMilliseconds = 2000 } = message;
    while (!ended.aborted && pending.attempts <= retries) {
      pending.attempts += 1;
      const posting = postMessage(answer, party, delivery).then((reply) =>
        settle(pending, judgeReply(reply, answer.messageId), "reply"),
      );
      await Promise.race([posting, untilAborted(ended)]);
      await pause(retryIntervalMilliseconds, ended);
    }
    await untilAborted(ended);
  };

  return {
    send: async (message) => {
      const party = parties.get(message.partyKey);
      if (party === undefined) throw new CpisError("CONFIG_INVALID", { detail: "no such simulated party" });
      const answer = encode(message, party, delivery);
      const key = comparableId(answer.messageId);
      const pending: Pending = { attempts: 0, verdict: undefined, settled: new AbortController() };
      underWay.set(key, pending);
      const persist = new AbortController();
      const timer = setTimeout(() => persist.abort(), message.persistDurationMilliseconds ?? 30_000);
      const ended = AbortSignal.any([delivery.signal, persist.signal, pending.settled.signal]);
      await sendUntil(ended, pending, answer, party, message);
      clearTimeout(timer);
      underWay.delete(key);
      return outcomeOf(pending, answer.messageId, delivery.signal.aborted);
    },
    takeSignal: (signal) => {
      const isAcknowledgment = signal.kind === "acknowledgment";
      const messageId = isAcknowledgment ? signal.acknowledgedMessageId : signal.header.refToMessageId;
      const pending = messageId === undefined ? undefined : underWay.get(comparableId(messageId));
      if (pending === undefined) return;
      const isRefused = !isAcknowledgment && signal.highestSeverity === "Error";
      settle(pending, isAcknowledgment ? "acknowledged" : isRefused ? "refused" : "send-again", "post");
    },
  };
}

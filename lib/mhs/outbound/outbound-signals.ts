// Acknowledgments and error lists that come by a post of their own, for messages that the store keeps.
import type { EventEmitter } from "node:events";
import type { Acknowledgment, EbxmlError, MessageError } from "../../ebxml/model.js";
import { errorCodeContext } from "../../ebxml/names.js";
import type { MessageId } from "../../identifiers.js";
import type { StoredMessage, StoredOutboundMessage } from "../../store/message-model.js";
import type { MessageChanges, MessageStore } from "../../store/message-store.js";
import { showsStaleContract, failureOf } from "./stale-contract.js";
import { decideDelivery, type DeliveryEvent, type DeliveryTransition } from "./delivery-policy.js";
import type { MhsEvents } from "../model.js";
import { readDeliveryPolicy } from "./outbound-record.js";
import type { StoreWatch } from "../../queue/store-watch.js";
import { createTransitionWriter, isDeadLetter } from "./record-transition.js";

export interface OutboundSignalsParts {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  readonly owner: string;
  readonly events: EventEmitter<MhsEvents>;
  now(): number;
}

/** Whose message a signal is about: "unknown" is not ours, or was never sent. */
export type SignalOutcome = "known" | "unknown";

export interface OutboundSignals {
  /** An acknowledgment by a post of its own. Throws what the store throws: then it should come again. */
  receiveAcknowledgment(acknowledgment: Acknowledgment): Promise<SignalOutcome>;
  /** Errors by a post of their own; warnings alone mean that the message was taken. Throws what the store throws. */
  receiveMessageError(error: MessageError): Promise<SignalOutcome>;
}

/** As much of a peer's errors as is stored in the clear: no words, for they could name a patient. */
const storedWords = {
  errorCode: /^[\w:.-]{1,60}$/,
  number: /^\d{1,10}$/,
  codeContext: /^urn:[\w:.-]{1,120}$/,
} as const;

/** Kept with a request that waits elsewhere, for the one who asked. */
function refusalAttributes(message: StoredOutboundMessage, event: DeliveryEvent): Pick<MessageChanges, "attributes"> {
  if (event.kind !== "refused") return {};
  const errors = event.errors.map(({ errorCode, number = "", codeContext }) => ({
    errorCode: storedWords.errorCode.test(errorCode) ? errorCode : "Unknown",
    number: storedWords.number.test(number) ? number : "",
    codeContext: storedWords.codeContext.test(codeContext) ? codeContext : errorCodeContext,
  }));
  return { attributes: { ...message.attributes, refusal: JSON.stringify(errors) } };
}

/** The errors with which the peer refused a request, as far as they are stored. */
export function readRefusal({ state, attributes }: StoredMessage): readonly EbxmlError[] | undefined {
  const { refusal } = attributes;
  if (state !== "failed" || typeof refusal !== "string") return undefined;
  const entries: unknown = JSON.parse(refusal);
  if (!Array.isArray(entries)) return undefined;
  return entries.map((entry: unknown): EbxmlError => {
    const fields: Readonly<Record<string, unknown>> = typeof entry === "object" && entry !== null ? { ...entry } : {};
    const textOf = (name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
    const number = textOf("number");
    return {
      errorCode: textOf("errorCode"),
      severity: "Error",
      codeContext: textOf("codeContext"),
      ...(number === "" ? {} : { number }),
    };
  });
}

function signalOf(error: MessageError): DeliveryEvent {
  const errors = error.errors.filter(({ severity }) => severity === "Error");
  return errors.length > 0 ? { kind: "refused", errors } : { kind: "acknowledged" };
}

export function createOutboundSignals(parts: OutboundSignalsParts): OutboundSignals {
  const { store, watch, channel, events } = parts;
  const write = createTransitionWriter(parts);

  async function findSent(messageId: MessageId): Promise<StoredOutboundMessage | undefined> {
    const found = await watch.run(() => store.findByMessageId("outbound", messageId));
    // One that was never sent cannot have been received.
    return found?.direction === "outbound" && found.channel === channel && found.attempts > 0 ? found : undefined;
  }

  /** Nothing changes but what is known of it: its state stands. */
  async function noteRepeated(message: StoredOutboundMessage, kind: "repeated" | "late"): Promise<void> {
    const at = parts.now();
    const { id, state, messageId } = message;
    if (kind === "late" && message.acknowledgedAt === undefined) {
      const changes = { acknowledgedAt: at };
      await watch.run(() => store.transition({ id, from: [state], to: state, at, code: "acknowledged-late", changes }));
    }
    events.emit("acknowledged", { messageId, kind });
  }

  /** The one who asked may wait in another instance. */
  function announce(
    message: StoredOutboundMessage,
    event: DeliveryEvent,
    decision: DeliveryTransition,
  ): DeliveryTransition {
    if (message.attributes["isAwaited"] !== true || !isDeadLetter(decision.to)) return decision;
    const changes = { ...decision.changes, ...refusalAttributes(message, event) };
    return { ...decision, changes, isAnnounced: true };
  }

  /** Tries again when the message moves in the same moment: a sending that begins or ends. */
  async function receiveSignal(messageId: MessageId, event: DeliveryEvent): Promise<SignalOutcome> {
    for (;;) {
      const message = await findSent(messageId);
      if (message === undefined) return "unknown";
      const decision = decideDelivery(message, event, readDeliveryPolicy(message), parts.now());
      if (decision.kind !== "transition") {
        const isLate = isDeadLetter(message.state);
        if (event.kind === "acknowledged") await noteRepeated(message, isLate ? "late" : "repeated");
        return "known";
      }
      const outcome = await write(message, announce(message, event, decision), "theirs");
      if (outcome === "not-in-state") continue;
      if (event.kind === "acknowledged") events.emit("acknowledged", { messageId, kind: "in-time" });
      if (showsStaleContract(failureOf(event))) {
        events.emit("contractDoubted", { messageId, action: message.interaction });
      }
      return "known";
    }
  }

  return {
    receiveAcknowledgment: ({ acknowledgedMessageId }) =>
      receiveSignal(acknowledgedMessageId, { kind: "acknowledged" }),
    async receiveMessageError(error): Promise<SignalOutcome> {
      const { refToMessageId } = error.header;
      return refToMessageId === undefined ? "unknown" : receiveSignal(refToMessageId, signalOf(error));
    },
  };
}

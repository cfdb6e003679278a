// Where an inbound message is kept and whom it is for: what the receiver asks of memory and of a store alike.
import type { Acknowledgment, BusinessMessage, MessageError } from "../../ebxml/model.js";
import { comparableId } from "../../identifiers.js";
import type { InboundClaim, InboundRegister, StoredReply } from "../../store/inbound-register.js";
import type { InboundDisposition } from "../model.js";
import type { RequestDesk } from "../request/pending-requests.js";

/** A business message that reached the listener. */
export interface Arrival {
  readonly message: BusinessMessage;
  readonly contentType: string | undefined;
  readonly body: Buffer;
  readonly bodyDigest: string;
}

/** The same message was accepted before, and gets the reply that it got then. */
export interface RepeatedArrival {
  readonly kind: "duplicate";
  readonly reply: StoredReply;
  readonly isSameBody: boolean;
}

export type IntakeResult = { readonly kind: "taken"; readonly disposition: InboundDisposition } | RepeatedArrival;

export interface NewArrival {
  readonly kind: "new";
  /** Whether it refers to a message of ours: then its action may be any. */
  readonly isExpected: boolean;
  /** It will turn out to be a duplicate, so it is not judged anew. */
  readonly isKnown: boolean;
  /** Keeps the message with its reply. Throws when it is not kept. */
  accept(reply: StoredReply): Promise<IntakeResult>;
  /** Must be called in any case. */
  release(): Promise<void>;
}

export interface MessageIntake {
  /** "busy": another copy is being dealt with for too long. Throws when nothing can be kept now. */
  open(arrival: Arrival): Promise<NewArrival | RepeatedArrival | { readonly kind: "busy" }>;
  /** Both throw when what they say cannot be kept now. */
  receiveAcknowledgment(acknowledgment: Acknowledgment): Promise<void>;
  receiveMessageError(error: MessageError): Promise<void>;
}

export interface MemoryIntakeParts {
  readonly register: InboundRegister;
  readonly desk: RequestDesk;
  /** How long a copy waits for another one that is being dealt with, before it is told to come again. */
  readonly claimMilliseconds: number;
}

/** Gives undefined when the turn did not come in time; one that comes later is handed on at once. */
async function claimInTime(
  { message, bodyDigest }: Arrival,
  { register, claimMilliseconds }: MemoryIntakeParts,
): Promise<InboundClaim | undefined> {
  const { fromPartyKey, messageId } = message.header;
  const key = { fromPartyKey: comparableId(fromPartyKey), messageId: comparableId(messageId) };
  const claim = register.claim(key, bodyDigest);
  const { promise: tooLate, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, claimMilliseconds, undefined);
  try {
    const winner = await Promise.race([claim, tooLate]);
    if (winner === undefined)
      claim.then((late) => (late.kind === "new" ? late.release() : undefined)).catch(() => undefined);
    return winner;
  } finally {
    clearTimeout(timer);
  }
}

/** Keeps replies in a register and hands answers to the desk; what answers nothing is not kept. */
export function createMemoryIntake(parts: MemoryIntakeParts): MessageIntake {
  const { desk } = parts;
  return {
    async open(arrival): ReturnType<MessageIntake["open"]> {
      const claim = await claimInTime(arrival, parts);
      if (claim === undefined) return { kind: "busy" };
      if (claim.kind === "duplicate") return claim;
      return {
        kind: "new",
        isExpected: desk.isExpected(arrival.message),
        isKnown: false,
        async accept(reply): Promise<IntakeResult> {
          await claim.accept(reply);
          return { kind: "taken", disposition: desk.receiveAnswer(arrival.message) };
        },
        release: () => claim.release(),
      };
    },
    receiveAcknowledgment(acknowledgment): Promise<void> {
      desk.receiveAcknowledgment(acknowledgment);
      return Promise.resolve();
    },
    receiveMessageError(error): Promise<void> {
      desk.receiveMessageError(error);
      return Promise.resolve();
    },
  };
}

// Faults on demand: which messages they befall, and what they change about the simulator's conduct.
import type { AnswerConduct, Conduct } from "../behaviour.js";
import { disturbanceOf, undisturbed, type Disturbance, type TransmissionFault } from "./network-fault.js";
import { CpisError } from "../../errors.js";
import { isSameId } from "../../identifiers.js";

/** mulberry32 by Tommy Ettinger: small, and the same on every machine. Gives numbers from 0 up to 1. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Something that the simulator does to a message it has read. Times in milliseconds. */
export type ConductFault =
  | { readonly kind: "delayReply"; readonly milliseconds: number }
  | { readonly kind: "delayAnswer"; readonly milliseconds: number }
  /** The message is taken in and answered, but its HTTP reply never comes. */
  | { readonly kind: "dropReply" }
  | { readonly kind: "dropAnswer" }
  | { readonly kind: "answerBeforeReply" }
  | { readonly kind: "duplicateAnswer" }
  | { readonly kind: "httpError"; readonly status: number }
  | { readonly kind: "soapFault"; readonly code: string }
  | { readonly kind: "ebxmlError"; readonly code: string }
  /** The connection is cut and the message not taken in. */
  | { readonly kind: "resetConnection" }
  /** The Acknowledgment of a message names another message. */
  | { readonly kind: "wrongAckReference" }
  /** A reliable message gets an empty 202, and a forwarded one no acknowledgment. */
  | { readonly kind: "emptyReplyForReliable" }
  /** The answer's lines end with a line feed alone. */
  | { readonly kind: "lineEndsLf" };

/** One thing that goes wrong. */
export type Fault = ConductFault | TransmissionFault;

/** What a message must be for the fault to befall it. */
export interface FaultMatch {
  /** Not for faults of the transmission: they do not look into messages. */
  readonly nhsNumber?: string;
  /** Of a message on its way to the simulator, what its SOAPAction header says. */
  readonly action?: string;
  /** Not for faults of the transmission to the simulator. */
  readonly messageId?: string;
  /** Only the nth message that matches otherwise, counted from 1. */
  readonly nth?: number;
}

export interface FaultInjection {
  /** "sent": answers, acknowledgments and messages that the simulator posts; transmission faults only. Default "received". */
  readonly direction?: "received" | "sent";
  /** Absent: every message. */
  readonly match?: FaultMatch;
  /** The share of the matching messages it befalls, more than 0 up to 1. Absent: all. */
  readonly rate?: number;
  /** How often it happens at most. Absent: always. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface FaultSubject {
  readonly action: string;
  readonly messageId?: string;
  readonly nhsNumber?: string;
}

export interface FaultInjector {
  /** Throws CONFIG_INVALID when there are too many already, or when the fault cannot be what is asked for. */
  inject(injection: FaultInjection): void;
  clear(): void;
  /** The faults that befall a message read; counts and random choices move on, as with `disturbanceFor`. */
  faultsFor(subject: FaultSubject): readonly ConductFault[];
  /** What befalls the transmission of a message. */
  disturbanceFor(direction: "received" | "sent", subject: FaultSubject): Disturbance;
}

/** Each message is compared with all of them. */
const maximumInjected = 1000;

const transmissionKinds: readonly Fault["kind"][] = [
  "dropMessage",
  "delayMessage",
  "duplicateMessage",
  "reorderMessage",
  "resetInRequest",
  "resetInReply",
  "lostAcknowledgment",
  "slowReader",
] satisfies readonly TransmissionFault["kind"][];

function isTransmissionFault(fault: Fault): fault is TransmissionFault {
  return transmissionKinds.includes(fault.kind);
}

function isConductFault(fault: Fault): fault is ConductFault {
  return !isTransmissionFault(fault);
}

function directionOf(injection: FaultInjection): "received" | "sent" {
  return injection.direction ?? "received";
}

/** A fault that could never happen would make a test pass that shows nothing. */
function requirePossible(injection: FaultInjection): void {
  const { fault, match } = injection;
  const refusal = (reason: string): CpisError => new CpisError("CONFIG_INVALID", { detail: `${fault.kind} ${reason}` });
  if (!isTransmissionFault(fault)) {
    if (injection.direction === "sent") throw refusal("befalls received messages only");
    return;
  }
  if (match?.nhsNumber !== undefined) throw refusal("cannot be matched by NHS number");
  if (match?.messageId !== undefined && directionOf(injection) === "received") {
    throw refusal("of a received message cannot be matched by message id");
  }
}

interface Injected {
  readonly injection: FaultInjection;
  /** Its own, so that it chooses the same whatever else is injected or happens meanwhile. */
  readonly random: () => number;
  seen: number;
  happened: number;
}

function isMatch(match: FaultMatch | undefined, subject: FaultSubject): boolean {
  if (match === undefined) return true;
  const { action, messageId, nhsNumber } = match;
  if (action !== undefined && action !== subject.action) return false;
  if (messageId !== undefined && !(subject.messageId !== undefined && isSameId(messageId, subject.messageId))) {
    return false;
  }
  return nhsNumber === undefined || nhsNumber === subject.nhsNumber;
}

function happens(entry: Injected, subject: FaultSubject): boolean {
  const { match, rate, times } = entry.injection;
  if (!isMatch(match, subject)) return false;
  entry.seen += 1;
  if (match?.nth !== undefined && match.nth !== entry.seen) return false;
  if (rate !== undefined && entry.random() >= rate) return false;
  if (times !== undefined && entry.happened >= times) return false;
  entry.happened += 1;
  return true;
}

/** Far apart for seeds and numbers that are close together. */
function seedOf(seed: number, number: number): number {
  return seed ^ Math.imul(number + 1, 0x9e3779b9);
}

/** The same seed and the same messages in the same order give the same faults. */
export function createFaultInjector(seed: number): FaultInjector {
  let count = 0;
  let injected: Injected[] = [];

  const befalling = <Kind extends Fault>(
    subject: FaultSubject,
    direction: "received" | "sent",
    isKind: (fault: Fault) => fault is Kind,
  ): readonly Kind[] => {
    const faults: Kind[] = [];
    for (const entry of injected) {
      const { fault } = entry.injection;
      if (directionOf(entry.injection) !== direction || !isKind(fault)) continue;
      if (happens(entry, subject)) faults.push(fault);
    }
    if (faults.length > 0) {
      injected = injected.filter(({ injection, happened }) => happened < (injection.times ?? Infinity));
    }
    return faults;
  };

  return {
    inject: (injection) => {
      requirePossible(injection);
      if (injected.length >= maximumInjected) {
        throw new CpisError("CONFIG_INVALID", { detail: `more than ${maximumInjected} injected faults` });
      }
      injected.push({ injection, random: createRandom(seedOf(seed, count)), seen: 0, happened: 0 });
      count += 1;
    },
    clear: () => {
      injected = [];
    },
    faultsFor: (subject) => (injected.length === 0 ? [] : befalling(subject, "received", isConductFault)),
    disturbanceFor: (direction, subject) =>
      injected.length === 0 ? undisturbed : disturbanceOf(befalling(subject, direction, isTransmissionFault)),
  };
}

function changeAnswers(conduct: Conduct, change: (answer: AnswerConduct) => AnswerConduct): Conduct {
  return { ...conduct, answers: conduct.answers.map(change) };
}

function refusing(conduct: Conduct, reply: Conduct["reply"]): Conduct {
  return { ...conduct, reply, answers: [] };
}

function repeatLast(answers: readonly AnswerConduct[]): readonly AnswerConduct[] {
  const last = answers.at(-1);
  return last === undefined ? answers : [...answers, { ...last, repeatsPrevious: true }];
}

function isAcknowledgment({ content }: AnswerConduct): boolean {
  return content.kind === "acknowledgment";
}

/** In the reply, and in a post of its own. */
function misacknowledging(conduct: Conduct, ack: "wrong-reference" | "missing"): Conduct {
  const reply: Conduct["reply"] = { kind: "accept", ack };
  if (ack === "missing") return { ...conduct, reply, answers: conduct.answers.filter((one) => !isAcknowledgment(one)) };
  const changed = changeAnswers(conduct, (answer) =>
    isAcknowledgment(answer) ? { ...answer, content: { kind: "acknowledgment", isWrong: true } } : answer,
  );
  return { ...changed, reply };
}

/** The conduct with one fault in it. */
export function applyFault(conduct: Conduct, fault: ConductFault): Conduct {
  switch (fault.kind) {
    case "delayReply":
      return { ...conduct, replyDelayMilliseconds: conduct.replyDelayMilliseconds + fault.milliseconds };
    case "delayAnswer":
      return changeAnswers(conduct, (answer) => ({
        ...answer,
        delayMilliseconds: (answer.delayMilliseconds ?? 0) + fault.milliseconds,
      }));
    case "dropReply":
      return { ...conduct, reply: { kind: "silence" } };
    case "dropAnswer":
      return { ...conduct, answers: [] };
    case "answerBeforeReply":
      return { ...conduct, answersBeforeReply: true };
    case "duplicateAnswer":
      return { ...conduct, answers: repeatLast(conduct.answers) };
    case "httpError":
      return refusing(conduct, { kind: "http-error", status: fault.status });
    case "soapFault":
      return refusing(conduct, { kind: "soap-fault", code: fault.code });
    case "ebxmlError":
      return refusing(conduct, { kind: "ebxml-error", errorCode: fault.code, description: "Injected fault" });
    case "resetConnection":
      return refusing(conduct, { kind: "reset" });
    case "wrongAckReference":
      return misacknowledging(conduct, "wrong-reference");
    case "emptyReplyForReliable":
      return misacknowledging(conduct, "missing");
    case "lineEndsLf":
      return changeAnswers(conduct, (answer) => ({ ...answer, lineEndsLf: true }));
  }
}

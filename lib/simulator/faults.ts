// Faults on demand: which messages they befall, and what they change about the simulator's conduct.
import type { AnswerConduct, Conduct } from "./conduct.js";
import { CpisError } from "../errors.js";

/** One thing that goes wrong. Times in milliseconds. */
export type Fault =
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
  /** The Acknowledgment of a reliable message names another message. */
  | { readonly kind: "wrongAckReference" }
  /** A reliable message gets an empty 202. */
  | { readonly kind: "emptyReplyForReliable" }
  /** The answer's lines end with a line feed alone. */
  | { readonly kind: "lineEndsLf" };

export interface FaultMatch {
  readonly nhsNumber?: string;
  readonly action?: string;
  /** Only the nth message that matches otherwise, counted from 1. */
  readonly nth?: number;
}

export interface FaultInjection {
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
  readonly nhsNumber?: string;
}

export interface FaultInjector {
  /** Throws CONFIG_INVALID when there are too many already. */
  inject(injection: FaultInjection): void;
  clear(): void;
  /** The faults that befall this message; counts and random choices move on. */
  faultsFor(subject: FaultSubject): readonly Fault[];
}

/** Each message is compared with all of them. */
const maximumInjected = 1000;

/** mulberry32 by Tommy Ettinger: small, and the same on every machine. Gives numbers from 0 up to 1. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Injected {
  readonly injection: FaultInjection;
  seen: number;
  happened: number;
}

function isMatch(match: FaultMatch | undefined, subject: FaultSubject): boolean {
  if (match?.action !== undefined && match.action !== subject.action) return false;
  return match?.nhsNumber === undefined || match.nhsNumber === subject.nhsNumber;
}

/** The same seed and the same messages in the same order give the same faults. */
export function createFaultInjector(seed: number): FaultInjector {
  const random = createRandom(seed);
  let injected: Injected[] = [];

  const happens = (entry: Injected, subject: FaultSubject): boolean => {
    const { match, rate, times } = entry.injection;
    if (!isMatch(match, subject)) return false;
    entry.seen += 1;
    if (match?.nth !== undefined && match.nth !== entry.seen) return false;
    if (rate !== undefined && random() >= rate) return false;
    if (times !== undefined && entry.happened >= times) return false;
    entry.happened += 1;
    return true;
  };

  return {
    inject: (injection) => {
      if (injected.length >= maximumInjected) {
        throw new CpisError("CONFIG_INVALID", { detail: `more than ${maximumInjected} injected faults` });
      }
      injected.push({ injection, seen: 0, happened: 0 });
    },
    clear: () => {
      injected = [];
    },
    faultsFor: (subject) => {
      if (injected.length === 0) return [];
      const faults = injected.filter((entry) => happens(entry, subject)).map((entry) => entry.injection.fault);
      injected = injected.filter(({ injection, happened }) => happened < (injection.times ?? Infinity));
      return faults;
    },
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

/** The conduct with one fault in it. */
export function applyFault(conduct: Conduct, fault: Fault): Conduct {
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
      return { ...conduct, reply: { kind: "accept", ack: "wrong-reference" } };
    case "emptyReplyForReliable":
      return { ...conduct, reply: { kind: "accept", ack: "missing" } };
    case "lineEndsLf":
      return changeAnswers(conduct, (answer) => ({ ...answer, lineEndsLf: true }));
  }
}

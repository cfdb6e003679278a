// Faults on demand at the simulated MESH: which calls they befall, and how often.
import { invalid } from "../json-fields.js";

export type MeshCallName =
  | "handshake"
  | "listInbox"
  | "fetch"
  | "acknowledge"
  | "send"
  | "sendChunk"
  | "track"
  | "trackLocalId"
  | "lookupEndpoint"
  | "searchWorkflow"
  | "count";

/** One thing that goes wrong. */
export type MeshFault =
  /** The call takes effect, and its connection is cut instead of an answer. */
  | { readonly kind: "dropAnswer" }
  /** Status 503, and nothing happened. */
  | { readonly kind: "unavailableBefore" }
  /** Status 503, and yet the call took effect. */
  | { readonly kind: "unavailableAfter" }
  /** The call takes effect at once and is answered later. */
  | { readonly kind: "delayAnswer"; readonly milliseconds: number }
  /** Of a send: the file is stored a second time under another message id. */
  | { readonly kind: "storeTwice" }
  /** Of a send: the sender's mailbox has a report about the file before the answer leaves. */
  | { readonly kind: "reportBeforeAnswer"; readonly statusCode?: string; readonly description?: string }
  /** Of an acknowledgement: it is answered as always, and the message stays in the mailbox. */
  | { readonly kind: "deliverAgain" }
  /** Of a fetch: the Content-Length is so much more or less than the body has. Then the connection is closed. */
  | { readonly kind: "wrongContentLength"; readonly difference: number }
  /** Of a fetch: status 410, as of a message that its sender is still uploading. */
  | { readonly kind: "stillUploading" }
  /** Of a fetch: this chunk cannot be found. */
  | { readonly kind: "chunkMissing"; readonly chunk: number };

export interface MeshFaultInjection {
  readonly fault: MeshFault;
  /** Default: the calls whose effect is stored for a sender, or those the fault is made for. */
  readonly calls?: readonly MeshCallName[];
  /** Only of this mailbox. */
  readonly mailbox?: string;
  /** How often it happens at most. Default 1. */
  readonly times?: number;
}

export interface MeshFaultSubject {
  readonly call: MeshCallName;
  readonly mailbox: string;
  /** Of a fetch: the chunk asked for. */
  readonly chunk?: number;
}

export interface MeshFaults {
  /** Throws CONFIG_INVALID for a fault that could never happen, or beyond 1000 of them. */
  inject(injection: MeshFaultInjection): void;
  clear(): void;
  /** The faults that befall a call; each counts as having happened. */
  take(subject: MeshFaultSubject): readonly MeshFault[];
}

const maximumInjected = 1000;
/** One more would overflow the timers of Node.js. */
const maximumDelayMilliseconds = 2 ** 31 - 1;
const sending: readonly MeshCallName[] = ["send", "sendChunk"];

/** The only calls that the fault can befall; undefined when it can befall any. */
function possibleCalls(fault: MeshFault): readonly MeshCallName[] | undefined {
  switch (fault.kind) {
    case "dropAnswer":
    case "unavailableBefore":
    case "unavailableAfter":
    case "delayAnswer":
      return undefined;
    case "storeTwice":
    case "reportBeforeAnswer":
      return sending;
    case "deliverAgain":
      return ["acknowledge"];
    case "wrongContentLength":
    case "stillUploading":
    case "chunkMissing":
      return ["fetch"];
  }
}

function requireNumbers(fault: MeshFault): void {
  if (fault.kind === "delayAnswer") {
    const isFit = fault.milliseconds >= 0 && fault.milliseconds <= maximumDelayMilliseconds;
    if (!isFit) throw invalid("milliseconds", `must be from 0 to ${maximumDelayMilliseconds}`);
  }
  if (fault.kind === "wrongContentLength" && (!Number.isSafeInteger(fault.difference) || fault.difference === 0)) {
    throw invalid("difference", "must be a whole number other than 0");
  }
  if (fault.kind === "chunkMissing" && !(Number.isSafeInteger(fault.chunk) && fault.chunk >= 1)) {
    throw invalid("chunk", "must be a whole number from 1");
  }
}

function requirePossible({ fault, calls, times }: MeshFaultInjection): void {
  requireNumbers(fault);
  const possible = possibleCalls(fault);
  if (calls?.some((call) => possible?.includes(call) === false) === true || calls?.length === 0) {
    throw invalid("calls", `cannot be befallen by ${fault.kind}`);
  }
  if (times !== undefined && !(Number.isSafeInteger(times) && times >= 1)) {
    throw invalid("times", "must be a whole number from 1");
  }
}

function isMatch({ fault, calls, mailbox }: MeshFaultInjection, subject: MeshFaultSubject): boolean {
  if (!(calls ?? possibleCalls(fault) ?? sending).includes(subject.call)) return false;
  if (mailbox !== undefined && mailbox.toUpperCase() !== subject.mailbox) return false;
  return fault.kind !== "chunkMissing" || fault.chunk === subject.chunk;
}

export function createMeshFaults(): MeshFaults {
  let injected: { readonly injection: MeshFaultInjection; left: number }[] = [];
  return {
    inject: (injection) => {
      requirePossible(injection);
      if (injected.length >= maximumInjected) throw invalid("fault", `is one more than ${maximumInjected}`);
      injected.push({ injection, left: injection.times ?? 1 });
    },
    clear: () => {
      injected = [];
    },
    take: (subject) => {
      const befalling = injected.filter(({ injection }) => isMatch(injection, subject));
      for (const entry of befalling) entry.left -= 1;
      injected = injected.filter(({ left }) => left > 0);
      return befalling.map(({ injection }) => injection.fault);
    },
  };
}

/** The first fault of a kind. */
export function faultOf<Kind extends MeshFault["kind"]>(
  faults: readonly MeshFault[],
  kind: Kind,
): Extract<MeshFault, { kind: Kind }> | undefined {
  return faults.find((fault): fault is Extract<MeshFault, { kind: Kind }> => fault.kind === kind);
}

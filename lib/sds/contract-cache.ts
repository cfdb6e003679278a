// Remembers contracts by interaction, asks again in time, and falls back on an old one when nobody answers.
import { setTimeout as wait } from "node:timers/promises";
import { CpisError, isCpisError } from "../errors.js";
import { cacheUse, type CacheTimes } from "./cache-age.js";
import type { MessagingContract } from "./contract.js";

/** Told of what an operator should know. `interaction` is the key. */
export interface CacheReports {
  refreshed(interaction: string): void;
  refreshFailed(interaction: string, error: CpisError): void;
  stale(interaction: string, ageMilliseconds: number, error: CpisError): void;
}

export interface ContractCacheOptions {
  readonly times: CacheTimes;
  /** How long to wait for the directory when an old contract is at hand. */
  readonly staleWaitMilliseconds: number;
  readonly reports: CacheReports;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface ContractCache {
  /** `ask` is called when nothing usable is remembered, once at a time for each key. Throws what it throws. */
  recall(key: string, ask: () => Promise<MessagingContract>): Promise<MessagingContract>;
  forget(key: string): void;
  clear(): void;
}

interface KnownContract {
  readonly kind: "contract";
  readonly contract: MessagingContract;
  readonly at: number;
}
type Remembered = KnownContract | { readonly kind: "negative"; readonly error: CpisError; readonly at: number };

interface FailedAnswer {
  readonly kind: "failed";
  readonly error: CpisError;
}
type Answer = { readonly kind: "contract"; readonly contract: MessagingContract } | FailedAnswer;

/** What is known of one key. */
interface Slot {
  remembered?: Remembered;
  /** The question under way; never rejects. */
  running?: Promise<Answer>;
  /** The last failure, and until when nothing is asked while a contract is at hand. */
  pause?: { readonly until: number; readonly error: CpisError };
}

/** The directory's own words, not its failure: an old contract must not stand against them. */
function isNegative(error: CpisError): boolean {
  return ["SDS_NOT_FOUND", "SDS_AMBIGUOUS", "SDS_INCOMPLETE"].includes(error.code);
}

function failed(cause: unknown): FailedAnswer {
  const error = isCpisError(cause) ? cause : new CpisError("CPIS_INTERNAL", { detail: "the look-up in SDS", cause });
  return { kind: "failed", error };
}

function contractOf(answer: Answer): MessagingContract {
  if (answer.kind === "failed") throw answer.error;
  return answer.contract;
}

/** The answer, or a time-out that does not end the question. */
async function answerWithin(milliseconds: number, running: Promise<Answer>): Promise<Answer> {
  const ended = new AbortController();
  const tooSlow = failed(new CpisError("SDS_TIMEOUT", { detail: `no answer within ${milliseconds} ms` }));
  const patience = wait(milliseconds, tooSlow, { signal: ended.signal }).catch(() => tooSlow);
  try {
    return await Promise.race([running, patience]);
  } finally {
    ended.abort();
  }
}

export function createContractCache(options: ContractCacheOptions): ContractCache {
  const { times, reports } = options;
  const slots = new Map<string, Slot>();

  const isPaused = (slot: Slot): boolean => slot.pause !== undefined && options.now() < slot.pause.until;

  const isStillFresh = (remembered: Remembered | undefined): boolean =>
    remembered?.kind === "contract" && ["fresh", "ageing"].includes(cacheUse(options.now() - remembered.at, times));

  const take = (key: string, slot: Slot, answer: Answer): void => {
    // What was forgotten meanwhile is no news any more.
    if (slots.get(key) !== slot) return;
    const at = options.now();
    if (answer.kind === "contract") {
      slot.remembered = { kind: "contract", contract: answer.contract, at };
      delete slot.pause;
      reports.refreshed(key);
      return;
    }
    const { error } = answer;
    if (isNegative(error) && !isStillFresh(slot.remembered)) slot.remembered = { kind: "negative", error, at };
    else slot.pause = { until: at + times.pauseMilliseconds, error };
    reports.refreshFailed(key, error);
  };

  const refresh = (key: string, slot: Slot, ask: () => Promise<MessagingContract>): Promise<Answer> => {
    slot.running ??= ask()
      .then((contract): Answer => ({ kind: "contract", contract }), failed)
      .then((answer) => {
        delete slot.running;
        take(key, slot, answer);
        return answer;
      });
    return slot.running;
  };

  const refreshOrStale = async (
    key: string,
    slot: Slot,
    old: KnownContract,
    ask: () => Promise<MessagingContract>,
  ): Promise<MessagingContract> => {
    const answer =
      slot.pause !== undefined && isPaused(slot)
        ? failed(slot.pause.error)
        : await answerWithin(options.staleWaitMilliseconds, refresh(key, slot, ask));
    if (answer.kind === "contract") return answer.contract;
    if (isNegative(answer.error) || slots.get(key) !== slot) throw answer.error;
    reports.stale(key, Math.max(0, options.now() - old.at), answer.error);
    return old.contract;
  };

  return {
    recall: async (key, ask) => {
      const slot = slots.get(key) ?? {};
      slots.set(key, slot);
      const { remembered } = slot;
      if (remembered === undefined) return contractOf(await refresh(key, slot, ask));
      const age = options.now() - remembered.at;
      if (remembered.kind === "negative") {
        if (age >= 0 && age < times.negativeMilliseconds) throw remembered.error;
        return contractOf(await refresh(key, slot, ask));
      }
      switch (cacheUse(age, times)) {
        case "fresh":
          return remembered.contract;
        case "ageing":
          if (!isPaused(slot)) void refresh(key, slot, ask);
          return remembered.contract;
        case "stale":
          return refreshOrStale(key, slot, remembered, ask);
        case "too-old":
          return contractOf(await refresh(key, slot, ask));
      }
    },
    forget: (key) => {
      slots.delete(key);
    },
    clear: () => slots.clear(),
  };
}

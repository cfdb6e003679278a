// Writes down what becomes of a request, without letting the one who asked wait long for the store.
import type { StoreWatch } from "../../queue/store-watch.js";

export interface WritingParts {
  readonly watch: StoreWatch;
  /** What is still being written down when the outcome is given; the service waits for it when it closes. */
  readonly writings: Set<Promise<unknown>>;
}

/** An answer of the last moment, or the word that there is none, is waited for so long. */
const lastWordMilliseconds = 1_000;

/** Tries until the store takes it. Undefined for what cannot be written down; never rejects. */
export function writeDown<Result>(
  { watch, writings }: WritingParts,
  write: () => Promise<Result>,
): Promise<Result | undefined> {
  // What cannot be written down is found by its lease, and ends as an unknown outcome.
  const writing: Promise<Result | undefined> = watch
    .insist(write)
    .catch(() => undefined)
    .finally(() => writings.delete(writing));
  writings.add(writing);
  return writing;
}

/** Undefined when it takes longer than somebody who asked should wait for it. */
export function inTime<Result>(promise: Promise<Result>): Promise<Result | undefined> {
  const { promise: tooLate, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, lastWordMilliseconds, undefined);
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
}

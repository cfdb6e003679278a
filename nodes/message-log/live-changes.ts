// Tells the editors that stored messages have changed, at most once a second: which store, and never what.
import { afterDelay, type AfterDelay } from "../adapter/runtime/after-delay.js";

export const changeTopic = "cp-is-message-log/changed";
const betweenMilliseconds = 1000;

export interface ChangeNotice {
  /** The keys of the stores that have changed. */
  readonly stores: readonly string[];
}

/** The first change is told at once, and all that follow within a second are told together at its end. */
export function coalesceChanges(
  publish: (notice: ChangeNotice) => void,
  after: AfterDelay = afterDelay,
): (store: string) => void {
  const waiting = new Set<string>();
  let isPausing = false;

  function tell(): void {
    if (waiting.size === 0) return;
    const stores = [...waiting];
    waiting.clear();
    isPausing = true;
    publish({ stores });
    after(betweenMilliseconds, () => {
      isPausing = false;
      tell();
    });
  }

  return (store: string): void => {
    waiting.add(store);
    if (!isPausing) tell();
  };
}

// Notices when an open message store refuses work and when it works again, also while nobody uses it.
import { CpisError, isCpisError, type ErrorCode } from "../../../lib/errors.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { afterDelay, type AfterDelay } from "../runtime/after-delay.js";
import type { StoreCondition } from "./message-store-model.js";

export interface StoreMonitor {
  /** The store, each of whose writes is watched. */
  readonly store: MessageStore;
  readonly condition: StoreCondition;
  close(): void;
}

export interface StoreMonitorOptions {
  conditionChanged(condition: StoreCondition): void;
  /** Passed in by tests. */
  readonly after?: AfterDelay;
}

const outageCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "STORE_UNAVAILABLE",
  "STORE_FULL",
  "STORE_OUTCOME_UNKNOWN",
  "STORE_ACCESS_DENIED",
  "STORE_CORRUPT",
  "STORE_RESTORED",
  "STORE_LOST",
]);
const firstProbeMilliseconds = 1000;
const regularProbeMilliseconds = 15_000;

/**
 * A store that is full may still take the small write of a probe, so STORE_FULL stands until a message was accepted
 * again; any other failure ends with a probe that succeeds.
 */
export function monitorStore(store: MessageStore, options: StoreMonitorOptions): StoreMonitor {
  const after = options.after ?? afterDelay;
  let condition: StoreCondition = { kind: "ready" };
  let cancelProbe: (() => void) | undefined;
  let probeMilliseconds = regularProbeMilliseconds;
  let isClosed = false;

  function change(next: StoreCondition): void {
    if (isClosed) return;
    condition = next;
    options.conditionChanged(next);
  }

  function failed(error: CpisError): void {
    if (condition.kind === "unavailable" && condition.error.code === error.code) return;
    const wasReady = condition.kind === "ready";
    change({ kind: "unavailable", error });
    if (wasReady) scheduleProbe(firstProbeMilliseconds);
  }

  function recovered(): void {
    if (condition.kind === "unavailable") change({ kind: "ready" });
  }

  function scheduleProbe(milliseconds: number): void {
    cancelProbe?.();
    if (isClosed) return;
    probeMilliseconds = Math.min(milliseconds, regularProbeMilliseconds);
    cancelProbe = after(probeMilliseconds, () => void probe());
  }

  async function probe(): Promise<void> {
    const health = await store.health();
    if (health.kind === "unavailable") {
      const code = [...outageCodes].find((known) => known === health.code) ?? "STORE_UNAVAILABLE";
      failed(new CpisError(code));
    } else if (condition.kind === "unavailable" && condition.error.code !== "STORE_FULL") recovered();
    scheduleProbe(condition.kind === "ready" ? regularProbeMilliseconds : probeMilliseconds * 2);
  }

  async function watched<Result>(
    operation: Promise<Result>,
    proves: (result: Result) => boolean = () => false,
  ): Promise<Result> {
    try {
      const result = await operation;
      if (proves(result)) recovered();
      return result;
    } catch (error) {
      if (isCpisError(error) && outageCodes.has(error.code)) failed(error);
      throw error;
    }
  }

  scheduleProbe(regularProbeMilliseconds);
  return {
    store: {
      ...store,
      acceptOutbound: (messages) => watched(store.acceptOutbound(messages), () => true),
      acceptRequest: (message, audit) => watched(store.acceptRequest(message, audit), () => true),
      acceptInbound: (message) => watched(store.acceptInbound(message), ({ kind }) => kind === "accepted"),
      claim: (request) => watched(store.claim(request)),
      transition: (transition) => watched(store.transition(transition)),
      appendAudit: (entry) => watched(store.appendAudit(entry)),
    },
    get condition() {
      return condition;
    },
    close(): void {
      isClosed = true;
      cancelProbe?.();
    },
  };
}

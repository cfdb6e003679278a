// Opens and closes a transport as it is wanted, and tries again when it cannot be opened.
import { CpisError, type ErrorCode } from "../../../lib/errors.js";
import { afterDelay, type AfterDelay } from "../runtime/after-delay.js";
import { toCpisError } from "../runtime/run-input.js";
import { watchSimulator, type SpineSimulator } from "./simulator-link.js";
import type { TransportState, UnopenedState } from "./transport-state.js";

/** One time span in which a transport is open. */
export interface Session<Open, OpenState> {
  readonly open: Open;
  /** Calls the watcher at once with how the session is, and at every change. */
  watch(watcher: (state: OpenState) => void): void;
  close(): Promise<void>;
}

export interface TransportConnectionOptions<Open, OpenState extends TransportState> {
  /** True: a session is possible only while a simulator is offered, and with that one. */
  readonly needsSimulator: boolean;
  openSession(simulator: SpineSimulator | undefined): Promise<Session<Open, OpenState>>;
  stateChanged(state: UnopenedState | OpenState): void;
  /** Passed in by tests. */
  readonly after?: AfterDelay;
}

interface CurrentSession<Open, OpenState> {
  readonly session: Session<Open, OpenState>;
  readonly simulator: SpineSimulator | undefined;
}

const firstRetryMilliseconds = 1000;
const longestRetryMilliseconds = 30_000;
/** A flow may be triggered in the second in which it starts, while the listener still opens. */
const longestOpeningMilliseconds = 5000;
/** A store may be held by a process that is just ending, or its disk or database be out of order for a while. */
const retriedCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "CONFIG_PORT_IN_USE",
  "CONFIG_IDENTITY_IN_USE",
  "CONFIG_LISTEN",
  "STORE_LOCKED",
  "STORE_UNAVAILABLE",
  "STORE_FULL",
  "STORE_OUTCOME_UNKNOWN",
  "STORE_ACCESS_DENIED",
  "STORE_CORRUPT",
  "STORE_INTERNAL",
  "STORE_KEY_INVALID",
]);

/** A wrong setting needs a person, unless it is wrong only beside another node. */
function isRetried({ code, retryable }: CpisError): boolean {
  return retriedCodes.has(code) || (code === "CONFIG_INVALID" && retryable);
}

/** Each change of what is wanted is one step; the steps run one after the other and none of them rejects. */
export class TransportConnection<Open, OpenState extends TransportState> {
  private state: UnopenedState | OpenState = { kind: "closed" };
  private isWanted = false;
  private simulator: SpineSimulator | undefined;
  private current: CurrentSession<Open, OpenState> | undefined;
  private steps: Promise<void> = Promise.resolve();
  private stopWatching: (() => void) | undefined;
  private cancelRetry: (() => void) | undefined;
  private retryMilliseconds = firstRetryMilliseconds;
  private readonly waiters = new Set<() => void>();

  constructor(private readonly options: TransportConnectionOptions<Open, OpenState>) {}

  open(): void {
    if (this.isWanted) return;
    this.isWanted = true;
    this.retryMilliseconds = firstRetryMilliseconds;
    if (!this.options.needsSimulator) {
      this.tell(this.idleState());
      void this.step();
      return;
    }
    this.stopWatching = watchSimulator((simulator) => {
      this.simulator = simulator;
      if (this.current === undefined) this.tell(this.idleState());
      void this.step();
    });
  }

  async close(): Promise<void> {
    this.isWanted = false;
    this.stopWatching?.();
    this.stopWatching = undefined;
    this.simulator = undefined;
    await this.step();
  }

  /**
   * Waits while it may still open. Throws the error of the state, or CONFIG_CLOSED. With a store that is unavailable each
   * request is refused by the store itself: so it is tried, and may succeed.
   */
  async whenOpen(signal: AbortSignal): Promise<Open> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(longestOpeningMilliseconds)]);
    while (this.current === undefined) {
      if (this.state.kind === "failed") throw this.state.error;
      if (deadline.aborted || !this.isWanted) {
        throw new CpisError("CONFIG_CLOSED", { detail: this.state.kind });
      }
      await this.nextState(deadline);
    }
    return this.current.session.open;
  }

  private nextState(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        this.waiters.delete(finish);
        deadline.removeEventListener("abort", finish);
        resolve();
      };
      this.waiters.add(finish);
      deadline.addEventListener("abort", finish);
    });
  }

  private tell(state: UnopenedState | OpenState): void {
    this.state = state;
    this.options.stateChanged(state);
    for (const waiter of [...this.waiters]) waiter();
  }

  private step(): Promise<void> {
    this.cancelRetry?.();
    this.cancelRetry = undefined;
    this.steps = this.steps.then(() => this.settle()).catch((error: unknown) => this.fail(error));
    return this.steps;
  }

  private async settle(): Promise<void> {
    const { simulator, options } = this;
    if (this.current !== undefined) {
      if (this.isWanted && this.current.simulator === simulator) return;
      const { session } = this.current;
      this.current = undefined;
      this.tell(this.idleState());
      await session.close();
    }
    this.tellIdle();
    if (!this.isWanted || (options.needsSimulator && simulator === undefined)) return;
    const session = await options.openSession(simulator);
    this.current = { session, simulator };
    this.retryMilliseconds = firstRetryMilliseconds;
    session.watch((state) => {
      if (this.current?.session === session) this.tell(state);
    });
  }

  /** A failure stays in sight while it is tried again. */
  private tellIdle(): void {
    const idle = this.idleState();
    if (this.state.kind !== "failed" || idle.kind !== "opening") this.tell(idle);
  }

  private idleState(): UnopenedState {
    if (!this.isWanted) return { kind: "closed" };
    const isWaiting = this.options.needsSimulator && this.simulator === undefined;
    return { kind: isWaiting ? "waiting-for-simulator" : "opening" };
  }

  private fail(reason: unknown): void {
    const error = toCpisError(reason);
    const willRetry = this.isWanted && isRetried(error);
    this.tell({ kind: "failed", error, willRetry });
    if (!willRetry) return;
    const delay = this.retryMilliseconds;
    this.retryMilliseconds = Math.min(delay * 2, longestRetryMilliseconds);
    this.cancelRetry = (this.options.after ?? afterDelay)(delay, () => void this.step());
  }
}

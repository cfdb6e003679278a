// The status of a node in the editor: truthful, at most one change a second, nothing after the node is closed.
import type { NodeStatus as StatusShape } from "node-red";

export type { StatusShape };

export interface StatusTarget {
  status(status: StatusShape): void;
}

/** Passed in by tests; the runtime's own clock and timers otherwise. */
export interface StatusTiming {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after the delay, and returns what cancels that. */
  after(milliseconds: number, callback: () => void): () => void;
}

const shortestGapMilliseconds = 1000;

const systemTiming: StatusTiming = {
  now: () => Date.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

function joined(parts: readonly number[], separator: string): string {
  return parts.map((part) => part.toString().padStart(2, "0")).join(separator);
}

/** "14:05" in the time zone of the server. */
export function clockTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return joined([date.getHours(), date.getMinutes()], ":");
}

/** "2026-11-22 14:05" in the time zone of the server, for what may last longer than a day. */
export function dayAndTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return `${joined([date.getFullYear(), date.getMonth() + 1, date.getDate()], "-")} ${clockTime(milliseconds)}`;
}

/**
 * Shows what it is told, unless less than a second has passed since the last change: then the last of what it was told
 * follows at the end of that second.
 */
export class NodeStatus {
  private pending: StatusShape | undefined;
  private cancelTimer: (() => void) | undefined;
  private shown = "";
  private shownAt = Number.NEGATIVE_INFINITY;
  private isClosed = false;

  constructor(
    private readonly target: StatusTarget,
    private readonly timing: StatusTiming = systemTiming,
  ) {}

  /** Something works: it is connected, or has succeeded. */
  ok(text: string): void {
    this.show({ fill: "green", shape: "dot", text });
  }

  /** A success with the time at which it happened, so that an old one is seen to be old. */
  succeeded(text: string, at = this.now()): void {
    this.ok(`${text} ${clockTime(at)}`);
  }

  /** Milliseconds since 1970, by the clock of the status. */
  now(): number {
    return this.timing.now();
  }

  /** Something is under way. */
  busy(text: string): void {
    this.show({ fill: "yellow", shape: "dot", text });
  }

  /** It is not there yet, and will be tried again without anyone's help. */
  waiting(text: string): void {
    this.show({ fill: "yellow", shape: "ring", text });
  }

  /** Someone must act, or a message has failed. */
  failed(text: string): void {
    this.show({ fill: "red", shape: "ring", text });
  }

  idle(text: string): void {
    this.show({ fill: "grey", shape: "ring", text });
  }

  show(status: StatusShape): void {
    if (this.isClosed) return;
    this.pending = status;
    if (this.cancelTimer !== undefined) return;
    const wait = this.shownAt + shortestGapMilliseconds - this.timing.now();
    if (wait <= 0) this.flush();
    else this.cancelTimer = this.timing.after(wait, () => this.flush());
  }

  /** Clears what is shown and stops the timer. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.cancelTimer?.();
    this.target.status({});
  }

  private flush(): void {
    this.cancelTimer = undefined;
    const status = this.pending;
    this.pending = undefined;
    if (status === undefined || this.isClosed) return;
    const key = JSON.stringify(status);
    if (key === this.shown) return;
    this.shown = key;
    this.shownAt = this.timing.now();
    this.target.status(status);
  }
}

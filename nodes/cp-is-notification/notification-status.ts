// What a `cp-is notification` node shows: the transport, and what came last and when.
import { clockTime, type NodeStatus } from "../adapter/runtime/node-status.js";
import type { TransportReport } from "../adapter/transports/transport-state.js";
import type { Words } from "../adapter/runtime/words.js";

export class NotificationStatus {
  private report: TransportReport | undefined;
  private showLast: (() => void) | undefined;
  private isWaiting = false;

  constructor(
    private readonly status: NodeStatus,
    private readonly words: Words,
  ) {}

  transportChanged(report: TransportReport): void {
    this.report = report;
    this.refresh();
  }

  received(key: string, number: number): void {
    const at = this.status.now();
    this.showLast = () => this.status.succeeded(this.words(key, { number }), at);
    this.refresh();
  }

  takes(): void {
    this.isWaiting = false;
    this.refresh();
  }

  /** Another node takes the notifications of the same transport. */
  waits(): void {
    this.isWaiting = true;
    this.refresh();
  }

  failed(code: string): void {
    const text = `${this.words("status.failed", { code })} ${clockTime(this.status.now())}`;
    this.showLast = () => this.status.failed(text);
    this.refresh();
  }

  /** Nothing that came earlier stays in sight. */
  cleared(): void {
    this.showLast = undefined;
    this.refresh();
  }

  private refresh(): void {
    const kind = this.report?.state.kind;
    const works = kind === "listening" || kind === "collecting";
    if (works && this.isWaiting) this.status.failed(this.words("status.another"));
    else if (this.report !== undefined && (!works || this.showLast === undefined)) this.status.show(this.report.status);
    else this.showLast?.();
  }
}

// What a `cp-is query` node shows: the transport while that does not listen, else how the queries go.
import { clockTime, type NodeStatus, type StatusShape } from "../adapter/runtime/node-status.js";
import type { TransportReport } from "../adapter/transports/transport-state.js";
import type { Words } from "../adapter/runtime/words.js";

export class QueryStatus {
  private waiting = 0;
  private report: TransportReport | undefined;
  private showLast: (() => void) | undefined;

  constructor(
    private readonly status: NodeStatus,
    private readonly words: Words,
    /** Whether it may show what an answer was: whoever may see the editor sees it, with the time. */
    private readonly tellsOutcome: boolean,
  ) {}

  /** How a query went before the transport listened again tells nothing any more. */
  transportChanged(report: TransportReport): void {
    this.report = report;
    if (this.transportStatus() !== undefined) this.showLast = undefined;
    this.refresh();
  }

  queryStarted(): void {
    this.waiting += 1;
    this.refresh();
  }

  answered(outcome: "found" | "not-found"): void {
    const at = this.status.now();
    const told = outcome === "found" ? "status.found" : "status.notFound";
    const text = this.words(this.tellsOutcome ? told : "status.answered");
    this.queryEnded(() => this.status.succeeded(text, at));
  }

  failed(code: string): void {
    this.queryEnded(this.failure(code));
  }

  /** Of a query that had ended before. */
  contradicted(code: string): void {
    this.showLast = this.failure(code);
    this.refresh();
  }

  /** Nothing of earlier queries stays in sight. */
  cleared(): void {
    this.showLast = undefined;
    this.refresh();
  }

  /** With its time, so that it is not taken for the answer to a later query. */
  private failure(code: string): () => void {
    const text = `${this.words("status.failed", { code })} ${clockTime(this.status.now())}`;
    return () => this.status.failed(text);
  }

  private queryEnded(showLast: () => void): void {
    this.waiting -= 1;
    this.showLast = this.transportStatus() === undefined ? showLast : undefined;
    this.refresh();
  }

  private refresh(): void {
    const transportStatus = this.transportStatus();
    if (this.waiting > 0) this.status.busy(this.words("status.waiting", { number: this.waiting }));
    else if (transportStatus !== undefined) this.status.show(transportStatus);
    else if (this.showLast !== undefined) this.showLast();
    else if (this.report !== undefined) this.status.show(this.report.status);
  }

  /** Told only while it keeps queries from being asked, or is about to. */
  private transportStatus(): StatusShape | undefined {
    if (this.report === undefined) return undefined;
    const { state, status } = this.report;
    return state.kind === "listening" && state.trouble === undefined ? undefined : status;
  }
}

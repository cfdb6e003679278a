// What was promised to whom in a run of the crash test: kept by the parent, where no kill can touch it.
import type { StateCount } from "../../../lib/store/message-store.js";
import type { ChildReport, OutboundPattern } from "./child-messages.js";

export interface OutboundMessage {
  readonly messageId: string;
  readonly hl7Id: string;
  readonly pattern: OutboundPattern;
  readonly completedBy: "acknowledgment" | "response";
  readonly orderedBy?: string;
  /** The peer refuses it for good. */
  readonly isRefused: boolean;
}

export interface CrashJournal {
  readonly outbound: readonly OutboundMessage[];
  /** MessageIds whose acceptance was reported. */
  readonly accepted: Set<string>;
  /** MessageIds of the inbound messages that were acknowledged, with how often each was sent until then. */
  readonly acknowledged: Map<string, number>;
  /** What should not have been said by any process, and what the peer should not have met. */
  readonly complaints: string[];
  /** Reported by the processes; one that is killed may have written down more. */
  deliveries: number;
  /** Of the store, the last that was told; empty while they are asked for. */
  counts: readonly StateCount[];
  kills: number;
  killsAtStart: number;
}

export function createJournal(outbound: readonly OutboundMessage[]): CrashJournal {
  return {
    outbound,
    accepted: new Set(),
    acknowledged: new Map(),
    complaints: [],
    deliveries: 0,
    counts: [],
    kills: 0,
    killsAtStart: 0,
  };
}

export function noteReport(journal: CrashJournal, report: ChildReport): void {
  switch (report.kind) {
    case "ready":
    case "undelivered":
    case "asked":
      return;
    case "accepted":
      journal.accepted.add(report.messageId);
      return;
    case "delivered":
      journal.deliveries += 1;
      return;
    case "counts":
      journal.counts = report.counts;
      return;
    case "not-accepted":
      journal.complaints.push(`not accepted: ${report.code}`);
      return;
    case "set-aside":
      journal.complaints.push(`set aside: ${report.code}`);
      return;
    case "warning":
      journal.complaints.push(`warning ${report.code}: ${report.text}`);
  }
}

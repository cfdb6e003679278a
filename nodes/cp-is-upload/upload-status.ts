// What a `cp-is upload` node shows: records being checked, pieces being sent, and what became of the last file.
import type { CpisError } from "../../lib/errors.js";
import type { LastUpload, UploadFailure, UploadOutcome } from "../../lib/services/upload/upload-model.js";
import { dayAndTime, type NodeStatus } from "../adapter/runtime/node-status.js";
import type { TransportReport } from "../adapter/transports/transport-state.js";
import type { Words } from "../adapter/runtime/words.js";

const outcomeTexts: Readonly<Record<UploadOutcome["outcome"], string>> = {
  accepted: "status.accepted",
  "partly-accepted": "status.partlyAccepted",
  refused: "status.refused",
  "file-refused": "status.fileRefused",
  unclear: "status.unclear",
  "unknown-file": "status.unknownFile",
};

/** Of these each record counts by itself. */
const countedOutcomes: readonly UploadOutcome["outcome"][] = ["partly-accepted", "refused"];

type ShownFailure = Pick<UploadFailure, "state" | "fileNumber"> & { readonly error: Pick<CpisError, "code"> };

export type UploadResult = Pick<UploadOutcome, "outcome" | "accepted" | "refused" | "notSent">;

export class UploadStatus {
  private report: TransportReport | undefined;
  private showLast: (() => void) | undefined;
  private isBusy = false;

  constructor(
    private readonly status: NodeStatus,
    private readonly words: Words,
  ) {}

  /** Files are taken and kept while MESH is away, so that what became of the last one stays in sight. */
  transportChanged(report: TransportReport): void {
    this.report = report;
    this.refresh();
  }

  checking(checked: number, total: number | undefined): void {
    this.isBusy = true;
    const key = total === undefined ? "status.checkingSome" : "status.checking";
    this.status.busy(this.words(key, { checked, total: total ?? 0 }));
  }

  stored(file: number, sent: number, notSent: number): void {
    const key = notSent === 0 ? "status.waiting" : "status.waitingPart";
    this.ended(() => this.status.waiting(this.words(key, { file, sent, notSent })));
  }

  sending(file: number, piece: number, pieces: number): void {
    this.ended(() => this.status.busy(this.words("status.sending", { file, piece, pieces })));
  }

  answered(result: UploadResult, file: number | undefined, at = this.status.now()): void {
    const { outcome, accepted, refused, notSent } = result;
    const parts = [
      this.words(outcomeTexts[outcome], { file: file ?? "?", accepted }),
      ...(refused > 0 && countedOutcomes.includes(outcome) ? [this.words("status.partRefused", { refused })] : []),
      ...(notSent > 0 ? [this.words("status.partNotSent", { notSent })] : []),
    ];
    // It stays in sight until the next file, which may be days later.
    const text = `${parts.join(", ")}, ${dayAndTime(at)}`;
    this.ended(() => (outcome === "accepted" ? this.status.ok(text) : this.status.failed(text)));
  }

  /** What the store knows of the last upload, unless something newer is shown already. */
  resumed(last: LastUpload): void {
    if (this.showLast !== undefined || this.isBusy) return;
    switch (last.kind) {
      case "answered":
        this.answered(last.result, last.fileNumber, last.at);
        return;
      case "waiting":
        this.stored(last.fileNumber, last.sent, last.notSent);
        return;
      case "undelivered":
        this.undelivered({ ...last, error: { code: last.code } });
    }
  }

  /** A response that must not count, or that nobody can read. */
  stray(code: string): void {
    this.endedNow(this.words("status.stray", { code }));
  }

  undelivered({ state, fileNumber, error }: ShownFailure): void {
    const key = state === "held" ? "status.held" : "status.undelivered";
    this.ended(() => this.status.failed(this.words(key, { file: fileNumber ?? "?", code: error.code })));
  }

  overdue(file: number, hours: number): void {
    this.ended(() => this.status.failed(this.words("status.overdue", { file, hours })));
  }

  failed(code: string): void {
    this.endedNow(this.words("status.failed", { code }));
  }

  /** Nothing of earlier files stays in sight. */
  cleared(): void {
    this.showLast = undefined;
    this.refresh();
  }

  /** With its time, so that it is not taken for what became of a later file. */
  private endedNow(words: string): void {
    const text = `${words}, ${dayAndTime(this.status.now())}`;
    this.ended(() => this.status.failed(text));
  }

  private ended(show: () => void): void {
    this.isBusy = false;
    this.showLast = show;
    this.refresh();
  }

  private refresh(): void {
    if (this.isBusy) return;
    const kind = this.report?.state.kind;
    const works = kind === "listening" || kind === "collecting";
    if (!works && this.report !== undefined) this.status.show(this.report.status);
    else if (this.showLast !== undefined) this.showLast();
    else if (this.report !== undefined) this.status.show(this.report.status);
  }
}

// What a rule of uploads is: how grave its breach is, what is refused for it, and how people are told.

export type UploadFaultSeverity = "error" | "warning";

export interface UploadRule {
  /** An error refuses the record or the file; with a warning alone it is sent. */
  readonly severity: UploadFaultSeverity;
  /** What an error refuses, here and at CP-IS. */
  readonly refuses: "file" | "record";
  readonly message: string;
  readonly advice: string;
}

/** A rule whose breach refuses the whole file. */
export function fileError(message: string, advice: string): UploadRule {
  return { severity: "error", refuses: "file", message, advice };
}

export function fileWarning(message: string, advice: string): UploadRule {
  return { severity: "warning", refuses: "file", message, advice };
}

export function recordError(message: string, advice: string): UploadRule {
  return { severity: "error", refuses: "record", message, advice };
}

export function recordWarning(message: string, advice: string): UploadRule {
  return { severity: "warning", refuses: "record", message, advice };
}

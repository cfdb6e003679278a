// Reads a user's object or row as a record of an upload.
import type { UploadMapping } from "./upload-mapping.js";
import type { UploadRecord } from "./upload-model.js";
import { uploadFault, type UploadFault } from "./upload-rules.js";

export type { UploadField, UploadMapping } from "./upload-mapping.js";

/** `warnings` are faults that do not stop the record. */
export type ReadUploadRecord =
  | { readonly kind: "record"; readonly record: UploadRecord; readonly warnings: readonly UploadFault[] }
  | { readonly kind: "faults"; readonly faults: readonly UploadFault[] };

export function readUploadRecord(value: unknown, mapping: UploadMapping): ReadUploadRecord {
  void value;
  void mapping;
  return { kind: "faults", faults: [uploadFault("upload.row-not-an-object")] };
}

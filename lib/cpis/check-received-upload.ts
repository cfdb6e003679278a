// Judges a received upload file as strictly as CP-IS says, for the simulator: element by element, as it comes.
import type { XmlElement } from "../xml/xml-element.js";
import { uploadFault, type UploadFault } from "./upload-rules.js";

export interface ReceivedUploadContext {
  /** "YYYY-MM-DD", as the calendar in the UK shows it. */
  readonly today: string;
  /** "YYYY-MM-DDTHH:mm", as the clock in the UK shows it. */
  readonly now: string;
}

/** Call checkHeader, then checkRecord for each record, then finish. */
export interface ReceivedUploadChecker {
  /**
   * Takes the `File` element; its records may be left out, and are not looked at. Undefined is a document that could
   * not be read.
   */
  checkHeader(file: XmlElement | undefined): readonly UploadFault[];
  /** Takes one `record` element. */
  checkRecord(record: XmlElement): readonly UploadFault[];
  /** What is known once all records were seen: the count. */
  finish(): readonly UploadFault[];
}

export function createReceivedUploadChecker(context: ReceivedUploadContext): ReceivedUploadChecker {
  void context;
  return {
    checkHeader: () => [uploadFault("upload.not-well-formed")],
    checkRecord: () => [uploadFault("upload.schema-invalid")],
    finish: () => [uploadFault("upload.count-mismatch")],
  };
}

// The rules for an upload file as a whole: its form, its number, and the local authority that sends it.
import { fileError, fileWarning, type UploadRule } from "./upload-rule.js";

const askSupplier = "Ask the supplier of the system that wrote the file to correct it, then send the whole file again.";
const inTheSettings = "Correct the local authority's details in the settings.";

export const uploadFileRules = {
  "upload.not-well-formed": fileError("The file is not well-formed XML in UTF-8, or was cut short.", askSupplier),
  "upload.schema-invalid": fileError(
    "The file has an element or attribute that is unknown, out of order, missing or repeated.",
    askSupplier,
  ),
  "upload.prohibited-item": fileError(
    "The file has an element or attribute that must not be sent, such as a fixed code or a template id.",
    askSupplier,
  ),
  "upload.file-id-missing": fileError("The file has no sequence number.", "Give the file its sequence number."),
  "upload.file-id-format": fileWarning(
    "The sequence number of the file is not a whole number above zero.",
    "Number the files 1, 2, 3 and so on.",
  ),
  "upload.file-id-reused": fileError(
    "The sequence number of the file has been used before, for other content.",
    "Give the file the next number that has not been used.",
  ),
  "upload.created-at-invalid": fileError(
    "The time at which the file was made is missing or is no real time.",
    "Give it as year, month, day, hour, minute, second and time zone, without blanks.",
  ),
  "upload.created-at-zone": fileWarning(
    "The time at which the file was made has no time zone.",
    "Add the time zone, for example +0000.",
  ),
  "upload.count-mismatch": fileError(
    "The number of records that the file states is not the number of records in it.",
    "Check that the file is complete, then make it again.",
  ),
  "upload.no-records": fileError(
    "The file has no records.",
    "Send a file when there is at least one record to send. Leaving a child out does not end a plan.",
  ),
  "upload.org-id-missing": fileError("The local authority has no organisation code.", inTheSettings),
  "upload.org-name-missing": fileError("The local authority has no name.", inTheSettings),
  "upload.telecom-count": fileError(
    "More than two telephone numbers are given for the local authority.",
    "Give the emergency duty number, and at most one more: the office hours number.",
  ),
  "upload.telecom-format": fileError(
    "A telephone number of the local authority is not in the form that can be sent.",
    "Write it as digits alone, at least three, with or without a leading plus sign.",
  ),
  "upload.telecom-ec-missing": fileError(
    "The emergency duty telephone number of the local authority is missing.",
    "Give the number that clinicians can ring outside office hours.",
  ),
  "upload.telecom-ec-duplicate": fileError(
    "More than one emergency duty telephone number is given for the local authority.",
    "Leave one of them.",
  ),
  "upload.telecom-value-missing": fileError(
    "A telephone of the local authority has no number.",
    "Give the number, or leave the telephone out.",
  ),
  "upload.telecom-use": fileWarning(
    "The second telephone number of the local authority is not marked as the office hours number.",
    "Give the office hours number as the second number (use WP).",
  ),
  "upload.telecom-use-unknown": fileError(
    "It is not said what a telephone number of the local authority is for, or not in a known word.",
    "Mark each number with one of H, HP, HV, WP, AS, EC, PG, MC.",
  ),
} as const satisfies Readonly<Record<string, UploadRule>>;

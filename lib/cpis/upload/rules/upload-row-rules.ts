// The rules for the rows and objects that users hand in, before they are records.
import { recordError, recordWarning, type UploadRule } from "./upload-rule.js";

export const uploadRowRules = {
  "upload.row-not-an-object": recordError(
    "A row, plan or person is not an object with named fields.",
    "Give an object for each record, as the CSV node makes them from a file with a header line.",
  ),
  "upload.not-a-list": recordError(
    "The plans or the persons of the record are not a list.",
    "Give an array of plans and an array of subjects, or a flat row with one plan and one person.",
  ),
  "upload.field-unknown": recordWarning(
    "The record has a field that is not known, and that is not sent.",
    "Check how the fields are spelled: a misspelled end date is an end date that is not sent.",
  ),
  "upload.column-ambiguous": recordError(
    "Two columns of the row stand for the same field, and differ.",
    "Name the right column in the settings, or remove the other one.",
  ),
  "upload.value-not-text": recordError(
    "A field holds something else than text or a whole number.",
    "Give the field as text.",
  ),
  "upload.local-id-number": recordWarning(
    "The local identifier came as a number, not as text: zeros before it are lost, and 12E3 has become 12000.",
    "Let the CSV node leave numbers as text, so that identifiers come back as the case system has them.",
  ),
  "upload.subject-kind-unknown": recordError(
    "It is not said in a known word whether the person is the child or the mother.",
    "Use child or mother, or leave the field out: it follows from the type of the plan.",
  ),
  "upload.date-not-understood": recordError(
    "A date is not written in a form that is understood.",
    "Write it as 3/11/2025, 3 Nov 2025 or 2025-11-03, with the time if it is known, as 09:00.",
  ),
  "upload.date-two-digit-year": recordError(
    "A date has a year of two digits, so the century is not sure.",
    "Write the year with four digits.",
  ),
  "upload.date-time-zone": recordError(
    "A date has a time zone; dates of plans and births are wall-clock dates and are never converted.",
    "Write the date without time zone, as the clock in the UK showed it; or say in the settings that the zone is to be ignored.",
  ),
} as const satisfies Readonly<Record<string, UploadRule>>;

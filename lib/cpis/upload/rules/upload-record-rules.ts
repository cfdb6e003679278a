// The rules for one record of an upload: its plans and the persons they are about.
import { fileError, recordError, recordWarning, type UploadRule } from "./upload-rule.js";

const correctAndSend = "Correct it in the case system, then send the record again.";
const traceFirst = "Trace the person on PDS and give the number that PDS confirms.";

export const uploadRecordRules = {
  "upload.plan-count": recordError(
    "A record must have one to three plans.",
    "Send each plan in a record of its own, with the person it is about.",
  ),
  "upload.several-plans": recordWarning(
    "The record has more than one plan.",
    "It can be sent. One plan and one person to a record is safest: each then has an answer of its own.",
  ),
  "upload.subject-count": recordError(
    "A record must have one person, or a child and a mother.",
    "Send each plan in a record of its own, with the person it is about.",
  ),
  "upload.several-subjects": recordWarning(
    "The record has more than one person.",
    "It can be sent. One plan and one person to a record is safest: each then has an answer of its own.",
  ),
  "upload.subject-ambiguous": recordError(
    "The record has two children or two mothers, so it cannot be told whose the plan is.",
    "Send a record for each of them.",
  ),
  "upload.plan-type-missing": recordError(
    "The plan has no type.",
    "Say whether it is a child protection plan, a looked after child, or an unborn child protection plan.",
  ),
  "upload.plan-type-unknown": recordError(
    "The type of the plan is not known.",
    "Use child-protection-plan, looked-after-child or unborn-child-protection-plan, or name your own word for it in the settings.",
  ),
  "upload.content-id-mismatch": fileError(
    "A plan or person is announced as something else than what follows, or is not announced.",
    "Ask the supplier of the system that wrote the file to correct it.",
  ),
  "upload.plan-subject-mismatch": recordError(
    "The plans and the persons of the record do not go together.",
    "A child protection plan or looked after status goes with the child, an unborn child protection plan with the mother.",
  ),
  "upload.start-date-missing": recordError("The plan has no start date.", "Give the start date, then send the record."),
  "upload.end-date-missing": recordError(
    "The unborn child protection plan has no end date.",
    "Give the end date that the plan has in the case system; it is mandatory for this type of plan.",
  ),
  "upload.date-format": recordError(
    "A date of the plan is not in the form that can be sent.",
    "Give year, month, day, hour and minute, in the years 1900 to 2099.",
  ),
  "upload.date-not-real": recordError("A date of the plan is no real day or time.", correctAndSend),
  "upload.end-before-start": recordError("The plan ends before it starts.", correctAndSend),
  "upload.start-in-future": recordWarning(
    "The plan starts in the future.",
    "Check the start date. It is sent as it is.",
  ),
  "upload.delete-in-future": recordWarning(
    "The plan is to be deleted in the future.",
    "Check the delete date. It is sent as it is.",
  ),
  "upload.ended-over-12-months": recordWarning(
    "The plan ended more than 12 months ago; CP-IS may not hold it.",
    "Check the end date. Nothing else need be done.",
  ),
  "upload.nhs-number-missing": recordError("The person has no NHS number.", traceFirst),
  "upload.nhs-number-invalid": recordError(
    "The NHS number is not valid: it must have ten digits and the right check digit.",
    traceFirst,
  ),
  "upload.nhs-number-not-first": recordError(
    "The NHS number is not the first identifier of the person.",
    "Write the NHS number first, then the local identifier.",
  ),
  "upload.person-id-root": recordError(
    "The identifiers of the person are not one NHS number and at most one local identifier, each with a value.",
    "Give each identifier once, in its own scheme, and no other.",
  ),
  "upload.local-id-authority": recordWarning(
    "The local identifier is said to be of another authority than the one that sends the file.",
    "Leave the authority out, or give the organisation code and name of the sender, with a colon between.",
  ),
  "upload.birth-date-missing": recordError("The person has no date of birth.", correctAndSend),
  "upload.birth-date-invalid": recordError(
    "The date of birth is no real day from 1900 until today.",
    "Check it in the case system and on PDS, then send the record again.",
  ),
  "upload.name-missing": recordError(
    "The person has no forename or no family name.",
    "Give one forename and the family name, each in its own field, as PDS has them.",
  ),
  "upload.name-format": recordError(
    "The name of the person is not one forename followed by one family name.",
    "Give one forename and the family name, without title, suffix or attributes.",
  ),
  "upload.several-forenames": recordWarning(
    "More than one forename is given.",
    "Give the first forename alone: PDS matches on it, and a row is sent with it.",
  ),
  "upload.text-not-sendable": recordError(
    "A text has characters that cannot be sent, or that were lost when the file was read.",
    "Save the file as UTF-8 and read it again; remove control characters.",
  ),
  "upload.child-is-adult": recordWarning(
    "The child is 18 or older; CP-IS closes the entry at 18 and may refuse the record.",
    "Check the date of birth and whether the plan should have ended.",
  ),
  "upload.end-in-future": recordWarning(
    "The plan ends in the future, and a plan of this type usually gets its end date when it has ended.",
    "Check the end date. It is sent as it is: CP-IS may show the plan as one that ends.",
  ),
  "upload.start-before-birth": recordWarning(
    "The plan starts long before the child was born.",
    "Check the start date and the date of birth. It is sent as it is; the settings say how long before is usual.",
  ),
  "upload.mother-too-young": recordWarning(
    "The plan is for an unborn child, and the person is very young to be its mother.",
    "Check the type of the plan: it may be the child's own row. It is sent as it is; the settings say which age is usual.",
  ),
  "upload.mother-is-the-child": recordError(
    "The mother and the child have the same NHS number.",
    "Give each their own NHS number, in a record of its own.",
  ),
  "upload.mother-younger-than-child": recordError(
    "The mother is no older than the child.",
    "Check both dates of birth, and who is the child and who the mother.",
  ),
  "upload.name-placeholder": recordError(
    "A name holds a sign or word that stands for a missing value.",
    "Give the forename and the family name as PDS has them.",
  ),
  "upload.name-doubtful": recordWarning(
    "A name is a word that often stands for a missing value, or has a digit.",
    "Check the name. It is sent as it is: PDS refuses the record if it is wrong.",
  ),
  "upload.text-invisible": recordError(
    "A name or local identifier has characters that nobody sees, and that may turn or part what stands beside them.",
    "Type the text anew in the case system, or remove the invisible characters, then send the record again.",
  ),
  "upload.duplicate-record": recordError(
    "The same person, type of plan and start date are in the file already.",
    "Leave the one that is up to date, and remove the other.",
  ),
} as const satisfies Readonly<Record<string, UploadRule>>;

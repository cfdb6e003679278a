// The rules for one person of an upload: identifiers, date of birth, name.
import { isCalendarDate } from "../../../hl7v3/timestamp.js";
import type { WallClock } from "./check-upload-plan.js";
import type { LocalAuthority, Subject } from "../../model.js";
import { readNhsNumber } from "../../nhs-number.js";
import type { ReportFault } from "./upload-rules.js";

const birthDatePattern = /^((?:19|20)[0-9]{2})-([0-9]{2})-([0-9]{2})$/;
const severalWords = /\S\s+\S/;
/**
 * Control characters, which XML cannot hold or which no name has; U+FFFD, which stands for a byte that was lost in
 * decoding; halves of surrogate pairs.
 */
const notSendable =
  // eslint-disable-next-line no-control-regex -- the control characters are the point
  /[\u0000-\u001f\u007f-\u009f\ufffd-\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const ageOfMajority = 18;

function isBlank(text: string | undefined): boolean {
  return text === undefined || text.trim() === "";
}

/** Only the ten digits themselves can be sent; blanks and hyphens are for people. */
export function isSendableNhsNumber(text: string | undefined): text is string {
  return text !== undefined && readNhsNumber(text) === text;
}

/**
 * `authority` as in "999:EXAMPLE COUNTY COUNCIL"; case does not count. Of a sender without code or name nothing can be
 * said.
 */
function isAuthorityOf(authority: string, sender: LocalAuthority): boolean {
  if (isBlank(sender.code) || isBlank(sender.name)) return true;
  const own = `${sender.code?.trim() ?? ""}:${sender.name?.trim() ?? ""}`;
  return authority.trim().toUpperCase() === own.toUpperCase();
}

function checkIdentifiers(
  subject: Subject,
  path: string,
  sender: LocalAuthority | undefined,
  report: ReportFault,
): void {
  const { nhsNumber, localId, localIdAuthority } = subject;
  if (isBlank(nhsNumber)) report("upload.nhs-number-missing", `${path}.nhsNumber`);
  else if (!isSendableNhsNumber(nhsNumber)) report("upload.nhs-number-invalid", `${path}.nhsNumber`);
  if (localId !== undefined && isBlank(localId)) report("upload.person-id-root", `${path}.localId`);
  // The authority's name is optional; only a wrong one is worth a word.
  if (sender !== undefined && localIdAuthority !== undefined && !isAuthorityOf(localIdAuthority, sender)) {
    report("upload.local-id-authority", `${path}.localIdAuthority`);
  }
}

export function isRealDay(text: string): boolean {
  const match = birthDatePattern.exec(text);
  return match !== null && isCalendarDate(Number(match[1]), Number(match[2]), Number(match[3]));
}

function checkBirthDate(subject: Subject, path: string, clock: WallClock | undefined, report: ReportFault): void {
  const { kind, birthDate } = subject;
  const field = `${path}.birthDate`;
  if (birthDate === undefined || isBlank(birthDate)) {
    report("upload.birth-date-missing", field);
    return;
  }
  if (!isRealDay(birthDate) || (clock !== undefined && birthDate > clock.today)) {
    report("upload.birth-date-invalid", field);
    return;
  }
  if (kind !== "child" || clock === undefined) return;
  const adultFrom = String(Number(birthDate.slice(0, 4)) + ageOfMajority) + birthDate.slice(4);
  if (adultFrom <= clock.today) report("upload.child-is-adult", field);
}

function checkName(subject: Subject, path: string, report: ReportFault): void {
  const { givenName, familyName } = subject;
  if (isBlank(givenName)) report("upload.name-missing", `${path}.givenName`);
  else if (givenName !== undefined && severalWords.test(givenName)) {
    report("upload.several-forenames", `${path}.givenName`);
  }
  if (isBlank(familyName)) report("upload.name-missing", `${path}.familyName`);
}

const textFields = ["localId", "localIdAuthority", "givenName", "familyName"] as const;

/** Without a clock nothing is said about age and future; without a sender nothing about whose the local id is. */
export function checkSubject(
  subject: Subject,
  path: string,
  clock: WallClock | undefined,
  sender: LocalAuthority | undefined,
  report: ReportFault,
): void {
  checkIdentifiers(subject, path, sender, report);
  checkBirthDate(subject, path, clock, report);
  checkName(subject, path, report);
  for (const field of textFields) {
    const text = subject[field];
    if (text !== undefined && notSendable.test(text)) report("upload.text-not-sendable", `${path}.${field}`);
  }
}

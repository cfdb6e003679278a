// The rules for what stands before the records of an upload: number, time, and the local authority that sends it.
import { parseHl7Time } from "../../../hl7v3/timestamp.js";
import type { LocalAuthority } from "../../model.js";
import type { ReportFault } from "./upload-rules.js";

/** One telephone of the local authority; `number` without "tel:", `uses` as in EC and WP. */
export interface CheckedTelephone {
  readonly number: string;
  readonly uses: readonly string[];
  readonly field: string;
}

const knownUses: readonly string[] = ["H", "HP", "HV", "WP", "AS", "EC", "PG", "MC"];
const emergencyDuty = "EC";
const officeHours = "WP";
const maximumTelephones = 2;

/** R-TS of the schema: no fraction without seconds, no zone without an hour. */
const timestampPattern = /^([0-9]{1,8}|([0-9]{9,14}|[0-9]{14}\.[0-9]+)([+-][0-9]{1,4})?)$/;

function isBlank(text: string | undefined): boolean {
  return text === undefined || text.trim() === "";
}

export function checkFileId(fileId: string | undefined, report: ReportFault): void {
  if (fileId === undefined || isBlank(fileId)) report("upload.file-id-missing", "fileId");
  else if (!/^[1-9][0-9]*$/.test(fileId)) report("upload.file-id-format", "fileId");
}

export function checkCreatedAt(createdAt: string | undefined, report: ReportFault): void {
  const time = parseHl7Time(createdAt ?? "");
  if (createdAt === undefined || !timestampPattern.test(createdAt) || time.iso === undefined) {
    report("upload.created-at-invalid", "createdAt");
  } else if (time.zone === "none") {
    report("upload.created-at-zone", "createdAt");
  }
}

export function checkOrganisation(code: string | undefined, name: string | undefined, report: ReportFault): void {
  if (isBlank(code)) report("upload.org-id-missing", "localAuthority.code");
  if (isBlank(name)) report("upload.org-name-missing", "localAuthority.name");
}

function hasDigits(telephone: CheckedTelephone): boolean {
  return telephone.number.trim().replace(/^\+/, "") !== "";
}

function checkTelephone(telephone: CheckedTelephone, report: ReportFault): void {
  const { number, uses, field } = telephone;
  if (uses.length === 0 || !uses.every((use) => knownUses.includes(use))) report("upload.telecom-use-unknown", field);
  if (hasDigits(telephone)) {
    if (!/^\+?[0-9]{3,}$/.test(number)) report("upload.telecom-format", field);
  } else if (!uses.includes(emergencyDuty)) {
    report("upload.telecom-value-missing", field);
  }
}

/** No telephone at all is a missing emergency duty number, and no more is said. */
export function checkTelephones(telephones: readonly CheckedTelephone[], report: ReportFault): void {
  const emergency = telephones.filter(({ uses }) => uses.includes(emergencyDuty));
  const others = telephones.filter(({ uses }) => !uses.includes(emergencyDuty));
  if (telephones.length > maximumTelephones) report("upload.telecom-count", "localAuthority");
  if (!emergency.some(hasDigits)) report("upload.telecom-ec-missing", "localAuthority.emergencyDutyTelephone");
  if (emergency.length > 1) report("upload.telecom-ec-duplicate", "localAuthority");
  for (const telephone of telephones) checkTelephone(telephone, report);
  const isMarked = others.every(({ uses }) => uses.some((use) => knownUses.includes(use)));
  if (others.length > 0 && isMarked && !others.some(({ uses }) => uses.includes(officeHours))) {
    report("upload.telecom-use", "localAuthority");
  }
}

function telephonesOf(authority: LocalAuthority): readonly CheckedTelephone[] {
  const { emergencyDutyTelephone, officeHoursTelephone, otherTelephones = [] } = authority;
  const own = (number: string | undefined, use: string, field: string): readonly CheckedTelephone[] =>
    number === undefined ? [] : [{ number, uses: [use], field: `localAuthority.${field}` }];
  return [
    ...own(officeHoursTelephone, officeHours, "officeHoursTelephone"),
    ...own(emergencyDutyTelephone, emergencyDuty, "emergencyDutyTelephone"),
    ...otherTelephones.map(({ use, number }, index) => ({
      number,
      uses: use.split(/\s+/).filter((one) => one !== ""),
      field: `localAuthority.otherTelephones[${index}]`,
    })),
  ];
}

export function checkLocalAuthority(authority: LocalAuthority, report: ReportFault): void {
  checkOrganisation(authority.code, authority.name, report);
  checkTelephones(telephonesOf(authority), report);
}

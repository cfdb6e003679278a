// Changes to the XML of an upload that break a rule each, with what must be said of them.
import { encodeUploadFile } from "../../../lib/cpis/upload/upload-file.js";
import type { UploadRecord } from "../../../lib/cpis/upload/upload-model.js";
import { county } from "./samples.js";
import { childRecord, unbornRecord } from "./upload-samples.js";

const header = { fileId: "123", createdAt: "20260302060000+0000", localAuthority: county };

export function fileOf(...records: readonly UploadRecord[]): string {
  return encodeUploadFile({ ...header, records });
}

export const child = fileOf(childRecord);
export const unborn = fileOf(unbornRecord);
const nhsNumberId = /<id root="2.16.840.1.113883.2.1.4.1"[^>]*\/>/;
const localId = /<id root="2.16.840.1.113883.2.1.3.2.4.18.24"[^>]*\/>/;
const contentId = /<npfitlc:contentId [^>]*CPPInformation"\/>/;

/** What was changed, from what, to what, and what is said. */
export const changes: readonly (readonly [string, string, string | RegExp, string, readonly string[]])[] = [
  ["a root of another name", child, /(<\/?)File\b/g, "$1Files", ["upload.schema-invalid File"]],
  ["a header out of order", child, /(<creationTime[^>]*>)(<id[^>]*>)/, "$2$1", ["upload.schema-invalid File"]],
  ["an unknown element", child, "<record>", "<extra/><record>", ["upload.schema-invalid File"]],
  [
    "an unknown attribute",
    child,
    "<CP-ISRecord>",
    '<CP-ISRecord when="now">',
    ["upload.schema-invalid record/CP-ISRecord"],
  ],
  ["text between elements", child, "<CP-ISRecord>", "<CP-ISRecord>text", ["upload.schema-invalid record/CP-ISRecord"]],
  [
    "two starts",
    child,
    /<component>.*?<\/component>/,
    "$&$&",
    ["upload.schema-invalid plans[0]/COCT_TP146101GB01.CPPInformation"],
  ],
  [
    "a fixed class code",
    child,
    "<CP-ISRecord>",
    '<CP-ISRecord classCode="ACT">',
    ["upload.prohibited-item record/CP-ISRecord"],
  ],
  [
    "a fixed code",
    child,
    "<CP-ISRecord>",
    '<CP-ISRecord><code code="1"/>',
    ["upload.prohibited-item record/CP-ISRecord"],
  ],
  [
    "a template id",
    child,
    "<childPerson>",
    '<childPerson><templateId root="1"/>',
    ["upload.prohibited-item subjects[0]/COCT_TP145101GB01.Child/childPerson"],
  ],
  [
    "a fixed code in a plan's holder",
    child,
    "<pertinentInformation>",
    '<pertinentInformation><code code="1"/>',
    ["upload.prohibited-item plans[0]"],
  ],
  [
    "a type code",
    child,
    "<subject>",
    '<subject typeCode="SBJ">',
    ["upload.prohibited-item record/CP-ISRecord/subject"],
  ],
  [
    "something beside a plan",
    child,
    contentId,
    "$&<extra/>",
    ["upload.schema-invalid plans[0]", "upload.content-id-mismatch plans[0]"],
  ],
  [
    "a root on the file's id",
    child,
    '<id extension="123"',
    '<id root="1.2" extension="123"',
    ["upload.prohibited-item File/id"],
  ],
  ["no file id", child, '<id extension="123"/>', "", ["upload.file-id-missing fileId"]],
  ["a file id in words", child, '<id extension="123"/>', '<id extension="first"/>', ["upload.file-id-format fileId"]],
  ["no creation time", child, /<creationTime[^>]*>/, "", ["upload.created-at-invalid createdAt"]],
  [
    "a creation time without zone",
    child,
    "20260302060000+0000",
    "20260302060000",
    ["upload.created-at-zone createdAt"],
  ],
  [
    "another count",
    child,
    '<transmissionQuantity value="1"/>',
    '<transmissionQuantity value="2"/>',
    ["upload.count-mismatch recordCount"],
  ],
  ["no count", child, '<transmissionQuantity value="1"/>', "", ["upload.count-mismatch recordCount"]],
  ["no record", child, /<record>.*<\/record>/, "", ["upload.no-records records", "upload.count-mismatch recordCount"]],
  ["an organisation id of another scheme", child, "4.19.1", "4.19.9", ["upload.org-id-missing localAuthority.code"]],
  [
    "an empty organisation name",
    child,
    "<name>EXAMPLE COUNTY COUNCIL</name>",
    "<name/>",
    ["upload.org-name-missing localAuthority.name"],
  ],
  [
    "a telephone without tel:",
    child,
    "tel:01632960001",
    "01632960001",
    ["upload.telecom-format localAuthority.telecom[0]"],
  ],
  [
    "no emergency duty telephone",
    child,
    /<telecom [^>]*EC"\/>/,
    "",
    ["upload.telecom-ec-missing localAuthority.emergencyDutyTelephone"],
  ],
  ["two emergency duty telephones", child, 'use="WP"', 'use="EC"', ["upload.telecom-ec-duplicate localAuthority"]],
  [
    "a telephone without digits",
    child,
    "tel:01632960001",
    "tel:",
    ["upload.telecom-value-missing localAuthority.telecom[0]"],
  ],
  ["a telephone without use", child, ' use="WP"', "", ["upload.telecom-use-unknown localAuthority.telecom[0]"]],
  ["a mobile telephone", child, 'use="WP"', 'use="MC"', ["upload.telecom-use localAuthority"]],
  ["three telephones", child, /<telecom [^>]*WP"\/>/, "$&$&", ["upload.telecom-count localAuthority"]],
  ["no plan", child, /<pertinentInformation>.*<\/pertinentInformation>/, "", ["upload.plan-count plans"]],
  ["no person", child, /<subject>.*<\/subject>/, "", ["upload.subject-count subjects"]],
  ["the plan of a response", child, /146101GB01/g, "146105GB01", ["upload.plan-type-unknown plans[0].planType"]],
  [
    "a person where a plan should be",
    unborn,
    /<pertinentInformation>.*<\/pertinentInformation>/,
    `<pertinentInformation>${/<subject>(.*)<\/subject>/.exec(unborn)?.[1] ?? ""}</pertinentInformation>`,
    ["upload.plan-type-unknown plans[0].planType"],
  ],
  ["an unknown person", child, /145101GB01/g, "145199GB01", ["upload.schema-invalid subjects[0]"]],
  ["a contentId of another template", child, "146101GB01#", "146100GB01#", ["upload.content-id-mismatch plans[0]"]],
  [
    "a contentId of another scheme",
    child,
    /(contentId root=")[0-9.]+/,
    "$11.2.3",
    ["upload.content-id-mismatch plans[0]"],
  ],
  ["no contentId", child, contentId, "", ["upload.content-id-mismatch plans[0]"]],
  ["a second contentId", child, contentId, "$&$&", ["upload.schema-invalid plans[0]"]],
  ["no start date", child, /<component>.*?<\/component>/, "", ["upload.start-date-missing plans[0].startDate"]],
  [
    "a start date without value",
    child,
    '<value value="202511030900"/>',
    "<value/>",
    ["upload.start-date-missing plans[0].startDate"],
  ],
  [
    "a start date in the form of the model",
    child,
    "202511030900",
    "2025-11-03T09:00",
    ["upload.date-format plans[0].startDate"],
  ],
  ["a start date with seconds", child, "202511030900", "20251103090000", ["upload.date-format plans[0].startDate"]],
  ["a start on 31 November", child, "202511030900", "202511310900", ["upload.date-not-real plans[0].startDate"]],
  [
    "no end of an unborn child's plan",
    unborn,
    /<component1>.*<\/component1>/,
    "",
    ["upload.end-date-missing plans[0].endDate"],
  ],
  [
    "a plan of another kind than the person",
    unborn,
    /<subject>.*<\/subject>/,
    /<subject>.*<\/subject>/.exec(child)?.[0] ?? "",
    ["upload.plan-subject-mismatch plans[0].planType"],
  ],
  [
    "the local identifier first",
    child,
    new RegExp(`(${nhsNumberId.source})(${localId.source})`),
    "$2$1",
    ["upload.nhs-number-not-first subjects[0].nhsNumber"],
  ],
  ["the local identifier alone", child, nhsNumberId, "", ["upload.nhs-number-missing subjects[0].nhsNumber"]],
  ["the NHS number twice", child, nhsNumberId, "$&$&", ["upload.person-id-root subjects[0].localId"]],
  ["an identifier of another scheme", child, "4.18.24", "4.18.25", ["upload.person-id-root subjects[0].localId"]],
  [
    "a local identifier without a value",
    child,
    'extension="LOCAL-1" ',
    "",
    ["upload.person-id-root subjects[0].localId"],
  ],
  [
    "an NHS number with blanks",
    child,
    '"9990000018"',
    '"999 000 0018"',
    ["upload.nhs-number-invalid subjects[0].nhsNumber"],
  ],
  [
    "another authority's identifier",
    child,
    '"999:EX',
    '"888:EX',
    ["upload.local-id-authority subjects[0].localIdAuthority"],
  ],
  ["no date of birth", child, /<birthTime[^>]*>/, "", ["upload.birth-date-missing subjects[0].birthDate"]],
  [
    "a date of birth with a time",
    child,
    '"20150314"',
    '"201503140000"',
    ["upload.birth-date-invalid subjects[0].birthDate"],
  ],
  ["an empty forename", child, "<given>Test</given>", "<given/>", ["upload.name-missing subjects[0].givenName"]],
  [
    "two forenames",
    child,
    "<given>Test</given>",
    "<given>Test</given><given>Two</given>",
    ["upload.name-format subjects[0].givenName"],
  ],
  ["a title", child, "<given>Test", "<prefix>Dr</prefix><given>Test", ["upload.name-format subjects[0].givenName"]],
  [
    "the family name first",
    child,
    /(<given>Test<\/given>)(<family>Child<\/family>)/,
    "$2$1",
    ["upload.name-format subjects[0].givenName"],
  ],
  ["a name with a use", child, "<name><given>", '<name use="L"><given>', ["upload.name-format subjects[0].givenName"]],
  [
    "a name of text alone",
    child,
    /<given>.*<\/family>/,
    "Test Child",
    [
      "upload.name-missing subjects[0].givenName",
      "upload.name-missing subjects[0].familyName",
      "upload.name-format subjects[0].givenName",
    ],
  ],
];

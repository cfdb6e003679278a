// Holds each rule for a file that is about to be uploaded, and for the local authority that sends it.
import assert from "node:assert/strict";
import type { LocalAuthority } from "../../../../../lib/cpis/model.js";
import type { UploadFaultCode } from "../../../../../lib/cpis/upload/rules/upload-rules.js";
import { createUploadValidator, type UploadFileFacts } from "../../../../../lib/cpis/upload/rules/validate-upload.js";
import { county } from "../../../../support/cpis/samples.js";
import { uploadContext, uploadFacts, without } from "../../../../support/cpis/upload-samples.js";

const changedFile = (change: Partial<UploadFileFacts>): UploadFileFacts => ({ ...uploadFacts, ...change });
const changedCounty = (change: Partial<LocalAuthority>): LocalAuthority => ({ ...county, ...change });
const onlyEmergency = without(county, "officeHoursTelephone");

const brokenFiles: readonly (readonly [UploadFaultCode, string, UploadFileFacts, LocalAuthority])[] = [
  ["upload.file-id-missing", "a blank number", changedFile({ fileId: " " }), county],
  ["upload.file-id-format", "the number -1", changedFile({ fileId: "-1" }), county],
  ["upload.file-id-format", "a number in letters", changedFile({ fileId: "one" }), county],
  ["upload.file-id-reused", "a number used before", changedFile({ isFileIdUsed: true }), county],
  ["upload.created-at-invalid", "no time", changedFile({ createdAt: "" }), county],
  ["upload.created-at-invalid", "31 February", changedFile({ createdAt: "20260231060000+0000" }), county],
  ["upload.created-at-invalid", "a zone without a time", changedFile({ createdAt: "20260302+0000" }), county],
  ["upload.created-at-zone", "a time without zone", changedFile({ createdAt: "20260302060000" }), county],
  ["upload.no-records", "no record", changedFile({ recordCount: 0 }), county],
  ["upload.org-id-missing", "no organisation code", uploadFacts, without(county, "code")],
  ["upload.org-name-missing", "a blank name", uploadFacts, changedCounty({ name: " " })],
  [
    "upload.telecom-count",
    "three telephones",
    uploadFacts,
    changedCounty({ otherTelephones: [{ use: "MC", number: "07700900001" }] }),
  ],
  [
    "upload.telecom-format",
    "a telephone with blanks",
    uploadFacts,
    changedCounty({ officeHoursTelephone: "01632 960001" }),
  ],
  ["upload.telecom-format", "a telephone of two digits", uploadFacts, changedCounty({ emergencyDutyTelephone: "99" })],
  ["upload.telecom-ec-missing", "no emergency duty number", uploadFacts, without(county, "emergencyDutyTelephone")],
  [
    "upload.telecom-ec-missing",
    "a blank emergency duty number",
    uploadFacts,
    changedCounty({ emergencyDutyTelephone: "" }),
  ],
  [
    "upload.telecom-ec-duplicate",
    "two emergency duty numbers",
    uploadFacts,
    { ...onlyEmergency, otherTelephones: [{ use: "EC", number: "01632960998" }] },
  ],
  [
    "upload.telecom-value-missing",
    "a blank office hours number",
    uploadFacts,
    changedCounty({ officeHoursTelephone: "+" }),
  ],
  [
    "upload.telecom-use",
    "a mobile as the second number",
    uploadFacts,
    { ...onlyEmergency, otherTelephones: [{ use: "MC", number: "07700900001" }] },
  ],
  [
    "upload.telecom-use-unknown",
    "an unlisted use",
    uploadFacts,
    { ...onlyEmergency, otherTelephones: [{ use: "XX", number: "07700900001" }] },
  ],
  [
    "upload.telecom-use-unknown",
    "no use",
    uploadFacts,
    { ...onlyEmergency, otherTelephones: [{ use: " ", number: "07700900001" }] },
  ],
];

describe("the validator of an upload file", () => {
  for (const [code, title, file, localAuthority] of brokenFiles) {
    it(`says ${code} of a file with ${title}, and no more`, () => {
      const faults = createUploadValidator({ ...uploadContext, localAuthority }).checkFile(file);
      assert.deepEqual(
        faults.map((fault) => fault.code),
        [code],
      );
    });
  }

  for (const [title, localAuthority] of [
    ["both telephones", county],
    ["the emergency duty number alone", onlyEmergency],
    ["an international number", changedCounty({ emergencyDutyTelephone: "+441632960999" })],
    ["office hours among the others", { ...onlyEmergency, otherTelephones: [{ use: "WP HP", number: "01632960001" }] }],
  ] as const) {
    it(`has nothing to say of a file whose local authority has ${title}`, () => {
      assert.deepEqual(createUploadValidator({ ...uploadContext, localAuthority }).checkFile(uploadFacts), []);
    });
  }
});

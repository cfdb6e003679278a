// Holds the rules for a received upload file: those of the sender, and those that only its XML can break.
import assert from "node:assert/strict";
import fc from "fast-check";
import { createReceivedUploadChecker } from "../../../../lib/simulator/cpis/check-received-upload.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { changes, child, fileOf, unborn } from "../../../support/cpis/received-upload-changes.js";
import {
  bothKindsRecord,
  childRecord,
  told,
  unbornPlan,
  unbornRecord,
  uploadContext,
  uploadedMother,
  withChild,
  withPlan,
} from "../../../support/cpis/upload-samples.js";

/** What is said of the whole file, header first. */
function faultsOf(xml: string): readonly string[] {
  const file = parseXml(Buffer.from(xml));
  const checker = createReceivedUploadChecker(uploadContext);
  const records = file.children.filter(({ localName }) => localName === "record");
  const faults = [checker.checkHeader(file), ...records.map((record) => checker.checkRecord(record)), checker.finish()];
  return told(faults.flat());
}

function changed(xml: string, from: string | RegExp, to: string): string {
  const result = xml.replace(from, to);
  assert.notEqual(result, xml, "the change must be one");
  return result;
}

describe("the checker of a received upload", () => {
  for (const [title, xml, from, to, expected] of changes) {
    it(`says ${expected.join(", ")} of a file with ${title}`, () => {
      assert.deepEqual([...faultsOf(changed(xml, from, to))].sort(), [...expected].sort());
    });
  }

  for (const [title, xml] of [
    ["a child's plan", child],
    ["an unborn child's plan", unborn],
    [
      "a plan that was ended and withdrawn",
      fileOf(withPlan({ endDate: "2026-01-03T09:00", deleteDate: "2026-03-01T08:00" })),
    ],
    ["the usual content of every HL7 class", changed(child, "<CP-ISRecord>", '<CP-ISRecord><realmCode code="UK"/>')],
    [
      "such content beside a plan",
      changed(child, "<pertinentInformation>", '<pertinentInformation><realmCode code="UK"/>'),
    ],
    ["a prefix on every element", child.replace(/<(\/?)(?!npfitlc|\?)/g, "<$1hl7:").replace("xmlns=", "xmlns:hl7=")],
  ] as const) {
    it(`has nothing to say of a file with ${title}`, () => {
      assert.deepEqual(faultsOf(xml), []);
    });
  }

  it("refuses a document in no namespace, and one that could not be read", () => {
    assert.ok(faultsOf(changed(child, ' xmlns="urn:hl7-org:v3"', "")).includes("upload.schema-invalid File"));
    const checker = createReceivedUploadChecker(uploadContext);
    assert.deepEqual(told(checker.checkHeader(undefined)), ["upload.not-well-formed"]);
  });

  it("applies the rules of the sender to what it reads", () => {
    for (const [record, expected] of [
      [bothKindsRecord, ["upload.several-plans plans", "upload.several-subjects subjects"]],
      [withPlan({ endDate: "2025-11-03T08:00" }), ["upload.end-before-start plans[0].endDate"]],
      [withPlan({ startDate: "2026-03-03T08:00" }), ["upload.start-in-future plans[0].startDate"]],
      [withChild({ birthDate: "2001-01-01" }), ["upload.child-is-adult subjects[0].birthDate"]],
      [withChild({ givenName: "Test Two" }), ["upload.several-forenames subjects[0].givenName"]],
      [
        { plans: [unbornPlan], subjects: [{ ...uploadedMother, nhsNumber: "9990000019" }] },
        ["upload.nhs-number-invalid subjects[0].nhsNumber"],
      ],
    ] as const) {
      assert.deepEqual(faultsOf(fileOf(record)), expected);
    }
    assert.deepEqual(faultsOf(fileOf(childRecord, unbornRecord, childRecord)), ["upload.duplicate-record plans[0]"]);
  });

  it("never throws, whatever part of a file is missing or doubled", () => {
    const elements = [...fileOf(bothKindsRecord).matchAll(/<([a-zA-Z0-9:._-]+)[^>]*?(?:\/>|>)/g)];
    fc.assert(
      fc.property(fc.nat(elements.length - 1), fc.constantFrom("", "twice", "other"), (index, how) => {
        const xml = fileOf(bothKindsRecord);
        const found = elements[index]!;
        const name = found[1]!;
        const end = found[0].endsWith("/>")
          ? found.index + found[0].length
          : xml.indexOf(`</${name}>`, found.index) + name.length + 3;
        if (name === "File") return;
        const whole = xml.slice(found.index, end);
        const instead = how === "twice" ? whole + whole : how === "other" ? "<stranger>MARKED</stranger>" : "";
        const said = faultsOf(xml.slice(0, found.index) + instead + xml.slice(end));
        assert.ok(!said.join().includes("MARKED") && !said.join().includes("stranger"));
        if (how === "other") assert.notDeepEqual(said, faultsOf(xml));
      }),
      { numRuns: 100 },
    );
  });
});

// Holds the upload file of a local authority in both directions, whole and in pieces.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Subject } from "../../../../lib/cpis/model.js";
import {
  createUploadFileReader,
  encodeUploadFile,
  encodeUploadFileStart,
  encodeUploadRecord,
  parseUploadFile,
  uploadFileEnd,
  type ParsedUploadFile,
} from "../../../../lib/cpis/upload/upload-file.js";
import { isCpisError } from "../../../../lib/errors.js";
import { withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import { readVector } from "../../../support/hl7v3/vectors.js";
import { byteByByte, inPieces } from "../../../support/xml/pieces.js";
import { uploadFile } from "../../../support/cpis/authority-arbitraries.js";
import { uploadFileVectors } from "../../../support/cpis/authority-golden.js";
import {
  endedPlan,
  everything,
  fileOf,
  lookedAfter,
  withdrawnUnborn,
} from "../../../support/cpis/authority-samples.js";

const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");

function parse(document: string): ParsedUploadFile {
  return parseUploadFile(bytes(document));
}

function inOnePass(pieces: readonly Uint8Array[]): ParsedUploadFile {
  const reader = createUploadFileReader();
  const records = pieces.flatMap((piece) => reader.write(piece));
  const { header, warnings } = reader.end();
  const { fileId, createdAt, localAuthority } = header;
  return { file: { fileId, createdAt, localAuthority, records }, warnings };
}

/** The file with one text replaced, which must be there. */
function altered(from: string | RegExp, to: string, records = [endedPlan]): ParsedUploadFile {
  const written = encodeUploadFile(fileOf(records));
  const changed = written.replace(from, to);
  assert.notEqual(changed, written);
  return parse(changed);
}

function codesOf({ warnings }: ParsedUploadFile): readonly string[] {
  return warnings.map(({ code }) => code);
}

describe("the upload file", () => {
  for (const { name, model, written } of uploadFileVectors) {
    it(`${name}: is written as the vector has it`, () => {
      assert.equal(written, readVector(`cpis/upload-file/${name}`));
    });

    it(`${name}: is read as the model has it, without a warning`, () => {
      assert.deepEqual(parse(readVector(`cpis/upload-file/${name}`)), { file: model, warnings: [] });
    });
  }

  it("is read as it was written, whole and in pieces", () => {
    const written = uploadFile.chain((model) => {
      const document = bytes(encodeUploadFile(model));
      return fc.tuple(fc.constant(model), fc.constant(document), inPieces(document));
    });
    fc.assert(
      fc.property(written, ([model, document, pieces]) => {
        assert.deepEqual(parseUploadFile(document), { file: model, warnings: [] });
        assert.deepEqual(inOnePass(pieces), { file: model, warnings: [] });
      }),
    );
  });

  it("is the same whether it is written whole or record by record", () => {
    const file = fileOf([endedPlan, lookedAfter, everything]);
    const start = encodeUploadFileStart({ ...file, recordCount: 3 });
    assert.equal(start + file.records.map(encodeUploadRecord).join("") + uploadFileEnd, encodeUploadFile(file));
  });

  it("has neither a byte order mark nor the attributes that the schema forbids", () => {
    const written = encodeUploadFile(fileOf([endedPlan, lookedAfter, withdrawnUnborn, everything]));
    assert.ok(written.startsWith("<File "));
    assert.doesNotMatch(written, /classCode|moodCode|typeCode|determinerCode|templateId|<File[^>]*><[^>]*id root/);
    assert.match(written, /<transmissionQuantity value="4"\/>/);
  });

  it("has the templates of the upload form, not those of the response", () => {
    const written = encodeUploadRecord(everything);
    const templates = [...written.matchAll(/<COCT_TP(\d+)GB01\.(\w+)/g)].map(([, id, name]) => `${id} ${name}`);
    assert.deepEqual(templates, [
      "146100 LACInformation",
      "146101 CPPInformation",
      "146102 UCPInformation",
      "145101 Child",
      "145100 UnbornChild",
    ]);
  });

  it("gives each record out as soon as it is closed", () => {
    const reader = createUploadFileReader();
    const start = encodeUploadFileStart({ ...fileOf([]), recordCount: 2 });
    assert.deepEqual(reader.write(bytes(start + encodeUploadRecord(endedPlan) + "<rec")), [endedPlan]);
    assert.deepEqual(reader.write(bytes(encodeUploadRecord(lookedAfter).slice("<rec".length))), [lookedAfter]);
    assert.deepEqual(reader.write(bytes(uploadFileEnd)), []);
    assert.deepEqual(reader.end().header, {
      fileId: "123",
      createdAt: "20260302060000+0000",
      localAuthority: fileOf([]).localAuthority,
      recordCount: 2,
    });
  });

  it("is read byte by byte, names with letters outside ASCII too", () => {
    const subject: Subject = { kind: "child", nhsNumber: "9990000018", givenName: "Zoë", familyName: "Łø 😀" };
    const file = fileOf([{ ...endedPlan, subjects: [subject] }]);
    assert.deepEqual(inOnePass(byteByByte(bytes(encodeUploadFile(file)))), { file, warnings: [] });
  });

  describe("when it is not as the schema has it", () => {
    it("warns when the number of records is not the one stated, and tells the one stated", () => {
      const stated = '<transmissionQuantity value="7"/>';
      const parsed = altered('<transmissionQuantity value="1"/>', stated);
      assert.deepEqual(codesOf(parsed), ["record-count-mismatch"]);
      const reader = createUploadFileReader();
      reader.write(bytes(`<File>${stated}</File>`));
      assert.equal(reader.end().header.recordCount, 7);
    });

    it("warns of a header without id or time, and gives empty ones", () => {
      const parsed = altered(/<creationTime [^>]*><id [^>]*>/, "");
      assert.deepEqual([parsed.file.fileId, parsed.file.createdAt], ["", ""]);
      assert.deepEqual(codesOf(parsed), ["header-incomplete", "header-incomplete"]);
    });

    it("counts plans of unknown templates and dates that cannot be read, and says in which record", () => {
      const unknown = altered(/COCT_TP146101GB01/g, "COCT_TP146105GB01", [lookedAfter, endedPlan]);
      assert.deepEqual(unknown.file.records[1], { plans: [], subjects: endedPlan.subjects, unreadablePlans: 1 });
      assert.deepEqual(
        unknown.warnings.map(({ path }) => path),
        ["record[2]"],
      );
      const date = altered('value="202602271200"', 'value="202602311200"');
      assert.deepEqual(date.file.records[0]?.plans, [
        { planType: "child-protection-plan", startDate: "2025-11-03T09:00" },
      ]);
      assert.equal(date.file.records[0].unreadablePlans, 1);
      assert.deepEqual(codesOf(date), ["unreadable-end-date", "unreadable-plan"]);
    });

    it("gives an empty record for a record element without content", () => {
      const parsed = altered(/<CP-ISRecord>.*<\/CP-ISRecord>/, "");
      assert.deepEqual(parsed.file.records, [{ plans: [], subjects: [] }]);
      assert.deepEqual(codesOf(parsed), ["empty-record"]);
    });

    it("tells of the first two hundred warnings, and counts the rest", () => {
      const warnings = codesOf(parse(`<File>${"<record/>".repeat(300)}</File>`));
      assert.equal(warnings.length, 201);
      assert.equal(warnings.at(-1), "further-warnings");
    });

    it("says nothing of a person in its warnings", () => {
      const { warnings } = altered(/20150314|202511030900/g, "Marker");
      assert.ok(warnings.length > 0);
      assert.doesNotMatch(JSON.stringify(warnings), /Marker|9990000018|Test|LOCAL/);
    });
  });

  it("is refused when there is none, more than one, or one that is cut", () => {
    assert.throws(() => parse("<FileResponse/>"), { code: "CPIS_MESSAGE_INVALID" });
    assert.throws(() => parse('<File xmlns="urn:other"/>'), { code: "CPIS_MESSAGE_INVALID" });
    assert.throws(() => parse("<a><File/><File/></a>"), { code: "CPIS_MESSAGE_INVALID" });
    assert.throws(() => parse("<File><record/>"), { code: "XML_TRUNCATED" });
    assert.throws(() => parseUploadFile(bytes("<File></File>"), { maximumBytes: 5 }), { code: "XML_TOO_LARGE" });
  });

  it("with one byte changed is read, or refused with a code, in any pieces the same", () => {
    const original = Buffer.from(readVector("cpis/upload-file/several-records"));
    const outcome = (pieces: readonly Uint8Array[]): unknown => {
      try {
        return inOnePass(pieces);
      } catch (error) {
        assert.ok(isCpisError(error), String(error));
        return "refused";
      }
    };
    fc.assert(
      fc.property(
        withOneByteChanged(original).chain((changed) => fc.tuple(fc.constant(changed), inPieces(changed))),
        ([changed, pieces]) => {
          assert.deepEqual(outcome(pieces), outcome([changed]));
        },
      ),
      { numRuns: 300 },
    );
  });
});

// Holds the response to an upload in both directions: which result belongs to which record, and what counts as loaded.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { UploadRecordResult, UploadResponse } from "../../../../lib/cpis/upload/upload-model.js";
import {
  createUploadResponseReader,
  encodeUploadRecordResult,
  encodeUploadRecordsStart,
  encodeUploadResponse,
  encodeUploadResponseEnd,
  encodeUploadResponsePieces,
  encodeUploadResponseStart,
  encodeUploadResult,
  parseUploadResponse,
  uploadResultsEnd,
  uploadResultsStart,
} from "../../../../lib/cpis/upload/upload-response.js";
import { isCpisError } from "../../../../lib/errors.js";
import { parseHl7Time } from "../../../../lib/hl7v3/timestamp.js";
import { withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import { readVector } from "../../../support/hl7v3/vectors.js";
import { byteByByte, inPieces } from "../../../support/xml/pieces.js";
import { uploadResponse } from "../../../support/cpis/authority-arbitraries.js";
import { uploadResponseVectors } from "../../../support/cpis/authority-golden.js";
import {
  loadedRecord,
  partialResponse,
  refusedRecord,
  resultCode,
  responseOf,
} from "../../../support/cpis/authority-samples.js";

const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");

function parse(document: string): UploadResponse {
  return parseUploadResponse(bytes(document));
}

function inOnePass(pieces: readonly Uint8Array[]): UploadResponse {
  const reader = createUploadResponseReader();
  const records = pieces.flatMap((piece) => reader.write(piece));
  const response = reader.end();
  return { ...response, records: [...records, ...response.records] };
}

/** The partial response, one loaded and one refused record, with texts replaced that must be there. */
function altered(...changes: readonly (readonly [string | RegExp, string])[]): UploadResponse {
  let document = encodeUploadResponse(partialResponse);
  for (const [from, to] of changes) {
    const changed = document.replace(from, to);
    assert.notEqual(changed, document, String(from));
    document = changed;
  }
  return parse(document);
}

function verdicts({ records }: UploadResponse): readonly boolean[] {
  return records.map(({ accepted }) => accepted);
}

function codes({ records }: UploadResponse): readonly (readonly string[])[] {
  return records.map(({ results }) => results.map(({ code }) => code));
}

function warnings(response: UploadResponse): readonly string[] {
  return response.warnings.map(({ code, path }) => (path === undefined ? code : `${path} ${code}`));
}

describe("the response to an upload", () => {
  for (const { name, model, written } of uploadResponseVectors) {
    it(`${name}: is written as the vector has it`, () => {
      assert.equal(written, readVector(`cpis/upload-response/${name}`));
    });

    it(`${name}: is read as the model has it, without a warning`, () => {
      assert.deepEqual(parse(readVector(`cpis/upload-response/${name}`)), model);
    });
  }

  it("of the former Spine is found in its interaction, with the file's id in a value", () => {
    assert.deepEqual(parse(readVector("cpis/upload-response/legacy-file-level-error")), {
      fileId: "123",
      createdAt: parseHl7Time("20260302073000"),
      fileResults: [{ code: "CPF01", displayName: "File Level Error" }],
      unlinkedResults: [],
      warnings: [],
      records: [],
    });
  });

  it("is found in a wrapper of its own name", () => {
    const document = encodeUploadResponse(partialResponse);
    assert.deepEqual(
      parse(`<FileResponse><REPC_IN000003GB01>${document}</REPC_IN000003GB01></FileResponse>`),
      partialResponse,
    );
    assert.throws(() => parse(`<FileResponse><id extension="1"/><x>${document}</x></FileResponse>`), {
      code: "CPIS_MESSAGE_INVALID",
    });
  });

  it("is read as it was written, whole and in pieces", () => {
    const written = uploadResponse.chain((model) => {
      const document = bytes(encodeUploadResponse(model));
      return fc.tuple(fc.constant(model), fc.constant(document), inPieces(document));
    });
    fc.assert(
      fc.property(written, ([model, document, pieces]) => {
        assert.deepEqual(parseUploadResponse(document), model);
        assert.deepEqual(inOnePass(pieces), model);
      }),
    );
  });

  it("is the same whether it is written whole, in pieces, or part by part", () => {
    const whole = encodeUploadResponse(partialResponse);
    assert.equal([...encodeUploadResponsePieces(partialResponse)].join(""), whole);
    const results = partialResponse.records.flatMap((record) => record.results.map((one) => encodeUploadResult(one)));
    const parts = [
      encodeUploadResponseStart(partialResponse),
      uploadResultsStart,
      ...results,
      uploadResultsEnd,
      encodeUploadRecordsStart(partialResponse),
      ...partialResponse.records.map(encodeUploadRecordResult),
      encodeUploadResponseEnd(partialResponse),
    ];
    assert.equal(parts.join(""), whole);
  });

  it("gives each record out as soon as it is closed, when every location has its number", () => {
    const document = encodeUploadResponse(partialResponse);
    const cut = document.lastIndexOf("<message>");
    const reader = createUploadResponseReader();
    assert.deepEqual(reader.write(bytes(document.slice(0, cut))), [loadedRecord(0)]);
    assert.deepEqual(reader.write(bytes(document.slice(cut))), [refusedRecord(1)]);
    assert.deepEqual(reader.end().records, []);
  });

  it("is read byte by byte", () => {
    assert.deepEqual(inOnePass(byteByByte(bytes(encodeUploadResponse(partialResponse)))), partialResponse);
  });

  it("is refused when there is none, more than one, or one that is cut", () => {
    assert.throws(() => parse("<File/>"), { code: "CPIS_MESSAGE_INVALID" });
    assert.throws(() => parse('<FileResponse xmlns="urn:other"/>'), { code: "CPIS_MESSAGE_INVALID" });
    assert.throws(() => parse("<a><FileResponse/><FileResponse/></a>"), { code: "CPIS_MESSAGE_INVALID" });
    assert.throws(() => parse("<FileResponse><message/>"), { code: "XML_TRUNCATED" });
  });

  it("with one byte changed is read, or refused with a code, in any pieces the same", () => {
    const original = Buffer.from(readVector("cpis/upload-response/partly-loaded"));
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

describe("a result in the response to an upload", () => {
  const withLocations = (...locations: readonly string[]): readonly (readonly [string, string])[] =>
    locations.map((location, index) => [`/FileResponse/message[${index + 1}]`, location]);

  it("belongs to the record that its location names, whatever the order", () => {
    const response = altered(...withLocations("/hl7:FileResponse/hl7:message[2]", "//*[local-name()='message'][1]"));
    assert.deepEqual(codes(response), [["CPR01"], ["CPR06"]]);
    assert.equal(response.records[0]?.results[0]?.location, "//*[local-name()='message'][1]");
    assert.deepEqual(verdicts(response), [false, false], "both contradict their records");
  });

  it("belongs to the first record when its location has no number", () => {
    const response = altered(...withLocations("/FileResponse/message"));
    assert.deepEqual(codes(response), [["CPR06"], ["CPR01"]]);
  });

  it("shares its record with others", () => {
    const response = altered(...withLocations("/FileResponse/message[2]"));
    assert.deepEqual(codes(response), [[], ["CPR06", "CPR01"]]);
    assert.deepEqual(verdicts(response), [true, false]);
  });

  it("belongs to the record at its place when locations name none and the lists are equally long", () => {
    const response = altered(...withLocations("record one", ""));
    assert.deepEqual(codes(response), [["CPR06"], ["CPR01"]]);
    assert.deepEqual(verdicts(response), [true, false]);
    assert.deepEqual(response.unlinkedResults, []);
  });

  it("waits for the last record when only the order can link it", () => {
    const document = encodeUploadResponse(partialResponse).replace(/<location>[^<]*</g, "<location>?<");
    const reader = createUploadResponseReader();
    assert.deepEqual(reader.write(bytes(document)), []);
    assert.deepEqual(
      reader.end().records.map(({ index }) => index),
      [0, 1],
    );
  });

  it("is told unlinked when locations name none and there are more records or fewer", () => {
    const message = encodeUploadRecordResult(loadedRecord(2));
    const more = altered(...withLocations("?", "?"), ["<successful", `${message}<successful`]);
    assert.deepEqual(codes(more), [[], [], []]);
    assert.deepEqual(
      more.unlinkedResults.map(({ code, location }) => [code, location]),
      [
        ["CPR06", "?"],
        ["CPR01", "?"],
      ],
    );
    assert.ok(warnings(more).includes("unlinked-results"));
    const fewer = altered(...withLocations("?", "?"), [/<message>.*?<\/message>/, ""]);
    assert.deepEqual(codes(fewer), [[]]);
    assert.equal(fewer.unlinkedResults.length, 2);
  });

  it("is told unlinked when its number is that of no record", () => {
    const response = altered(...withLocations("/FileResponse/message[3]"));
    assert.deepEqual(codes(response), [[], ["CPR01"]]);
    assert.deepEqual(response.unlinkedResults, [resultCode("CPR06", "/FileResponse/message[3]")]);
    assert.deepEqual(warnings(response), ["unlinked-results"]);
  });

  it("belongs by its place beside others that have their number", () => {
    const response = altered(...withLocations("?"));
    assert.deepEqual(codes(response), [["CPR06"], ["CPR01"]]);
  });

  it("is read though it stands behind the records, as long as none was given", () => {
    const late = encodeUploadResponse(partialResponse);
    const results = /<acknowledgementRecord>.*<\/acknowledgementRecord>/.exec(late)?.[0] ?? "";
    const moved = late.replace(results, "").replace("</FileResponse>", `${results}</FileResponse>`);
    assert.deepEqual(parse(moved), partialResponse);
    assert.throws(
      () => parse(moved.replaceAll("CPF03", "CPF02").replace('value="1"/></failed', 'value="0"/></failed')),
      {
        code: "CPIS_MESSAGE_INVALID",
      },
    );
  });

  it("tells the details of its code, from translations and qualifiers", () => {
    const response = altered([
      /(<code code="CPR01"[^>]*)\/>/,
      '$1><translation code="D1" displayName="one"/><qualifier code="D2"/><qualifier><value code="D3"/></qualifier>' +
        "<translation><originalText>a text alone</originalText></translation><qualifier/></code>",
    ]);
    assert.deepEqual(response.records[1]?.results[0]?.details, [
      { code: "D1", displayName: "one" },
      { code: "UNK", displayName: "a text alone" },
      { code: "D2" },
      { code: "D3" },
    ]);
  });
});

describe("a record in the response to an upload", () => {
  const code = (from: string, to: string): readonly [string, string] => [`code="${from}"`, `code="${to}"`];
  const loaded = encodeUploadRecordResult(loadedRecord(0));

  it("is not loaded when it is valid and has another code than success: unknown, missing or a refusal", () => {
    for (const changed of ['code="CPR01"', 'code="CPR99"', 'code="cpr06"', "", 'code=""']) {
      const response = altered(['code="CPR06"', changed]);
      assert.deepEqual(verdicts(response), [false, false], changed);
      assert.ok(warnings(response).includes("message[1] record-contradicts-result"), changed);
    }
  });

  it("is not loaded when one of its codes is a refusal", () => {
    const response = altered([/message\[2\]/, "message[1]"]);
    assert.deepEqual(codes(response), [["CPR06", "CPR01"], []]);
    assert.deepEqual(verdicts(response), [false, false]);
  });

  it("is not loaded when it is invalid and has the code of success", () => {
    const response = altered(code("CPR01", "CPR06"));
    assert.deepEqual(verdicts(response), [true, false]);
    assert.deepEqual(warnings(response), ["message[2] record-contradicts-result"]);
  });

  it("is not loaded when the file was not, or has an unknown code", () => {
    for (const fileCode of ["CPF01", "CPF04", "CPF05", "CPF06", "CPF99"]) {
      const response = altered(code("CPF03", fileCode));
      assert.deepEqual(verdicts(response), [false, false], fileCode);
      assert.ok(warnings(response).includes("message[1] record-contradicts-file"), fileCode);
    }
  });

  it("is loaded when it is valid and no result speaks of it, if the file's code says so", () => {
    const withoutResults = /<acknowledgementRecord>.*<\/acknowledgementRecord>/;
    const document = encodeUploadResponse(responseOf("CPF02", [{ ...loadedRecord(0), results: [] }]));
    assert.deepEqual(verdicts(parse(document)), [true]);
    assert.deepEqual(verdicts(altered([withoutResults, ""])), [true, false]);
    assert.deepEqual(verdicts(altered([withoutResults, ""], [/<acknowledgementFile>.*<\/acknowledgementFile>/, ""])), [
      false,
      false,
    ]);
  });

  it("is loaded without the file's code only by its own code", () => {
    const response = altered([/<acknowledgementFile>.*<\/acknowledgementFile>/, ""]);
    assert.deepEqual(verdicts(response), [true, false]);
    assert.deepEqual(warnings(response), ["no-file-result"]);
  });

  it("is loaded only by its own code when the file is said to be loaded in full and records to have failed", () => {
    const own = altered(code("CPF03", "CPF02"));
    assert.deepEqual(verdicts(own), [true, false]);
    assert.deepEqual(warnings(own), ["message[2] record-contradicts-file", "file-contradicts-count"]);
    const none = altered(code("CPF03", "CPF02"), [/<acknowledgementRecord>.*<\/acknowledgementRecord>/, ""]);
    assert.deepEqual(verdicts(none), [false, false]);
  });

  it("is not loaded when it is neither valid nor invalid, or both", () => {
    const neither = altered([/<validCP-ISRecord>.*?<\/validCP-ISRecord>/, ""]);
    const both = altered([/<\/validCP-ISRecord>/, "</validCP-ISRecord><invalidCP-ISRecord/>"]);
    for (const response of [neither, both]) {
      assert.deepEqual(verdicts(response), [false, false]);
      assert.ok(warnings(response).includes("message[1] unclear-record"));
    }
  });

  it("is counted, and counts that differ are told", () => {
    const response = altered(["<successful", `${loaded}<successful`]);
    assert.deepEqual(warnings(response), ["record-count-mismatch", "successful-count-mismatch"]);
    const failed = altered([/(<failed[^>]*><value value=)"1"/, '$1"2"']);
    assert.deepEqual(warnings(failed), ["failed-count-mismatch"]);
  });

  it("tells its plan's date that cannot be read in a warning that says nothing of a person", () => {
    const response = altered([/202601150930/, "Marker"]);
    assert.deepEqual(response.records[1]?.plans, []);
    assert.deepEqual(warnings(response), ["message[2] unreadable-plan"]);
    assert.doesNotMatch(JSON.stringify(response.warnings), /Marker|9990000026/);
  });

  it("is read though -1 or no number stands where a count should be", () => {
    const response = altered(
      [/(<transmissionQuantity value=)"2"/, '$1"-1"'],
      [/(<failed[^>]*><value value=)"1"/, '$1"?"'],
    );
    assert.equal(response.recordsProcessed, undefined);
    assert.equal(response.failed, undefined);
    assert.deepEqual(verdicts(response), [true, false]);
  });

  it("keeps its number and its results in a response of several thousand", () => {
    const records = Array.from({ length: 3000 }, (_, index): UploadRecordResult =>
      index % 3 === 0 ? refusedRecord(index) : loadedRecord(index),
    );
    const model = responseOf("CPF03", records);
    assert.deepEqual(parse(encodeUploadResponse(model)), model);
    const unnumbered = encodeUploadResponse(model).replace(/<location>[^<]*</g, "<location>x<");
    assert.deepEqual(codes(parse(unnumbered)), codes(model));
  });
});

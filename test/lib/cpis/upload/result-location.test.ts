// Which record a result's location names.
import assert from "node:assert/strict";
import fc from "fast-check";
import { readResultLocation } from "../../../../lib/cpis/upload/result-location.js";

describe("the location of a result", () => {
  const numbered: readonly (readonly [string, number])[] = [
    ["/FileResponse/message[2]", 2],
    ["/FileResponse[1]/message[2]", 2],
    ["/hl7:FileResponse/hl7:message[12]", 12],
    ["//message[3]", 3],
    ["message[3]", 3],
    ["/File/record[4]", 4],
    ["/File/record[4]/CP-ISRecord/subject[1]/COCT_TP145101GB01.Child/id[1]", 4],
    ["/FileResponse/child::hl7:message[position()=5]/cP-ISLAAcknowledgementResponse", 5],
    ["/*[local-name()='FileResponse']/*[local-name()='message'][6]", 6],
    ['/*[local-name()="FileResponse"]/*[ local-name() = "message" ][6]', 6],
    ["/*[local-name()='FileResponse']/*[local-name()='message' and namespace-uri()='urn:hl7-org:v3'][7]", 7],
    ["/*[local-name()='message' and position()=8]", 8],
    ["/*[name()='hl7:message'][9]", 9],
    ["/*:FileResponse/*:message[10]", 10],
    ["/Q{urn:hl7-org:v3}FileResponse/Q{urn:hl7-org:v3}message[11]/x", 11],
    ["/x[a='/message[1]/']/message[ 2 ]", 2],
    ["/message[1]/record[2]", 2],
    ["/FileResponse/message[007]", 7],
  ];
  for (const [location, record] of numbered) {
    it(`${location} is record ${record}`, () => {
      const found = readResultLocation(location);
      assert.equal(found?.record, record);
      assert.equal(Number(location.slice(found.digits?.start, found.digits?.end)), record);
    });
  }

  for (const location of ["/FileResponse/message", "/hl7:message/x", "/*[local-name()='message']", "record"]) {
    it(`${location} is the first record`, () => {
      assert.deepEqual(readResultLocation(location), { record: 1 });
    });
  }

  const unclear = [
    "",
    "2",
    "Record 2",
    "/FileResponse/messages[2]",
    "/FileResponse/message[0]",
    "/FileResponse/message[last()]",
    "/FileResponse/message[@id='2']",
    "/FileResponse/message[1][2]",
    "/FileResponse/message[",
    "/FileResponse/message[2",
    "/FileResponse/*[2]",
    "/x[message[2]]",
    "/acknowledgementRecord/acknowledgementRecordDetail[2]",
    `${"/a".repeat(600)}/message[2]`,
  ];
  for (const location of unclear) {
    it(`${location.slice(0, 60) || "an empty one"} is none`, () => {
      assert.equal(readResultLocation(location), undefined);
    });
  }

  it("of any text is a record or none", () => {
    const text = fc.string({ unit: fc.constantFrom("/", "[", "]", "message", "*", "'", "1", "position()=", "{", " ") });
    fc.assert(
      fc.property(text, (location) => {
        const record = readResultLocation(location)?.record;
        assert.ok(record === undefined || record >= 1);
      }),
    );
  });
});

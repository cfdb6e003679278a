// Holds the reading of replies, with every deviation known of real ones.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../../lib/errors.js";
import { encodeQueryResponse, type QueryResponse } from "../../../../lib/simulator/messages/query-response.js";
import type { XmlElement } from "../../../../lib/xml/xml-element.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { parseQueryReply } from "../../../../lib/cpis/query/query-reply.js";
import { readQueryResponse } from "../../../support/cpis/read-reply.js";
import { withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import { parseText, parseVector, readVector } from "../../../support/hl7v3/vectors.js";
import { child, childPayload, response, severalPlansResponse, unbornResponse } from "../../../support/cpis/samples.js";

type ReadResponse = ReturnType<typeof readQueryResponse>;

function vector(name: string): ReadResponse {
  return readQueryResponse(parseVector(`cpis/query-response/${name}`));
}

function payloadOf(received: ReadResponse): NonNullable<ReadResponse["payload"]> {
  assert.ok(received.payload);
  return received.payload;
}

function warningsOf(text: string): readonly string[] {
  return parseQueryReply(parseText(text)).warnings.map((warning) => warning.code);
}

/** The response with one text replaced, which must be there. */
function altered(from: string, to: string): string {
  const written = encodeQueryResponse(response);
  assert.ok(written.includes(from));
  return written.replaceAll(from, to);
}

const levels = [
  "REPC_IN000007GB01",
  "ControlActEvent",
  "subject",
  "CP-ISNHSQueryResponse",
  "pertinentInformation14",
  "pertinentCP-ISRecordControlAct",
  "record",
  "CP-ISRecord",
  "pertinentInformation15",
] as const;

/** Elements that mostly stand where they belong. */
function anyTree(level: number): fc.Arbitrary<XmlElement> {
  const localName = levels[level];
  if (localName === undefined)
    return fc.constant({ localName: "x", namespace: "", attributes: [], children: [], text: "" });
  return fc.record({
    localName: fc.oneof({ weight: 6, arbitrary: fc.constant(localName) }, fc.constantFrom(...levels)),
    namespace: fc.constantFrom("", "urn:hl7-org:v3"),
    attributes: fc.constant([]),
    children: fc.array(anyTree(level + 1), { maxLength: 2 }),
    text: fc.string({ maxLength: 2 }),
  });
}

describe("a reply to a query", () => {
  it("with one byte changed is read, or refused with a code", () => {
    fc.assert(
      fc.property(
        withOneByteChanged(Buffer.from(readVector("cpis/query-response/shape-of-the-reply-of-2014"))),
        (bytes) => {
          try {
            parseQueryReply(parseXml(bytes));
          } catch (error) {
            assert.ok(isCpisError(error), String(error));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("made of any elements is read, or refused with a code", () => {
    fc.assert(
      fc.property(anyTree(0), (root) => {
        try {
          parseQueryReply(root);
        } catch (error) {
          assert.ok(isCpisError(error), String(error));
        }
      }),
    );
  });
});

describe("a query response that leaves the schema", () => {
  const several = severalPlansResponse.payload?.records ?? [];

  it("D1: is read with all accesses in one pertinentInformation13", () => {
    assert.deepEqual(vector("d1-grouped-accesses"), response);
  });

  it("D1: is read with all records in one pertinentInformation14, or in one control act", () => {
    assert.deepEqual(vector("d1-grouped-records"), severalPlansResponse);
    assert.deepEqual(vector("d1-grouped-in-one-act"), severalPlansResponse);
  });

  it("D2: is read inside an element that has the name of its payload", () => {
    assert.deepEqual(vector("d2-extra-wrapper"), response);
  });

  it("D3: is read without the ids of child and mother", () => {
    const { records } = payloadOf(vector("d3-missing-person-id"));
    const subjects = records.flatMap((record) => record.subjects);
    assert.deepEqual(
      subjects.map(({ nhsNumber }) => nhsNumber),
      [undefined, undefined, undefined],
    );
    assert.deepEqual(
      subjects.map(({ givenName }) => givenName),
      ["Test", "Test", "Test"],
    );
  });

  it("D4: is read with the family name first, blanks at the end and upper case", () => {
    const { records } = payloadOf(vector("d4-family-name-first"));
    const names = records
      .flatMap((record) => record.subjects)
      .map(({ givenName, familyName }) => [givenName, familyName]);
    assert.deepEqual(names, [
      ["TEST", "CHILD"],
      ["TEST", "MOTHER"],
      ["TEST", "CHILD"],
    ]);
  });

  it("D5: is read with times without zone, as they came", () => {
    const { accesses } = payloadOf(vector("d5-unzoned-times"));
    assert.deepEqual(accesses[0]?.accessedAt, { raw: "20260114221000", iso: "2026-01-14T22:10:00", zone: "none" });
  });

  it("D5: is read with times to the minute with zone", () => {
    const { accesses } = payloadOf(vector("d5-minute-times"));
    assert.deepEqual(accesses[0]?.accessedAt, { raw: "202601142210+0000", iso: "2026-01-14T22:10Z", zone: "explicit" });
  });

  it("D6: is read with the organisation code in lower case, as it came", () => {
    const { accesses } = payloadOf(vector("d6-lower-case-organisation-codes"));
    assert.equal(accesses[0]?.author?.organisation.code, "x8x");
    assert.equal(payloadOf(unbornResponse).accesses[0]?.author?.organisation.code, "X8X");
  });

  it("D7: is read with role codes of another style, and with a role in words only", () => {
    const role = 'code="R8000" codeSystem="2.16.840.1.113883.2.1.3.2.4.17.196" displayName="Clinical';
    const roleOf = (text: string): unknown => {
      const { accesses } = payloadOf(readQueryResponse(parseText(text)));
      const author = accesses[1]?.author;
      return author?.kind === "person" ? author.role : undefined;
    };
    assert.deepEqual(roleOf(altered(role, 'code="S0010:G0020:R0050" displayName="Clinical')), {
      code: "S0010:G0020:R0050",
      displayName: "Clinical Practitioner Access Role",
    });
    assert.deepEqual(roleOf(altered(role, 'displayName="Clinical')), {
      code: "UNK",
      displayName: "Clinical Practitioner Access Role",
    });
  });

  it("D8: is read with prefixes, and without any namespace", () => {
    assert.deepEqual(vector("d8-prefixed"), response);
    assert.deepEqual(vector("d8-no-namespace"), response);
  });

  it("D8: is read as a bare payload", () => {
    assert.deepEqual(vector("d8-bare-payload"), { transmission: {}, reasons: [], payload: childPayload });
  });

  it("D2 and D8: is read as a bare payload inside an element of the same name", () => {
    const text = encodeQueryResponse(response, ["bare-payload", "extra-wrapper"]);
    assert.deepEqual(payloadOf(readQueryResponse(parseText(text))), childPayload);
  });

  it("D9: is read without queryAck", () => {
    const { transmission, reasons, payload } = response;
    assert.deepEqual(vector("d9-no-query-ack"), { transmission, reasons, payload });
  });

  it("D10: is read with sender and receiver swapped and a version of its own", () => {
    const { transmission } = vector("d10-swapped-asids");
    assert.equal(transmission.fromAsid, response.transmission.toAsid);
    assert.equal(transmission.toAsid, response.transmission.fromAsid);
    assert.notEqual(transmission.versionCode, response.transmission.versionCode);
  });

  it("D11: is read with the oldest access first, in the order it came", () => {
    const reversed: QueryResponse = {
      ...response,
      payload: { ...childPayload, accesses: [...childPayload.accesses].reverse() },
    };
    const { accesses } = payloadOf(
      readQueryResponse(parseText(encodeQueryResponse(reversed, ["oldest-access-first"]))),
    );
    assert.deepEqual(accesses, childPayload.accesses);
  });

  it("D12: is read with plans of an unknown template, which are counted", () => {
    const { records } = payloadOf(vector("d12-unknown-plan-template"));
    assert.deepEqual(
      records.map(({ plans, unreadablePlans }) => [plans.length, unreadablePlans]),
      [
        [0, 3],
        [0, 1],
      ],
    );
  });

  it("D12: is read with plans without a readable start date, which are counted", () => {
    const counts = (name: string): unknown =>
      payloadOf(vector(name)).records.map(({ plans, unreadablePlans }) => [plans.length, unreadablePlans]);
    assert.deepEqual(counts("d12-unreadable-start-dates"), [
      [0, 3],
      [0, 1],
    ]);
    assert.deepEqual(counts("d12-unreadable-first-start-date"), [
      [2, 1],
      [1, undefined],
    ]);
    assert.deepEqual(payloadOf(vector("d12-unreadable-first-start-date")).records[1], several[1]);
  });

  it("is read in the shape of the one reply known, of 2014", () => {
    const { totalPlans, totalAccesses, records, accesses } = payloadOf(vector("shape-of-the-reply-of-2014"));
    assert.deepEqual([totalPlans, totalAccesses, records.length, accesses.length], [undefined, 2, 2, 2]);
    assert.deepEqual(
      records.flatMap(({ plans }) => plans),
      several.flatMap(({ plans }) => plans),
    );
  });

  it("believes the element when a contentId announces another template, and warns", () => {
    const text = altered("COCT_TP146105GB01#CPPInformation", "COCT_TP146103GB01#LACInformation");
    assert.deepEqual(readQueryResponse(parseText(text)), response);
    assert.deepEqual(warningsOf(text), ["content-id-mismatch"]);
  });

  it("keeps a plan whose end date cannot be read, and warns", () => {
    const start = '<component><cPPStartDate><value value="202511030900"/></cPPStartDate></component>';
    const text = altered(
      start,
      `${start}<component1><cPPEndDate><value value="202602310000"/></cPPEndDate></component1>`,
    );
    assert.deepEqual(readQueryResponse(parseText(text)), response);
    assert.deepEqual(warningsOf(text), ["unreadable-end-date"]);
  });

  it("warns of an access time and of a birth date that are none", () => {
    assert.deepEqual(warningsOf(altered("20260114221000+0000", "20261314221000+0000")), ["unreadable-time"]);
    assert.deepEqual(warningsOf(altered("20150314", "20150231")), ["unreadable-birth-date"]);
  });

  it("ignores the parts that any HL7 class may have", () => {
    const text = altered("<pertinentInformation15>", '<pertinentInformation15><seperatableInd value="false"/>');
    assert.deepEqual(readQueryResponse(parseText(text)), response);
  });

  it("takes an NHS number without root, if it is one", () => {
    const root = 'root="2.16.840.1.113883.2.1.4.1" ';
    const numberIn = (text: string): unknown =>
      payloadOf(readQueryResponse(parseText(text))).records[0]?.subjects[0]?.nhsNumber;
    assert.equal(numberIn(altered(root, "")), child);
    assert.equal(numberIn(altered(`${root}extension="${child}"`, 'extension="9990000019"')), undefined);
    assert.equal(numberIn(altered(`${root}extension="${child}"`, `${root}extension="999 000 0018"`)), child);
  });

  it("keeps a child's name in plain text as text", () => {
    const text = altered("<given>Test</given><family>Child</family>", "Test Child");
    const { records } = payloadOf(readQueryResponse(parseText(text)));
    const { givenName, familyName, nameText } = records[0]?.subjects[0] ?? {};
    assert.deepEqual([givenName, familyName, nameText], [undefined, undefined, "Test Child"]);
  });

  it("keeps every telephone: a repeated or unknown use beside the known ones", () => {
    const office = '<telecom value="tel:01632960001" use="WP"/>';
    const more = '<telecom value="tel:1" use="WP"/><telecom value="tel:2"/><telecom value="tel:3" use="XX"/>';
    const { records } = payloadOf(readQueryResponse(parseText(altered(office, office + more))));
    assert.deepEqual(records[0]?.localAuthority, {
      ...childPayload.records[0]?.localAuthority,
      otherTelephones: [
        { use: "WP", number: "1" },
        { use: "unspecified", number: "2" },
        { use: "XX", number: "3" },
      ],
    });
  });

  for (const [what, from, to] of [
    ["two totals differ", '<value value="1"/>', '<value value="1"/><value value="2"/>'],
    ["the total is no number", '<value value="1"/>', '<value value="some"/>'],
  ] as const) {
    it(`has an unreadable total when ${what}`, () => {
      assert.equal(payloadOf(readQueryResponse(parseText(altered(from, to)))).totalPlans, "unreadable");
    });
  }
});

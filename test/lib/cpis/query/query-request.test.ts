// Holds QUPC_IN000006GB01 in both directions, and what a request must hold to be written.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../../lib/errors.js";
import { encodeQueryRequest, parseQueryRequest, type QueryRequest } from "../../../../lib/cpis/query/query-request.js";
import { parseHl7Time } from "../../../../lib/hl7v3/timestamp.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import { parseText, parseVector, readVector } from "../../../support/hl7v3/vectors.js";
import { request } from "../../../support/cpis/arbitraries.js";
import { requestVectors } from "../../../support/cpis/golden.js";
import { clinician, personRequest, systemRequest, systemWithLead, urgentCare } from "../../../support/cpis/samples.js";

describe("QUPC_IN000006GB01", () => {
  for (const { name, model } of requestVectors) {
    it(`${name}: is written as the vector has it`, () => {
      assert.equal(encodeQueryRequest(model), readVector(`cpis/query-request/${name}`));
    });
    it(`${name}: is read as the model has it`, () => {
      assert.deepEqual(parseQueryRequest(parseVector(`cpis/query-request/${name}`)), model);
    });
  }

  it("is read as it was written", () => {
    fc.assert(
      fc.property(request, (model) => {
        assert.deepEqual(parseQueryRequest(parseText(encodeQueryRequest(model))), structuredClone(model));
      }),
    );
  });

  it("takes role code, processing code and version from the defaults", () => {
    const { nhsNumber, author, fromAsid, toAsid, messageId, eventId, queriedAt } = personRequest;
    const sparse = { nhsNumber, author, fromAsid, toAsid, messageId, eventId, queriedAt };
    assert.equal(encodeQueryRequest(sparse), encodeQueryRequest(personRequest));
  });

  it("writes ids in upper case", () => {
    const written = encodeQueryRequest({ ...personRequest, messageId: personRequest.messageId.toLowerCase() });
    assert.equal(written, encodeQueryRequest(personRequest));
  });

  it("names no person in the control act of a system's query", () => {
    const written = encodeQueryRequest(systemRequest(systemWithLead));
    assert.ok(!written.includes("AgentPersonSDS"));
    assert.ok(encodeQueryRequest(personRequest).includes("AgentPersonSDS"));
  });

  it("with one byte changed is read, or refused with a code", () => {
    fc.assert(
      fc.property(withOneByteChanged(Buffer.from(readVector("cpis/query-request/person-author"))), (bytes) => {
        try {
          parseQueryRequest(parseXml(bytes));
        } catch (error) {
          assert.ok(isCpisError(error), String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a query request", () => {
  const role = clinician.role!;
  const lead = systemWithLead.responsible[0]!;
  const incomplete: readonly (readonly [string, QueryRequest])[] = [
    ["the user id is missing", { ...personRequest, author: { ...clinician, userId: " " } }],
    [
      "the role code of the user is missing",
      { ...personRequest, author: { ...clinician, role: { ...role, code: "" } } },
    ],
    [
      "the role name of the user is missing",
      { ...personRequest, author: { ...clinician, role: { ...role, displayName: "" } } },
    ],
    ["the name of the user is missing", { ...personRequest, author: { ...clinician, name: { given: [] } } }],
    ["the organisation code is missing", { ...personRequest, author: { ...clinician, organisation: { name: "A" } } }],
    ["the organisation name is missing", { ...personRequest, author: { ...clinician, organisation: { code: "A" } } }],
    ["the ASID of the asking system is missing", systemRequest({ ...urgentCare, asid: "" })],
    ["the ASID of the asking system must have 12 digits", systemRequest({ ...urgentCare, asid: "1" })],
    [
      "the role code of the responsible person is missing",
      systemRequest({ ...systemWithLead, responsible: [{ name: lead.name }] }),
    ],
    [
      "the name of the responsible person is missing",
      systemRequest({ ...systemWithLead, responsible: [{ ...lead, name: { given: [" "] } }] }),
    ],
    ["the sender's ASID is missing", { ...personRequest, fromAsid: "" }],
    ["the receiver's ASID must have 12 digits", { ...personRequest, toAsid: "12345" }],
    ["an id is not a UUID", { ...personRequest, messageId: "1" }],
    ["an id is not a UUID", { ...personRequest, eventId: "" }],
    ["the time of the query is missing", { ...personRequest, queriedAt: parseHl7Time("now") }],
  ];
  for (const [detail, model] of incomplete) {
    it(`is refused because ${detail}`, () => {
      assert.throws(() => encodeQueryRequest(model), {
        code: "CPIS_INVALID_REQUEST",
        message: `The request cannot be sent as it is: ${detail}`,
      });
    });
  }

  const written = encodeQueryRequest(personRequest);
  const broken: readonly (readonly [string, string])[] = [
    ["QUPC_IN000006GB01 is missing", written.replaceAll("QUPC_IN000006GB01", "QUPC_IN000007GB01")],
    ["cP-ISNHSQuery is missing", written.replaceAll("cP-ISNHSQuery", "cP-ISQuery")],
    ["the NHS number is missing", written.replace('value extension="9990000018"', "value")],
    ["an NHS number of ten digits is missing", written.replace("9990000018", "999000001")],
    ["the author's template is missing", written.replaceAll("COCT_TP145102GB01.", "COCT_TP145109GB01.")],
    ["the message id is missing", written.replace(`<id root="${personRequest.messageId}"/>`, "")],
    ["the event id is missing", written.replace(`<id root="${personRequest.eventId}"/>`, "")],
    ["the sender's ASID is missing", written.replaceAll("communicationFunctionSnd", "communicationFunction")],
    ["processingCode is none of P, T and D", written.replace('processingCode code="P"', 'processingCode code="X"')],
    ["versionCode is missing", written.replace("versionCode", "otherCode").replace("versionCode", "otherCode")],
  ];
  for (const [detail, text] of broken) {
    it(`is not read when ${detail}`, () => {
      assert.throws(
        () => parseQueryRequest(parseText(text)),
        (error: unknown) => {
          return isCpisError(error) && error.code === "CPIS_MESSAGE_INVALID" && error.message.endsWith(detail);
        },
      );
    });
  }

  it("is read although its author lacks what Spine asks for", () => {
    const text = written
      .replace(/<code code="R8000"[^>]*\/>/, "")
      .replace('<id root="1.2.826.0.1285.0.2.0.65" extension="100000000001"/><id', "<id");
    const { author } = parseQueryRequest(parseText(text));
    assert.equal(author.kind === "person" && author.userId === undefined && author.role === undefined, true);
  });

  it("is read with a number that fails its check digit, as harnesses send it", () => {
    assert.equal(parseQueryRequest(parseText(written.replace("9990000018", "1234567895"))).nhsNumber, "1234567895");
  });
});

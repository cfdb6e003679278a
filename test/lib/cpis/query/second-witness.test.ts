// What we write of a query and its answer, read back by the paths of fast-xml-parser and not by our own reader.
import assert from "node:assert/strict";
import { XMLParser } from "fast-xml-parser";
import { encodeQueryRequest } from "../../../../lib/cpis/query/query-request.js";
import { encodeQueryResponse } from "../../../../lib/simulator/messages/query-response.js";
import { personRequest, response, systemRequest, systemWithLead } from "../../../support/cpis/samples.js";

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
});

/** The value at a path such as "ControlActEvent/subject/@typeCode"; several elements of a name by their index. */
function at(text: string, path: string): unknown {
  return path.split("/").reduce<unknown>((found, name) => {
    assert.ok(typeof found === "object" && found !== null, `${name} of ${path}`);
    return Reflect.get(found, name);
  }, parser.parse(text));
}

describe("the query as another reader sees it", () => {
  const text = encodeQueryRequest(personRequest);
  const event = "QUPC_IN000006GB01/ControlActEvent/subject/CP-ISQueryStub/cP-ISNHSQuery";
  const author = `${event}/author/COCT_TP145102GB01.AssignedAuthor`;
  for (const [path, value] of [
    ["QUPC_IN000006GB01/@xmlns", "urn:hl7-org:v3"],
    ["QUPC_IN000006GB01/id/@root", personRequest.messageId],
    ["QUPC_IN000006GB01/interactionId/@extension", "QUPC_IN000006GB01"],
    ["QUPC_IN000006GB01/communicationFunctionSnd/device/id/@extension", personRequest.fromAsid],
    ["QUPC_IN000006GB01/communicationFunctionRcv/device/id/@extension", personRequest.toAsid],
    ["QUPC_IN000006GB01/ControlActEvent/author/AgentPersonSDS/part/partSDSRole/id/@extension", "R8000"],
    ["QUPC_IN000006GB01/ControlActEvent/author1/AgentSystemSDS/agentSystemSDS/id/@extension", personRequest.fromAsid],
    [`${event}/effectiveTime/@value`, personRequest.queriedAt.raw],
    [`${event}/id/@root`, personRequest.eventId],
    [`${event}/author/npfitlc:contentId/@extension`, "COCT_TP145102GB01#AssignedAuthor"],
    [`${author}/code/@code`, "R8000"],
    [`${author}/id/0/@extension`, "100000000001"],
    [`${author}/id/1/@extension`, "100000000002"],
    [`${author}/assignedAuthorPerson/name/family`, "Example"],
    [`${author}/representedOrganization/id/@extension`, "X9X"],
    [`${event}/queryByParameter/person.NHSnumber/value/@extension`, personRequest.nhsNumber],
  ] as const) {
    it(`has ${path}`, () => {
      assert.equal(at(text, path), value);
    });
  }

  it("of a system names it and its responsible person", () => {
    const system = encodeQueryRequest(systemRequest(systemWithLead));
    const template = `${event}/author/COCT_TP145104GB01.System`;
    assert.equal(at(system, `${template}/id/@extension`), systemWithLead.asid);
    const entity = `${template}/indirectAuthority/superiorAssignedEntity`;
    assert.equal(at(system, `${entity}/assignedPerson/name/family`), "Lead");
    assert.equal(at(system, "QUPC_IN000006GB01/ControlActEvent/author"), undefined);
  });
});

describe("the answer as another reader sees it", () => {
  const text = encodeQueryResponse(response);
  const payload = "REPC_IN000007GB01/ControlActEvent/subject/CP-ISNHSQueryResponse";
  const record = `${payload}/pertinentInformation14/pertinentCP-ISRecordControlAct/record`;
  const plan = `${record}/CP-ISRecord/pertinentInformation15/COCT_TP146105GB01.CPPInformation`;
  for (const [path, value] of [
    ["REPC_IN000007GB01/ControlActEvent/queryAck/queryResponseCode/@code", "OK"],
    [`${payload}/pertinentInformation12/pertinentTotalReturnedChildRecords/value/@value`, "1"],
    [`${payload}/pertinentInformation13/1/pertinentCP-ISNHSQuery/id/@root`, "0A000000-0000-4000-8000-000000000002"],
    [`${record}/communicationFunctionSnd/organisation/telecom/1/@value`, "tel:01632960999"],
    [`${record}/communicationFunctionSnd/organisation/telecom/1/@use`, "EC"],
    [`${plan}/component/cPPStartDate/value/@value`, "202511030900"],
    [`${record}/CP-ISRecord/subject/COCT_TP145101GB01.Child/id/@extension`, "9990000018"],
  ] as const) {
    it(`has ${path}`, () => {
      assert.equal(at(text, path), value);
    });
  }
});

// Holds the lenient reading of the HL7 V3 data types.
import assert from "node:assert/strict";
import {
  parseCode,
  parseExtension,
  parseIdRoot,
  parseInteger,
  parseName,
  parseOrganisation,
  parseTelecom,
} from "../../../lib/hl7v3/data-types.js";
import { child, children } from "../../../lib/hl7v3/elements.js";
import { parseText } from "../../support/hl7v3/vectors.js";

const nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"';

describe("HL7 V3 elements", () => {
  it("are found in the HL7 namespace under any prefix, and in none", () => {
    const root = parseText(
      '<a xmlns:x="urn:hl7-org:v3"><x:id/><id/><id xmlns="urn:hl7-org:v3"/><id xmlns="urn:other"/></a>',
    );
    assert.equal(children(root, "id").length, 3);
  });

  it("are absent when they say they are nil and hold nothing", () => {
    assert.equal(child(parseText(`<a><id ${nil} root="1"/></a>`), "id"), undefined);
  });

  it("are present when they say they are nil and hold something all the same", () => {
    assert.notEqual(child(parseText(`<a><id ${nil}><b/></id></a>`), "id"), undefined);
  });
});

describe("HL7 V3 data types", () => {
  it("give a UUID in upper case without its prefix", () => {
    assert.equal(
      parseIdRoot(parseText('<a><id root="uuid:0a000000-0000-4000-8000-000000000001"/></a>')),
      "0A000000-0000-4000-8000-000000000001",
    );
  });

  it("pick an id by its root, and take one without root for it", () => {
    assert.equal(
      parseExtension(parseText('<a><id root="1" extension="one"/><id root="2" extension="two"/></a>'), "2"),
      "two",
    );
    assert.equal(parseExtension(parseText('<a><id extension="007"/></a>'), "2"), "007");
    assert.equal(parseExtension(parseText('<a><id root="1" extension="one"/></a>'), "2"), undefined);
  });

  it("give a code with the code of its qualifier, or its text", () => {
    assert.deepEqual(parseCode(parseText('<code code=" 1 " displayName="x"><qualifier code="ER"/></code>')), {
      code: "1",
      displayName: "x",
      qualifier: "ER",
    });
    assert.equal(parseCode(parseText('<code code="1"><qualifier displayName="Error"/></code>'))?.qualifier, "Error");
    assert.equal(parseCode(parseText('<code displayName="x"/>')), undefined);
  });

  it("give the parts of a name in any order, trimmed", () => {
    const name =
      "<name><family>CHILD</family><given>TEST </given><given> TWO</given><prefix/><suffix>Jr</suffix></name>";
    assert.deepEqual(parseName(parseText(name)), { given: ["TEST", "TWO"], family: "CHILD", suffix: "Jr" });
  });

  it("give a name in plain text as text", () => {
    assert.deepEqual(parseName(parseText("<name> Ann Example </name>")), { given: [], text: "Ann Example" });
    assert.deepEqual(parseName(undefined), { given: [] });
  });

  it("tell a number that is none from one that is not there", () => {
    assert.equal(parseInteger(parseText('<value value="-1"/>')), -1);
    assert.equal(parseInteger(parseText('<value value="one"/>')), "unreadable");
    assert.equal(parseInteger(parseText('<value value="1.5"/>')), "unreadable");
    assert.equal(parseInteger(parseText('<value value=""/>')), undefined);
    assert.equal(parseInteger(undefined), undefined);
  });

  it("give a telephone number without tel: and blanks, with all its uses", () => {
    assert.deepEqual(parseTelecom(parseText('<telecom value="tel: 01632 960 999" use="EC  WP"/>')), {
      number: "01632960999",
      uses: ["EC", "WP"],
    });
    assert.equal(parseTelecom(parseText('<telecom value="tel:" use="EC"/>')), undefined);
  });

  it("give the code of an organisation as it was sent, and its kind by the root", () => {
    const site = '<o><id root="2.16.840.1.113883.2.1.3.2.4.19.2" extension=" rfx01 "/><name> Example </name></o>';
    assert.deepEqual(parseOrganisation(parseText(site)), { code: "rfx01", codeType: "site", name: "Example" });
    assert.deepEqual(parseOrganisation(parseText('<o><id extension="X9X"/></o>')), { code: "X9X" });
    assert.deepEqual(parseOrganisation(undefined), {});
  });
});

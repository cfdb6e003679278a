// Holds our reading and writing against fast-xml-parser and xmlbuilder2, and names what keeps these from run time.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { isCpisError } from "../../../lib/errors.js";
import { element, encodeXml, type XmlNode } from "../../../lib/xml/encode-xml.js";
import { parseXml } from "../../../lib/xml/parse-xml.js";
import { isValidForWitness, readByWitness, writeByWitness } from "../../support/xml/second-witness.js";

const vectors = path.resolve(__dirname, "../../vectors");
const files = fs
  .readdirSync(vectors, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".xml"))
  .sort();

function read(text: string): ReturnType<typeof parseXml> {
  return parseXml(Buffer.from(text, "utf8"));
}

function refusal(text: string): string {
  try {
    read(text);
    return "accepted";
  } catch (error) {
    assert.ok(isCpisError(error));
    return error.code;
  }
}

const name = fc.constantFrom("a", "b", "CP-ISRecord", "person.NHSnumber", "npfitlc:contentId", "hl7:id", "_x");
const attributeName = fc.constantFrom("root", "extension", "value", "npfitlc:use", "codeSystem");

function trees(text: fc.Arbitrary<string>): fc.Arbitrary<XmlNode> {
  const attributes = fc.dictionary(attributeName, text, { maxKeys: 4 });
  const { tree } = fc.letrec<{ tree: XmlNode }>((tie) => ({
    tree: fc
      .tuple(
        name,
        attributes,
        fc.oneof({ depthSize: "small" }, fc.constant([]), fc.tuple(text), fc.array(tie("tree"), { maxLength: 4 })),
      )
      .map(([found, given, children]) => element(found, given, children)),
  }));
  return tree.map((root) => ({
    ...root,
    attributes: {
      xmlns: "urn:hl7-org:v3",
      "xmlns:hl7": "urn:hl7-org:v3",
      "xmlns:npfitlc": "NPFIT:HL7:Localisation",
      ...root.attributes,
    },
  }));
}

const anyText = fc.string({ unit: fc.constantFrom(...Array.from("aZ09 é€𝒳&<>\"'/=;#-_.\t")) });
/** What xmlbuilder2 writes as we do. */
const plainText = fc.string({ unit: fc.constantFrom(...Array.from("aZ09 é€'/=#-_.,:()<")) });

describe("fast-xml-parser as a second reader", () => {
  it("is shown every golden vector", () => {
    assert.ok(files.length > 100, `${files.length} files`);
  });

  for (const file of files) {
    it(`reads ${file} as we do`, () => {
      const text = fs.readFileSync(path.join(vectors, file), "utf8");
      const isTaken = refusal(text) === "accepted";
      assert.equal(isValidForWitness(text), isTaken);
      if (isTaken) assert.deepEqual(readByWitness(text), structuredClone(read(text)));
    });
  }

  it("reads as we do what we write of three thousand random trees", () => {
    fc.assert(
      fc.property(trees(anyText), (tree) => {
        const text = encodeXml(tree);
        assert.equal(isValidForWitness(text), true);
        assert.deepEqual(readByWitness(text), structuredClone(read(text)));
      }),
      { numRuns: 3000 },
    );
  });

  for (const [what, text, ours] of [
    ["text after the root", "<a/>tail", "XML_MALFORMED"],
    ["the end of a CDATA section in text", "<a>]]></a>", "XML_MALFORMED"],
    ["a declaration that does not stand first", '<a/><?xml version="1.0"?>', "XML_MALFORMED"],
    ["a name of two colons", '<a:b:c xmlns:a="u"/>', "XML_MALFORMED"],
    ["a prefix that is not declared", "<p:a/>", "XML_UNDECLARED_PREFIX"],
    ["a control character", "<a>\u0001</a>", "XML_MALFORMED"],
  ] as const) {
    it(`is not used at run time, for it takes ${what}`, () => {
      assert.equal(isValidForWitness(text), true);
      assert.equal(refusal(text), ours);
    });
  }
});

describe("xmlbuilder2 as a second writer", () => {
  it("writes three thousand random trees as we do, within the alphabet that it writes rightly", () => {
    fc.assert(
      fc.property(trees(plainText), (tree) => {
        assert.deepEqual(structuredClone(read(writeByWitness(tree))), structuredClone(read(encodeXml(tree))));
      }),
      { numRuns: 3000 },
    );
  });

  it("is not used at run time, for it takes what looks like a reference for one", () => {
    const node = element("name", {}, ["AT&T; plc"]);
    assert.equal(writeByWitness(node), "<name>AT&T; plc</name>");
    assert.equal(refusal(writeByWitness(node)), "XML_ENTITY");
    assert.equal(read(encodeXml(node)).text, "AT&T; plc");
  });
});

// What the XML reader accepts, and the code it gives for each thing it refuses.
import assert from "node:assert/strict";
import fc from "fast-check";
import { CpisError, type ErrorCode } from "../../../lib/errors.js";
import { element, encodeXml, type XmlNode } from "../../../lib/xml/encode-xml.js";
import { defaultXmlLimits, parseXml, type ParseXmlOptions } from "../../../lib/xml/parse-xml.js";
import { attributeValue, findElement, type XmlElement } from "../../../lib/xml/xml-element.js";

const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");

function refusal(input: string | Uint8Array, options: ParseXmlOptions = {}): ErrorCode | "accepted" {
  try {
    parseXml(typeof input === "string" ? bytes(input) : input, options);
    return "accepted";
  } catch (error) {
    assert.ok(error instanceof CpisError, String(error));
    return error.code;
  }
}

describe("parseXml", () => {
  describe("reads", () => {
    it("resolves namespaces of elements and attributes, whatever the prefix", () => {
      const root = parseXml(bytes('<a:x xmlns:a="urn:one" xmlns="urn:two" a:k="1" k="2"><y/></a:x>'));
      assert.equal(root.namespace, "urn:one");
      assert.equal(attributeValue(root, "k", "urn:one"), "1");
      assert.equal(attributeValue(root, "k"), "2");
      assert.equal(root.children[0]?.namespace, "urn:two");
      assert.equal(root.attributes.length, 2);
    });

    it("keeps values as text: leading zeros, spaces and long digits stay", () => {
      const root = parseXml(bytes('<x v="007"> 000123456789012345678901 </x>'));
      assert.equal(attributeValue(root, "v"), "007");
      assert.equal(root.text, " 000123456789012345678901 ");
    });

    it("joins text, character data sections and predefined entities", () => {
      assert.equal(parseXml(bytes("<x>a&amp;<![CDATA[<b>]]>&#x43;<!-- no -->d</x>")).text, "a&<b>Cd");
    });

    it("does not mistake an attribute named like an object's own property", () => {
      const root = parseXml(bytes('<x constructor="1" hasOwnProperty="2" __proto__="3"><__proto__/></x>'));
      assert.equal(attributeValue(root, "constructor"), "1");
      assert.equal(attributeValue(root, "hasOwnProperty"), "2");
      assert.equal(root.children[0]?.localName, "__proto__");
    });

    it("accepts a missing, single-quoted, standalone or blank-ended declaration", () => {
      for (const declaration of [
        "",
        "<?xml version='1.0' encoding='UTF-8'?>\n",
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
        '<?xml version="1.0" encoding="UTF-8" ?>\r\n',
      ]) {
        assert.equal(parseXml(bytes(`${declaration}<x/>`)).localName, "x");
      }
    });

    it("takes the encoding from the mark, then the declaration, then the transport, then UTF-8", () => {
      const name = "Zoë";
      assert.equal(parseXml(Buffer.from(`\ufeff<x>${name}</x>`, "utf8")).text, name);
      assert.equal(parseXml(Buffer.from(`\ufeff<x>${name}</x>`, "utf16le")).text, name);
      const latin = Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?><x>${name}</x>`, "latin1");
      assert.equal(parseXml(latin, { charset: "utf-8" }).text, name);
      const declared = bytes(`<?xml version="1.0" encoding="UTF-8"?><x>${name}</x>`);
      assert.equal(parseXml(declared, { charset: "ISO-8859-1" }).text, name);
      assert.equal(parseXml(Buffer.from(`<x>${name}</x>`, "latin1"), { charset: "iso-8859-1" }).text, name);
      assert.equal(parseXml(bytes(`<x>${name}😀</x>`)).text, `${name}😀`);
    });
  });

  describe("refuses", () => {
    const cases: readonly (readonly [string, string | Uint8Array, ErrorCode])[] = [
      ["nothing at all", "", "XML_EMPTY"],
      ["blanks only", "  \n ", "XML_EMPTY"],
      ["text that is no XML", "hello", "XML_MALFORMED"],
      ["a mismatched end tag", "<a><b></a></b>", "XML_MALFORMED"],
      ["two root elements", "<a/><b/>", "XML_MALFORMED"],
      ["text after the root", "<a/>tail", "XML_MALFORMED"],
      ["an attribute without quotes", "<a b=c/>", "XML_MALFORMED"],
      ["an attribute without value", "<a b/>", "XML_MALFORMED"],
      ["a bare ampersand, which opens a reference that never ends", "<a>fish & chips</a>", "XML_TRUNCATED"],
      ["a bare ampersand before a semicolon", "<a>fish & chips;</a>", "XML_MALFORMED"],
      ["a less-than sign in an attribute", '<a b="<"/>', "XML_MALFORMED"],
      ["a control character", "<a>\u0001</a>", "XML_MALFORMED"],
      ["a reference to a forbidden character", "<a>&#0;</a>", "XML_MALFORMED"],
      ["an end tag too many", "<a></a></a>", "XML_MALFORMED"],
      ["an unclosed element", "<a><b></b>", "XML_TRUNCATED"],
      ["a cut start tag", "<a><b attr", "XML_TRUNCATED"],
      ["a cut attribute value", '<a><b attr="va', "XML_TRUNCATED"],
      ["a cut comment", "<a><!-- ", "XML_TRUNCATED"],
      ["the same attribute twice", '<a b="1" b="2"/>', "XML_DUPLICATE_ATTRIBUTE"],
      ["the same attribute by two prefixes", '<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>', "XML_DUPLICATE_ATTRIBUTE"],
      ["an undeclared element prefix", "<p:a/>", "XML_UNDECLARED_PREFIX"],
      ["an undeclared attribute prefix", '<a p:b="1"/>', "XML_UNDECLARED_PREFIX"],
      ["a prefix used outside its scope", '<a><b xmlns:p="u"/><p:c/></a>', "XML_UNDECLARED_PREFIX"],
      ["a document type declaration", "<!DOCTYPE a><a/>", "XML_DOCTYPE"],
      ["an external entity", '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>', "XML_DOCTYPE"],
      [
        "entities that multiply",
        '<!DOCTYPE a [<!ENTITY b "xx"><!ENTITY c "&b;&b;&b;"><!ENTITY d "&c;&c;&c;">]><a>&d;</a>',
        "XML_DOCTYPE",
      ],
      ["an undefined entity", "<a>&nbsp;</a>", "XML_ENTITY"],
      ["an undefined entity in an attribute", '<a b="&copy;"/>', "XML_ENTITY"],
      ["bytes that are not UTF-8", Buffer.from([0x3c, 0x61, 0x3e, 0xc3, 0x28, 0x3c, 0x2f, 0x61, 0x3e]), "XML_ENCODING"],
      ["another version of XML", '<?xml version="1.1"?><a/>', "XML_VERSION"],
      ["another version in other quotes", "<?xml  version = '1.1' encoding='UTF-8'?><a/>", "XML_VERSION"],
      ["another version in UTF-16", Buffer.from('\ufeff<?xml version="1.1"?><a/>', "utf16le"), "XML_VERSION"],
      ["a Japanese encoding", '<?xml version="1.0" encoding="shift_jis"?><a/>', "XML_ENCODING"],
      ["a Latin encoding beside the four", '<?xml version="1.0" encoding="ISO-8859-15"?><a/>', "XML_ENCODING"],
      ["an encoding of seven bits", '<?xml version="1.0" encoding="UTF-7"?><a/>', "XML_ENCODING"],
      ["an unknown encoding", '<?xml version="1.0" encoding="x-none"?><a/>', "XML_ENCODING"],
    ];
    for (const [what, input, code] of cases) {
      it(`${what}: ${code}`, () => {
        assert.equal(refusal(input), code);
      });
    }

    it("and reads the next document as if the one before had not been cut within a character", () => {
      assert.throws(() => parseXml(Buffer.from([0x3c, 0x61, 0x3e, 0xc3])), { code: "XML_ENCODING" });
      assert.equal(parseXml(Buffer.from("\ufeff<a>\u00e9</a>", "utf8")).text, "\u00e9");
    });

    it("more bytes than the limit", () => {
      const limits = { ...defaultXmlLimits, maximumBytes: 10 };
      assert.equal(refusal("<a>1234567</a>", { limits }), "XML_TOO_LARGE");
      assert.equal(refusal("<a>123</a>", { limits }), "accepted");
    });

    it("deeper nesting than the limit", () => {
      const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);
      assert.equal(refusal(nested(defaultXmlLimits.maximumDepth)), "accepted");
      assert.equal(refusal(nested(defaultXmlLimits.maximumDepth + 1)), "XML_TOO_DEEP");
      assert.equal(refusal("<a>".repeat(500_000)), "XML_TOO_DEEP");
    });

    it("more elements, or more attributes on one element, than the limit", () => {
      const limits = { ...defaultXmlLimits, maximumElements: 3, maximumAttributesPerElement: 2 };
      assert.equal(refusal("<a><b/><b/></a>", { limits }), "accepted");
      assert.equal(refusal("<a><b/><b/><b/></a>", { limits }), "XML_TOO_MANY_NODES");
      assert.equal(refusal('<a b="1" c="2" d="3"/>', { limits }), "XML_TOO_MANY_NODES");
    });
  });

  it("says nothing of the document in its error", () => {
    for (const text of ["<Marker><b></Marker>", '<a Marker="1" Marker="2"/>', "<Marker:a/>", "<a>&Marker;</a>"]) {
      assert.throws(
        () => parseXml(bytes(text)),
        (error) =>
          error instanceof CpisError && !JSON.stringify([error.message, error.stack, error.cause]).includes("Marker"),
      );
    }
  });

  it("gives a value or a coded error for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        refusal(input);
      }),
    );
  });

  it("gives a value or a coded error for a document with any bytes changed, and refuses every cut", () => {
    const original = bytes(
      '<?xml version="1.0"?><a xmlns="urn:x" xmlns:p="urn:y"><p:b c="1&amp;">t</p:b><!-- z --></a>',
    );
    for (let end = 0; end < original.length; end += 1) {
      assert.notEqual(refusal(original.subarray(0, end)), "accepted", `cut at ${end}`);
    }
    fc.assert(
      fc.property(fc.nat(original.length - 1), fc.nat(255), (at, value) => {
        const changed = Uint8Array.from(original);
        changed[at] = value;
        refusal(changed);
      }),
    );
  });
});

describe("encodeXml", () => {
  const name = fc.constantFrom("a", "b", "name", "eb:x", "person.NHSnumber", "CP-ISRecord");
  const text = fc.string({ unit: "binary", maxLength: 12 });
  const attributes = fc.dictionary(fc.constantFrom("k", "l", "m"), text);
  const { node } = fc.letrec<{ node: XmlNode }>((tie) => ({
    node: fc
      .tuple(
        name,
        attributes,
        fc.oneof({ depthSize: "small" }, fc.array(text, { maxLength: 1 }), fc.array(tie("node"), { maxLength: 3 })),
      )
      .map(([nodeName, nodeAttributes, children]) => element(nodeName, nodeAttributes, children)),
  }));

  /** What XML cannot carry in any form is written as the replacement character. */
  const carried = (value: string): string =>
    // eslint-disable-next-line no-control-regex -- the control characters are the point
    value.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");

  function assertSame(parsed: XmlElement, written: XmlNode): void {
    assert.equal(parsed.localName, written.name.replace(/^eb:/, ""));
    for (const key in written.attributes) {
      assert.equal(attributeValue(parsed, key), carried(written.attributes[key] ?? ""));
    }
    const elements = written.children.filter((child) => typeof child !== "string");
    assert.equal(parsed.children.length, elements.length);
    elements.forEach((child, index) => {
      assertSame(parsed.children[index]!, child);
    });
    const texts = written.children.filter((child) => typeof child === "string");
    assert.equal(parsed.text, carried(texts.join("")));
  }

  it("writes what parseXml reads back, whatever the values", () => {
    fc.assert(
      fc.property(node, (content) => {
        const root = element("root", { "xmlns:eb": "urn:eb" }, [content]);
        assertSame(parseXml(bytes(encodeXml(root))).children[0]!, content);
      }),
    );
  });

  it("leaves out undefined attributes and children, and closes empty elements shortly", () => {
    assert.equal(encodeXml(element("a", { b: undefined, c: "1" }, [undefined, element("d")])), '<a c="1"><d/></a>');
  });

  it("escapes markup and the line ends that a reader would change", () => {
    assert.equal(
      encodeXml(element("a", { b: `<&>"'\t\n\r` }, ["<&>\"'\r"])),
      `<a b="&lt;&amp;&gt;&quot;'&#9;&#10;&#13;">&lt;&amp;&gt;"'&#13;</a>`,
    );
  });
});

describe("findElement", () => {
  it("finds the element itself or a descendant within the depth given, in document order", () => {
    const root = parseXml(bytes('<a><b><c n="1"/></b><c n="2"/></a>'));
    const isC = (candidate: XmlElement): boolean => candidate.localName === "c";
    assert.equal(attributeValue(findElement(root, isC, 2)!, "n"), "1");
    assert.equal(attributeValue(findElement(root, isC, 1)!, "n"), "2");
    assert.equal(findElement(root, isC, 0), undefined);
  });
});

// Documents read in pieces: the same elements, the same refusals and the same limits as a document read at once.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../lib/errors.js";
import { defaultXmlLimits, parseXml, type XmlLimits } from "../../../lib/xml/parse-xml.js";
import { createElementReader, type ElementReaderOptions } from "../../../lib/xml/read-elements.js";
import type { XmlElement } from "../../../lib/xml/xml-element.js";
import { byteByByte, inPieces } from "../../support/xml/pieces.js";

const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");

interface Taken {
  readonly path: string;
  readonly element: XmlElement;
}

/** What is taken by the last name of the path, or the code of the refusal. */
function read(
  pieces: readonly Uint8Array[],
  names: readonly string[],
  options: Partial<ElementReaderOptions> = {},
): readonly Taken[] | string {
  const taken: Taken[] = [];
  const reader = createElementReader({
    isWanted: (path) => names.includes(path.at(-1) ?? ""),
    take: (element, path) => taken.push({ path: path.join("/"), element }),
    maximumDocumentBytes: 1_000_000,
    ...options,
  });
  try {
    for (const piece of pieces) reader.write(piece);
    reader.end();
    return taken;
  } catch (error) {
    assert.ok(isCpisError(error), String(error));
    return error.code;
  }
}

function whole(document: string | Uint8Array, root: string, limits: XmlLimits = defaultXmlLimits): Taken[] | string {
  try {
    return [{ path: root, element: parseXml(typeof document === "string" ? bytes(document) : document, { limits }) }];
  } catch (error) {
    assert.ok(isCpisError(error), String(error));
    return error.code;
  }
}

const sample =
  '<?xml version="1.0" encoding="UTF-8"?>\r\n<a xmlns="urn:x" xmlns:p="urn:y"><p:b c="1&amp;é" p:d="\u{1f600}">t\r\nü<![CDATA[<x]]]]><!-- z --></p:b><e/></a>';

describe("createElementReader", () => {
  it("gives out wanted elements when they are closed, each with its path", () => {
    const taken: string[] = [];
    const reader = createElementReader({
      isWanted: (path) => path.length === 2 && path[1] === "r",
      take: (element, path) => taken.push(`${path.join("/")}=${element.text}:${element.children.length}`),
      maximumDocumentBytes: 1000,
    });
    reader.write(bytes("<a><h>x</h><r>1<r>2</r></r><r>3"));
    assert.deepEqual(taken, ["a/r=1:1"]);
    reader.write(bytes("</r></a>"));
    assert.deepEqual(taken, ["a/r=1:1", "a/r=3:0"]);
    reader.end();
  });

  it("resolves a namespace that is declared outside the wanted element, and tells it before", () => {
    const asked: string[] = [];
    const reader = createElementReader({
      isWanted: (path, namespace) => asked.push(`${path.join("/")} ${namespace}`) > 0 && path.length === 2,
      take: (element) => assert.equal(element.attributes[0]?.namespace, "urn:p"),
      maximumDocumentBytes: 1000,
    });
    reader.write(bytes('<a xmlns="urn:x" xmlns:p="urn:p"><b p:c="1"/><p:d p:c="2"/></a>'));
    reader.end();
    assert.deepEqual(asked, ["a urn:x", "a/b urn:x", "a/d urn:p"]);
  });

  it("reads the same byte by byte as at once, in every encoding that parseXml knows", () => {
    const documents = [
      bytes(sample),
      bytes(`\ufeff${sample}`),
      Buffer.from(`\ufeff${sample}`, "utf16le"),
      Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>Zo\u00eb</a>', "latin1"),
      bytes("<a/>"),
      bytes("<a>\u{1f600}</a>"),
    ];
    for (const document of documents) assert.deepEqual(read(byteByByte(document), ["a"]), whole(document, "a"));
  });

  it("takes the charset of the transport when the document says none", () => {
    const document = Buffer.from("<a>Zo\u00eb</a>", "latin1");
    assert.equal(read([document], ["a"]), "XML_ENCODING");
    const taken = read(byteByByte(document), ["a"], { charset: "iso-8859-1" });
    assert.equal(typeof taken === "string" ? taken : taken[0]?.element.text, "Zo\u00eb");
  });

  it("refuses a declaration with the end of one in its version as parseXml does", () => {
    const document = bytes(sample.replace('version="1.0"', 'version="1.>"'));
    const cut = document.indexOf(0x3e) + 1;
    assert.notDeepEqual(document, bytes(sample));
    const expected = whole(document, "a");
    assert.equal(expected, "XML_MALFORMED");
    assert.equal(read([document.subarray(0, cut), document.subarray(cut)], ["a"]), expected);
  });

  it("reads or refuses any document as parseXml does, wherever it is cut", () => {
    const documents = fc.oneof(
      fc
        .tuple(fc.nat(sample.length - 1), fc.constantFrom(...Array.from("<>&;\"'/!\u0000é]-= x")))
        .map(([at, character]) => bytes(sample.slice(0, at) + character + sample.slice(at + 1))),
      fc
        .tuple(fc.nat(200), fc.nat(255))
        .map(([at, value]) => bytes(sample).map((byte, i) => (i === at ? value : byte))),
      fc.nat(sample.length).map((end) => bytes(sample).subarray(0, end)),
      fc.uint8Array({ maxLength: 60 }),
    );
    fc.assert(
      fc.property(
        documents.chain((document) => fc.tuple(fc.constant(document), inPieces(document))),
        ([document, pieces]) => {
          const expected = whole(document, "a");
          if (typeof expected !== "string" && expected[0]?.element.localName !== "a") return;
          const actual = read(pieces, ["a"]);
          // Of several faults the first is told, and bytes that are no text need not be the first.
          if (expected === "XML_ENCODING") assert.equal(typeof actual, "string");
          else assert.deepEqual(actual, expected);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("refuses what is wrong outside the wanted elements too", () => {
    const cases: readonly (readonly [string, string])[] = [
      ["", "XML_EMPTY"],
      ["<a><r/>", "XML_TRUNCATED"],
      ["<a><r/></b>", "XML_MALFORMED"],
      ["<!DOCTYPE a><a><r/></a>", "XML_DOCTYPE"],
      ["<a>&x;<r/></a>", "XML_ENTITY"],
      ["<a><p:b/><r/></a>", "XML_UNDECLARED_PREFIX"],
      ['<a b="1" b="2"><r/></a>', "XML_DUPLICATE_ATTRIBUTE"],
      ["<b>".repeat(65), "XML_TOO_DEEP"],
      [`<a><r>${"<b>".repeat(63)}`, "XML_TOO_DEEP"],
    ];
    for (const [document, code] of cases) assert.equal(read([bytes(document)], ["r"]), code, document.slice(0, 40));
  });

  it("throws its refusal again at everything after it", () => {
    const reader = createElementReader({ isWanted: () => false, take: () => undefined, maximumDocumentBytes: 100 });
    assert.throws(() => reader.write(bytes("<a></b>")), { code: "XML_MALFORMED" });
    assert.throws(() => reader.write(bytes("<a/>")), { code: "XML_MALFORMED" });
    assert.throws(() => reader.end(), { code: "XML_MALFORMED" });
  });

  describe("limits", () => {
    const elementLimits = { ...defaultXmlLimits, maximumElements: 3, maximumAttributesPerElement: 2, maximumBytes: 40 };
    const refusal = (document: string): string => {
      const atOnce = read([bytes(document)], ["r"], { elementLimits });
      assert.deepEqual(read(byteByByte(bytes(document)), ["r"], { elementLimits }), atOnce);
      return typeof atOnce === "string" ? atOnce : "accepted";
    };

    it("the elements of each wanted element, not of the document", () => {
      assert.equal(refusal(`<a>${"<r><b/><b/></r>".repeat(20)}</a>`), "accepted");
      assert.equal(refusal("<a><r><b/><b/><b/></r></a>"), "XML_TOO_MANY_NODES");
    });

    it("the attributes of every element", () => {
      assert.equal(refusal('<a b="1" c="2"><r d="1" e="2"/></a>'), "accepted");
      assert.equal(refusal('<a b="1" c="2" d="3"/>'), "XML_TOO_MANY_NODES");
    });

    it("the characters of each wanted element and of what lies between two tags", () => {
      assert.equal(refusal(`<a>${`<r>${"x".repeat(30)}</r>`.repeat(20)}</a>`), "accepted");
      assert.equal(refusal(`<a><r>${"x".repeat(40)}</r></a>`), "XML_TOO_LARGE");
      assert.equal(refusal(`<a><r><b>${"x".repeat(20)}</b>${"x".repeat(20)}</r></a>`), "XML_TOO_LARGE");
      assert.equal(refusal(`<a>${"x".repeat(41)}<r/></a>`), "XML_TOO_LARGE");
      assert.equal(refusal(`<a b="${"x".repeat(41)}"/>`), "XML_TOO_LARGE");
    });

    it("the bytes of the whole document", () => {
      assert.equal(read([bytes("<a>é</a>")], [], { maximumDocumentBytes: 9 }).length, 0);
      assert.equal(read([bytes("<a>é</a>")], [], { maximumDocumentBytes: 8 }), "XML_TOO_LARGE");
      assert.equal(read(byteByByte(bytes("<a>é</a>")), [], { maximumDocumentBytes: 8 }), "XML_TOO_LARGE");
    });

    it("what is kept of one endless text: it is refused before it is over", () => {
      const reader = createElementReader({ isWanted: () => false, take: () => undefined, maximumDocumentBytes: 1e9 });
      const piece = bytes("x".repeat(1_000_000));
      reader.write(bytes("<a>"));
      assert.throws(
        () => {
          for (let count = 0; count < 7; count += 1) reader.write(piece);
        },
        { code: "XML_TOO_LARGE" },
      );
    });
  });
});

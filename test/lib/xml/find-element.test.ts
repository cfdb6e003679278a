// What a document is, told by the first element of a known name near its root.
import assert from "node:assert/strict";
import fc from "fast-check";
import { createElementFinder } from "../../../lib/xml/find-element.js";
import { byteByByte } from "../../support/xml/pieces.js";

const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");

function find(document: string | Uint8Array, depth = 3): string | undefined {
  const finder = createElementFinder(["File", "FileResponse"], depth);
  return finder.write(typeof document === "string" ? bytes(document) : document);
}

describe("createElementFinder", () => {
  it("finds the root, whatever its prefix and namespace, before the document is over", () => {
    assert.equal(find("<File/>"), "File");
    assert.equal(find('<h:File xmlns:h="urn:x"><a>'), "File");
    assert.equal(find('\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- so --><FileResponse>'), "FileResponse");
    assert.equal(find(Buffer.from("\ufeff<File><a/>", "utf16le")), "File");
  });

  it("finds the name within the depth, and not below it", () => {
    assert.equal(find("<a><b><File/></b></a>", 3), "File");
    assert.equal(find("<a><b><File/></b></a>", 2), undefined);
    assert.equal(find("<a><b><File/></b><FileResponse/></a>", 2), "FileResponse");
    assert.equal(find("<a><File/></a>", 1), undefined);
  });

  it("takes the first in document order, and stays with it", () => {
    const finder = createElementFinder(["File", "FileResponse"], 3);
    assert.equal(finder.write(bytes("<a><FileRes")), undefined);
    assert.equal(finder.write(bytes("ponse/><File/>")), "FileResponse");
    assert.equal(finder.write(bytes("</wrong>")), "FileResponse");
  });

  it("finds it whatever the pieces", () => {
    const finder = createElementFinder(["File"], 3);
    const document = bytes('<?xml version="1.0" encoding="UTF-8"?><é><File a="1">');
    const answers = byteByByte(document).map((piece) => finder.write(piece));
    assert.equal(answers.at(-1), "File");
    assert.equal(answers.indexOf("File"), document.byteLength - 1, "a tag counts when it is complete");
  });

  it("finds nothing in what is no XML, or refused before the element", () => {
    const hopeless = [
      "",
      "hello",
      "PK\u0003\u0004",
      "<!DOCTYPE a><File/>",
      "<a></b><File/>",
      "<a>&x;<File/>",
      "<a b=1><File/>",
    ];
    for (const document of hopeless) assert.equal(find(document), undefined, document);
    assert.equal(find(Buffer.from([0x1f, 0x8b, 0x08, 0x00])), undefined);
  });

  it("finds the element before a fault", () => {
    assert.equal(find("<File></wrong>"), "File");
  });

  it("gives a name or undefined for any bytes in any pieces", () => {
    const start = fc
      .constantFrom("", "<", "<File", "\ufeff<a>", '<?xml version="1.0" encoding="x"?><File/>')
      .map(bytes);
    const pieces = fc.tuple(start, fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }));
    fc.assert(
      fc.property(pieces, ([first, others]) => {
        const finder = createElementFinder(["File"], 2);
        for (const piece of [first, ...others]) assert.ok(["File", undefined].includes(finder.write(piece)));
      }),
    );
  });
});

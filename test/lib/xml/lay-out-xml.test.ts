// XML laid out for people: each element on its line, nothing lost, and any text at all.
import assert from "node:assert/strict";
import fc from "fast-check";
import { layOutXml } from "../../../lib/xml/lay-out-xml.js";

describe("XML laid out for people", () => {
  const layOut = (xml: string): string => layOutXml(xml, 100_000).text;

  it("has a line for each element, and the text of an element beside it", () => {
    assert.equal(
      layOut('<?xml version="1.0"?>\r\n<a x="1 > 0"><!-- why --><b>text &amp; more</b>\n<c/><d><e></e></d></a>'),
      [
        '<?xml version="1.0"?>',
        '<a x="1 > 0">',
        "  <!-- why -->",
        "  <b>text &amp; more</b>",
        "  <c/>",
        "  <d>",
        "    <e></e>",
        "  </d>",
        "</a>",
      ].join("\n"),
    );
  });

  it("keeps CDATA sections whole, and text between elements", () => {
    assert.equal(layOut("<a><![CDATA[<b>]]></a>"), "<a><![CDATA[<b>]]></a>");
    assert.equal(layOut("<a>one<b/>two</a>"), "<a>one\n  <b/>\n  two\n</a>");
  });

  it("lays out a document that was cut, as far as it goes", () => {
    assert.equal(layOut("<a><b>te"), "<a>\n  <b>te");
    assert.equal(layOut('<a><b c="'), '<a>\n<b c="'.replace("\n<", "\n  <"));
  });

  it("says when the limit ended it", () => {
    const long = `<a>${"<b>1</b>".repeat(1000)}</a>`;
    const { text, isCut } = layOutXml(long, 100);
    assert.deepEqual([text.length, isCut], [100, true]);
    assert.equal(layOutXml("<a><b/></a>", 100).isCut, false);
  });

  it("loses nothing but blanks of any text", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "<a>",
        "</a>",
        "<b c='1'>",
        "</b>",
        "<c/>",
        "<",
        ">",
        '"',
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const xml = pieces.join("");
        assert.equal(layOut(xml).replace(/\s/g, ""), xml.replace(/\s/g, ""));
      }),
      { numRuns: 300 },
    );
  });

  it("looks once at each character, whatever the text", () => {
    for (const hostile of ["<a '", '<a "', "<!--", "<", "<![CDATA[", "</", "<a><b "]) {
      assert.ok(layOutXml(hostile.repeat(200_000 / hostile.length), 1_000_000).text.length > 0);
    }
  });
});

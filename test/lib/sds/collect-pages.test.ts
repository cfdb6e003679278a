import assert from "node:assert/strict";
import { collectPages, defaultPageLimits } from "../../../lib/sds/collect-pages.js";
import type { FoundResource, SdsPage } from "../../../lib/sds/parse-bundle.js";

const first = new URL("https://sds.example.nhs.uk/FHIR/R4/Endpoint?identifier=a");

function resources(count: number): readonly FoundResource[] {
  return Array.from({ length: count }, (_, index) => ({ resource: { id: String(index) }, path: `entry[${index}]` }));
}

/** Pages in the order they are asked for; the last one again and again. */
function pagesOf(...pages: readonly SdsPage[]): { asked: string[]; readPage: (url: URL) => Promise<SdsPage> } {
  const asked: string[] = [];
  const readPage = (url: URL): Promise<SdsPage> => {
    const page = pages[Math.min(asked.length, pages.length - 1)]!;
    asked.push(url.href);
    return Promise.resolve(page);
  };
  return { asked, readPage };
}

describe("the pages of an answer", () => {
  it("are followed to the last one, also by an address without host", async () => {
    const { asked, readPage } = pagesOf(
      { resources: resources(2), total: 5, nextUrl: "https://sds.example.nhs.uk/FHIR/R4/Endpoint?identifier=a&page=1" },
      { resources: resources(2), nextUrl: "?identifier=a&page=2" },
      { resources: resources(1) },
    );
    assert.equal((await collectPages(first, defaultPageLimits, readPage)).length, 5);
    assert.deepEqual(
      asked.map((href) => new URL(href).search),
      ["?identifier=a", "?identifier=a&page=1", "?identifier=a&page=2"],
    );
  });

  for (const nextUrl of [
    "https://elsewhere.example.nhs.uk/FHIR/R4/Endpoint?page=1",
    "http://sds.example.nhs.uk/FHIR/R4/Endpoint?page=1",
    "https://sds.example.nhs.uk:8443/FHIR/R4/Endpoint?page=1",
    "https://sds.example.nhs.uk/other/Endpoint?page=1",
    "https://user:secret@sds.example.nhs.uk/FHIR/R4/Endpoint?page=1",
    "//elsewhere.example.nhs.uk/FHIR/R4/Endpoint",
    "https://[",
  ]) {
    it(`are not sought at another place, for the API key would go there: ${nextUrl}`, async () => {
      const { asked, readPage } = pagesOf({ resources: [], nextUrl });
      await assert.rejects(collectPages(first, defaultPageLimits, readPage), { code: "SDS_RESPONSE_INVALID" });
      assert.equal(asked.length, 1);
    });
  }

  const refused: readonly (readonly [string, readonly SdsPage[]])[] = [
    ["they go in a circle", [{ resources: [], nextUrl: first.href }]],
    ["they have more records than the limit", [{ resources: resources(201) }]],
    ["they have fewer records than they say", [{ resources: resources(1), total: 2 }]],
    ["they have more records than they say", [{ resources: resources(2), total: 1 }]],
  ];
  for (const [what, pages] of refused) {
    it(`are refused when ${what}`, async () => {
      const { readPage } = pagesOf(...pages);
      await assert.rejects(collectPages(first, defaultPageLimits, readPage), { code: "SDS_RESPONSE_INVALID" });
    });
  }

  it("are refused when there are more than the limit, and no more are asked for", async () => {
    let asked = 0;
    const readPage = (): Promise<SdsPage> => {
      asked += 1;
      return Promise.resolve({ resources: [], nextUrl: `?page=${asked}` });
    };
    await assert.rejects(collectPages(first, defaultPageLimits, readPage), { code: "SDS_RESPONSE_INVALID" });
    assert.equal(asked, 10);
  });
});

// Gathers the pages of one answer, and never takes a part for the whole.
import { invalidAnswer } from "./fhir-json.js";
import type { FoundResource, SdsPage } from "./parse-bundle.js";

export interface PageLimits {
  /** Default 10. */
  readonly maximumPages: number;
  /** Resources on all pages. Default 200. */
  readonly maximumResources: number;
}

export const defaultPageLimits: PageLimits = { maximumPages: 10, maximumResources: 200 };

/** The next page is on the same server and under the same path: the API key goes there. */
function nextPageUrl(text: string, current: URL): URL {
  if (!URL.canParse(text, current)) throw invalidAnswer("the next page has no address");
  const next = new URL(text, current);
  const isSamePlace = next.origin === current.origin && next.pathname === current.pathname;
  if (!isSamePlace || next.username !== "" || next.password !== "") {
    throw invalidAnswer("the next page is at another place than the first");
  }
  return next;
}

/**
 * All resources of an answer, beginning at `first`. Throws SDS_RESPONSE_INVALID for more than the limits allow, for
 * pages in a circle or at another place, and for a total that is not what came; and whatever `readPage` throws.
 */
export async function collectPages(
  first: URL,
  limits: PageLimits,
  readPage: (url: URL) => Promise<SdsPage>,
): Promise<readonly FoundResource[]> {
  const resources: FoundResource[] = [];
  const visited = new Set<string>();
  let total: number | undefined;
  for (let url: URL | undefined = first; url !== undefined;) {
    if (visited.has(url.href)) throw invalidAnswer("its pages go in a circle");
    if (visited.size >= limits.maximumPages) throw invalidAnswer(`it has more than ${limits.maximumPages} pages`);
    visited.add(url.href);
    const page: SdsPage = await readPage(url);
    resources.push(...page.resources);
    if (resources.length > limits.maximumResources) {
      throw invalidAnswer(`it has more than ${limits.maximumResources} records`);
    }
    total = page.total ?? total;
    url = page.nextUrl === undefined ? undefined : nextPageUrl(page.nextUrl, url);
  }
  if (total !== undefined && total !== resources.length) {
    throw invalidAnswer(`it tells of ${total} records and gives ${resources.length}`);
  }
  return resources;
}

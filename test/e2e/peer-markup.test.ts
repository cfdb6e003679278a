// What a peer can put in its answers, planted as markup, in a real browser: the pages of the demonstration and the report of a
// rehearsal show it as text, and nothing runs.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { encodeHtmlReport } from "../../lib/rehearsal/report-html.js";
import type { RehearsalReport } from "../../lib/rehearsal/model.js";
import { openBrowser, openPage, takeScreenshot } from "../support/e2e/browser.js";
import { projectRoot, startNodeRed, type RunningNodeRed } from "../support/e2e/node-red-process.js";

/** Would run where it became markup, wherever it stands. */
const markup = `"><img src=x onerror="window.hasRun=1"><script>window.hasRun=1</script><svg onload="window.hasRun=1">`;
/** Every text but those that say what kind of thing it is. */
function marked(value: unknown, kept: readonly string[]): unknown {
  if (typeof value === "string") return `${value}${markup}`;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each: unknown) => marked(each, kept));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, kept.includes(key) ? each : marked(each, kept)]),
  );
}

async function hasRun(page: Page): Promise<boolean> {
  // Whatever would run by an event has had its turn after two frames.
  return page.evaluate<boolean>(
    `new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() =>
      resolve(window.hasRun === 1 || document.querySelector('img[src="x"]') !== null))))`,
  );
}

async function untilShown(page: Page): Promise<void> {
  await page.getByText("onerror").first().waitFor();
}

describe("Markup that a peer sends", () => {
  let nodeRed: RunningNodeRed;
  let browser: Browser;

  const example = async (name: string): Promise<readonly object[]> =>
    JSON.parse(await fs.readFile(path.join(projectRoot, "examples", `${name}.json`), "utf8")) as object[];

  before(async () => {
    const screens = await Promise.all(["hospital-screen", "local-authority-screen"].map(example));
    // One simulator in a process.
    const oneSimulator = screens.flat().filter((node) => Reflect.get(node, "type") !== "spine simulator");
    nodeRed = await startNodeRed("node-red", [...(await example("demonstration")), ...oneSimulator]);
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await nodeRed.stop();
  });

  it("does not run on the page of the hospital, whatever field of an answer or a failure it is in", async () => {
    const { page } = await openPage(browser, new URL("hospital", nodeRed.url).href);
    await page.route("**/hospital/check", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: marked(await response.json(), ["answer", "kind", "planType"]) });
    });
    for (const example of await page.locator(".example").all()) {
      await example.click();
      await page.locator("#result .card h2").filter({ hasNotText: "Asking" }).waitFor();
      assert.equal(await hasRun(page), false);
    }
    await page.getByRole("button", { name: "child with a plan" }).click();
    await page.getByRole("heading", { name: "Known to children's social care", exact: true }).waitFor();
    await untilShown(page);
    assert.equal(await hasRun(page), false);
    await takeScreenshot(page, "peer-markup-hospital");
    await page.close();
  });

  it("does not run on the page of the local authority", async () => {
    const { page } = await openPage(browser, new URL("authority", nodeRed.url).href);
    await page.route("**/authority/state", async (route) => {
      const response = await route.fetch();
      const state = marked(await response.json(), []) as Record<string, unknown>;
      const refused = [marked({ row: "2", case: "C-1", why: "CPR01", advice: "Correct it" }, [])];
      const notices = [marked({ at: "10:00", case: "C-1", text: "was seen" }, [])];
      await route.fulfill({ response, json: { ...state, refused, notices } });
    });
    await page.locator("td", { hasText: "onerror" }).nth(6).waitFor();
    assert.equal(await hasRun(page), false);
    await takeScreenshot(page, "peer-markup-authority");
    await page.close();
  });

  it("does not run in the report of a rehearsal, downloaded or opened from its page", async () => {
    const step = { what: "a query", expected: "found", seen: "failed", passed: false, at: "2026-03-02T10:00:00.000Z" };
    const scenario = {
      ...{ id: "H1", title: "A query", shows: "it", askedFor: "onboarding", result: "failed", because: "no answer" },
      steps: [{ ...step, milliseconds: 1, ids: ["ID"] }],
    };
    const counts = { passed: 0, failed: 1, "not-possible": 0 };
    const plain = {
      ...{ form: "cp-is-rehearsal-1", role: "hospital", environment: "simulator", version: "1", milliseconds: 1 },
      ...{ startedAt: "2026-03-02T10:00:00.000Z", counts, scenarios: [scenario] },
    };
    const report = marked(plain, ["form", "role", "result", "startedAt", "at"]) as RehearsalReport;
    const html = encodeHtmlReport(report, {
      earlier: markup,
      changes: [{ id: markup, title: markup, before: "passed", now: "failed" }],
    });
    const { page } = await openPage(browser, nodeRed.url);
    await page.route("**/cp-is/rehearsal/state", (route) =>
      route.fulfill({
        json: { reports: [{ id: markup, role: "hospital", startedAt: plain.startedAt, counts }] },
      }),
    );
    await page.route("**/cp-is/rehearsal/report", (route) => route.fulfill({ json: { html, json: report } }));
    await page.goto(`${nodeRed.url}resources/@cp-is/node-red/rehearsal.html`);
    const opening = page.context().waitForEvent("page");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    const opened = await opening;
    await opened.getByRole("heading", { name: "CP-IS rehearsal of a hospital" }).waitFor();
    await untilShown(opened);
    for (const each of [page, opened]) assert.equal(await hasRun(each), false);
    await takeScreenshot(opened, "peer-markup-report");
    // Should a text ever become markup there, the report's own policy still lets nothing run.
    await opened.evaluate(`document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(markup)})`);
    await opened.locator('img[src="x"]').waitFor({ state: "attached" });
    assert.notEqual(await opened.evaluate("window.hasRun"), 1);
    await page.close();
    await opened.close();
  });
});

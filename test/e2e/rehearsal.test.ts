// The rehearsal's page in a real browser: started by who may, followed, its report read, downloaded and compared.
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { faultsInBothThemes, keyboardFaults } from "../support/e2e/accessibility.js";
import { openBrowser, openPage, takeScreenshot } from "../support/e2e/browser.js";
import { queryNode, simulatorNode, simulatorTransport } from "../support/nodes/flows.js";
import { withDefaultStore } from "../support/nodes/message-store/stored.js";
import { passwordOf, startNodeRed, type RunningNodeRed } from "../support/e2e/node-red-process.js";

/** The long form, REHEARSAL_RUNS=2, also compares two runs. */
const runs = Number(process.env["REHEARSAL_RUNS"] ?? "1");

describe("The page of the rehearsal", () => {
  let nodeRed: RunningNodeRed;
  let browser: Browser;

  before(async () => {
    const flow = [{ id: "tab", type: "tab", label: "query" }, { ...simulatorNode, wires: [[]] }, simulatorTransport];
    nodeRed = await startNodeRed("node-red", [...flow, { ...queryNode, wires: [[], []] }], {
      engineer: "*",
      reader: "read",
    });
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await nodeRed.stop();
  });

  async function openAs(user: string): Promise<Page> {
    const { page } = await openPage(browser, nodeRed.url);
    await page.locator("#node-dialog-login-username").fill(user);
    await page.locator("#node-dialog-login-password").fill(passwordOf(user));
    await page.locator("#node-dialog-login-submit").click();
    await page.locator("#red-ui-header-button-deploy").waitFor();
    await page.goto(`${nodeRed.url}resources/@cp-is/node-red/rehearsal.html`);
    await page.getByRole("heading", { name: "CP-IS rehearsal" }).waitFor();
    return page;
  }

  async function downloaded(page: Page, name: string): Promise<string> {
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name }).first().click();
    const stream = await (await download).createReadStream();
    return Buffer.concat(await stream.toArray()).toString("utf8");
  }

  it("runs every scenario of a hospital, tells how far it is, and gives the report", async () => {
    const page = await openAs("engineer");
    await page.getByText("No rehearsal runs.").waitFor();
    for (let count = 1; count <= runs; count += 1) {
      await page.getByRole("button", { name: "Rehearse: Hospital" }).click();
      await page
        .getByRole("status")
        .filter({ hasText: /Hospital: [1-9]\d* of \d+ scenarios/ })
        .waitFor();
      const finished = page.locator(".cp-is-rehearsal-reports li", { hasText: /passed [1-9]\d*, failed 0, not/ });
      await finished.nth(count - 1).waitFor({ timeout: 600_000 });
    }
    const json: unknown = JSON.parse(await downloaded(page, "Download JSON"));
    assert.equal(Reflect.get(json as object, "form"), "cp-is-rehearsal-1");
    if (runs > 1) await page.getByLabel("Compare with").first().selectOption({ index: 1 });
    const html = await downloaded(page, "Download HTML");
    assert.match(html, /CP-IS rehearsal of a hospital/);
    assert.equal(html.includes("Every scenario has the same result."), runs > 1);
    assert.deepEqual(await faultsInBothThemes(page), []);
    assert.deepEqual(await keyboardFaults(page), []);
    await takeScreenshot(page, "rehearsal-page");
    const opening = page.context().waitForEvent("page");
    await page.getByRole("button", { name: "Open", exact: true }).first().click();
    const report = await opening;
    await report.getByRole("heading", { name: "CP-IS rehearsal of a hospital" }).waitFor();
    await takeScreenshot(report, "rehearsal-report");
    await report.close();
    await page.getByRole("link", { name: "To the messages" }).click();
    await page.getByRole("link", { name: "Rehearsal", exact: true }).waitFor();
    await takeScreenshot(page, "messages-with-link");
    await page.getByRole("link", { name: "Rehearsal", exact: true }).click();
    await page.getByRole("heading", { name: "CP-IS rehearsal" }).waitFor();
    await page.close();
  });

  it("is refused to who lacks the permission", async () => {
    const page = await openAs("reader");
    await page.getByText("You need the permission cp-is.rehearse").waitFor();
    await page.close();
  });

  it("is on record in the store before it begins, and when it has ended", async () => {
    await nodeRed.halt();
    const entries = await withDefaultStore(nodeRed.folder, (store) => store.readAudit(0, 100));
    const acts = entries.filter(({ event }) => event !== "answers-viewed");
    const ofRehearsal = acts.map(({ event, userId, system, outcome }) => [event, userId, system, outcome]);
    const expected = Array.from({ length: runs }, () => [
      ["rehearsal-started", "engineer", "hospital", undefined],
      ["act-ended", "engineer", "hospital", "passed"],
    ]);
    assert.deepEqual(ofRehearsal, expected.flat());
  });
});

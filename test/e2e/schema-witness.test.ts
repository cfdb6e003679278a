// A message with one wrong element by the team's own schema, in a real Node-RED and browser: shown with its rule, told in the log.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import type { Browser } from "playwright-core";
import { openBrowser, openPage, takeScreenshot, type WatchedPage } from "../support/e2e/browser.js";
import { pressInject, statusOf } from "../support/e2e/editor.js";
import { markers, messageLogFlow } from "../support/e2e/message-log-flow.js";
import { passwordOf, startNodeRed, type RunningNodeRed } from "../support/e2e/node-red-process.js";
import { querySchemas, writeSchemas } from "../support/schema/sample-schemas.js";

describe("The check by the team's own schemas, in a browser", () => {
  let schemas: string;
  let nodeRed: RunningNodeRed;
  let browser: Browser;
  let watched: WatchedPage;

  before(async () => {
    schemas = writeSchemas(querySchemas);
    const store = { id: "store", type: "message store", name: "", kind: "embedded", schemas, schemaWarnings: true };
    const flows = messageLogFlow().map((node) =>
      Reflect.get(node, "type") === "ebxml transport" ? { ...node, messageStore: "store" } : node,
    );
    nodeRed = await startNodeRed("node-red", [...flows, store], { engineer: "*" });
    browser = await openBrowser();
    watched = await openPage(browser, nodeRed.url);
  });

  after(async () => {
    await browser.close();
    await nodeRed.stop();
    await fs.rm(schemas, { recursive: true });
  });

  it("shows the line and the rule beside the content, and warns in the log without holding the answer up", async () => {
    const { page } = watched;
    await page.locator("#node-dialog-login-username").fill("engineer");
    await page.locator("#node-dialog-login-password").fill(passwordOf("engineer"));
    await page.locator("#node-dialog-login-submit").click();
    await statusOf(page, "query-node", /listening/);
    await pressInject(page, "ask");
    await statusOf(page, "query-node", /no record/);
    await page.locator("#menu-item-view-menu-cp-is-message-log").waitFor({ state: "attached" });
    await page.evaluate('RED.sidebar.show("cp-is-message-log")');
    await page.locator(".cp-is-log-item", { hasText: "CP-IS query" }).click();
    const buttons = page.locator(".cp-is-log").getByRole("button", { name: "Content", exact: true });
    await buttons.first().waitFor();
    for (const button of await buttons.all()) await button.click();
    const valid = page.locator(".cp-is-log-schema", { hasText: "Valid by your schema QUQI_IN010000UK14.xsd" });
    const invalid = page.locator(".cp-is-log-schema", { hasText: "Not valid by your schema QUPC_IN000006GB01.xsd" });
    await valid.first().waitFor();
    await invalid.first().waitFor();
    const finding = (await invalid.first().locator("li").first().innerText()).trim();
    assert.match(
      finding,
      /^Line \d+, creationTime\/@value: The value does not satisfy the facet pattern "\[0-9\]\{8\}"\.$/,
    );
    // The line is that of the text as it is shown.
    const lines = (await page.locator('pre[aria-label="HL7 message"]', { hasText: "<QUPC_" }).innerText()).split("\n");
    assert.match(lines[Number(/\d+/.exec(finding)?.[0]) - 1] ?? "", /<creationTime/);
    await invalid.first().scrollIntoViewIfNeeded();
    await takeScreenshot(page, "schema-witness");
    assert.match(nodeRed.log(), /sent, is not valid by your schemas, findings: 1;/);
    for (const marker of [...markers, ".xsd", "QUQI_", "REPC_IN000007"])
      assert.ok(!nodeRed.log().includes(marker), marker);
  });
});

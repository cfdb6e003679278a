// The message log in a real browser: a failed message is found, its reason read, and it is sent again; and who may not, cannot.
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage, takeScreenshot, type WatchedPage } from "../support/e2e/browser.js";
import { pressInject, statusOf } from "../support/e2e/editor.js";
import { child, markers, messageLogFlow } from "../support/e2e/message-log-flow.js";
import { nodeRedLines, passwordOf, startNodeRed, type RunningNodeRed } from "../support/e2e/node-red-process.js";

const users = { engineer: "*", reader: "read" };
const narrow = 300;

async function logIn(page: Page, user: keyof typeof users): Promise<void> {
  await page.locator("#node-dialog-login-username").fill(user);
  await page.locator("#node-dialog-login-password").fill(passwordOf(user));
  await page.locator("#node-dialog-login-submit").click();
  await page.locator("#red-ui-header-button-deploy").waitFor();
}

async function openLog(page: Page): Promise<void> {
  await page.locator("#menu-item-view-menu-cp-is-message-log").waitFor({ state: "attached" });
  await page.evaluate('RED.sidebar.show("cp-is-message-log")');
  await page.locator(".cp-is-log").waitFor();
}

/** The messages of the list, as their rows read. */
async function rows(page: Page): Promise<string[]> {
  const texts = await page.locator(".cp-is-log-item").allInnerTexts();
  return texts.map((text) => text.replace(/\s+/g, " ").trim());
}

function said(page: Page, text: string | RegExp): Promise<void> {
  return page.locator(".cp-is-log-status", { hasText: text }).waitFor();
}

function pressed(page: Page, name: string): Promise<void> {
  return page.locator(".cp-is-log, .cp-is-log-dialog").getByRole("button", { name, exact: true }).first().click();
}

async function picture(page: Page, name: string, line: string): Promise<void> {
  await takeScreenshot(page, `${line}-log-${name}`);
  if (line !== "node-red") return;
  await page.evaluate('document.documentElement.classList.add("nr-theme-dark")');
  await page.waitForTimeout(150);
  await takeScreenshot(page, `${line}-log-${name}-dark`);
  await page.evaluate('document.documentElement.classList.remove("nr-theme-dark")');
}

/** In Node-RED 5 the debug messages take half of the sidebar. */
async function giveRoom(page: Page): Promise<void> {
  const toggle = page.locator('button[data-tab-id="debug"]');
  if ((await toggle.count()) > 0) await toggle.click();
}

for (const line of nodeRedLines) {
  describe(`The message log in ${line}`, () => {
    let nodeRed: RunningNodeRed;
    let browser: Browser;
    let watched: WatchedPage;
    let page: Page;
    const posted: string[] = [];

    before(async () => {
      nodeRed = await startNodeRed(line, messageLogFlow(), users, { httpAdminRoot: "/admin" });
      browser = await openBrowser();
      watched = await openPage(browser, nodeRed.url);
      page = watched.page;
      page.on("request", (request) => posted.push(request.url()));
      await logIn(page, "engineer");
      await statusOf(page, "query-node", /listening/);
      await giveRoom(page);
    });

    after(async () => {
      await browser.close();
      await nodeRed.stop();
    });

    it("opens on today, and says that there is nothing yet", async () => {
      await openLog(page);
      await said(page, "No messages match");
      assert.equal(await page.locator(".cp-is-log-period").inputValue(), "today");
    });

    it("shows a message that fails without being asked to, in words and with its code", async () => {
      await pressInject(page, "break");
      await statusOf(page, "sim", /listening/);
      await pressInject(page, "upload");
      await said(page, "Conversations shown: 1");
      await page.locator(".cp-is-log-item", { hasText: "failed" }).waitFor();
      assert.match((await rows(page))[0] ?? "", /^failed sent by us CP-IS upload EBXML_REFUSED \d\d:\d\d:\d\d$/);
    });

    it("finds what needs attention, and a child's messages by the number, which is in no address", async () => {
      await pressInject(page, "mend");
      await pressInject(page, "ask");
      await page.locator(".cp-is-log-item", { hasText: "no CP-IS record" }).waitFor();
      assert.match((await rows(page))[0] ?? "", /^no CP-IS record sent by us CP-IS query \d\d:\d\d:\d\d$/);
      await picture(page, "list", line);
      await pressed(page, "Needs attention");
      await said(page, "Conversations shown: 1");
      await pressed(page, "Needs attention");
      await pressed(page, "Filters");
      await page.getByLabel("NHS number", { exact: true }).fill("999 000 0093");
      await page.keyboard.press("Enter");
      await said(page, "Conversations shown: 1");
      await picture(page, "filters", line);
      await page.getByLabel("NHS number", { exact: true }).fill("999 000 0094");
      await page.keyboard.press("Enter");
      await said(page, "fails its check digit");
      await pressed(page, "Clear");
      await said(page, "Conversations shown: 2");
      await pressed(page, "Filters");
      assert.deepEqual(
        posted.filter((url) => /999/.test(url.replace(/:\d+|_=\d+/g, ""))),
        [],
      );
    });

    it("tells by keyboard why it failed: the conversation as a picture and as a table, with advice", async () => {
      await pressed(page, "Needs attention");
      await said(page, "Conversations shown: 1");
      await page.locator(".cp-is-log-item").first().focus();
      await page.keyboard.press("Enter");
      await page.locator(".cp-is-log-diagram").waitFor();
      assert.equal(await page.evaluate("document.activeElement.tagName"), "H3");
      assert.match(await page.locator(".cp-is-log-problem").first().innerText(), /The peer refused the message/);
      const drawn = page.locator(".cp-is-log-diagram");
      assert.equal(await drawn.getAttribute("role"), "img");
      assert.match((await drawn.locator("desc").textContent()) ?? "", /^\d+ steps, from /);
      assert.ok(((await drawn.boundingBox())?.width ?? 999) <= narrow);
      await page.locator("summary", { hasText: "Sequence as a table" }).click();
      assert.ok((await page.locator(".cp-is-log-drawing ~ details tbody tr").count()) >= 2);
      await picture(page, "conversation", line);
    });

    it("shows the content only when it is asked for, and forgets it when it is closed", async () => {
      assert.ok(!(await page.locator(".cp-is-log").innerText()).includes(child.familyName));
      await pressed(page, "Content");
      await page.locator(".cp-is-log-content pre", { hasText: child.familyName }).waitFor();
      await page.locator(".cp-is-log-content").scrollIntoViewIfNeeded();
      await picture(page, "content", line);
      await pressed(page, "Content");
      assert.equal(await page.locator(".cp-is-log-content pre").count(), 0);
    });

    it("asks once before it sends again, and the Enter key alone does not", async () => {
      await pressed(page, "Send again");
      const dialog = page.locator(".cp-is-log-dialog");
      await dialog.waitFor();
      assert.match(await dialog.innerText(), /as a new message, linked to this one/);
      await picture(page, "ask", line);
      await page.keyboard.press("Enter");
      await dialog.waitFor({ state: "detached" });
      await pressed(page, "Send again");
      await dialog.getByRole("button", { name: "Send again" }).click();
      await said(page, "Sent again as a new message.");
      await page.locator(".cp-is-log-message", { hasText: "Sent in place of" }).waitFor();
    });

    it("shows the new message complete, linked to the first, which no longer needs attention", async () => {
      const resent = page.locator(".cp-is-log-message", { hasText: "Sent in place of" });
      await resent.locator(".cp-is-log-state", { hasText: "completed" }).waitFor();
      await page.locator(".cp-is-log-title .cp-is-log-good", { hasText: "loaded" }).waitFor();
      await picture(page, "resent", line);
      await page.keyboard.press("Escape");
      await said(page, "No messages match");
      await pressed(page, "Needs attention");
      await page.locator(".cp-is-log-item", { hasText: /loaded.*sent again/ }).waitFor();
    });

    it("goes through the list by the arrow keys, and Escape comes back to where it was", async () => {
      await page.locator(".cp-is-log-item").first().focus();
      await page.keyboard.press("ArrowDown");
      const key = await page.evaluate<string>("document.activeElement.dataset.key");
      await page.keyboard.press("Enter");
      await page.locator(".cp-is-log-diagram").waitFor();
      await page.keyboard.press("Escape");
      assert.equal(await page.evaluate("document.activeElement.dataset.key"), key);
      assert.equal(await page.locator('.cp-is-log-item[tabindex="0"]').count(), 1);
    });

    it("exports metadata, and no word of a child", async () => {
      const download = page.waitForEvent("download");
      await pressed(page, "Export as CSV");
      const stream = await (await download).createReadStream();
      const text = Buffer.concat(await stream.toArray()).toString("utf8");
      assert.match(text, /^number,accepted,.*\r\n/);
      assert.match(text, /EBXML_REFUSED/);
      for (const marker of markers) assert.ok(!text.includes(marker), marker);
    });

    it("offers a reader neither content nor actions, and refuses both", async () => {
      const { page: theirs } = await openPage(browser, nodeRed.url);
      await logIn(theirs, "reader");
      await statusOf(theirs, "query-node", /no record/);
      await openLog(theirs);
      // Of an answer a reader learns that it came.
      await theirs.locator(".cp-is-log-item", { hasText: /^\s*answered.*CP-IS query/ }).waitFor();
      assert.doesNotMatch(await theirs.locator(".cp-is-log").innerText(), /record/);
      await theirs.locator(".cp-is-log-withheld", { hasText: "may not see what an answer was" }).waitFor();
      await theirs.locator(".cp-is-log-item", { hasText: "CP-IS upload" }).click();
      await theirs.locator(".cp-is-log-problem", { hasText: "EBXML_REFUSED" }).first().waitFor();
      await theirs.locator(".cp-is-log-diagram").waitFor();
      assert.equal(await theirs.getByLabel("NHS number", { exact: true }).count(), 0);
      const names = await theirs.locator(".cp-is-log button:visible").allInnerTexts();
      for (const name of ["Send again", "Mark as dealt with", "Content", "Export as CSV"]) {
        assert.ok(!names.some((text) => text.includes(name)), name);
      }
      const refused = await theirs.evaluate<number[]>(
        `Promise.all(["content", "resend", "release", "drop", "deal-with", "confirm", "export"].map((path) =>
          new Promise((resolve) => $.ajax({
            url: "cp-is/message-log/" + path, type: "POST", contentType: "application/json", data: '{"id":1}',
            complete: (xhr) => resolve(xhr.status) }))))`,
      );
      assert.deepEqual(refused, [401, 401, 401, 401, 401, 401, 401]);
      await theirs.close();
    });

    it("has told nothing of the child but in the content, and has no complaint of the browser", () => {
      for (const marker of markers) assert.ok(!nodeRed.log().includes(marker), marker);
      assert.deepEqual(
        // Before the log-in, and for the number that is none.
        watched.complaints.filter((text) => !/ 401 .*\/settings|status of 400/.test(text)),
        [],
      );
    });
  });
}

// npm start, as somebody sees it who has just cloned the project.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import fs from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage, takeScreenshot, type WatchedPage } from "../support/e2e/browser.js";
import { debugMessage, pressInject, statusOf } from "../support/e2e/editor.js";
import { collectOutput, freePort, projectRoot, stopProcess, untilUp } from "../support/e2e/node-red-process.js";

describe("The demonstration that npm start opens", () => {
  let folder: string;
  let child: ChildProcess;
  let log: () => string;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  const taken = net.createServer();

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-start-"));
    const port = await freePort();
    await new Promise<void>((resolve) => taken.listen(port, "127.0.0.1", resolve));
    const start = path.join(projectRoot, "examples", "start.mjs");
    child = spawn(process.execPath, [start, "--folder", folder, "--port", String(port)], {
      cwd: projectRoot,
      stdio: ["ignore", "pipe", "pipe"],
    });
    log = collectOutput(child);
    const url = `http://127.0.0.1:${port + 1}/`;
    await untilUp(url, child, log);
    browser = await openBrowser();
    watched = await openPage(browser, url);
    page = watched.page;
    await page.waitForSelector("#simulator .red-ui-flow-node-status-label");
    await page.evaluate('RED.sidebar.show("debug")');
  });

  /** Without the editor's own passing notes. */
  async function takePicture(name: string): Promise<void> {
    await page.evaluate('$(".red-ui-notification").hide()');
    await takeScreenshot(page, name);
  }

  after(async () => {
    await browser.close();
    await stopProcess(child);
    await new Promise((resolve) => taken.close(resolve));
    await fs.rm(folder, { recursive: true, force: true });
  });

  it("takes the next port when the first is taken, and says where to look and what to click", async () => {
    while (!log().includes("Stop with Ctrl+C")) await page.waitForTimeout(50);
    assert.match(log(), new RegExp(`CP-IS demonstration: ${page.url().replace(/\/#.*$/, "/")}`));
    assert.match(log(), /Click the button at the left end of an inject node/);
  });

  it("shows a child found, with its plan and the number to ring", async () => {
    await pressInject(page, "ask-plan");
    const text = await debugMessage(page, "record found");
    assert.match(text, /nhsNumber: "9990001014"/);
    assert.equal(await statusOf(page, "found", /ring/), "ring 01632960999");
    assert.match(await statusOf(page, "query", /found/), /^found \d\d:\d\d$/);
  });

  it("shows a child without a record only as Spine's own word", async () => {
    await pressInject(page, "ask-nobody");
    assert.equal(await statusOf(page, "not-found", /./), "Spine says: no record");
    assert.match(await statusOf(page, "query", /no record/), /^no record \d\d:\d\d$/);
  });

  it("catches a failure, and shows its code", async () => {
    await pressInject(page, "ask-error");
    assert.equal(await statusOf(page, "failed", /CPIS_APPLICATION_ERROR/), "CPIS_APPLICATION_ERROR");
    assert.match(await statusOf(page, "query", /failed/), /CPIS_APPLICATION_ERROR/);
  });

  it("refuses a user without the right to look, and sends nothing", async () => {
    await pressInject(page, "ask-refused");
    assert.equal(await statusOf(page, "failed", /NOT_AUTHORISED/), "CPIS_NOT_AUTHORISED");
  });

  it("goes round the whole circle on its second page: not known, uploaded, found, and the authority is told", async () => {
    await page.evaluate('RED.workspaces.show("whole-circle")');
    await statusOf(page, "circle-query", /listening/);
    await statusOf(page, "circle-upload", /^every 2 s, last/);
    await pressInject(page, "circle-arrives");
    await statusOf(page, "circle-not-found", /Spine says: no record/);
    await pressInject(page, "circle-begin");
    await statusOf(page, "circle-response", /^accepted$/);
    await pressInject(page, "circle-arrives");
    assert.equal(await statusOf(page, "circle-found", /ring/), "ring 01632960998");
    await statusOf(page, "circle-seen", /^case C-1001 was seen$/);
    await pressInject(page, "circle-unknown");
    await statusOf(page, "circle-refused", /^CPR01, case C-1004$/);
    await pressInject(page, "circle-inactivate");
    await statusOf(page, "circle-inactive", /^replaced by 9990000069$/);
    await takePicture("demonstration-circle");
    await page.evaluate('RED.workspaces.show("clinician-query")');
  });

  it("shows the raw conversation", async () => {
    const text = await debugMessage(page, "raw conversation");
    assert.match(text, /(request|answer) [A-Z]{4}_IN\d{6}/);
  });

  it("has no complaint of the browser, and leaves a picture", async () => {
    await takePicture("demonstration");
    assert.deepEqual(watched.complaints, []);
  });
});

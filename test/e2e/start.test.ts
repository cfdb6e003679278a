// npm start, as somebody sees it who has just cloned the project.
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage, takeScreenshot, type WatchedPage } from "../support/e2e/browser.js";
import { debugMessage, pressInject, statusOf } from "../support/e2e/editor.js";
import { collectOutput, projectRoot, stopProcess, untilUp } from "../support/e2e/node-red-process.js";
import { freePort } from "../support/ports.js";

const start = path.join(projectRoot, "examples", "start.mjs");

describe("npm start that cannot", () => {
  it("write its folder says so, and how to name another", () => {
    const folder = path.join(projectRoot, "package.json", "below a file");
    const { status, stderr } = spawnSync(process.execPath, [start], {
      encoding: "utf8",
      env: { ...process.env, CP_IS_FOLDER: folder },
    });
    assert.equal(status, 1);
    assert.match(stderr, /cannot be written \(ENOTDIR\)[^]*CP_IS_FOLDER=/);
  });

  it("install says what to try", async () => {
    const clone = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-install-"));
    for (const file of ["package.json", "package-lock.json", "build.mjs"]) {
      await fs.copyFile(path.join(projectRoot, file), path.join(clone, file));
    }
    const nowhere = { npm_config_registry: "http://127.0.0.1:1/", npm_config_fetch_retries: "0" };
    const { status, stderr } = spawnSync(process.execPath, ["build.mjs"], {
      cwd: clone,
      encoding: "utf8",
      env: { ...process.env, ...nowhere, npm_config_cache: path.join(clone, "cache") },
    });
    assert.notEqual(status, 0);
    assert.match(stderr, /The installation failed[^]*npm config set proxy[^]*cafile/);
    await fs.rm(clone, { recursive: true });
  });
});

describe("The demonstration that npm start opens", () => {
  let folder: string;
  let child: ChildProcess;
  let log: () => string;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  let url: string;
  let address: string;
  const taken = net.createServer();

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-start-"));
    const port = await freePort();
    await new Promise<void>((resolve) => taken.listen(port, "127.0.0.1", resolve));
    child = spawn(process.execPath, [start, "--port", String(port)], {
      cwd: projectRoot,
      env: { ...process.env, CP_IS_FOLDER: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    log = collectOutput(child);
    url = `http://127.0.0.1:${port + 1}/`;
    await untilUp(url, child, log);
    while (!log().includes("Stop with Ctrl+C")) await new Promise((resolve) => setTimeout(resolve, 50));
    address = /CP-IS demonstration: (\S+)/.exec(log())?.[1] ?? "";
    browser = await openBrowser();
    watched = await openPage(browser, address);
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

  it("takes the next port when the first is taken, and says where to look and what to click", () => {
    assert.ok(address.startsWith(`${url}?access_token=`));
    assert.match(log(), /Click the button at the left end of an inject node/);
  });

  interface Asked {
    readonly path: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
  }

  /** The status of one request to the editor's server; the token goes with it unless `headers` say otherwise. */
  async function statusFor({ headers: given = {}, ...options }: Asked): Promise<number | undefined> {
    const { hostname, port } = new URL(url);
    const authorization = `Bearer ${new URL(address).searchParams.get("access_token") ?? ""}`;
    const headers = { authorization, ...given };
    const request = http.request({ hostname, port, ...options, headers }).end();
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    response.resume();
    return response.statusCode;
  }

  const adminRoutes = [
    { path: "/flows" },
    { path: "/flows", method: "POST" },
    { path: "/settings" },
    { path: "/inject/ask-plan", method: "POST" },
    { path: "/cp-is/metrics" },
    { path: "/" },
  ];
  const screenRoutes = [{ path: "/hospital" }, { path: "/authority" }, { path: "/hospital/check", method: "POST" }];

  it("opens its editor to the printed address only: a guess is refused on every route", async () => {
    assert.equal(await statusFor({ path: "/flows" }), 200);
    for (const authorization of ["", "Bearer wrong", "Basic d3Jvbmc6d3Jvbmc="]) {
      for (const route of adminRoutes.filter(({ path: where }) => where !== "/" && where !== "/settings")) {
        assert.equal(await statusFor({ ...route, headers: { authorization } }), 401, `${authorization} ${route.path}`);
      }
    }
  });

  it("refuses other names and other pages' requests on every route, also with the token", async () => {
    const { port } = new URL(url);
    const foreign = [
      { host: `rebound.example:${port}` },
      { host: "rebound.example" },
      { host: "127.0.0.1" },
      { origin: "http://rebound.example" },
      { origin: `https://127.0.0.1:${port}` },
      { origin: "null" },
    ];
    for (const headers of foreign) {
      for (const route of [...adminRoutes, ...screenRoutes]) {
        assert.equal(await statusFor({ ...route, headers }), 403, `${JSON.stringify(headers)} ${route.path}`);
      }
    }
    for (const headers of [{ origin: `http://127.0.0.1:${port}` }, { host: `localhost:${port}` }]) {
      assert.equal(await statusFor({ path: "/flows", headers }), 200);
    }
  });

  it("says where it is when somebody starts it again beside itself, and the second stops", () => {
    const { status, stdout } = spawnSync(process.execPath, [start, "--folder", folder], { encoding: "utf8" });
    assert.equal(status, 0);
    assert.ok(stdout.includes(`runs already: ${address}`), stdout);
  });

  it("shows a child found, with its plan and the number to ring", async () => {
    await pressInject(page, "ask-plan");
    const text = await debugMessage(page, "record found");
    assert.match(text, /outcome: "found"/);
    assert.match(await statusOf(page, "found", /ring/), /^\d\d:\d\d:\d\d ring 01632960999$/);
    assert.match(await statusOf(page, "query", /found/), /^found \d\d:\d\d$/);
  });

  it("shows a child without a record only as Spine's own word", async () => {
    await pressInject(page, "ask-nobody");
    assert.match(await statusOf(page, "not-found", /./), /^\d\d:\d\d:\d\d Spine says: no record$/);
    assert.match(await statusOf(page, "query", /no record/), /^no record \d\d:\d\d$/);
  });

  it("catches a failure, and shows its code", async () => {
    await pressInject(page, "ask-error");
    assert.match(await statusOf(page, "failed", /./), /^\d\d:\d\d:\d\d CPIS_APPLICATION_ERROR$/);
    assert.match(await statusOf(page, "query", /failed/), /^failed CPIS_APPLICATION_ERROR \d\d:\d\d$/);
  });

  it("refuses a user without the right to look, and sends nothing", async () => {
    await pressInject(page, "ask-refused");
    await statusOf(page, "failed", /^\d\d:\d\d:\d\d CPIS_NOT_AUTHORISED$/);
    await takePicture("demonstration");
  });

  it("goes round the whole circle on its second page: not known, uploaded, found, and the authority is told", async () => {
    await page.evaluate('RED.workspaces.show("whole-circle")');
    await statusOf(page, "circle-query", /listening/);
    await statusOf(page, "circle-upload", /^every 2 s, last/);
    await pressInject(page, "circle-arrives");
    await statusOf(page, "circle-not-found", /^\d\d:\d\d:\d\d Spine says: no record/);
    await pressInject(page, "circle-begin");
    await statusOf(page, "circle-response", /^\d\d:\d\d:\d\d accepted 1\/1$/);
    await pressInject(page, "circle-arrives");
    await statusOf(page, "circle-found", /^\d\d:\d\d:\d\d ring 01632960998$/);
    await statusOf(page, "circle-seen", /^\d\d:\d\d:\d\d case C-1001 was seen$/);
    await pressInject(page, "circle-unknown");
    await statusOf(page, "circle-refused", /^\d\d:\d\d:\d\d CPR01, case C-1004$/);
    await pressInject(page, "circle-inactivate");
    await statusOf(page, "circle-inactive", /^\d\d:\d\d:\d\d case C-1001, replaced$/);
    await takePicture("demonstration-circle");
    await page.evaluate('RED.workspaces.show("clinician-query")');
  });

  it("shows the raw conversation when asked, and before that nothing of it", async () => {
    const shown = page.locator(".red-ui-debug-msg", { hasText: "node: raw conversation" });
    assert.equal(await shown.count(), 0);
    const switchedOn = page.waitForResponse(/\/debug\/.*enable/);
    await page.locator('[id="raw"] .red-ui-flow-node-button-button').click();
    await switchedOn;
    await pressInject(page, "ask-plan");
    const text = await debugMessage(page, "raw conversation");
    assert.match(text, /(request|answer) [A-Z]{4}_IN\d{6}/);
  });

  it("serves a screen for the hospital and one for the local authority, from the same simulator", async () => {
    assert.match(log(), /\/hospital\n[\s\S]*\/authority\n/);
    const { page: screen } = await openPage(browser, new URL("/hospital", url).href);
    await screen.getByRole("button", { name: "child with a plan" }).click();
    await screen.getByRole("heading", { name: "Known to children's social care", exact: true }).waitFor();
    await screen.goto(new URL("/authority", url).href);
    await screen.getByRole("button", { name: "Upload this week's list" }).click();
    await screen.getByText("2 of 4 loaded, 1 refused, 1 not sent").waitFor();
    await screen.close();
  });

  it("clears every result and both screens when everything is reset", async () => {
    const { page: hospital } = await openPage(browser, new URL("/hospital", url).href);
    const { page: authority } = await openPage(browser, new URL("/authority", url).href);
    await hospital.getByRole("button", { name: "child with a plan" }).click();
    await hospital.getByRole("heading", { name: "Known to children's social care", exact: true }).waitFor();
    await authority.getByText("2 of 4 loaded, 1 refused, 1 not sent").waitFor();
    await pressInject(page, "reset");
    const cleared = /^cleared \d\d:\d\d:\d\d$/;
    for (const id of ["found", "not-found", "failed"]) await statusOf(page, id, cleared);
    await statusOf(page, "query", /^listening/);
    await page.evaluate('RED.workspaces.show("whole-circle")');
    for (const id of ["response", "refused", "found", "not-found", "seen", "inactive"]) {
      await statusOf(page, `circle-${id}`, cleared);
    }
    await statusOf(page, "circle-query", /^listening/);
    await statusOf(page, "circle-upload", /^every 2 s/);
    await statusOf(page, "circle-notification", /^every 2 s/);
    await page.evaluate('RED.workspaces.show("clinician-query")');
    await hospital.locator("#result .card").waitFor({ state: "detached" });
    assert.equal(await hospital.locator("#number").inputValue(), "");
    await authority.getByText("Nothing has been uploaded from this page.").waitFor();
    assert.doesNotMatch(await authority.locator("main").innerText(), /C-100/);
    await hospital.close();
    await authority.close();
  });

  it("has no complaint of the browser", () => {
    assert.deepEqual(watched.complaints, []);
  });
});

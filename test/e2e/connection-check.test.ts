// The button that checks a connection, in a real browser: healthy and broken, in both themes and by keyboard.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { createPki } from "../../lib/simulator/pki/pki.js";
import { openBrowser, openPage, takeScreenshot, type WatchedPage } from "../support/e2e/browser.js";
import { statusOf } from "../support/e2e/editor.js";
import { nodeRedLines, startNodeRed, type RunningNodeRed } from "../support/e2e/node-red-process.js";
import { freePort } from "../support/ports.js";

const place = { z: "flow", wires: [[]] };
const own = {
  partyKey: "ZT7-900145",
  asid: "990000000145",
  odsCode: "ZT7",
  organisationName: "EXAMPLE HOSPITAL TRUST",
};
const listener = {
  host: "127.0.0.1",
  port: "0",
  path: "/mhs/ebxml",
  maximumMegabytes: "5",
  connectTimeout: "5",
  replyTimeout: "30",
};

interface Pictures {
  readonly line: string;
  readonly isDark: boolean;
}

/** A certificate of an authority that the simulator does not know, and that ends soon. */
async function writeForeignCertificates(folder: string): Promise<Record<"key" | "cert" | "ca", string>> {
  const pki = await createPki({ now: () => Date.now(), authorityName: "Another authority" });
  const notAfter = Date.now() + 12.5 * 86_400_000;
  const { keyPem, certPem } = await pki.issue({ commonName: "zt7.example", usage: "both", notAfter });
  const files = { key: keyPem, cert: certPem, ca: pki.caPem };
  const paths = { key: "", cert: "", ca: "" };
  for (const name of ["key", "cert", "ca"] as const) {
    paths[name] = path.join(folder, `${name}.pem`);
    await fs.writeFile(paths[name], files[name], { mode: 0o600 });
  }
  return paths;
}

function flowOf(simulatorPort: number, meshRoot: string, tls: Record<"key" | "cert" | "ca", string>): object[] {
  const query = {
    type: "cp-is query",
    ...place,
    name: "",
    nhsNumber: "payload",
    nhsNumberType: "msg",
    accessMode: "user",
    wires: [[], []],
  };
  return [
    { id: "flow", type: "tab", label: "Check" },
    {
      id: "sim",
      type: "spine simulator",
      ...place,
      name: "",
      port: String(simulatorPort),
      host: "127.0.0.1",
      answerDelay: "0",
      x: 150,
      y: 300,
    },
    { ...query, id: "query", transport: "healthy", x: 300, y: 100 },
    { ...query, id: "query-broken", transport: "broken", x: 300, y: 200 },
    { ...query, id: "query-unnamed", transport: "unnamed", x: 300, y: 400 },
    {
      id: "healthy",
      type: "ebxml transport",
      name: "to the simulator",
      environment: "simulator",
      pattern: "express",
      ...listener,
      ...own,
    },
    { id: "tls", type: "tls-config", name: "", ...tls, keyname: "", verifyservercert: true },
    {
      id: "broken",
      type: "ebxml transport",
      name: "to a stranger",
      environment: "other",
      tls: "tls",
      clientNames: "spine.example",
      contractBy: "hand",
      endpointUrl: `https://localhost:${simulatorPort}/reliablemessaging/queryrequest`,
      cpaId: "S2001924A2012004",
      toPartyKey: "YES-0000806",
      toAsid: "928942012545",
      syncReplyMode: "MSHSignalsOnly",
      ackRequested: "never",
      duplicateElimination: "never",
      ...listener,
      ...own,
    },
    {
      id: "unnamed",
      type: "ebxml transport",
      name: "without names",
      environment: "other",
      tls: "tls",
      contractBy: "hand",
      endpointUrl: `https://localhost:${simulatorPort}/reliablemessaging/queryrequest`,
      cpaId: "S2001924A2012004",
      toPartyKey: "YES-0000806",
      toAsid: "928942012545",
      syncReplyMode: "MSHSignalsOnly",
      ackRequested: "never",
      duplicateElimination: "never",
      ...listener,
      ...own,
    },
    {
      id: "mesh-mailbox",
      type: "mesh transport",
      name: "mailbox",
      environment: "simulator",
      odsCode: "998",
      pollSeconds: "5",
    },
    {
      id: "mesh-folders",
      type: "mesh transport",
      name: "folders",
      environment: "other",
      way: "folder",
      folder: meshRoot,
      mailbox: "ZT7OT001",
      recipient: "ZSPOT001",
      workflowUpload: "A",
      workflowResponse: "B",
      workflowAccess: "C",
      workflowInactive: "D",
    },
  ];
}

async function openConfig(page: Page, type: string, id: string): Promise<void> {
  await page.evaluate(`RED.editor.editConfig("", ${JSON.stringify(type)}, ${JSON.stringify(id)})`);
  await page.locator(".cp-is-check-button").waitFor();
  await page.waitForTimeout(400);
}

async function closeConfig(page: Page): Promise<void> {
  await page.locator("#node-config-dialog-cancel").click();
  await page.locator("#node-config-dialog-cancel").waitFor({ state: "detached" });
  await page.waitForTimeout(300);
}

/** Presses the button by the keyboard and gives the steps, as "Title result". */
async function check(page: Page): Promise<string[]> {
  await page.locator(".cp-is-check-button").focus();
  await page.keyboard.press("Enter");
  await page.locator(".cp-is-check-steps > li").first().waitFor();
  await page.locator(".cp-is-check-steps").evaluate((list) => list.scrollIntoView({ block: "end" }));
  const steps: string[] = [];
  for (const item of await page.locator(".cp-is-check-steps > li").all()) {
    const result = (await item.getAttribute("class")) ?? "";
    steps.push(`${await item.locator("strong").innerText()} ${result.replace("cp-is-check-", "")}`);
  }
  return steps;
}

async function picture(page: Page, name: string, { line, isDark }: Pictures): Promise<void> {
  const list = page.locator(".cp-is-check-steps");
  await takeScreenshot(page, `${line}-check-${name}`);
  await page.locator(".cp-is-check-button").scrollIntoViewIfNeeded();
  await page.locator(".cp-is-check-button").evaluate((button) => button.scrollIntoView({ block: "start" }));
  await takeScreenshot(page, `${line}-check-${name}-top`);
  if (!isDark) return;
  await page.evaluate('document.documentElement.classList.add("nr-theme-dark")');
  await page.waitForTimeout(200);
  await takeScreenshot(page, `${line}-check-${name}-top-dark`);
  await list.evaluate((element) => element.scrollIntoView({ block: "end" }));
  await takeScreenshot(page, `${line}-check-${name}-dark`);
  await page.evaluate('document.documentElement.classList.remove("nr-theme-dark")');
}

for (const line of nodeRedLines) {
  describe(`The connection check in ${line}`, () => {
    const pictures = { line, isDark: line === "node-red" };
    let folder: string;
    let nodeRed: RunningNodeRed;
    let browser: Browser;
    let watched: WatchedPage;
    let page: Page;

    before(async () => {
      folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-check-"));
      const meshRoot = path.join(folder, "mesh");
      for (const name of ["IN", "OUT"]) await fs.mkdir(path.join(meshRoot, name), { recursive: true });
      const certificates = await writeForeignCertificates(folder);
      nodeRed = await startNodeRed(line, flowOf(await freePort(), meshRoot, certificates));
      browser = await openBrowser();
      watched = await openPage(browser, nodeRed.url);
      page = watched.page;
      await statusOf(page, "query", /listening/);
    });

    after(async () => {
      await browser.close();
      await nodeRed.stop();
      await fs.rm(folder, { recursive: true, force: true });
    });

    it("passes every step against the simulator, and says that nothing wrong was found", async () => {
      await openConfig(page, "ebxml transport", "healthy");
      assert.ok(!(await page.locator(".cp-is-check-unsaved").isVisible()));
      assert.deepEqual(await check(page), [
        "Our certificate pass",
        "Spine Directory Service pass",
        "Contract and pattern pass",
        "Host name pass",
        "TCP connection pass",
        "TLS handshake pass",
        "Certificate of the other side pass",
        "Clock pass",
        "Names of Spine's certificate skipped",
        "Our listener pass",
      ]);
      const summary = page.locator(".cp-is-check-summary");
      assert.equal(await summary.innerText(), "Nothing wrong was found.");
      assert.deepEqual(
        [await summary.getAttribute("role"), await summary.getAttribute("aria-live")],
        ["status", "polite"],
      );
      await picture(page, "healthy", pictures);
    });

    it("says that what was changed in the dialog is not checked", async () => {
      await page.locator("#node-config-input-name").fill("another name");
      await page.keyboard.press("Tab");
      const note = page.locator(".cp-is-check-unsaved");
      assert.ok(await note.isVisible());
      await note.scrollIntoViewIfNeeded();
      await takeScreenshot(page, `${line}-check-unsaved`);
      await closeConfig(page);
    });

    it("shows what is wrong with a connection, and what to do", async () => {
      await openConfig(page, "ebxml transport", "broken");
      const steps = await check(page);
      assert.deepEqual(steps.slice(0, 2), ["Our certificate warn", "Spine Directory Service skipped"]);
      assert.deepEqual(steps.slice(5), [
        "TLS handshake fail",
        "Certificate of the other side skipped",
        "Clock skipped",
        "Names of Spine's certificate warn",
        "Our listener pass",
      ]);
      const failed = await page.locator("li.cp-is-check-fail").innerText();
      assert.match(failed, /TLS_PEER_AUTHORITY_UNKNOWN/);
      assert.match(failed, /It has shown: .*CP-IS simulator authority/);
      assert.match(await page.locator("li.cp-is-check-warn").first().innerText(), /12 days left/);
      assert.equal(await page.locator(".cp-is-check-summary").innerText(), "1 failed, 2 with a warning");
      await picture(page, "broken", pictures);
      await closeConfig(page);
    });

    it("says what to fill in where the names of Spine's certificate are missing, and fills in what it proposes", async () => {
      assert.match(await statusOf(page, "query-unnamed", /fill in/), /^fill in the names of Spine's certificate$/);
      await openConfig(page, "ebxml transport", "unnamed");
      const field = page.locator("#node-config-input-clientNames");
      assert.match((await field.getAttribute("class")) ?? "", /input-error/);
      const steps = await check(page);
      assert.ok(steps.includes("Names of Spine's certificate fail"), steps.join(", "));
      await picture(page, "names", pictures);
      await page.locator(".cp-is-check-take").click();
      assert.equal(await field.inputValue(), "localhost");
      assert.doesNotMatch((await field.getAttribute("class")) ?? "", /input-error/);
      assert.ok(await page.locator(".cp-is-check-unsaved").isVisible());
      await field.evaluate((element) => element.scrollIntoView({ block: "center" }));
      await takeScreenshot(page, `${line}-check-names-filled`);
      await closeConfig(page);
    });

    it("shows in the status that our certificate ends soon, and warns of it once", async () => {
      assert.equal(await statusOf(page, "query-broken", /certificate/), "certificate: 12 days left");
      assert.equal(nodeRed.log().match(/TLS_CERTIFICATE_VALIDITY.*ours/g)?.length, 1);
      await takeScreenshot(page, `${line}-check-status`);
    });

    it("proves the mailbox of MESH, and the folders of its client", async () => {
      await openConfig(page, "mesh transport", "mesh-mailbox");
      assert.deepEqual((await check(page)).slice(-2), ["Mailbox and credentials pass", "Messages in the mailbox pass"]);
      await closeConfig(page);
      await openConfig(page, "mesh transport", "mesh-folders");
      assert.deepEqual(await check(page), [
        "Folder IN pass",
        "Folder OUT pass",
        "Folder SENT fail",
        "Staging folder pass",
        "Archive folder pass",
        "MESH client skipped",
      ]);
      await picture(page, "folders", pictures);
      await closeConfig(page);
    });

    it("says that a transport which is not deployed cannot be checked", async () => {
      await openConfig(page, "mesh transport", "_ADD_");
      await page.locator(".cp-is-check-button").click();
      await page.locator(".cp-is-check-summary", { hasText: "not deployed" }).waitFor();
      await closeConfig(page);
    });

    it("has no complaint of the browser but of the transport that is not there", () => {
      assert.deepEqual(
        watched.complaints.filter((line) => !line.includes("404")),
        [],
      );
    });
  });
}

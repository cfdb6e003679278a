// Both quick starts to the letter: the commands of the page are run, its flows imported through the menu, and what it says is seen.
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage, takeScreenshot } from "../support/e2e/browser.js";
import { installPackage } from "../support/e2e/deployed-instance.js";
import { closeTray, debugMessage, deploy, editNode, pressInject, statusOf } from "../support/e2e/editor.js";
import { collectOutput, projectRoot, untilUp } from "../support/e2e/node-red-process.js";
import { freePort } from "../support/ports.js";

/** A page of the documentation, and what stands in it. */
class Guide {
  private constructor(private readonly text: string) {}

  static async read(name: string): Promise<Guide> {
    return new Guide(await fs.readFile(path.join(projectRoot, "docs", name), "utf8"));
  }

  commands(): readonly string[] {
    const [, code = ""] = /^```sh\n([\s\S]*?)^```/m.exec(this.text) ?? [];
    return code.trim().split("\n");
  }

  /** The words of the page must stand there as they are, but for line ends. */
  says(words: string): string {
    assert.ok(this.text.replace(/\s+/g, " ").includes(words), `the page no longer says: ${words}`);
    return words;
  }
}

/** One person's machine: a folder, and what was started in it. */
class Machine {
  private child: ChildProcess | undefined;
  folder: string;
  url = "";

  constructor(readonly home: string) {
    this.folder = home;
  }

  /** Runs the commands one after the other; the last one stays. Only npm's way over the network is gone another way. */
  async run(commands: readonly string[]): Promise<void> {
    const last = commands.at(-1);
    assert.ok(last !== undefined);
    for (const command of commands.slice(0, -1)) {
      if (command.startsWith("npm install ")) {
        assert.equal(command, "npm install node-red @cp-is/node-red");
        await installPackage(this.folder);
        await this.linkCommand("node-red", "node-red/red.js");
        continue;
      }
      const { status, stdout, stderr } = spawnSync("sh", ["-e", "-c", `${command} >&2\npwd`], {
        cwd: this.folder,
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
      this.folder = stdout.trim();
    }
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}/`;
    // Node-RED's own settings take the port from here; 1880 may be another's.
    const environment = { ...process.env, PORT: String(port) };
    const child = spawn("sh", ["-c", last], { cwd: this.folder, env: environment, detached: true });
    this.child = child;
    await untilUp(this.url, child, collectOutput(child));
  }

  private async linkCommand(name: string, file: string): Promise<void> {
    const bin = path.join(this.folder, "node_modules", ".bin");
    await fs.mkdir(bin, { recursive: true });
    await fs.symlink(path.join("..", file), path.join(bin, name));
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("close", resolve));
      // The shell and what it has started.
      process.kill(-child.pid, "SIGINT");
      await ended;
    }
    await fs.rm(this.home, { recursive: true, force: true });
  }
}

/** The question and the tour that everybody meets who opens a fresh Node-RED. */
async function greet(page: Page): Promise<void> {
  await page.getByText("No, do not enable notifications").click();
  await page.locator(".red-ui-tourGuide-popover", { hasText: "Welcome to Node-RED" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".red-ui-shade").first().waitFor({ state: "detached" });
}

/** By the menu, as the page says. */
async function importExample(page: Page, guide: Guide, name: string, tab: string): Promise<void> {
  guide.says(`Menu (top right) > *Import* > *Examples* > *@cp-is/node-red* > *${name}* > **Import**`);
  guide.says(`*${tab}*`);
  await bringExample(page, name);
  await page.locator(".red-ui-tab-label", { hasText: tab }).click();
}

async function bringExample(page: Page, name: string): Promise<void> {
  await page.locator("#red-ui-header-button-sidemenu").click();
  await page.locator("#menu-item-import").click();
  await page.locator("#red-ui-clipboard-dialog-import-tabs").getByText("Examples").click();
  const list = page.locator("#red-ui-clipboard-dialog-import-tab-examples");
  for (const entry of ["@cp-is/node-red", name]) {
    await list.locator(".red-ui-treeList-label", { hasText: entry }).last().click();
  }
  await page.locator("#red-ui-clipboard-dialog-ok").click();
}

async function idOf(page: Page, type: string, name?: string): Promise<string> {
  const matches = name === undefined ? "true" : `node.name.includes(${JSON.stringify(name)})`;
  const find = `RED.nodes.filterNodes({ type: ${JSON.stringify(type)} }).filter((node) => ${matches}).at(-1)?.id`;
  await page.waitForFunction(find);
  return page.evaluate<string>(find);
}

describe("The quick starts", function () {
  // Their commands are those of a POSIX shell.
  if (process.platform === "win32") return;

  let browser: Browser;
  let machine: Machine;

  before(async () => {
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    machine = new Machine(await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-quick-"))));
  });
  afterEach(async () => {
    await machine.stop();
  });

  it("lead a hospital to its first query", async () => {
    const guide = await Guide.read("quick-start-hospital.md");
    await machine.run(guide.commands());
    const { page } = await openPage(browser, machine.url);
    await greet(page);
    guide.says("a group *NHS*");
    await page.locator(".red-ui-palette-header", { hasText: /^NHS$/ }).waitFor();
    await importExample(page, guide, "query-by-a-clinician", "Query by a clinician");
    const [query, ask] = [await idOf(page, "cp-is query"), await idOf(page, "inject", "NHS number")];
    await deploy(page);
    guide.says("Below the query node: `listening :` and a port.");
    assert.match(await statusOf(page, query, /listening/), /^listening :\d+$/);
    guide.says("Press the button at the left of *NHS number*. Below the query node: `found` and the time.");
    await page.evaluate('RED.sidebar.show("debug")');
    await pressInject(page, ask);
    assert.match(await statusOf(page, query, /found/), /^found \d\d:\d\d$/);
    guide.says("In the debug sidebar (the beetle): the plan, whom to ring, who else has asked.");
    assert.match(await debugMessage(page, "record found"), /plans[^]*accesses/);
    guide.says("set the number to `9990002304`, deploy, press: the second output, *no CP-IS record*");
    await setNumber(page, ask, "9990002304");
    await pressInject(page, ask);
    assert.match(await debugMessage(page, "no CP-IS record"), /not-found/);
    guide.says("Set it to `9990002096`: after the time-out the Catch node gets `CPIS_TIMEOUT`.");
    await setNumber(page, ask, "9990002096");
    await pressInject(page, ask);
    assert.match(await debugMessage(page, "use the local fallback"), /CPIS_TIMEOUT/);
    await takeScreenshot(page, "quick-start-hospital");
  });

  /** In the dialog of the inject node, as a person does. */
  async function setNumber(page: Page, inject: string, number: string): Promise<void> {
    await editNode(page, inject);
    const field = "#node-input-property-container .node-input-prop-property-value";
    await page.evaluate(`$(${JSON.stringify(field)}).first().typedInput("value", ${JSON.stringify(number)})`);
    await closeTray(page, "node-dialog-ok");
    await deploy(page);
  }

  it("lead a local authority to its first upload, and to who was seen", async () => {
    const guide = await Guide.read("quick-start-local-authority.md");
    await machine.run(guide.commands());
    const { page } = await openPage(browser, machine.url);
    await greet(page);
    await importExample(page, guide, "upload-from-csv", "Upload from CSV");
    const [upload, begin] = [await idOf(page, "cp-is upload"), await idOf(page, "inject", "this week's export")];
    await deploy(page);
    await statusOf(page, upload, /every 2 s/);
    guide.says("Press the button of *this week's export*: five rows");
    await pressInject(page, begin);
    guide.says("`file 1: 3 loaded, 1 refused, 1 not sent`");
    await statusOf(page, upload, /^file 1: 3 loaded, 1 refused, 1 not sent, /);
    guide.says("`cp-is-work-list.csv`, where Node-RED runs, has a line for each of the two");
    const list = path.join(machine.folder, "cp-is-work-list.csv");
    const [, ...lines] = (await fs.readFile(list, "utf8")).trim().split("\n");
    assert.equal(lines.length, 2);
    await takeScreenshot(page, "quick-start-authority-1");
    guide.says(
      "right-click the tab *Upload from CSV* > *Disable flow*. Then import *notifications*, deploy, press *a hospital looks*.",
    );
    await page.locator(".red-ui-tab", { hasText: "Upload from CSV" }).click({ button: "right" });
    await page.locator(".red-ui-menu-dropdown:visible").getByText("Disable flow").click();
    await bringExample(page, "notifications");
    await page.locator(".red-ui-tab-label", { hasText: "Notifications" }).click();
    const [look, done] = [
      await idOf(page, "inject", "a hospital looks"),
      await idOf(page, "debug", "text for the team"),
    ];
    await deploy(page);
    await statusOf(page, await idOf(page, "cp-is query"), /listening/);
    await pressInject(page, look);
    await statusOf(page, done, /^\d\d:\d\d:\d\d access /);
    await takeScreenshot(page, "quick-start-authority-2");
  });
});

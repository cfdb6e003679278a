// Each example as somebody sees it who has imported it: nothing is missing, and its first button brings an answer.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage, takeScreenshot } from "../support/e2e/browser.js";
import { debugMessage, pressInject, statusOf } from "../support/e2e/editor.js";
import { projectRoot, startNodeRed } from "../support/e2e/node-red-process.js";

interface ExampleNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
}

const folder = path.join(projectRoot, "examples");
const examples = fs.readdirSync(folder).filter((file) => file.endsWith(".json"));

function readExample(file: string): readonly ExampleNode[] {
  return JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as readonly ExampleNode[];
}

interface Example {
  readonly nodes: readonly ExampleNode[];
  /** Where its Node-RED runs. */
  readonly folder: string;
}

type Way = (page: Page, example: Example) => Promise<void>;

/** The way through an example that has a query in it. */
async function askAboutAChild(page: Page, { nodes }: Example): Promise<void> {
  const find = (type: string, name?: RegExp): ExampleNode => {
    const found = nodes.find((node) => node.type === type && (name?.test(node.name ?? "") ?? true));
    assert.ok(found !== undefined, type);
    return found;
  };
  const command = nodes.find((node) => node.type === "inject" && /add a child/.test(node.name ?? ""));
  if (command !== undefined) await pressInject(page, command.id);
  await pressInject(page, find("inject", /child with|NHS number|arrival|ask about/).id);
  assert.match(await statusOf(page, find("cp-is query").id, /found/), /^found \d\d:\d\d$/);
}

async function watchForAlerts(page: Page, example: Example): Promise<void> {
  await askAboutAChild(page, example);
  await statusOf(page, "alerts-watch", /^all well \d\d:\d\d$/);
}

async function uploadFromCsv(page: Page, { folder: runsIn }: Example): Promise<void> {
  await statusOf(page, "csv-upload-node", /^every 2 s, last/);
  await pressInject(page, "csv-export");
  assert.equal(await statusOf(page, "csv-list", /row 6/), "row 6, case C-1005");
  assert.equal(await statusOf(page, "csv-response", /accepted/), "partly-accepted: 3 of 4 loaded");
  await statusOf(page, "csv-upload-node", /^file 1: 3 loaded, 1 refused$/);
  assert.equal(await statusOf(page, "csv-list", /row 5/), "row 5, case C-1004");
  const list = fs.readFileSync(path.join(runsIn, "cp-is-work-list.csv"), "utf8").trim().split("\n");
  assert.deepEqual(
    list.map((line) => line.split(",").slice(0, 4).join()),
    ["file,row,case,found by", "not sent,6,C-1005,validation", "1,5,C-1004,cp-is"],
  );
  await takeScreenshot(page, "example-upload-from-csv-1");
  await pressInject(page, "csv-ended");
  await statusOf(page, "csv-response", /^accepted: 1 of 1 loaded$/);
  await pressInject(page, "csv-pds-away");
  await pressInject(page, "csv-ended");
  await statusOf(page, "csv-upload-node", /^file 3 refused$/);
}

async function takeNotifications(page: Page): Promise<void> {
  await statusOf(page, "notifications-query", /listening/);
  await pressInject(page, "notifications-look");
  await statusOf(page, "notifications-done", /^access, 1 entered$/);
  await statusOf(page, "notifications-confirm", /^confirmed/);
  await page.evaluate('RED.sidebar.show("debug")');
  assert.match(await debugMessage(page, "text for the team"), /Subject: Case C-1065: seen in unscheduled care/);
  await pressInject(page, "notifications-replaced");
  await statusOf(page, "notifications-done", /^inactive-number, 2 entered$/);
  assert.match(await debugMessage(page, "text for the team"), /has a replacement/);
}

async function goRound(page: Page): Promise<void> {
  await statusOf(page, "circle-query", /listening/);
  await statusOf(page, "circle-upload", /^every 2 s, last/);
  await pressInject(page, "circle-arrives");
  await statusOf(page, "circle-not-found", /Spine says: no record/);
  await pressInject(page, "circle-begin");
  await statusOf(page, "circle-response", /^accepted$/);
  await pressInject(page, "circle-arrives");
  await statusOf(page, "circle-found", /^ring 01632960998$/);
  await statusOf(page, "circle-seen", /^case C-1001 was seen$/);
  await pressInject(page, "circle-unknown");
  await statusOf(page, "circle-refused", /^CPR01, case C-1004$/);
  await pressInject(page, "circle-inactivate");
  await statusOf(page, "circle-inactive", /^replaced by 9990000069$/);
}

const ownWays: Readonly<Record<string, Way>> = {
  "upload-from-csv.json": uploadFromCsv,
  "notifications.json": takeNotifications,
  "circle.json": goRound,
  "alerts.json": watchForAlerts,
};

describe("The examples", () => {
  let browser: Browser;

  before(async () => {
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
  });

  for (const file of examples) {
    it(`${file} answers when its buttons are clicked`, async () => {
      const nodes = readExample(file);
      const nodeRed = await startNodeRed("node-red", nodes);
      try {
        const { page, complaints } = await openPage(browser, nodeRed.url);
        const simulator = nodes.find(({ type }) => type === "spine simulator");
        assert.ok(simulator !== undefined);
        await statusOf(page, simulator.id, /listening/);
        await (ownWays[file] ?? askAboutAChild)(page, { nodes, folder: nodeRed.folder });
        await takeScreenshot(page, `example-${file.replace(".json", "")}`);
        await page.close();
        assert.deepEqual(complaints, []);
        assert.doesNotMatch(nodeRed.log(), /\[error\]|missing types/);
      } finally {
        await nodeRed.stop();
      }
    });
  }
});

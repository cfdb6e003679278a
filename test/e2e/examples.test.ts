// Each example as somebody sees it who has imported it: nothing is missing, and its first button brings an answer.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { Browser } from "playwright-core";
import { openBrowser, openPage, takeScreenshot } from "./browser.js";
import { pressInject, statusOf } from "./editor.js";
import { projectRoot, startNodeRed } from "./node-red-process.js";

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

describe("The examples", function () {
  this.timeout(60_000);
  let browser: Browser;

  before(async () => {
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
  });

  for (const file of examples) {
    it(`${file} answers when its button is clicked`, async () => {
      const nodes = readExample(file);
      const find = (type: string, name?: RegExp): ExampleNode => {
        const found = nodes.find((node) => node.type === type && (name?.test(node.name ?? "") ?? true));
        assert.ok(found !== undefined, `${type} in ${file}`);
        return found;
      };
      const nodeRed = await startNodeRed("node-red", nodes);
      try {
        const { page, complaints } = await openPage(browser, nodeRed.url);
        await statusOf(page, find("spine simulator").id, /listening/);
        const command = nodes.find((node) => node.type === "inject" && /add a child/.test(node.name ?? ""));
        if (command !== undefined) await pressInject(page, command.id);
        await pressInject(page, find("inject", /child with|NHS number|arrival|ask about/).id);
        assert.match(await statusOf(page, find("cp-is query").id, /found/), /^found \d\d:\d\d$/);
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

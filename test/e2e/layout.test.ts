// The flows of the package on a small laptop's screen: all of a page is in sight, and nothing lies over a text.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage } from "../support/e2e/browser.js";
import { nodeRedLines, projectRoot, startNodeRed, type RunningNodeRed } from "../support/e2e/node-red-process.js";

interface FlowNode {
  readonly id: string;
  readonly type: string;
}

const folder = path.join(projectRoot, "examples");
const flows = fs
  .readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .flatMap((file) => JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as readonly FlowNode[]);
const tabs = flows.filter(({ type }) => type === "tab").map(({ id }) => id);

/** Gives each node the longest text that it shows in the ordinary run of things, whatever it shows now. */
const fillStatuses = `(tab) => {
  const longest = {
    debug: "13:05:22 CPIS_APPLICATION_ERROR",
    "cp-is query": "failed CPIS_APPLICATION_ERROR 13:05",
    "cp-is upload": "file 1: 3 loaded, 1 refused, 2026-12-01 13:05",
    "cp-is notification": "inactive numbers: 10 13:05",
    "cp-is confirm": "confirmed: 10 13:05",
    "cp-is alert": "to be seen to: 10",
    "spine simulator": "listening :65535, asked: 10",
  };
  RED.nodes.filterNodes({ z: tab }).forEach((node) => {
    const text = node.type === "debug" && !node.tostatus ? "" : (longest[node.type] ?? "");
    node.status = text === "" ? {} : { fill: "red", shape: "ring", text };
    node.dirtyStatus = true;
    node.dirty = true;
  });
  RED.view.redraw(true, true);
}`;

/** What is wrong with the page that is shown, in words. */
const layoutFaults = `(tab) => {
  const faults = [];
  const rect = (element) => element.getBoundingClientRect();
  const chart = rect(document.querySelector("#red-ui-workspace-chart"));
  const seen = { left: chart.left, top: chart.top, right: chart.right, bottom: chart.bottom };
  const footer = document.querySelector("#red-ui-workspace-footer");
  if (footer !== null) seen.bottom = Math.min(seen.bottom, rect(footer).top);
  const sidebar = document.querySelector("#red-ui-sidebar");
  if (rect(sidebar).width < 200) faults.push("the sidebar is not open");
  seen.right = Math.min(seen.right, rect(sidebar).left);
  const meet = (one, other) =>
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  const within = (point, box) =>
    point.x > box.left && point.x < box.right && point.y > box.top && point.y < box.bottom;

  const nodes = RED.nodes.filterNodes({ z: tab }).map((node) => {
    const group = document.getElementById(node.id);
    const texts = [...group.querySelectorAll(".red-ui-flow-node-label text, .red-ui-flow-node-status-label")]
      .filter((text) => text.textContent.trim() !== "" && rect(text).width > 0)
      .map((text) => ({ text: text.textContent, box: rect(text) }));
    const button = group.querySelector(".red-ui-flow-node-button");
    return { id: node.id, type: node.type, group: rect(group), body: rect(group.querySelector(".red-ui-flow-node")), texts, button };
  });
  for (const { id, group, texts, body, type } of nodes) {
    const { left, top, right, bottom } = group;
    const isSeen = left >= seen.left && top >= seen.top && right <= seen.right && bottom <= seen.bottom;
    if (!isSeen) {
      const edges = [left - seen.left, top - seen.top, seen.right - right, seen.bottom - bottom].map(Math.round);
      faults.push(id + " is not wholly in sight: left, top, right, bottom " + edges);
    }
    if (type === "comment" && texts.some(({ box }) => box.right > body.right)) faults.push(id + " is cut");
  }
  nodes.forEach((one, index) => {
    for (const other of nodes.slice(index + 1)) {
      if (meet(one.body, other.body)) faults.push(one.id + " lies over " + other.id);
      for (const [mine, its] of [[one, other], [other, one]])
        for (const { text, box } of mine.texts)
          if (meet(box, its.body) || its.texts.some((another) => meet(box, another.box)))
            faults.push(text + " of " + mine.id + " lies over " + its.id);
    }
  });
  for (const line of document.querySelectorAll(".red-ui-flow-link")) {
    const link = d3.select(line).datum();
    const shape = line.querySelector(".red-ui-flow-link-line");
    const matrix = shape.getScreenCTM();
    const points = Array.from({ length: 201 }, (_, step) =>
      shape.getPointAtLength((shape.getTotalLength() * step) / 200).matrixTransform(matrix));
    const ends = [link.source.id, link.target.id];
    for (const { id, body, texts } of nodes) {
      if (!ends.includes(id) && points.some((point) => within(point, body))) faults.push(ends.join(" to ") + " runs behind " + id);
      for (const { text, box } of texts)
        if (points.some((point) => within(point, box))) faults.push(ends.join(" to ") + " runs over " + text);
    }
  }
  const edges = nodes.filter(({ type }) => type === "inject").map(({ button }) => Math.round(rect(button).left));
  if (new Set(edges).size > 1) faults.push("the buttons are not in one line: " + edges);
  return faults;
}`;

for (const line of nodeRedLines) {
  describe(`The flows on a screen of 1366 by 768 in ${line}`, () => {
    let nodeRed: RunningNodeRed;
    let browser: Browser;
    let page: Page;

    before(async () => {
      nodeRed = await startNodeRed(line, flows);
      browser = await openBrowser();
      ({ page } = await openPage(browser, nodeRed.url));
      await page.setViewportSize({ width: 1366, height: 768 });
      await page.waitForSelector(".red-ui-flow-node");
      await page.evaluate('RED.sidebar.show("debug")');
    });
    after(async () => {
      await browser.close();
      await nodeRed.stop();
    });

    for (const tab of tabs) {
      it(`show the whole page ${tab}, with no text under a wire or another node`, async () => {
        await page.evaluate(`RED.workspaces.show(${JSON.stringify(tab)})`);
        const ofTab = flows.find((node) => Reflect.get(node, "z") === tab && "x" in node);
        assert.ok(ofTab !== undefined);
        await page.locator(`[id="${ofTab.id}"] .red-ui-flow-node`).waitFor();
        const argument = JSON.stringify(tab);
        // In one step, so that no status of the running flow comes between.
        const faults = await page.evaluate(`(${fillStatuses})(${argument}), (${layoutFaults})(${argument})`);
        assert.deepEqual(faults, []);
      });
    }
  });
}

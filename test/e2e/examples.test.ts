// Each example as somebody sees it who has imported it: nothing is missing, and its first button brings an answer.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { accessibilityFaults, keyboardFaults } from "../support/e2e/accessibility.js";
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
  /** With a slash at its end. */
  readonly url: string;
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
  await statusOf(page, "csv-list", /^\d\d:\d\d:\d\d row 6, case C-1005$/);
  await statusOf(page, "csv-response", /^\d\d:\d\d:\d\d partly-accepted 3\/5$/);
  await statusOf(page, "csv-upload-node", /^file 1: 3 loaded, 1 refused/);
  await statusOf(page, "csv-list", /^\d\d:\d\d:\d\d row 5, case C-1004$/);
  const list = fs.readFileSync(path.join(runsIn, "cp-is-work-list.csv"), "utf8").trim().split("\n");
  assert.deepEqual(
    list.map((line) => line.split(",").slice(0, 4).join()),
    ["file,row,case,found by", "not sent,6,C-1005,validation", "1,5,C-1004,cp-is"],
  );
  await takeScreenshot(page, "example-upload-from-csv-1");
  await pressInject(page, "csv-ended");
  await statusOf(page, "csv-response", /^\d\d:\d\d:\d\d accepted 1\/1$/);
  await pressInject(page, "csv-pds-away");
  await pressInject(page, "csv-ended");
  await statusOf(page, "csv-upload-node", /^file 3 refused/);
}

async function takeNotifications(page: Page): Promise<void> {
  await statusOf(page, "notifications-query", /listening/);
  await pressInject(page, "notifications-look");
  await statusOf(page, "notifications-done", /^\d\d:\d\d:\d\d access \(1\)$/);
  await statusOf(page, "notifications-confirm", /^confirmed/);
  await page.evaluate('RED.sidebar.show("debug")');
  assert.match(await debugMessage(page, "text for the team"), /Subject: Case C-1065: seen in unscheduled care/);
  await pressInject(page, "notifications-replaced");
  await statusOf(page, "notifications-done", /^\d\d:\d\d:\d\d inactive-number \(2\)$/);
  assert.match(await debugMessage(page, "text for the team"), /has a replacement/);
}

async function goRound(page: Page): Promise<void> {
  await statusOf(page, "the-circle-query", /listening/);
  await statusOf(page, "the-circle-upload", /^every 2 s, last/);
  await pressInject(page, "the-circle-arrives");
  await statusOf(page, "the-circle-not-found", /Spine says: no record/);
  await pressInject(page, "the-circle-begin");
  await statusOf(page, "the-circle-response", /^\d\d:\d\d:\d\d accepted 1\/1$/);
  await pressInject(page, "the-circle-arrives");
  await statusOf(page, "the-circle-found", /^\d\d:\d\d:\d\d ring 01632960998$/);
  await statusOf(page, "the-circle-seen", /^\d\d:\d\d:\d\d case C-1001 was seen$/);
  await pressInject(page, "the-circle-unknown");
  await statusOf(page, "the-circle-refused", /^\d\d:\d\d:\d\d CPR01, case C-1004$/);
  await pressInject(page, "the-circle-inactivate");
  await statusOf(page, "the-circle-inactive", /^\d\d:\d\d:\d\d case C-1001, replaced$/);
}

const clinician = {
  userId: "990000001001",
  roleProfileId: "990000001002",
  role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
  name: { prefix: "Dr", given: ["Ann"], family: "Example" },
  activities: ["B0107"],
};

async function askByRest(page: Page, { url }: Example): Promise<void> {
  await statusOf(page, "rest-query", /listening/);
  const post = async (nhsNumber: string) => {
    const response = await fetch(`${url}child-protection-check`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ nhsNumber, user: clinician }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const found = await post("999 000 1014");
  assert.deepEqual([found.status, found.body["outcome"]], [200, "found"]);
  assert.ok(!JSON.stringify(found.body["ids"]).includes("990000001001"));
  const none = await post("9990002304");
  assert.deepEqual([none.status, none.body["outcome"], none.body["plans"]], [200, "not-found", undefined]);
  const failed = await post("9990002045");
  assert.deepEqual(
    [failed.status, failed.body["outcome"], failed.body["code"]],
    [503, "could-not-be-checked", "CPIS_SOAP_FAULT"],
  );
  assert.equal((await post("9990001015")).status, 400);
}

async function askByFhir(page: Page, { url }: Example): Promise<void> {
  await statusOf(page, "fhir-query", /listening/);
  const get = async (number: string) => {
    const identifier = `patient:identifier=https://fhir.nhs.uk/Id/nhs-number%7C${number}`;
    const response = await fetch(`${url}CareTeam?${identifier}`);
    assert.match(response.headers.get("content-type") ?? "", /^application\/fhir\+json/);
    return { status: response.status, body: (await response.json()) as { resourceType: string; total?: number } };
  };
  const found = await get("9990001014");
  assert.deepEqual([found.status, found.body.resourceType], [200, "Bundle"]);
  assert.ok((found.body.total ?? 0) > 0);
  const none = await get("9990002304");
  assert.deepEqual([none.status, none.body.resourceType, none.body.total], [200, "Bundle", 0]);
  const failed = await get("9990002045");
  assert.deepEqual([failed.status, failed.body.resourceType, failed.body.total], [502, "OperationOutcome", undefined]);
}

async function takeArrivals(page: Page): Promise<void> {
  await statusOf(page, "adt-query", /listening/);
  await pressInject(page, "adt-try");
  await statusOf(page, "adt-acknowledged", /^\d\d:\d\d:\d\d AA$/);
  await statusOf(page, "adt-found", /^\d\d:\d\d:\d\d ring 01632/);
}

async function watchAFolder(page: Page, { folder: runsIn }: Example): Promise<void> {
  await statusOf(page, "watch-upload", /^every 2 s, last/);
  await pressInject(page, "watch-try");
  await statusOf(page, "watch-response", /^\d\d:\d\d:\d\d partly-accepted 1\/2$/);
  await statusOf(page, "watch-line", /^\d\d:\d\d:\d\d CP-IS: case C-1004 is/);
  assert.match(fs.readFileSync(path.join(runsIn, "cp-is-refused.txt"), "utf8"), /row 3, case C-1004: /);
}

async function openScreen(page: Page): Promise<Page> {
  const browser = page.context().browser();
  assert.ok(browser !== null);
  return browser.newPage({ viewport: { width: 1366, height: 768 } });
}

async function showAtTheHospital(page: Page, { url }: Example): Promise<void> {
  await statusOf(page, "screen-hospital-query", /listening/);
  const screen = await openScreen(page);
  await screen.goto(`${url}hospital`);
  assert.deepEqual(await accessibilityFaults(screen), []);
  // By keyboard alone.
  await screen.keyboard.press("Tab");
  await screen.keyboard.type("999 000 1014");
  await screen.keyboard.press("Enter");
  const card = screen.locator("#result h2");
  await screen.getByRole("heading", { name: "Known to children's social care", exact: true }).waitFor();
  assert.match(await screen.locator("#result .ring").first().innerText(), /^01632/);
  assert.deepEqual(await accessibilityFaults(screen), []);
  await takeScreenshot(screen, "hospital-known");
  for (const [button, heading, name] of [
    ["no record", "No CP-IS record", "hospital-none"],
    ["no answer", "CP-IS could not be checked", "hospital-failed"],
    ["part of it unreadable", "Known to children's social care", "hospital-incomplete"],
  ] as const) {
    await screen.getByRole("button", { name: button }).click();
    // Nothing of the child before is left while the answer is on its way.
    assert.equal(await card.innerText(), "Asking CP-IS …");
    assert.equal(await screen.locator("#result .ring").count(), 0);
    await screen.getByRole("heading", { name: heading, exact: true }).waitFor();
    assert.deepEqual(await accessibilityFaults(screen), []);
    await takeScreenshot(screen, name);
  }
  assert.match(await screen.locator("#result").innerText(), /Part of the answer could not be read/);
  assert.deepEqual(await keyboardFaults(screen), []);
  await screen.locator("#number").fill("9");
  assert.equal(await screen.locator("#result").innerText(), "");
  await screen.close();
}

async function showAtTheAuthority(page: Page, { url }: Example): Promise<void> {
  await statusOf(page, "screen-authority-upload", /^every 2 s, last/);
  const screen = await openScreen(page);
  await screen.goto(`${url}authority`);
  await screen.getByRole("button", { name: "Upload this week's list" }).click();
  const state = screen.locator("#state");
  await state.getByText("2 of 4 loaded, 1 refused, 1 not sent").waitFor();
  assert.match(await state.innerText(), /^Some children of the list are NOT on CP-IS/);
  const list = screen.locator("#list");
  await list.getByText("C-1004").waitFor();
  assert.match(await list.innerText(), /C-1005/);
  assert.deepEqual(await accessibilityFaults(screen), []);
  await takeScreenshot(screen, "authority");
  assert.deepEqual(await keyboardFaults(screen), []);
  await screen.getByRole("button", { name: "Begin anew" }).click();
  await screen.getByText("Nothing to put right from the last upload.").waitFor();
  await screen.close();
}

const ownWays: Readonly<Record<string, Way>> = {
  "upload-from-csv.json": uploadFromCsv,
  "notifications.json": takeNotifications,
  "circle.json": goRound,
  "alerts.json": watchForAlerts,
  "rest-endpoint.json": askByRest,
  "fhir-endpoint.json": askByFhir,
  "hl7v2-arrival.json": takeArrivals,
  "watch-folder.json": watchAFolder,
  "hospital-screen.json": showAtTheHospital,
  "local-authority-screen.json": showAtTheAuthority,
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
        await (ownWays[file] ?? askAboutAChild)(page, { nodes, folder: nodeRed.folder, url: nodeRed.url });
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

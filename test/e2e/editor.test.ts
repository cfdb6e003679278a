// The editor in a real browser, on both lines of Node-RED: from the palette to an answer, by mouse and by eye.
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage, takeScreenshot, type WatchedPage } from "../support/e2e/browser.js";
import {
  closeTray,
  debugMessage,
  deploy,
  dragFromPalette,
  editNode,
  openDialog,
  pressInject,
  statusOf,
  wire,
} from "../support/e2e/editor.js";
import { nodeRedLines, startNodeRed, type RunningNodeRed } from "../support/e2e/node-red-process.js";

const clinician = {
  userId: "990000001001",
  roleProfileId: "990000001002",
  role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
  name: { prefix: "Dr", given: ["Ann"], family: "Example" },
  activities: ["B0107"],
};

const flow = [
  { id: "flow", type: "tab", label: "Query" },
  {
    id: "ask",
    type: "inject",
    z: "flow",
    name: "ask",
    props: [{ p: "payload" }, { p: "cpis.user", v: JSON.stringify(clinician), vt: "json" }],
    payload: "999 000 1014",
    payloadType: "str",
    repeat: "",
    crontab: "",
    once: false,
    topic: "",
    x: 120,
    y: 120,
    wires: [[]],
  },
  {
    id: "sim",
    type: "spine simulator",
    z: "flow",
    name: "",
    port: "0",
    host: "127.0.0.1",
    answerDelay: "0",
    x: 150,
    y: 300,
    wires: [[]],
  },
  {
    id: "out",
    type: "debug",
    z: "flow",
    name: "found",
    active: true,
    tosidebar: true,
    complete: "payload",
    targetType: "msg",
    x: 620,
    y: 120,
    wires: [],
  },
];

async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [field, value] of Object.entries(fields)) await page.locator(`#node-config-input-${field}`).fill(value);
}

for (const line of nodeRedLines) {
  describe(`The editor of ${line}`, () => {
    let nodeRed: RunningNodeRed;
    let browser: Browser;
    let watched: WatchedPage;
    let page: Page;
    let query: string;

    before(async () => {
      nodeRed = await startNodeRed(line, flow);
      browser = await openBrowser();
      watched = await openPage(browser, nodeRed.url);
      page = watched.page;
      await statusOf(page, "sim", /listening/);
    });

    after(async () => {
      await browser.close();
      await nodeRed.stop();
    });

    it("offers the nodes in the palette under names that are not torn apart", async () => {
      const label = async (type: string): Promise<string> =>
        (await page.locator(`[data-palette-type="${type}"] .red-ui-palette-label`).innerText()).replace(/\s+/g, " ");
      assert.equal(await label("cp-is query"), "CP-IS query");
      assert.equal(await label("spine simulator"), "Spine simulator");
      const category = page.locator(".red-ui-palette-category", {
        has: page.locator('[data-palette-type="cp-is query"]'),
      });
      assert.equal(await category.locator(".red-ui-palette-header span").innerText(), "NHS");
    });

    it("puts a query node on the workspace, and marks what its dialog still needs", async () => {
      query = await dragFromPalette(page, "cp-is query", 380, 120);
      await openDialog(page, query);
      await takeScreenshot(page, `${line}-query-new`);
      assert.ok((await page.locator("#dialog-form .input-error").count()) > 0);
    });

    it("makes a transport for the simulator from inside the dialog", async () => {
      await page.locator("#node-input-btn-transport-add, #node-input-lookup-transport").first().click();
      await page.locator("#node-config-input-partyKey").waitFor();
      await page.waitForTimeout(400);
      await fill(page, { name: "my hospital", partyKey: "nonsense", asid: "12" });
      assert.ok(
        (await page.locator("#node-config-dialog-edit-form .input-error, .red-ui-tray .input-error").count()) > 0,
      );
      await takeScreenshot(page, `${line}-transport-invalid`);
      await fill(page, {
        partyKey: "ZT7-900145",
        asid: "990000000145",
        odsCode: "ZT7",
        organisationName: "EXAMPLE HOSPITAL TRUST",
      });
      await takeScreenshot(page, `${line}-transport`);
      await closeTray(page, "node-config-dialog-ok");
      await takeScreenshot(page, `${line}-query`);
      assert.equal(await page.locator("#dialog-form .input-error").count(), 0);
      await closeTray(page, "node-dialog-ok");
    });

    it("asks and shows the child that is known, after wiring and deploying", async () => {
      await wire(page, "ask", 0, query);
      await wire(page, query, 0, "out");
      await deploy(page);
      await page.evaluate('RED.sidebar.show("debug")');
      await statusOf(page, query, /ready|listening/);
      await pressInject(page, "ask");
      const text = await debugMessage(page, "found");
      assert.match(text, /outcome: "found"/);
      assert.match(await statusOf(page, query, /found/), /^found \d\d:\d\d$/);
      await takeScreenshot(page, `${line}-result`);
    });

    it("keeps what was configured when the dialog is opened again", async () => {
      await openDialog(page, query);
      assert.equal(await page.locator("#node-input-nhsNumber").inputValue(), "payload");
      const transport = await page.locator("#node-input-transport option:checked").innerText();
      assert.match(transport, /my hospital/);
      await closeTray(page, "node-dialog-ok");
    });

    it("asks of a mesh transport only what the chosen way needs", async () => {
      const select = (field: string, value: string): Promise<string[]> =>
        page.locator(`#node-config-input-${field}`).selectOption(value);
      const shown = async (): Promise<string> =>
        page.evaluate<string>(
          `$(".cp-is-mesh-form").find("input, select").filter((_, field) => field.checkVisibility())
            .map((_, field) => field.id.replace("node-config-input-", "")).get().join(" ")`,
        );
      // A field is looked at when it is left.
      const errors = async (): Promise<number> => {
        await page.keyboard.press("Tab");
        return page.locator(".cp-is-mesh-form .input-error:visible").count();
      };
      await page.evaluate('RED.editor.editConfig("", "mesh transport", "_ADD_")');
      await page.locator("#node-config-input-odsCode").waitFor();
      await page.waitForTimeout(400);
      assert.equal(await shown(), "name environment odsCode pollSeconds messageStore");
      assert.equal(await errors(), 1);
      await fill(page, { odsCode: "999" });
      assert.equal(await errors(), 0);
      await takeScreenshot(page, `${line}-mesh-simulator`);
      const mailboxes = { mailbox: "ZT7OT001", recipient: "ZSPOT001" };
      const kinds = ["workflowUpload", "workflowResponse", "workflowAccess", "workflowInactive"];
      const common = `${Object.keys(mailboxes).join(" ")} senders %way ${kinds.join(" ")} takesAll`;
      const begin = "name environment way messageStore";
      await select("environment", "Live");
      assert.equal(
        await page.locator("#node-config-input-baseUrl").inputValue(),
        "https://mesh-sync.spineservices.nhs.uk",
      );
      assert.equal(
        await shown(),
        `${begin} ${common.replace("%way", "baseUrl tls proxy revocationFiles password sharedKey pollMinutes")}`,
      );
      assert.equal(await errors(), 9);
      await fill(page, { ...mailboxes, ...Object.fromEntries(kinds.map((kind) => [kind, "EXAMPLE_ID"])) });
      await takeScreenshot(page, `${line}-mesh-api`);
      await select("way", "folder");
      assert.equal(await shown(), `${begin} ${common.replace("%way", "folder")}`);
      await fill(page, { folder: "/srv/mesh/ZT7OT001" });
      assert.equal(await errors(), 0);
      await takeScreenshot(page, `${line}-mesh-folder`);
      await page.locator("#node-config-dialog-cancel").click();
      await page.locator("#node-config-dialog-cancel").waitFor({ state: "detached" });
    });

    it("asks of an upload what CP-IS needs, and shows one transport at a time", async () => {
      const id = await dragFromPalette(page, "cp-is upload", 380, 420);
      await editNode(page, id);
      const errors = (): Promise<string> =>
        page.evaluate<string>(
          `$("#dialog-form .input-error:visible").map((_, field) => field.id.replace("node-input-", "")).get().join(" ")`,
        );
      const isShown = (row: string): Promise<boolean> => page.locator(`#cp-is-upload-${row}-row`).isVisible();
      assert.match(await errors(), /odsCode authorityName emergencyDutyTelephone$/);
      assert.deepEqual([await isShown("mesh"), await isShown("ebxml")], [true, false]);
      await takeScreenshot(page, `${line}-upload-new`);
      await page.locator("#node-input-over").selectOption("ebxml");
      assert.deepEqual([await isShown("mesh"), await isShown("ebxml")], [false, true]);
      await page.locator("#node-input-ebxmlTransport").selectOption({ label: "my hospital" });
      await page.keyboard.press("Tab");
      assert.match(await errors(), /^ebxmlTransport /);
      await page.evaluate(
        'RED.nodes.eachConfig((node) => { if (node.name === "my hospital") node.carriesFiles = true; })',
      );
      await page.locator("#node-input-ebxmlTransport").dispatchEvent("change");
      const fields = { odsCode: "998", authorityName: "EXAMPLE TEST COUNCIL", emergencyDutyTelephone: "ask Ann" };
      for (const [field, value] of Object.entries(fields)) await page.locator(`#node-input-${field}`).fill(value);
      await page.keyboard.press("Tab");
      assert.equal(await errors(), "emergencyDutyTelephone");
      await page.locator("#node-input-emergencyDutyTelephone").fill("01632 960999");
      for (const summary of await page.locator(".cp-is-upload-form summary").all()) await summary.click();
      await page.locator("#node-input-column-endDate").fill("Plan ended");
      await page.locator("#node-input-column-endDate").scrollIntoViewIfNeeded();
      await takeScreenshot(page, `${line}-upload-columns`);
      await page.locator("#node-input-listRecords").scrollIntoViewIfNeeded();
      await takeScreenshot(page, `${line}-upload-advanced`);
      assert.equal(await errors(), "");
      await closeTray(page, "node-dialog-ok");
      await editNode(page, id);
      assert.equal(await page.locator("#node-input-column-endDate").inputValue(), "Plan ended");
      assert.ok(await page.locator("#node-input-column-endDate").isVisible());
      await closeTray(page, "node-dialog-ok");
    });

    it("lets an upload be filled in by keyboard alone, in the order in which it is read", async () => {
      const id = await page.evaluate<string>('RED.nodes.filterNodes({ type: "cp-is upload" })[0].id');
      await editNode(page, id);
      await page.locator("#node-input-authorityName").focus();
      const visited: string[] = [];
      for (let step = 0; step < 6; step += 1) {
        visited.push(await page.evaluate<string>("document.activeElement.id || document.activeElement.tagName"));
        await page.keyboard.press("Tab");
      }
      assert.deepEqual(visited, [
        "node-input-authorityName",
        "node-input-emergencyDutyTelephone",
        "node-input-officeHoursTelephone",
        "node-input-faultyRecords",
        "node-input-dateForm",
        "SUMMARY",
      ]);
      await closeTray(page, "node-dialog-ok");
    });

    it("gives a notification node a third output when it is asked for, and a confirm node nothing to set", async () => {
      const id = await dragFromPalette(page, "cp-is notification", 380, 500);
      const outputs = (): Promise<number> => page.locator(`[id="${id}"] .red-ui-flow-port-output`).count();
      assert.equal(await outputs(), 2);
      await editNode(page, id);
      const isAsked = (): Promise<boolean> => page.locator("#node-input-redeliverMinutes").isVisible();
      assert.equal(await isAsked(), false);
      await page.locator("#node-input-confirm").selectOption("by-flow");
      assert.equal(await isAsked(), true);
      await page.locator("#node-input-over").selectOption("ebxml");
      await page.locator("#node-input-ebxmlTransport").selectOption({ label: "my hospital" });
      await page.locator("#node-input-takesUnknown").check();
      await takeScreenshot(page, `${line}-notification`);
      await closeTray(page, "node-dialog-ok");
      assert.equal(await outputs(), 3);
      await editNode(page, id);
      await page.locator("#node-input-takesUnknown").uncheck();
      await closeTray(page, "node-dialog-ok");
      assert.equal(await outputs(), 2);
      await editNode(page, await dragFromPalette(page, "cp-is confirm", 620, 500));
      await takeScreenshot(page, `${line}-confirm`);
      await closeTray(page, "node-dialog-ok");
      await takeScreenshot(page, `${line}-palette`);
    });

    it("shows help for each node in the sidebar", async () => {
      const own = ["cp-is query", "cp-is upload", "cp-is notification", "cp-is confirm", "cp-is alert"];
      for (const type of [...own, "ebxml transport", "mesh transport", "message store", "spine simulator"]) {
        const help = await page.evaluate<string>(`RED.nodes.getNodeHelp(${JSON.stringify(type)}) ?? ""`);
        assert.ok(help.length > 500, type);
      }
      for (const type of ["cp-is upload", "cp-is notification"]) {
        await page.evaluate(`RED.sidebar.help.show(${JSON.stringify(type)})`);
        await page.waitForTimeout(300);
        await takeScreenshot(page, `${line}-help-${type.replace("cp-is ", "")}`);
      }
      await page.evaluate('RED.sidebar.help.show("cp-is query")');
      await page.waitForTimeout(500);
      await takeScreenshot(page, `${line}-help`);
    });

    if (line === "node-red") {
      it("follows the dark theme", async () => {
        await openDialog(page, query);
        await page.evaluate('document.documentElement.classList.add("nr-theme-dark")');
        await page.waitForTimeout(200);
        await takeScreenshot(page, `${line}-query-dark`);
        await closeTray(page, "node-dialog-ok");
        const own = { upload: "cp-is upload", notification: "cp-is notification", confirm: "cp-is confirm" };
        for (const [name, type] of Object.entries(own)) {
          const find = `RED.nodes.filterNodes({ type: ${JSON.stringify(type)} })[0].id`;
          await editNode(page, await page.evaluate<string>(find));
          await takeScreenshot(page, `${line}-${name}-dark`);
          await closeTray(page, "node-dialog-ok");
        }
        await page.evaluate('document.documentElement.classList.remove("nr-theme-dark")');
      });
    }

    it("has no complaint of the browser", () => {
      assert.deepEqual(watched.complaints, []);
    });
  });
}

// The transport's dialog in a real browser: what it asks for in each environment, and where its API key goes.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage, takeScreenshot, type WatchedPage } from "../support/e2e/browser.js";
import { closeTray, deploy } from "../support/e2e/editor.js";
import { nodeRedLines, startNodeRed, type RunningNodeRed } from "../support/e2e/node-red-process.js";

const markedKey = "MARK-sds-key-of-the-editor";
const contract = "endpointUrl cpaId toPartyKey toAsid syncReplyMode ackRequested duplicateElimination";
const begin = "name environment partyKey asid odsCode organisationName messageStore";
const flow = [
  { id: "flow", type: "tab", label: "Query" },
  {
    id: "tls",
    type: "tls-config",
    name: "",
    cert: "",
    key: "",
    ca: "",
    certname: "",
    keyname: "",
    caname: "",
    verifyservercert: true,
  },
  {
    id: "transport",
    type: "ebxml transport",
    name: "to Spine",
    environment: "INT",
    contractBy: "lookup",
    partyKey: "ZT7-900145",
    asid: "990000000145",
    odsCode: "ZT7",
    organisationName: "EXAMPLE HOSPITAL TRUST",
    tls: "tls",
    clientNames: "spine.example",
    path: "/mhs/ebxml",
    port: "4443",
    maximumMegabytes: "5",
    connectTimeout: "5",
    replyTimeout: "30",
  },
  {
    id: "query",
    type: "cp-is query",
    z: "flow",
    transport: "transport",
    nhsNumber: "payload",
    nhsNumberType: "msg",
    timeout: "30",
    x: 200,
    y: 200,
    wires: [[], []],
  },
];

for (const line of nodeRedLines) {
  describe(`The dialog of a transport in ${line}`, () => {
    let nodeRed: RunningNodeRed;
    let browser: Browser;
    let watched: WatchedPage;
    let page: Page;

    before(async () => {
      nodeRed = await startNodeRed(line, flow);
      browser = await openBrowser();
      watched = await openPage(browser, nodeRed.url);
      page = watched.page;
      page.setDefaultTimeout(8000);
      await page.waitForFunction('Boolean(window.RED?.nodes?.node?.("transport"))');
    });
    after(async () => {
      await browser.close();
      await nodeRed.stop();
    });

    async function open(): Promise<void> {
      await page.evaluate('RED.editor.editConfig("", "ebxml transport", "transport")');
      await page.locator("#node-config-input-partyKey").waitFor();
      await page.waitForTimeout(400);
    }
    const select = (field: string, value: string): Promise<string[]> =>
      page.locator(`#node-config-input-${field}`).selectOption(value);
    /** Of the part above the listener. */
    const shown = async (): Promise<string> => {
      const all = await page.evaluate<string>(
        `$(".cp-is-transport-form").find("input, select").filter((_, field) => field.checkVisibility())
          .map((_, field) => field.id.replace("node-config-input-", "")).get().join(" ")`,
      );
      return all.slice(0, all.indexOf(" port"));
    };
    const value = (field: string): Promise<string> => page.locator(`#node-config-input-${field}`).inputValue();
    async function shoot(name: string): Promise<void> {
      await takeScreenshot(page, `${line}-contract-${name}`);
      await page.evaluate('document.documentElement.classList.add("nr-theme-dark")');
      await takeScreenshot(page, `${line}-contract-${name}-dark`);
      await page.evaluate('document.documentElement.classList.remove("nr-theme-dark")');
    }

    it("asks for the directory alone when the contract is looked up, with the address of the environment", async () => {
      await open();
      assert.equal(await shown(), `${begin} tls proxy clientNames contractBy sdsBaseUrl sdsApiKey spineOdsCode`);
      assert.equal(await value("endpointUrl"), "");
      for (const [environment, host] of [
        ["INT", "int.api"],
        ["DEP", "dep.api"],
        ["live", "api"],
      ] as const) {
        await select("environment", environment);
        assert.equal(await value("sdsBaseUrl"), `https://${host}.service.nhs.uk/spine-directory/FHIR/R4`);
      }
      await select("environment", "other");
      assert.equal(await value("sdsBaseUrl"), "");
      await page.locator("#node-config-input-sdsBaseUrl").fill("https://sds.example.nhs.uk/FHIR/R4");
      await select("environment", "INT");
      assert.equal(await value("sdsBaseUrl"), "https://sds.example.nhs.uk/FHIR/R4");
      await shoot("lookup");
    });

    it("asks for the whole contract by hand, and knows one host of Spine", async () => {
      await select("contractBy", "hand");
      assert.equal(await shown(), `${begin} tls proxy clientNames contractBy ${contract}`);
      assert.equal(await value("endpointUrl"), "https://msg.int.spine2.ncrs.nhs.uk/reliablemessaging/queryrequest");
      assert.ok((await page.locator("#cp-is-transport-spine-rows .input-error:visible").count()) > 0);
      await shoot("hand");
      await select("contractBy", "lookup");
      assert.equal(await value("endpointUrl"), "");
    });

    it("asks for nothing of Spine with the simulator", async () => {
      await select("environment", "simulator");
      assert.equal(await shown(), `${begin} pattern`);
      await select("environment", "INT");
    });

    it("leaves out what is not confirmed until it is switched on, and then has no default for it", async () => {
      await page.evaluate('$(".cp-is-transport-form > details").prop("open", true)');
      assert.equal(await page.locator("#cp-is-transport-silent-rows").isVisible(), false);
      assert.equal(await page.locator("#cp-is-transport-smsp-rows").isVisible(), false);
      await page.locator("#node-config-input-silentRead").check();
      await page.locator("#node-config-input-smsp").check();
      await select("silentReadAs", "attribute");
      await page.locator("#node-config-input-silentReadValue").scrollIntoViewIfNeeded();
      await shoot("unconfirmed");
      assert.equal(await page.locator("#cp-is-transport-silent-rows .input-error:visible").count(), 3);
      assert.equal(await page.locator("#cp-is-transport-smsp-rows .input-error:visible").count(), 7);
      await page.locator("#node-config-input-silentRead").uncheck();
      await page.locator("#node-config-input-smsp").uncheck();
    });

    it("keeps the API key among the credentials: not in the flow, and not in what the editor gets back", async () => {
      await page.locator("#node-config-input-sdsApiKey").fill(markedKey);
      await closeTray(page, "node-config-dialog-ok");
      const taken = page.waitForResponse(
        (response) => response.request().method() === "POST" && response.url().endsWith("/flows"),
      );
      await deploy(page);
      assert.ok((await taken).ok());
      const flows = await (await fetch(new URL("flows", nodeRed.url))).text();
      assert.ok(!flows.includes("MARK-sds"));
      assert.match(flows, /sds\.example\.nhs\.uk/);
      const back = await (await fetch(new URL("credentials/ebxml-transport/transport", nodeRed.url))).text();
      assert.ok(back.includes("has_sdsApiKey") && !back.includes("MARK-sds"));
      const files = await fs.readdir(nodeRed.folder, { withFileTypes: true });
      for (const file of files.filter((entry) => entry.isFile())) {
        const text = await fs.readFile(path.join(nodeRed.folder, file.name), "utf8");
        assert.ok(!text.includes("MARK-sds"), file.name);
      }
      assert.ok(!nodeRed.log().includes("MARK-sds"));
      await open();
      assert.equal(await value("sdsApiKey"), "__PWRD__");
      await page.locator("#node-config-dialog-cancel").click();
      assert.deepEqual(watched.complaints, []);
    });
  });
}

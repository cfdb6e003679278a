// The message browser in a window of its own, and in a low sidebar: a table, a link, the log-in, and texts of strangers.
import assert from "node:assert/strict";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import type { MessageStore } from "../../lib/store/message-store.js";
import { faultsInBothThemes, keyboardFaults } from "../support/e2e/accessibility.js";
import { openBrowser, openPage, takeScreenshot, type WatchedPage } from "../support/e2e/browser.js";
import { editNode, pressInject, statusOf } from "../support/e2e/editor.js";
import { messageLogFlow } from "../support/e2e/message-log-flow.js";
import { nodeRedLines, passwordOf, startNodeRed, type RunningNodeRed } from "../support/e2e/node-red-process.js";
import { withDefaultStore } from "../support/nodes/message-store/stored.js";
import { acceptNew, acceptOne, inbound, outbound } from "../support/store/sample-messages.js";

const users = { engineer: "*", reader: "read" };
/** Deployed before most conditions were watched; the dead letters were left out on purpose. */
const olderAlert = { id: "alert-node", type: "cp-is alert", z: "flow", x: 400, y: 420, deadLetters: "", wires: [[]] };
const laptop = { width: 1366, height: 768 };

async function logIn(page: Page, user: keyof typeof users): Promise<void> {
  await page.locator("#node-dialog-login-username").fill(user);
  await page.locator("#node-dialog-login-password").fill(passwordOf(user));
  await page.locator("#node-dialog-login-submit").click();
  await page.locator("#red-ui-header-button-deploy").waitFor();
}

async function openLog(page: Page): Promise<void> {
  await page.locator("#menu-item-view-menu-cp-is-message-log").waitFor({ state: "attached" });
  await page.evaluate('RED.sidebar.show("cp-is-message-log")');
  await page.locator(".cp-is-log").waitFor();
}

async function openWindow(page: Page, opener: Locator): Promise<Page> {
  const [opened] = await Promise.all([page.context().waitForEvent("page"), opener.click()]);
  await opened.setViewportSize(laptop);
  await opened.locator(".cp-is-log-list").waitFor();
  return opened;
}

/** One column of the table, from the top. */
function column(page: Page, name: string): Promise<string[]> {
  return page.locator(`.cp-is-log-cell-${name}`).allInnerTexts();
}

async function pictures(page: Page, name: string, line: string): Promise<void> {
  await takeScreenshot(page, `${line}-browser-${name}`);
  if (line !== "node-red") return;
  await page.evaluate('document.documentElement.classList.add("nr-theme-dark")');
  await takeScreenshot(page, `${line}-browser-${name}-dark`);
  await page.evaluate('document.documentElement.classList.remove("nr-theme-dark")');
}

for (const line of nodeRedLines) {
  describe(`The message browser in ${line}`, () => {
    let nodeRed: RunningNodeRed;
    let browser: Browser;
    let watched: WatchedPage;
    let page: Page;
    let opened: Page;
    let context: BrowserContext;
    let link = "";

    before(async () => {
      nodeRed = await startNodeRed(line, [...messageLogFlow(), olderAlert], users, { httpAdminRoot: "/admin" });
      browser = await openBrowser();
      watched = await openPage(browser, nodeRed.url);
      page = watched.page;
      context = page.context();
      await page.setViewportSize(laptop);
      await logIn(page, "engineer");
      await statusOf(page, "query-node", /listening/);
      await openLog(page);
    });

    after(async () => {
      await browser.close();
      await nodeRed.stop();
    });

    it("shows at least eight conversations in the sidebar as it is at first, each with what came of it", async () => {
      await pressInject(page, "upload");
      await page.locator(".cp-is-log-item", { hasText: /loaded/ }).waitFor();
      await pressInject(page, "break");
      await pressInject(page, "ask");
      await page.locator(".cp-is-log-item", { hasText: "CPIS_EBXML_ERROR" }).waitFor();
      await pressInject(page, "mend");
      for (let count = 1; count <= 8; count += 1) {
        await pressInject(page, "ask");
        await page
          .locator(".cp-is-log-item", { hasText: "record found" })
          .nth(count - 1)
          .waitFor();
      }
      const visible = await page.evaluate<number>(`(() => {
        const log = document.querySelector(".cp-is-log").getBoundingClientRect();
        return [...document.querySelectorAll(".cp-is-log-item")].filter((item) => {
          const { top, bottom } = item.getBoundingClientRect();
          return top >= log.top && bottom <= log.bottom;
        }).length;
      })()`);
      assert.ok(visible >= 8, `${visible} are visible`);
      await pictures(page, "sidebar", line);
    });

    it("opens from the sidebar in a window of its own, with the editor's log-in", async () => {
      opened = await openWindow(
        page,
        page.locator(".cp-is-log").getByRole("button", { name: "Open in a window of its own" }),
      );
      await opened.locator(".cp-is-log-item", { hasText: "loaded" }).waitFor();
      assert.equal(await opened.title(), "CP-IS messages");
      assert.ok((await column(opened, "outcome")).some((text) => /no CP-IS record|record found/.test(text)));
      await pictures(opened, "table", line);
    });

    it("sorts by any column, and says so", async () => {
      await opened.locator("th").getByRole("button", { name: "Code" }).click();
      await opened.locator("th").getByRole("button", { name: "Code" }).click();
      assert.equal((await column(opened, "code"))[0], "CPIS_EBXML_ERROR");
      assert.equal(await opened.locator('th[aria-sort="descending"]').innerText(), "Code ");
      await opened.locator("th").getByRole("button", { name: "Code" }).click();
      assert.match((await column(opened, "outcome"))[0] ?? "", /record found/);
    });

    it("shows the columns that are chosen, and keeps the choice", async () => {
      assert.equal(await opened.locator(".cp-is-log-cell-state").count(), 0);
      await opened.locator("summary", { hasText: "Columns" }).click();
      await opened.getByLabel("State of the message").check();
      assert.ok((await column(opened, "state")).includes("completed"));
      await opened.reload();
      await opened.locator(".cp-is-log-cell-state").first().waitFor();
    });

    it("says in words what is shown, where it does not scroll away, and takes each back by itself", async () => {
      await opened.getByRole("button", { name: "Filters" }).click();
      await opened.locator(".cp-is-log-filter").getByLabel("Code").fill("CPIS_EBXML_ERROR");
      await opened.keyboard.press("Enter");
      await opened.locator(".cp-is-log-chip", { hasText: "Code: CPIS_EBXML_ERROR" }).waitFor();
      await opened.locator(".cp-is-log-status", { hasText: "Conversations shown: 1" }).waitFor();
      await opened.getByRole("button", { name: "No longer: Code: CPIS_EBXML_ERROR" }).click();
      await opened.locator(".cp-is-log-status", { hasText: /shown: 1\d/ }).waitFor();
      await opened.getByRole("button", { name: "Filters" }).click();
      await opened.setViewportSize({ width: 1366, height: 300 });
      await opened.locator(".cp-is-log-item").last().scrollIntoViewIfNeeded();
      const chips = await opened.locator(".cp-is-log-chips").boundingBox();
      assert.ok(chips !== null && chips.y >= 0 && chips.y < 100);
      await opened.setViewportSize(laptop);
    });

    it("is gone through by keyboard, and shows the conversation beside the list", async () => {
      await opened.locator(".cp-is-log-item").first().focus();
      await opened.keyboard.press("End");
      await opened.keyboard.press("Enter");
      await opened.locator(".cp-is-log-title", { hasText: "loaded" }).waitFor();
      const [list, conversation] = await Promise.all(
        [".cp-is-log-list", ".cp-is-log-conversation"].map((place) => opened.locator(place).boundingBox()),
      );
      assert.ok(list && conversation && list.x + list.width <= conversation.x);
      await pictures(opened, "conversation", line);
      await opened.keyboard.press("Escape");
      await opened.locator(".cp-is-log-conversation").waitFor({ state: "hidden" });
      assert.match(await opened.evaluate<string>("document.activeElement.textContent"), /loaded/);
    });

    it("keeps times beside the lifelines, and every label inside the picture", async () => {
      await opened.locator(".cp-is-log-item", { hasText: "failed" }).click();
      await opened.locator(".cp-is-log-diagram").waitFor();
      const measure = `(() => {
        const picture = document.querySelector(".cp-is-log-diagram");
        const frame = picture.getBoundingClientRect();
        const boxes = (name) => [...picture.querySelectorAll(name)].map((node) => node.getBoundingClientRect());
        const lines = boxes(".cp-is-log-life").map(({ left }) => left);
        return {
          outside: boxes("text").filter(({ left, right }) => left < frame.left - 1 || right > frame.right + 1).length,
          crossed: boxes(".cp-is-log-at").filter(({ left, right }) => lines.some((x) => x > left && x < right)).length,
          lines: lines.length,
        };
      })()`;
      assert.deepEqual(await opened.evaluate(measure), { outside: 0, crossed: 0, lines: 3 });
      await page.locator(".cp-is-log-item", { hasText: "failed" }).click();
      await page.locator(".cp-is-log-diagram").waitFor();
      assert.deepEqual(await page.evaluate(measure), { outside: 0, crossed: 0, lines: 3 });
      await opened.locator("summary", { hasText: "Sequence as a table" }).click();
      assert.match(await opened.locator(".cp-is-log-drawing ~ details table").innerText(), /EBXML_REFUSED/);
    });

    it("shows the whole text of an error on demand where the picture has no room for it", async () => {
      await opened.setViewportSize({ width: 330, height: 768 });
      const step = opened.locator(".cp-is-log-diagram g.cp-is-log-kind-failure").first();
      await step.locator("tspan", { hasText: /…$/ }).waitFor();
      const whole = (await step.locator("title").textContent()) ?? "";
      assert.match(whole, / · EBXML_REFUSED$/);
      const details = opened.locator(".cp-is-log-drawing ~ details");
      if ((await details.getAttribute("open")) === null) await details.locator("summary").press("Enter");
      const cell = details.locator("tr.cp-is-log-kind-failure td").last();
      assert.equal((await cell.innerText()).replace(/\s+/g, " "), whole.replace(" · ", " "));
      await takeScreenshot(opened, `${line}-browser-narrow`);
      const box = await cell.boundingBox();
      assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 330, JSON.stringify(box));
      await opened.setViewportSize(laptop);
    });

    it("can be used by everybody, as far as rules tell: list, conversation and sidebar, bright and dark", async () => {
      assert.deepEqual(await faultsInBothThemes(opened), []);
      assert.deepEqual(await faultsInBothThemes(page, ".cp-is-log"), []);
      assert.deepEqual(await keyboardFaults(opened), []);
    });

    it("gives a link of ids, which opens the conversation for who is logged in", async () => {
      link = opened.url();
      assert.match(link, /messages\.html#store=[0-9a-f]{12}&conversation=[0-9A-F-]{36}$/);
      const other = await context.newPage();
      await other.goto(link);
      await other.locator(".cp-is-log-title", { hasText: "failed" }).waitFor();
      await other.close();
    });

    it("shows what happens without being asked to", async () => {
      await opened.keyboard.press("Escape");
      const before = await opened.locator(".cp-is-log-item", { hasText: "record found" }).count();
      await pressInject(page, "ask");
      await opened.locator(".cp-is-log-item", { hasText: "record found" }).nth(before).waitFor();
    });

    it("opens from a node on the messages of this node", async () => {
      await opened.close();
      await editNode(page, "query-node");
      opened = await openWindow(page, page.getByRole("button", { name: "Messages of this node" }));
      await opened.locator(".cp-is-log-chip", { hasText: "Transport: hospital" }).waitFor();
      await opened.locator(".cp-is-log-item", { hasText: "record found" }).first().waitFor();
      assert.deepEqual([...new Set(await column(opened, "transport"))], ["hospital"]);
      await page.locator("#node-dialog-cancel").click();
      await page.locator("#node-dialog-cancel").waitFor({ state: "detached" });
      await opened.close();
    });

    it("stands beside an alert node of an older version, whose dialog shows the thresholds that it has by now", async () => {
      await editNode(page, "alert-node");
      assert.equal(await page.locator("#node-input-nodeMinutes").inputValue(), "5");
      assert.equal(await page.locator("#node-input-deadLetters").inputValue(), "");
      await page.locator("#node-dialog-cancel").click();
      await page.locator("#node-dialog-cancel").waitFor({ state: "detached" });
    });

    it("asks who is not logged in to do that first, and shows nothing", async () => {
      const stranger = await browser.newContext();
      const theirs = await stranger.newPage();
      await theirs.goto(link);
      await theirs.getByText("Log in to the Node-RED editor").waitFor();
      assert.equal(await theirs.locator(".cp-is-log-item").count(), 0);
      await stranger.close();
    });

    it("has no complaint of the browser", () => {
      assert.deepEqual(
        watched.complaints.filter((text) => !/ 401 .*\/settings/.test(text)),
        [],
      );
    });
  });
}

/** Each would run where it became markup, wherever it stands. */
const markup = `"><img src=x onerror="window.hasRun=1"><script>window.hasRun=1</script><svg onload="window.hasRun=1">`;

async function plant(store: MessageStore): Promise<void> {
  const names = { interaction: markup, service: markup, fromParty: markup, toParty: markup, conversationId: markup };
  const hostile = { ...names, channel: markup, errorCode: markup, messageId: `ask ${markup}` };
  const acceptedAt = Date.now() - 1000;
  const id = await acceptOne(
    store,
    outbound({
      ...hostile,
      acceptedAt,
      state: "failed",
      attributes: { note: markup, uploadOwner: markup },
      by: markup,
    }),
  );
  const outcome = { outcome: markup, outcomeCode: markup };
  await store.transition({
    id,
    from: ["failed"],
    to: "failed",
    at: acceptedAt + 1,
    code: markup,
    by: markup,
    changes: { outcome },
  });
  const content = Buffer.from(`<a b="${markup.replaceAll('"', "&quot;").replaceAll("<", "&lt;")}">${markup}</a>`);
  await acceptNew(
    store,
    inbound({ ...hostile, messageId: `answer ${markup}`, refToMessageId: markup, acceptedAt, content }),
  );
  await acceptNew(
    store,
    inbound({ ...hostile, conversationId: `other ${markup}`, messageId: "M", acceptedAt, content, state: "rejected" }),
  );
}

describe("Markup that a peer sends", () => {
  let nodeRed: RunningNodeRed;
  let browser: Browser;

  before(async () => {
    const prepare = (folder: string): Promise<void> => withDefaultStore(folder, plant);
    nodeRed = await startNodeRed("node-red", messageLogFlow(), users, { prepare });
    browser = await openBrowser();
  });

  after(async () => {
    await browser.close();
    await nodeRed.stop();
  });

  async function hasRun(page: Page): Promise<boolean> {
    return page.evaluate<boolean>(
      'window.hasRun === 1 || document.querySelector(".cp-is-log img, .cp-is-log script") !== null',
    );
  }

  /** Every view of the browser that shows something of a peer. */
  async function lookAtAll(page: Page): Promise<void> {
    await page.locator(".cp-is-log-item", { hasText: "onerror" }).first().waitFor();
    await page.locator(".cp-is-log-stranded", { hasText: "onerror" }).waitFor();
    await page.locator(".cp-is-log-overview summary").click();
    await page.locator(".cp-is-log-lines", { hasText: "onerror" }).first().waitFor();
    await page.locator(".cp-is-log").getByRole("button", { name: "Filters" }).click();
    await page.locator(".cp-is-log-filter").getByLabel("Code").fill(markup);
    await page.keyboard.press("Enter");
    await page.locator(".cp-is-log-chip", { hasText: "onerror" }).waitFor();
    await page.locator(".cp-is-log").getByRole("button", { name: "Clear" }).click();
    const many = await page.locator(".cp-is-log-item").count();
    assert.ok(many >= 2);
    for (let index = 0; index < many; index += 1) {
      await page.locator(".cp-is-log-item").nth(index).click();
      await page.locator(".cp-is-log-diagram").waitFor();
      for (const summary of await page.locator(".cp-is-log-conversation summary").all()) await summary.click();
      for (const content of await page
        .locator(".cp-is-log-conversation")
        .getByRole("button", { name: "Content" })
        .all()) {
        await content.click();
      }
      await page.locator(".cp-is-log-content pre", { hasText: "onerror" }).first().waitFor();
      await page.locator(".cp-is-log-message", { hasText: "onerror" }).first().waitFor();
      await page.keyboard.press("Escape");
      await page.locator(".cp-is-log-conversation").waitFor({ state: "hidden" });
    }
  }

  it("runs nowhere: list, filters, overview, diagram, history, problems, ids and content show it as text", async () => {
    const { page } = await openPage(browser, nodeRed.url);
    await logIn(page, "engineer");
    await openLog(page);
    await lookAtAll(page);
    assert.equal(await hasRun(page), false);
    const opened = await openWindow(
      page,
      page.locator(".cp-is-log").getByRole("button", { name: "Open in a window of its own" }),
    );
    await opened.locator("summary", { hasText: "Columns" }).click();
    for (const box of await opened.locator(".cp-is-log-menu input").all()) await box.check();
    await opened.locator("summary", { hasText: "Columns" }).click();
    await lookAtAll(opened);
    assert.equal(await hasRun(opened), false);
    await takeScreenshot(opened, "markup");
  });

  it("in a link opens nothing and runs nothing", async () => {
    const { page } = await openPage(browser, nodeRed.url);
    await logIn(page, "engineer");
    const address = new URL(
      `resources/@cp-is/node-red/messages.html#conversation=${encodeURIComponent(markup)}`,
      nodeRed.url,
    );
    await page.goto(address.href);
    await page.locator(".cp-is-log-title").waitFor();
    const other = new URL(
      `resources/@cp-is/node-red/messages.html#conversation=x&channel=${encodeURIComponent(markup)}`,
      nodeRed.url,
    );
    await page.goto("about:blank");
    await page.goto(other.href);
    await page.locator(".cp-is-log-chip", { hasText: "onerror" }).waitFor();
    assert.equal(await hasRun(page), false);
  });
});

describe("Stored work that no transport owns", () => {
  let nodeRed: RunningNodeRed;
  let browser: Browser;
  let page: Page;
  const owners = ["ebxml simulator OLD-111111", "ebxml simulator OLD-222222", "ebxml Live OLD-333333"];

  before(async () => {
    const prepare = (folder: string): Promise<void> =>
      withDefaultStore(folder, async (store) => {
        for (const channel of owners) {
          await acceptNew(store, inbound({ channel, toParty: channel, acceptedAt: Date.now() - 60_000 }));
        }
      });
    nodeRed = await startNodeRed("node-red", messageLogFlow(), users, { prepare });
    browser = await openBrowser();
    ({ page } = await openPage(browser, nodeRed.url));
    await page.setViewportSize(laptop);
    await logIn(page, "engineer");
    await statusOf(page, "query-node", /listening/);
    await openLog(page);
    page = await openWindow(
      page,
      page.locator(".cp-is-log").getByRole("button", { name: "Open in a window of its own" }),
    );
  });

  after(async () => {
    await browser.close();
    await nodeRed.stop();
  });

  function box(owner: string): Locator {
    return page.locator(".cp-is-log-stranded .cp-is-log-problem", { hasText: owner });
  }

  async function decide(owner: string, name: string): Promise<void> {
    await box(owner).getByRole("button", { name }).click();
    await page.locator(".cp-is-log-dialog").getByRole("button", { name }).click();
  }

  it("is told with its owner, and is given to a transport of its kind on its side of the simulator", async () => {
    for (const owner of owners) await box(owner).getByText("1 stored messages of").waitFor();
    await pictures(page, "stranded", "node-red");
    assert.equal(
      await box(owners[2] ?? "")
        .getByRole("button", { name: /^Give to/ })
        .count(),
      0,
    );
    await decide(owners[0] ?? "", "Give to hospital");
    await page.locator(".cp-is-log-stranded").getByText("Given to the transport: 1 messages.").waitFor();
    await box(owners[0] ?? "").waitFor({ state: "detached" });
  });

  it("is ended where a person decides so", async () => {
    await decide(owners[1] ?? "", "End them");
    await page.locator(".cp-is-log-stranded").getByText("Ended: 1 messages.").waitFor();
    await box(owners[1] ?? "").waitFor({ state: "detached" });
    await nodeRed.halt();
    await withDefaultStore(nodeRed.folder, async (store) => {
      const ended = await store.list({ channel: owners[1] ?? "" }, 10);
      assert.deepEqual(
        ended.messages.map(({ state, errorCode, dealtWithAt }) => [state, errorCode, dealtWithAt !== undefined]),
        [["rejected", "CPIS_LOG_DROPPED", true]],
      );
      assert.deepEqual((await store.list({ channel: owners[0] ?? "" }, 10)).messages, []);
      const acts = (await store.readAudit(0, 1000)).filter(({ event }) => /^work-|act-ended/.test(event));
      assert.deepEqual(
        acts.map(({ event, userId, system, outcome }) => [event, userId, system, outcome]),
        [
          ["work-adopted", "engineer", owners[0], undefined],
          ["act-ended", "engineer", owners[0], "1 messages"],
          ["work-ended", "engineer", owners[1], undefined],
          ["act-ended", "engineer", owners[1], "1 messages"],
        ],
      );
    });
  });
});

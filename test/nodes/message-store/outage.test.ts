// A store that fails: queries are refused with its code, nodes turn red, nothing is sent, and it recovers by itself.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { NodeMessage } from "node-red";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { root } from "../../support/nodes/editor-files.js";
import { NodeRed } from "../../support/nodes/node-red.js";
import { outbound } from "../../support/store/sample-messages.js";
import { allMessages, withDefaultStore } from "../../support/nodes/message-store/stored.js";

const question = (): NodeMessage => ({ payload: "9990001014", cpis: { user: clinician } });
const listening = "ebxml-transport.status.listening";
const flow = [...receivers, simulatorTransport, simulatorNode, queryNode];
const storeNode = { id: "store", type: "message store", name: "" };
const withStore = { ...simulatorTransport, messageStore: "store" };

describe("a message store that fails", () => {
  let nodeRed: NodeRed;
  let child: ChildProcess | undefined;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    if (child !== undefined) await end(child);
    await nodeRed.stop();
  });

  async function end(process: ChildProcess): Promise<void> {
    child = undefined;
    const ended = new Promise((resolve) => process.once("exit", resolve));
    process.kill("SIGKILL");
    await ended;
  }

  /** Runs a script in another process, which says "ready". */
  async function startChild(script: string, options: readonly string[] = []): Promise<string> {
    const started = spawn(process.execPath, [...options, "-e", script], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    child = started;
    return new Promise((resolve) => started.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim())));
  }

  async function codeOfQuery(): Promise<string> {
    const count = nodeRed.completions.length;
    nodeRed.send("query", question());
    const newest = () => nodeRed.completions.slice(count).find(({ id }) => id === "query");
    await nodeRed.until("the end of the query", () => newest() !== undefined);
    return newest()?.code ?? "answered";
  }

  it("because another process has it: it is taken when that one has ended", async () => {
    const settings = JSON.stringify(nodeRed.userFolder);
    const said = await startChild(`
      const { openStore } = require("./dist/nodes/adapter/stores/open-store.js");
      const { defaultStoreSettings } = require("./dist/nodes/adapter/stores/store-settings.js");
      openStore(defaultStoreSettings(${settings})).then((store) => {
        console.log("ready");
        setInterval(() => store.health(), 1000);
      });`);
    assert.equal(said, "ready");
    await nodeRed.start(flow);
    await nodeRed.status("query", "ebxml-transport.status.failed");
    assert.equal(nodeRed.statuses.findLast(({ id }) => id === "query")?.status.fill, "red");
    assert.equal(await codeOfQuery(), "STORE_LOCKED");
    assert.ok(child !== undefined);
    await end(child);
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(), "answered");
  });

  it("because it is full: nothing is sent, and the next query goes out when there is room", async () => {
    await withDefaultStore(nodeRed.userFolder, async (store) => {
      await store.acceptOutbound([outbound({ channel: "filler", content: Buffer.alloc(2 ** 20) })]);
    });
    const full = { ...storeNode, maximumMegabytes: "1" };
    await nodeRed.start([...receivers, simulatorNode, full, withStore, queryNode]);
    await nodeRed.status("query", listening);
    let code = "answered";
    for (let tries = 0; tries < 50 && code === "answered"; tries += 1) code = await codeOfQuery();
    assert.equal(code, "STORE_FULL");
    await nodeRed.status("query", "status.failed");
    const exchanges = nodeRed.messages("events").length;
    assert.equal(await codeOfQuery(), "STORE_FULL");
    assert.equal(nodeRed.messages("events").length, exchanges);
    assert.ok(nodeRed.logs.some(({ level, text }) => level === 20 && text.includes("STORE_FULL")));
    const database = new DatabaseSync(path.join(nodeRed.userFolder, "cp-is", "message-store", "messages.sqlite"));
    database.exec("PRAGMA foreign_keys = ON; DELETE FROM content WHERE length(sealed) > 1000000");
    database.close();
    assert.equal(await codeOfQuery(), "answered");
    await nodeRed.until("green again", () => /listening|found/.test(nodeRed.statusText("query")));
  });

  it("because the folder cannot be used: a code, and it works once it can", async () => {
    const folder = path.join(nodeRed.userFolder, "cp-is");
    fs.writeFileSync(folder, "a file where the folder should be");
    await nodeRed.start(flow);
    await nodeRed.status("query", "ebxml-transport.status.failed");
    assert.match(await codeOfQuery(), /^STORE_/);
    fs.rmSync(folder);
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(), "answered");
  });

  it("because its key is damaged: a code, and the damaged file stays as it is", async () => {
    const file = path.join(nodeRed.userFolder, "cp-is", "message-store.key");
    fs.mkdirSync(path.dirname(file));
    fs.writeFileSync(file, "damaged", { mode: 0o600 });
    await nodeRed.start(flow);
    await nodeRed.status("query", "ebxml-transport.status.failed");
    assert.equal(await codeOfQuery(), "STORE_KEY_INVALID");
    assert.equal(fs.readFileSync(file, "utf8"), "damaged");
  });

  it("because Node.js has no node:sqlite: a code that says so", async () => {
    const settings = JSON.stringify(nodeRed.userFolder);
    const said = await startChild(
      `const { useStore } = require("./dist/nodes/adapter/stores/store-registry.js");
      const { defaultStoreSettings } = require("./dist/nodes/adapter/stores/store-settings.js");
      const user = { conditionChanged() {}, warn() {} };
      useStore(defaultStoreSettings(${settings}), user).catch((error) => console.log(error.code));
      setInterval(() => undefined, 1000);`,
      ["--no-experimental-sqlite"],
    );
    assert.equal(said, "STORE_NODE_VERSION");
    await nodeRed.start([...receivers]);
  });
});

describe("a query that was under way when Node-RED died", () => {
  const dying = new NodeRed();
  const next = new NodeRed();

  after(async () => {
    await dying.stop();
    await next.stop();
  });

  it("is closed as of unknown outcome by the next one, and never sent again", async () => {
    await dying.start([...receivers, simulatorTransport, simulatorNode, queryNode]);
    dying.send("simulator", { payload: { command: "holdAnswers" } });
    dying.send("simulator", { payload: { command: "injectFault", fault: { kind: "dropReply" } } });
    await dying.nextMessage("events", 2);
    dying.send("query", question());
    await dying.until("the request", () => dying.messages("events").some(({ topic }) => topic === "exchange"));
    // As the disk is at this moment: what a process that is killed leaves behind.
    fs.cpSync(path.join(dying.userFolder, "cp-is"), path.join(next.userFolder, "cp-is"), { recursive: true });
    await dying.halt();

    await next.start(flow);
    await next.status("query", listening);
    await next.logged("EBXML_OUTCOME_UNKNOWN");
    assert.equal(next.messages("events").filter(({ topic }) => topic === "exchange").length, 0);
    await next.halt();
    const [message, ...others] = await allMessages(next.userFolder);
    assert.deepEqual([message?.state, message?.errorCode, others.length], ["failed", "EBXML_OUTCOME_UNKNOWN", 0]);
  });
});

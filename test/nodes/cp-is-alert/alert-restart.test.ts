// What an alert has raised survives a restart of Node-RED: it is not told twice, and it is told as cleared.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { MessageRowId } from "../../../lib/store/message-model.js";
import { nodeRedLines, startNodeRed, type RunningNodeRed } from "../../support/e2e/node-red-process.js";
import { withDefaultStore } from "../../support/nodes/message-store/stored.js";
import { acceptOne, outbound } from "../../support/store/sample-messages.js";

const subject = "9990001065";
const place = { z: "flow", x: 100, y: 100 };
const flow = [
  { id: "flow", type: "tab", label: "alerts" },
  {
    id: "sim",
    type: "spine simulator",
    ...place,
    name: "",
    host: "127.0.0.1",
    port: "0",
    answerDelay: "0",
    wires: [[]],
  },
  {
    ...{ id: "transport", type: "ebxml transport", name: "hospital", environment: "simulator", pattern: "express" },
    ...{ partyKey: "ZT7-900145", asid: "990000000145", odsCode: "ZT7", organisationName: "EXAMPLE", host: "127.0.0.1" },
    ...{ port: "0", path: "/mhs" },
  },
  { ...{ id: "query", type: "cp-is query", ...place, transport: "transport", nhsNumber: "payload" }, wires: [[], []] },
  { ...{ id: "alert", type: "cp-is alert", ...place, deadLetters: "1", clearMinutes: "0" }, wires: [["log"]] },
  { ...{ id: "log", type: "debug", ...place, active: true, console: true, complete: "payload" }, wires: [] },
];

describe("what an alert has raised", () => {
  const line = nodeRedLines.find((name) => name === process.env["NODE_RED_PACKAGE"]) ?? "node-red";
  let nodeRed: RunningNodeRed;

  after(async () => {
    await nodeRed.stop();
  });

  function told(state: string): number {
    return nodeRed.log().split(`state: '${state}'`).length - 1;
  }

  async function until(what: string, condition: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
      if (condition()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`waited in vain for ${what}\n${nodeRed.log()}`);
  }

  function memory(): string {
    const file = path.join(nodeRed.folder, "cp-is-alerts", "alert.json");
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  }

  it("is not told twice, is told as cleared, and names no child", async () => {
    let id: MessageRowId | undefined;
    const letter = {
      state: "failed",
      errorCode: "EBXML_REFUSED",
      channel: "ebxml simulator ZT7-900145",
      subject,
    } as const;
    const prepare = (folder: string): Promise<void> =>
      withDefaultStore(folder, async (store) => {
        id = await acceptOne(store, outbound({ ...letter, interaction: "CP-ISLocalAuthorityUpload" }));
      });
    nodeRed = await startNodeRed(line, flow, undefined, { prepare });
    await until("the alert", () => told("raised") === 1 && memory().includes("dead-letters"));
    assert.ok(!memory().includes(subject));
    await nodeRed.halt();

    nodeRed = await startNodeRed(line, flow, undefined, { folder: nodeRed.folder });
    const kept = fs.statSync(path.join(nodeRed.folder, "cp-is-alerts", "alert.json")).mtimeMs;
    await until("a look after the start", () => {
      return fs.statSync(path.join(nodeRed.folder, "cp-is-alerts", "alert.json")).mtimeMs > kept;
    });
    assert.deepEqual([told("raised"), told("cleared")], [0, 0]);
    await nodeRed.halt();

    await withDefaultStore(nodeRed.folder, async (store) => {
      assert.ok(id !== undefined);
      await store.dealWith({ id, states: ["failed"], at: Date.now(), by: "ann" });
    });
    nodeRed = await startNodeRed(line, flow, undefined, { folder: nodeRed.folder });
    await until("the end of it", () => told("cleared") === 1 && !memory().includes("dead-letters"));
    assert.equal(told("raised"), 0);
  });
});

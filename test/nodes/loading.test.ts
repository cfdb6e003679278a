// The package in a Node-RED of its own process, loaded from a user directory as after an installation.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { nodeNames, readDefinition, root } from "../support/nodes/editor-files.js";
import { clinician, queryNode, simulatorNode, simulatorTransport } from "../support/nodes/flows.js";
import { freePort } from "../support/ports.js";

const tab = { id: "tab", type: "tab", label: "test" };
/** Keeps what it gets where the admin API can read it. */
const place = { z: "tab", x: 100, y: 100 };
const keep = (id: string, key: string, property: string): object => ({
  id,
  type: "change",
  ...place,
  rules: [{ t: "set", p: key, pt: "global", to: property, tot: "msg" }],
  wires: [[]],
});
const inject = {
  id: "inject",
  type: "inject",
  ...place,
  props: [
    { p: "payload", v: "9990001014", vt: "str" },
    { p: "cpis", v: JSON.stringify({ user: clinician }), vt: "json" },
  ],
  repeat: "",
  once: false,
  wires: [["query"]],
};
const flow = [
  tab,
  simulatorTransport,
  { ...simulatorNode, wires: [[]] },
  { ...queryNode, wires: [["found"], []] },
  inject,
  keep("found", "found", "payload"),
  { id: "catch", type: "catch", ...place, scope: null, wires: [["caught"]] },
  keep("caught", "caught", "error"),
];

describe("the package in a Node-RED of its own", () => {
  let folder: string;
  let port: number;
  let child: ChildProcess;
  let output = "";

  async function call(what: string, options: RequestInit = {}): Promise<{ status: number; text: string }> {
    const headers = { accept: "application/json", "content-type": "application/json" };
    const response = await fetch(`http://127.0.0.1:${port}/${what}`, { headers, ...options });
    return { status: response.status, text: await response.text() };
  }

  /** Asks again until it is so, nearly as long as a test may take. */
  async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 750; tries += 1) {
      if (await condition().catch(() => false)) return;
      assert.equal(child.exitCode, null, output);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.fail(`waited in vain for ${what}\n${output}`);
  }

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-loading-"));
    port = await freePort();
    fs.mkdirSync(path.join(folder, "node_modules", "@cp-is"), { recursive: true });
    fs.symlinkSync(root, path.join(folder, "node_modules", "@cp-is", "node-red"), "junction");
    const settings = {
      uiHost: "127.0.0.1",
      uiPort: port,
      credentialSecret: "test",
      flowFile: "flows.json",
      telemetry: { enabled: false },
      editorTheme: { tours: false },
      externalModules: { palette: { allowInstall: false } },
    };
    fs.writeFileSync(path.join(folder, "settings.js"), `module.exports = ${JSON.stringify(settings)};`);
    const line = process.env["NODE_RED_PACKAGE"] ?? "node-red";
    const program = path.join(root, "node_modules", line, "red.js");
    child = spawn(process.execPath, [program, "--userDir", folder], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await until("the editor", async () => (await call("settings")).status === 200);
  });

  after(async () => {
    child.kill();
    if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it("loads every node without an error", async () => {
    const sets = JSON.parse((await call("nodes")).text) as Record<string, unknown>[];
    const ours = sets.filter(({ module }) => module === "@cp-is/node-red");
    assert.deepEqual(
      ours.map(({ name, types, err }) => [name, types, err]),
      [
        ["message-store", ["message store"], undefined],
        ["ebxml-transport", ["ebxml transport"], undefined],
        ["mesh-transport", ["mesh transport"], undefined],
        ["cp-is-query", ["cp-is query"], undefined],
        ["cp-is-upload", ["cp-is upload"], undefined],
        ["cp-is-notification", ["cp-is notification"], undefined],
        ["cp-is-confirm", ["cp-is confirm"], undefined],
        ["cp-is-alert", ["cp-is alert"], undefined],
        ["spine-simulator", ["spine simulator"], undefined],
      ],
    );
  });

  it("serves icons, texts and help", async () => {
    const icons = JSON.parse((await call("icons")).text) as Record<string, string[]>;
    assert.deepEqual(
      [...new Set(icons["@cp-is/node-red"])].sort(),
      ["alert", "confirm", "notification", "query", "simulator", "upload"].map((name) => `cp-is-${name}.svg`),
    );
    const { text } = await call("locales/@cp-is/node-red/cp-is-query?lng=en-US");
    assert.match(text, /record found/);
    const html = await fetch(`http://127.0.0.1:${port}/nodes`, { headers: { accept: "text/html" } });
    const page = await html.text();
    for (const name of nodeNames) {
      const { type } = readDefinition(name);
      assert.ok(page.includes(`data-template-name="${type}"`), type);
      assert.ok(page.includes(`data-help-name="${type}"`), type);
    }
  });

  it("offers the example to import", async () => {
    const { text } = await call("library/examples/flows");
    assert.match(text, /@cp-is\/node-red/);
  });

  it("deploys a flow and answers a query, in words from the catalogue", async () => {
    assert.equal((await call("flows", { method: "POST", body: JSON.stringify(flow) })).status, 204);
    await until(
      "the inject node",
      async () => (await call("inject/inject", { method: "POST", body: "{}" })).status === 200,
    );
    await until("the record", async () => /outcome/.test((await call("context/global/found")).text));
    assert.match((await call("context/global/found")).text, /child-protection-plan/);
  });

  it("tells a Catch node in words what is wrong with a deployed setting", async () => {
    const broken = flow.map((node) => (node === simulatorTransport ? { ...simulatorTransport, asid: "12" } : node));
    assert.equal((await call("flows", { method: "POST", body: JSON.stringify(broken) })).status, 204);
    await until(
      "the inject node",
      async () => (await call("inject/inject", { method: "POST", body: "{}" })).status === 200,
    );
    await until("the error", async () => /CONFIG_INVALID/.test((await call("context/global/caught")).text));
    assert.match((await call("context/global/caught")).text, /cannot be used: ASID/);
  });
});

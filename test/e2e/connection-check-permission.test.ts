// Who may have a connection checked, in a Node-RED with users: the route itself decides, whatever the editor shows.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { collectOutput, projectRoot, stopProcess, untilUp } from "../support/e2e/node-red-process.js";
import { freePort } from "../support/ports.js";

const permissions: Readonly<Record<string, readonly string[]>> = {
  administrator: ["*"],
  checker: ["flows.read", "cp-is.check"],
  reader: ["read"],
  writer: ["flows.read", "flows.write"],
};

/** A token is the name of its user. */
function settingsText(port: number): string {
  const settings = {
    uiHost: "127.0.0.1",
    uiPort: port,
    flowFile: "flows.json",
    credentialSecret: "only for this test",
    telemetry: { enabled: false, updateNotification: false },
    externalModules: { palette: { allowInstall: false } },
    logging: { console: { level: "info", metrics: false, audit: false } },
  };
  return `const permissions = ${JSON.stringify(permissions)};
module.exports = {
  ...${JSON.stringify(settings)},
  adminAuth: {
    type: "credentials",
    users: [],
    tokens: async (token) => permissions[token] && { username: token, permissions: permissions[token] },
  },
};
`;
}

const secrets = { password: "pa55-Word-of-test", sharedKey: "shared-key-of-test" };
const flow = [
  { id: "flow", type: "tab", label: "Check" },
  { id: "broken", type: "ebxml transport", name: "", environment: "simulator", partyKey: "nonsense" },
  {
    id: "mesh",
    type: "mesh transport",
    name: "",
    environment: "other",
    way: "api",
    ...secrets,
    baseUrl: "http://127.0.0.1",
  },
  { id: "comment", type: "comment", z: "flow", name: "", x: 100, y: 100, wires: [] },
];

interface Reply {
  readonly status: number;
  readonly text: string;
}

describe("The route of the connection check", () => {
  let folder: string;
  let child: ChildProcess;
  let url: string;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-permission-"));
    const link = path.join(folder, "node_modules", "@cp-is", "node-red");
    await fs.mkdir(path.dirname(link), { recursive: true });
    await fs.symlink(projectRoot, link, "junction");
    const port = await freePort();
    const settings = path.join(folder, "settings.js");
    await fs.writeFile(settings, settingsText(port));
    await fs.writeFile(path.join(folder, "flows.json"), JSON.stringify(flow));
    const start = path.join(projectRoot, "node_modules", "node-red", "red.js");
    child = spawn(process.execPath, [start, "--settings", settings, "--userDir", folder], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    url = `http://127.0.0.1:${port}/`;
    const log = collectOutput(child);
    await untilUp(url, child, log);
    while (!log().includes("Started flows")) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  after(async () => {
    await stopProcess(child);
    await fs.rm(folder, { recursive: true, force: true });
  });

  async function check(id: string, user?: string, method = "POST", type = "application/json"): Promise<Reply> {
    const authorization: Record<string, string> = user === undefined ? {} : { Authorization: `Bearer ${user}` };
    const headers = { "Content-Type": type, ...authorization };
    const response = await fetch(`${url}cp-is/connection-check/${id}`, { method, headers });
    return { status: response.status, text: await response.text() };
  }

  it("is open to administrators, and to users who were given cp-is.check", async () => {
    for (const user of ["administrator", "checker"]) {
      const { status, text } = await check("broken", user);
      assert.equal(status, 200, text);
      const { steps } = JSON.parse(text) as { steps: { name: string; result: string; code: string }[] };
      assert.deepEqual(
        steps.map(({ name, result, code }) => [name, result, code]),
        [["settings", "fail", "CONFIG_INVALID"]],
      );
    }
  });

  it("of the metrics is open to those who may read, and to nobody else", async () => {
    const statusFor = async (user?: string): Promise<number> => {
      const headers: Record<string, string> = user === undefined ? {} : { Authorization: `Bearer ${user}` };
      return (await fetch(`${url}cp-is/metrics`, { headers })).status;
    };
    for (const user of ["administrator", "reader"]) assert.equal(await statusFor(user), 200, user);
    for (const user of ["checker", "writer", "stranger", undefined]) assert.equal(await statusFor(user), 401, user);
  });

  it("is closed to everybody else: who may read, who may write flows, and who has not said who it is", async () => {
    for (const user of ["reader", "writer", "stranger", undefined])
      assert.equal((await check("broken", user)).status, 401);
  });

  it("knows only transports that are deployed", async () => {
    for (const id of ["nobody", "comment", "__proto__"]) {
      const { status, text } = await check(id, "administrator");
      assert.deepEqual([status, JSON.parse(text)], [404, { reason: "not-deployed" }], id);
    }
    assert.equal((await check("broken", "administrator", "GET")).status, 404);
  });

  it("takes JSON only, which no form of another site can post", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      assert.deepEqual(await check("broken", "administrator", "POST", type), {
        status: 415,
        text: '{"reason":"not-json"}',
      });
    }
  });

  it("repeats no secret", async () => {
    const { status, text } = await check("mesh", "administrator");
    assert.equal(status, 200);
    for (const secret of Object.values(secrets)) assert.ok(!text.includes(secret));
  });
});

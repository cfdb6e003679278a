// The verb check, as a pipeline runs it: against the simulator's Spine and MESH, and against what is not as it should be.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand } from "../../../nodes/command/command.js";
import type { SpineSimulator } from "../../../lib/simulator/index.js";
import { closeAll, startSimulator } from "../../support/services/checked-connection.js";

interface Printed {
  readonly isWell: boolean;
  readonly ways: readonly { way: string; steps: readonly { name: string; result: string; code?: string }[] }[];
}

describe("The verb check", () => {
  let folder: string;
  let simulator: SpineSimulator;
  let file: string;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-check-"));
    simulator = await startSimulator();
    const client = await simulator.issueClient("localhost");
    await fs.writeFile(path.join(folder, "own.key"), client.keyPem);
    await fs.writeFile(path.join(folder, "own.pem"), client.certPem);
    await fs.writeFile(path.join(folder, "ca.pem"), simulator.caPem);
    file = path.join(folder, "settings.json");
  });
  after(async () => {
    await closeAll();
    await fs.rm(folder, { recursive: true });
  });

  async function run(settings: object | string, words: readonly string[] = [], environment = {}) {
    await fs.writeFile(file, typeof settings === "string" ? settings : JSON.stringify(settings));
    let printed = "";
    let told = "";
    const exitCode = await runCommand(["check", "--settings", file, ...words], {
      environment,
      print: (text) => (printed += text),
      tell: (text) => (told += text),
    });
    return { exitCode, printed, told };
  }

  function settings(): object {
    const { mesh, contracts } = simulator;
    const { mailbox } = mesh.openMailbox({ odsCode: "994" });
    return {
      tls: { keyFile: "own.key", certFile: "own.pem", caFile: "ca.pem" },
      hospital: { contract: contracts.express, listener: { clientNames: ["localhost"] } },
      authority: { baseUrl: mesh.url, mailbox, password: "not this one", sharedKey: mesh.sharedKey },
    };
  }

  it("passes step by step, in words and as JSON, with secrets of the environment", async () => {
    const { mesh, contracts } = simulator;
    const { mailbox, password } = mesh.openMailbox({ odsCode: "994" });
    const given = { ...settings(), authority: { baseUrl: mesh.url, mailbox } };
    const environment = { CP_IS_MESH_PASSWORD: password, CP_IS_MESH_SHARED_KEY: mesh.sharedKey };
    const words = await run(given, [], environment);
    assert.equal(words.exitCode, 0, words.printed + words.told);
    assert.match(words.printed, /^Spine\n(passed|WARNING|skipped) /);
    assert.match(words.printed, /\nMESH\n/);
    assert.ok(!words.printed.includes(password));
    const json = await run(given, ["--json"], environment);
    const { isWell, ways } = JSON.parse(json.printed) as Printed;
    assert.equal(isWell, true);
    const of = (way: string) => ways.find((each) => each.way === way)?.steps ?? [];
    assert.equal(of("Spine").find(({ name }) => name === "handshake")?.result, "pass");
    assert.equal(of("MESH").find(({ name }) => name === "mailbox")?.result, "pass");
    assert.ok(json.printed.includes(new URL(contracts.express.endpointUrl).host));
  });

  it("ends with 1 and the code of what failed", async () => {
    const { exitCode, printed } = await run(settings());
    assert.equal(exitCode, 1);
    assert.match(printed, /\nFAILED .*\n(?: {9}.*\n)* {9}Code: MESH_/);
    assert.ok(!printed.includes("not this one"));
  });

  it("names the place of what is wrong in the file, and repeats no value", async () => {
    for (const [given, place] of [
      ["{", /CONFIG_INVALID: .*JSON/],
      [{ tls: {} }, /CONFIG_MISSING: .*hospital, authority/],
      [{ hospital: { contract: 7 } }, /CONFIG_INVALID: .*hospital\.contract/],
      [
        { ...settings(), tls: { keyFile: "none", certFile: "none", caFile: "none" } },
        /CONFIG_INVALID: .*tls\.keyFile cannot be read/,
      ],
    ] as const) {
      const { exitCode, told } = await run(given);
      assert.equal(exitCode, 1);
      assert.match(told, place);
    }
    const wrong = await run(settings(), ["--wrong"]);
    assert.equal(wrong.exitCode, 2);
  });
});

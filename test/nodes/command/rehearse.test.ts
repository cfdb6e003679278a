// The verbs that rehearse and simulate, as a team runs them; a live environment is refused.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { EnvironmentFields } from "../../../lib/rehearsal/environment-file.js";
import { checkSettings } from "../../../lib/rehearsal/path-to-live-environment.js";
import { isCpisError } from "../../../lib/errors.js";
import { root } from "../../support/nodes/editor-files.js";

const command = path.join(root, "dist/nodes/command/cp-is.js");

describe("The verb rehearse", function () {
  this.timeout(600_000);
  let folder: string;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-rehearse-"));
  });
  after(() => fs.rm(folder, { recursive: true }));

  /** The command as it is installed. */
  async function run(...words: string[]) {
    const child = spawn(process.execPath, [command, "rehearse", ...words], { stdio: ["ignore", "pipe", "pipe"] });
    const read = async (stream: AsyncIterable<unknown>): Promise<string> => {
      let text = "";
      for await (const piece of stream) text += String(piece);
      return text;
    };
    const ended = once(child, "exit");
    const [printed, told] = await Promise.all([read(child.stdout), read(child.stderr)]);
    const [exitCode] = (await ended) as [number];
    return { exitCode, printed, told };
  }

  it("writes a report of the package's scenarios and of one's own, and compares it with the run before", async () => {
    const own = path.join(folder, "own.json");
    const scenario = {
      id: "T1",
      role: "authority",
      title: "Two plans of one list",
      shows: "Both are loaded.",
      askedFor: "our own test plan",
      steps: [
        {
          do: "upload",
          records: [
            { number: "9990000077", plan: "child-protection-plan", start: "2026-03-02T09:00" },
            { number: "9990000085", plan: "looked-after-child", start: "2026-03-02T09:00" },
          ],
          expect: { outcome: "accepted", accepted: 2 },
        },
      ],
    };
    await fs.writeFile(own, JSON.stringify([scenario]));
    const first = await run("--role", "authority", "--to", folder, "--scenarios", own);
    assert.equal(first.exitCode, 0, first.told);
    assert.match(first.printed, /^24 passed, 0 failed, 0 not possible here\./);
    const report = path.join(folder, "rehearsal-authority.json");
    const second = await run("--role", "authority", "--to", path.join(folder, "2"), "--compare", report);
    assert.equal(second.exitCode, 0, second.told);
    const html = await fs.readFile(path.join(folder, "2", "rehearsal-authority.html"), "utf8");
    assert.match(html, /Beside the run of[\s\S]*Two plans of one list[\s\S]*is not there/);
  });

  it("is called rightly or says how", async () => {
    assert.equal((await run("--role", "school", "--to", folder)).exitCode, 2);
    assert.equal((await run("--role", "hospital")).exitCode, 2);
    const broken = await run("--role", "hospital", "--to", folder, "--scenarios", path.join(folder, "nothing.json"));
    assert.equal(broken.exitCode, 1);
    assert.match(broken.told, /CONFIG_INVALID/);
  });

  it("refuses everything that may be live", () => {
    const tls = { keyFile: "own.key", certFile: "own.pem", caFile: "ca.pem" };
    const contract = { cpaId: "S9000001A9000101", toPartyKey: "YES-000001", toAsid: "990000000001" };
    const hospital = (endpointUrl: string) => ({
      environment: "INT",
      tls,
      numbers: { child: "9990001014" },
      hospital: {
        party: { partyKey: "ZT7-900145", asid: "990000000145" },
        contract: { ...contract, endpointUrl, syncReplyMode: "MSHSignalsOnly" },
        listener: { host: "0.0.0.0", port: 8443, clientNames: ["spine.int.example.nhs.uk"] },
      },
    });
    const refused = [
      { ...hospital("https://msg.int.example.nhs.uk/"), environment: "live" },
      { ...hospital("https://msg.int.example.nhs.uk/"), environment: "LIVE" },
      hospital("https://msg.spineservices.nhs.uk/reliablemessaging/queryrequest"),
      hospital("https://interpreter.example.nhs.uk/"),
      hospital("not an address"),
      {
        ...hospital("https://msg.int.example.nhs.uk/"),
        authority: { baseUrl: "https://mesh-sync.spineservices.nhs.uk" },
      },
      null,
    ];
    for (const settings of refused) {
      assert.throws(
        () => checkSettings(EnvironmentFields.of(settings)),
        (error) => isCpisError(error) && error.code === "CONFIG_INVALID",
        JSON.stringify(settings),
      );
    }
    const hosts = ["msg.int.example.nhs.uk", "msg.intspineservices.nhs.uk"];
    for (const host of hosts) {
      const given = checkSettings(EnvironmentFields.of(hospital(`https://${host}/reliablemessaging/queryrequest`)));
      assert.deepEqual([given.tls, given.numbers], [tls, { child: "9990001014" }]);
      assert.equal(given.hospital?.contract.toAsid, "990000000001");
    }
  });

  it("believes no part of the file without a look", () => {
    const whole = {
      environment: "INT",
      tls: { keyFile: "own.key", certFile: "own.pem", caFile: "ca.pem" },
      numbers: {},
      authority: { baseUrl: "https://mesh.int.example.nhs.uk", localAuthority: { code: "998", name: "Example" } },
    };
    const cases: readonly (readonly [settings: object, code: string, place: RegExp])[] = [
      [{ ...whole, tls: { keyFile: 7 } }, "CONFIG_INVALID", /tls\.keyFile/],
      [{ ...whole, numbers: { child: ["9990001014"] } }, "CONFIG_INVALID", /numbers\.child/],
      [whole, "CONFIG_MISSING", /authority\.workflowIds/],
      [{ ...whole, hospital: "yes" }, "CONFIG_INVALID", /hospital/],
    ];
    for (const [settings, code, place] of cases) {
      assert.throws(
        () => checkSettings(EnvironmentFields.of({ ...settings })),
        (error) => isCpisError(error) && error.code === code && place.test(error.message),
        JSON.stringify(settings),
      );
    }
  });
});

describe("The verb simulate", function () {
  this.timeout(600_000);

  it("prints addresses and certificates, answers, and ends when it is asked to", async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-simulate-"));
    const child = spawn(process.execPath, [command, "simulate", "--folder", folder, "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    try {
      let printed = "";
      for await (const piece of child.stdout) {
        printed += String(piece);
        if (printed.includes("\n")) break;
      }
      const { spine, contracts, certificates } = JSON.parse(printed) as {
        spine: string;
        contracts: { express: { endpointUrl: string } };
        certificates: { authority: string; client: string };
      };
      assert.match(spine, /^https:\/\/127\.0\.0\.1:\d+$/);
      assert.ok(contracts.express.endpointUrl.startsWith(spine));
      assert.match(await fs.readFile(certificates.client, "utf8"), /BEGIN CERTIFICATE/);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      assert.equal(await ended, 0);
    } finally {
      child.kill("SIGKILL");
      await fs.rm(folder, { recursive: true });
    }
  });
});

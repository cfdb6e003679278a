// The worked deployment: two Node-RED on one PostgreSQL behind a balancer, upgraded one after the other in traffic.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { createKeyRing, encodeKeyRing } from "../../lib/crypto/key-ring.js";
import { createPki, createSpineSimulator, type SpineSimulator } from "../../lib/simulator/index.js";
import { openBalancer, type Balancer } from "../support/crash/balancer.js";
import { type DeployedInstance, deployInstance } from "../support/e2e/deployed-instance.js";
import { projectRoot } from "../support/e2e/node-red-process.js";
import { row, testNumbers, uploadNode } from "../support/nodes/authority-flows.js";
import { clinician } from "../support/nodes/flows.js";
import { freePort } from "../support/ports.js";
import { startPostgres, type PostgresServer } from "../support/store/postgres-server.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const limitMilliseconds = 180_000;

interface Asked {
  readonly nhsNumber: string;
  readonly outcome: string;
}

/** With a plan, with another, and without: what each must be told. */
const children: readonly Asked[] = [
  { nhsNumber: "9990001014", outcome: "found" },
  { nhsNumber: "9990002304", outcome: "not-found" },
  { nhsNumber: "9990001065", outcome: "found" },
];

interface Response {
  readonly file: string;
  readonly outcome: string;
  readonly accepted: number;
}

interface Instance {
  readonly node: DeployedInstance;
  readonly listeners: Readonly<Record<"queries" | "files", number>>;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + limitMilliseconds;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether somebody listens there. */
function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

interface Traffic {
  readonly answered: number;
  readonly wrong: readonly string[];
  /** The longest that a question waited for its answer, in milliseconds. */
  readonly longest: number;
  end(): Promise<void>;
}

describe("Two instances of the worked deployment, upgraded one after the other in traffic", () => {
  let folder: string;
  let server: PostgresServer;
  let simulator: SpineSimulator;
  let callers: Balancer;
  let spine: Readonly<Record<"queries" | "files", Balancer>>;
  let traffic: Traffic | undefined;
  const instances: Instance[] = [];

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-deployed-"));
    server = await startPostgres();
    const pki = await createPki(effects);
    simulator = await createSpineSimulator({ pki, effects, mesh: false, smsp: false, sds: false });
    const { certPem, keyPem } = await pki.issue({
      commonName: "mhs.example.nhs.uk",
      dnsNames: ["localhost"],
      ipAddresses: ["127.0.0.1"],
      usage: "both",
    });
    const files = { "client.pem": certPem, "client.key": keyPem, "ca.pem": pki.caPem };
    for (const [name, text] of Object.entries(files)) await fs.writeFile(path.join(folder, name), text);
    callers = await openBalancer({ redispatches: true });
    spine = {
      queries: await openBalancer({ redispatches: true }),
      files: await openBalancer({ redispatches: true }),
    };
    const nodes = await flowNodes();
    for (const name of ["node-red-1", "node-red-2"]) instances.push(await makeInstance(name, nodes));
    for (const { partyKey, asid, by, cpaId } of [
      { partyKey: "ZT8-900172", asid: "990000000172", by: "queries", cpaId: "S1" },
      { partyKey: "XLA-900998", asid: "990000000998", by: "files", cpaId: "S2" },
    ] as const) {
      simulator.registerParty({ partyKey, asid, cpaId, answerUrl: `https://127.0.0.1:${spine[by].port}/mhs/ebxml` });
    }
    await Promise.all(instances.map((instance) => comeUp(instance, "node-red-4.1")));
  });

  after(async () => {
    await traffic?.end();
    for (const { node } of instances) await node.stop();
    for (const balancer of [callers, spine.queries, spine.files]) await balancer.close();
    await simulator.close();
    await server.close();
    await fs.rm(folder, { recursive: true, force: true });
  });

  function byHand(pattern: "express" | "reliable", listenerPort: string): object {
    const contract = simulator.contracts[pattern];
    return {
      environment: "other",
      contractBy: "hand",
      tls: "tls",
      clientNames: "localhost",
      messageStore: "store",
      endpointUrl: contract.endpointUrl,
      cpaId: contract.cpaId,
      toPartyKey: contract.toPartyKey,
      toAsid: contract.toAsid,
      syncReplyMode: contract.syncReplyMode,
      ackRequested: contract.ackRequested,
      duplicateElimination: contract.duplicateElimination,
      actor: contract.actor.split(":").at(-1),
      retries: "3",
      retryInterval: "PT2S",
      persistDuration: "PT10M",
      host: "127.0.0.1",
      port: listenerPort,
    };
  }

  /** The example "REST endpoint" with a transport of its own, and the upload of a local authority beside it. */
  async function flowNodes(): Promise<readonly object[]> {
    const example = JSON.parse(
      await fs.readFile(path.join(projectRoot, "examples/rest-endpoint.json"), "utf8"),
    ) as readonly (object & { readonly id: string })[];
    const rest = example
      .filter(({ id }) => id !== "rest-simulator")
      .map((node) => {
        if (node.id === "rest-transport") return { ...node, ...byHand("express", "${QUERY_PORT}") };
        return node.id === "rest-query" ? { ...node, timeout: "120" } : node;
      });
    const [x, y, z] = [100, 100, "upload-tab"];
    const note =
      "msg.payload = JSON.stringify({ file: msg.topic, outcome: msg.payload.outcome, accepted: msg.payload.accepted });";
    return [
      ...rest,
      { id: "store", type: "message store", name: "", kind: "PostgreSQL", schema: "cp_is" },
      {
        id: "tls",
        type: "tls-config",
        name: "",
        cert: path.join(folder, "client.pem"),
        key: path.join(folder, "client.key"),
        ca: path.join(folder, "ca.pem"),
        verifyservercert: true,
      },
      { id: z, type: "tab", label: "upload" },
      {
        id: "file-transport",
        type: "ebxml transport",
        name: "files",
        partyKey: "XLA-900998",
        asid: "990000000998",
        odsCode: "998",
        organisationName: "EXAMPLE TEST COUNCIL",
        path: "/mhs/ebxml",
        carriesFiles: true,
        uploadAction: "REPC_IN000002SM01",
        ...byHand("reliable", "${FILE_PORT}"),
      },
      { id: "in", type: "http in", z, x, y, url: "/upload", method: "post", upload: false, wires: [["topic"]] },
      {
        id: "topic",
        type: "function",
        z,
        x,
        y,
        func: "msg.topic = msg.payload.file; msg.payload = msg.payload.rows; return msg;",
        outputs: 1,
        wires: [["upload"]],
      },
      { ...uploadNode("ebxml", { ebxmlTransport: "file-transport", keep: "topic" }), z, wires: [["note"], []] },
      { id: "taken", type: "complete", z, x, y, scope: ["upload"], uncaught: false, wires: [["done"]] },
      { id: "done", type: "http response", z, x, y, statusCode: "202", wires: [] },
      { id: "catch", type: "catch", z, x, y, scope: ["upload"], wires: [["failed"]] },
      { id: "failed", type: "http response", z, x, y, statusCode: "503", wires: [] },
      { id: "note", type: "function", z, x, y, func: `${note} return msg;`, outputs: 1, wires: [["responses"]] },
      {
        id: "responses",
        type: "file",
        z,
        x,
        y,
        filename: path.join(folder, "responses.jsonl"),
        filenameType: "str",
        appendNewline: true,
        createDir: false,
        overwriteFile: "false",
        encoding: "none",
        wires: [[]],
      },
    ];
  }

  const storeKey = encodeKeyRing(createKeyRing(randomBytes));

  async function makeInstance(name: string, nodes: readonly object[]): Promise<Instance> {
    const { user, password, host, port, database } = server.connection;
    const address = `${host}:${port}/${database}?sslmode=disable`;
    const secrets = path.join(folder, `${name}-secrets`);
    await fs.mkdir(secrets);
    await fs.writeFile(
      path.join(secrets, "database-url"),
      `postgres://${user}:${encodeURIComponent(String(password))}@${address}\n`,
    );
    await fs.writeFile(path.join(secrets, "store-key"), `${storeKey}\n`);
    const listeners = { queries: await freePort(), files: await freePort() };
    const node = await deployInstance(path.join(folder, name), {
      nodes,
      credentials: { store: { databaseUrl: "${CP_IS_DATABASE_URL}", encryptionKey: "${CP_IS_STORE_KEY}" } },
      environment: {
        CP_IS_DATABASE_URL_FILE: path.join(secrets, "database-url"),
        CP_IS_STORE_KEY_FILE: path.join(secrets, "store-key"),
        QUERY_PORT: String(listeners.queries),
        FILE_PORT: String(listeners.files),
      },
    });
    return { node, listeners };
  }

  /** Both transports are ready, as the metrics say, and the balancers know of it. */
  async function comeUp({ node, listeners }: Instance, line: "node-red" | "node-red-4.1"): Promise<void> {
    await node.upgrade(line);
    for (const by of ["queries", "files"] as const) {
      await until(`the listener of ${by}`, () => isListening(listeners[by]));
      spine[by].add(listeners[by]);
    }
    callers.add(node.port);
  }

  /** Each asker asks again as soon as it has its answer, over a connection of its own, as another system does. */
  function startTraffic(askers: number): Traffic {
    const seen = { answered: 0, longest: 0 };
    const wrong: string[] = [];
    let isOver = false;
    const ask = async ({ nhsNumber, outcome }: Asked): Promise<void> => {
      const startedAt = performance.now();
      const { status, text } = await post("child-protection-check", { nhsNumber, user: clinician });
      const answer = status === 200 ? (JSON.parse(text) as { readonly outcome?: string }).outcome : text;
      if (answer !== outcome) wrong.push(`${nhsNumber}: ${status} ${String(answer)}`);
      seen.answered += 1;
      seen.longest = Math.max(seen.longest, performance.now() - startedAt);
    };
    const work = async (asker: number): Promise<void> => {
      for (let turn = asker; !isOver; turn += 1) await ask(children[turn % children.length]!);
    };
    const ended = Promise.all(Array.from({ length: askers }, (_, asker) => work(asker)));
    return {
      get answered() {
        return seen.answered;
      },
      get longest() {
        return seen.longest;
      },
      wrong,
      end: async () => {
        isOver = true;
        await ended;
      },
    };
  }

  async function post(where: string, body: object): Promise<{ readonly status: number; readonly text: string }> {
    try {
      const response = await fetch(`http://127.0.0.1:${callers.port}/${where}`, {
        method: "POST",
        headers: { "content-type": "application/json", connection: "close" },
        body: JSON.stringify(body),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      return { status: 0, text: String(error) };
    }
  }

  async function upload(file: string, numbers: readonly string[]): Promise<void> {
    const rows = numbers.map((number) => row(number));
    const { status, text } = await post("upload", { file, rows });
    assert.equal(status, 202, text);
  }

  /** Of this life of the instance. */
  async function queriesOf({ node }: Instance): Promise<number> {
    const metrics = await (await fetch(new URL("cp-is/metrics", node.url))).text();
    const counts = [...metrics.matchAll(/^cp_is_queries_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async function responses(): Promise<readonly Response[]> {
    const text = await fs.readFile(path.join(folder, "responses.jsonl"), "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Response);
  }

  it("answers every question rightly, and loses no file", async () => {
    const asked: string[] = [];
    simulator.events.on("exchange", ({ kind, action, messageId }) => {
      if (kind === "request" && action === "QUPC_IN000006GB01") asked.push(messageId);
    });
    // So that a response is on its way while an instance stops.
    simulator.inject({
      direction: "sent",
      match: { action: "REPC_IN000003GB01" },
      fault: { kind: "delayMessage", milliseconds: 1500 },
    });
    const numbers = testNumbers(12);
    const files: string[] = [];
    const nextFile = async (): Promise<void> => {
      const part = numbers.splice(0, 2);
      files.push(`file ${files.length + 1}`);
      await upload(files.at(-1)!, part);
    };
    const startedAt = performance.now();
    const asking = startTraffic(3);
    traffic = asking;
    const more = async (count: number): Promise<void> => {
      const wanted = asking.answered + count;
      await until(`${count} more answers`, () => asking.answered >= wanted);
    };
    await more(10);
    for (const instance of instances) {
      const { node, listeners } = instance;
      await nextFile();
      callers.remove(node.port);
      await until("the end of its questions", () => callers.connectionsOf(node.port) === 0);
      assert.equal(await node.stop(), 0, node.log());
      for (const by of ["queries", "files"] as const) spine[by].remove(listeners[by]);
      await nextFile();
      await more(10);
      await comeUp(instance, "node-red");
      await until("its first questions in its new life", async () => (await queriesOf(instance)) > 0);
      await nextFile();
    }
    await more(10);
    await asking.end();
    const milliseconds = performance.now() - startedAt;
    await until("the responses", async () => (await responses()).length >= files.length);
    assert.deepEqual(asking.wrong, []);
    const told = (await responses()).map(({ file, outcome, accepted }) => `${file}: ${outcome}, ${accepted}`);
    assert.deepEqual(told.toSorted(), files.map((file) => `${file}: accepted, 2`).toSorted());
    assert.equal(new Set(asked).size, asked.length, "a question was asked twice");
    assert.equal(asked.length, asking.answered);
    const unfinished = await server.query(
      "SELECT direction, state, count(*)::int AS number FROM cp_is.message WHERE state NOT IN ('completed', 'confirmed') GROUP BY 1, 2",
    );
    assert.deepEqual(unfinished, []);
    for (const { node } of instances) {
      assert.match(node.log(), /Node-RED version: v4\.1[^]*Node-RED version: v5/);
      assert.doesNotMatch(node.log(), /close timed out|\[error\]/i);
    }
    if (process.env["SHOW_FIGURES"] === "1") {
      process.stdout.write(
        `${asking.answered} questions, longest ${Math.round(asking.longest)} ms, ${files.length} files, ${Math.round(milliseconds)} ms\n`,
      );
    }
  });
});

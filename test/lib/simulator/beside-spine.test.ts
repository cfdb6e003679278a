// The directory and the mini service that the simulator opens beside its Spine.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import net from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { parseNhsNumber } from "../../../lib/cpis/nhs-number.js";
import { bareQueryStubNode } from "../../../lib/cpis/query/query-stub.js";
import { createContractSource } from "../../../lib/sds/contract-source.js";
import { createSdsClient } from "../../../lib/sds/sds-client.js";
import { createPki, createSpineSimulator, type Pki, type SpineSimulator } from "../../../lib/simulator/index.js";
import { createSmspClient } from "../../../lib/smsp/smsp-client.js";
import { stub } from "../../support/itk/samples.js";
import { settings } from "../../support/smsp/smsp-scene.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const upload = { service: "urn:nhs:names:services:cpisupload", action: "REPC_IN000002SM01" };

describe("Beside the simulated Spine", () => {
  let pki: Pki;
  let simulator: SpineSimulator | undefined;

  before(async () => {
    pki = await createPki(effects);
  });
  afterEach(async () => {
    await simulator?.close();
    simulator = undefined;
  });

  it("a directory gives contracts that lead to it", async () => {
    simulator = await createSpineSimulator({ pki, effects, mesh: false, smsp: false });
    const { baseUrl, odsCode } = simulator.sds;
    const apiKey = simulator.sds.issueApiKey(() => "reliable");
    const client = createSdsClient({ baseUrl, apiKey, tls: { ca: simulator.caPem }, effects });
    const source = createContractSource({ client, odsCode, effects });
    const { endpointUrl, cpaId } = await source.contract(upload);
    assert.deepEqual(
      [endpointUrl, cpaId],
      [simulator.contracts.reliable.endpointUrl, simulator.contracts.reliable.cpaId],
    );
    source.close();
    client.close();
  });

  it("a mini service tells of accesses as Spine does, and keeps them in the same register", async () => {
    simulator = await createSpineSimulator({ pki, effects, mesh: false, sds: false });
    const own = await simulator.issueClient("mini service client");
    const tls = { key: own.keyPem, cert: own.certPem, ca: simulator.caPem };
    const client = createSmspClient({ url: simulator.smsp.url, tls, settings, effects });
    const { register } = simulator;
    const nhsNumber = parseNhsNumber("9990001014");
    const before = register.accesses(nhsNumber).length;
    const told: string[] = [];
    simulator.events.on("access", (access) => told.push(access.nhsNumber));
    const payload = bareQueryStubNode({ ...stub, nhsNumber, eventId: effects.newUuid() });
    const question = { payload, messageId: effects.newUuid(), trackingId: effects.newUuid() };
    assert.equal((await client.send(question)).kind, "replied");
    assert.deepEqual(told, [nhsNumber]);
    assert.equal(register.accesses(nhsNumber).length, before + 1);
    client.close();
  });

  it("each can be left out", async () => {
    const alone = await createSpineSimulator({ pki, effects, mesh: false, sds: false, smsp: false });
    simulator = alone;
    assert.throws(() => alone.sds, { code: "CONFIG_INVALID" });
    assert.throws(() => alone.smsp, { code: "CONFIG_INVALID" });
  });

  it("nothing stays open when one of them cannot be opened", async () => {
    const blocker = net.createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const { port } = blocker.address() as net.AddressInfo;
    try {
      for (const part of [{ sds: { port } }, { smsp: { port } }]) {
        await assert.rejects(createSpineSimulator({ pki, effects, ...part }), { code: "CONFIG_PORT_IN_USE" });
      }
      // A listener that is closed is gone a moment later; the blocker alone stays.
      const listeners = (): number =>
        process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;
      for (let tries = 0; listeners() > 1 && tries < 10_000; tries += 1) await wait(10);
      assert.equal(listeners(), 1);
    } finally {
      blocker.close();
    }
  });
});

// The query through a Spine mini service, in a real Node-RED: the simulator's, and one with settings of its own.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { NodeMessage } from "node-red";
import { createPki, createSpineSimulator, type SpineSimulator } from "../../../lib/simulator/index.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import {
  clinician,
  queryNode,
  receivers,
  simulatorNode,
  simulatorTransport,
  spineTransport,
} from "../../support/nodes/flows.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const byProvider = { ...queryNode, accessMode: "smsp" };
const known = "9990001014";
const question = (payload = known, changes: object = {}): NodeMessage => ({
  payload,
  cpis: { user: { ...clinician, ...changes } },
});

describe("a cp-is query through a Spine mini service", () => {
  let nodeRed: NodeRed;
  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(() => nodeRed.stop());

  async function failureCode(message: NodeMessage): Promise<unknown> {
    const { payload } = message;
    const isIts = (caught: NodeMessage): boolean => caught.payload === payload;
    nodeRed.send("query", message);
    await nodeRed.until("the error", () => nodeRed.messages("caught").some(isIts));
    return caughtError(nodeRed.messages("caught").find(isIts)!).code;
  }

  describe("of the simulator", () => {
    const start = (transport: object = { smsp: true }, query: object = byProvider): Promise<void> =>
      nodeRed.start([...receivers, { ...simulatorTransport, ...transport }, simulatorNode, query]);

    it("finds a record, and tells of the exchange", async () => {
      await start();
      nodeRed.send("query", question());
      const message = await nodeRed.nextMessage("found");
      const cpis = message["cpis"] as Readonly<Record<string, unknown>>;
      assert.equal(cpis["interaction"], "urn:nhs-itk:interaction:CP-ISNHSQuery-v1-0");
      assert.equal(cpis["transport"], "to the simulator");
      assert.ok(!nodeRed.messages("events").some(({ topic }) => topic === "exchange"));
      const { text } = await nodeRed.get("/cp-is/metrics");
      assert.match(text, /^cp_is_certificate_days_left\{.*owner="mini-service".*\} \d+$/m);
    });

    it("says that there is no record only in the provider's words", async () => {
      await start();
      nodeRed.send("query", question("8888888888"));
      const { payload } = await nodeRed.nextMessage("not-found");
      assert.equal(Reflect.get(payload as object, "basis"), "smsp-no-record");
      assert.equal(await failureCode(question("3333333333")), "CPIS_SMSP_NO_MATCH");
      assert.equal(await failureCode(question("4444444444")), "CPIS_SMSP_ERROR");
      assert.equal(await failureCode(question("5555555555")), "CPIS_ACCESS_DENIED");
      assert.equal(nodeRed.messages("not-found").length, 1);
    });

    it("checks the clinician before anything is sent", async () => {
      await start();
      assert.equal(await failureCode(question(known, { activities: ["B0170"] })), "CPIS_NOT_AUTHORISED");
    });

    it("never reads silently, whatever the transport has stated", async () => {
      const stated = { silentRead: true, silentReadPlace: "last", silentReadAs: "text", silentReadValue: "false" };
      await start({ smsp: true, ...stated }, { ...byProvider, careSetting: "scheduled" });
      const asked = question(known, { activities: ["B0170"] });
      assert.equal(await failureCode(asked), "CPIS_SILENT_READ_UNAVAILABLE");
    });

    it("fails with CONFIG_MISSING when the transport offers none, and does not ask Spine instead", async () => {
      await start({});
      assert.equal(await failureCode(question()), "CONFIG_MISSING");
      assert.ok(!nodeRed.messages("events").some(({ topic }) => topic === "exchange"));
    });
  });

  describe("of a provider", () => {
    let simulator: SpineSimulator;
    let tls: object;
    before(async () => {
      const pki = await createPki(effects);
      simulator = await createSpineSimulator({ pki, effects, mesh: false, sds: false });
      const { certPem, keyPem } = await simulator.issueClient("mhs.example.nhs.uk");
      tls = { certdata: certPem, keydata: keyPem, cadata: simulator.caPem };
    });
    after(() => simulator.close());

    const tlsNode = { id: "tls", type: "tls-config", name: "", cert: "", key: "", ca: "", verifyservercert: true };
    const provider = (): object => ({
      smsp: true,
      smspUrl: simulator.smsp.url,
      smspProviderOdsCode: "ZSM",
      smspRequestService: "urn:nhs-itk:services:201005:sendRecvDistEnvelope",
      smspProfileId: "urn:nhs-en:profile:CP-ISNHSQuery-v2-0",
      smspAction: "urn:nhs-itk:services:201005:sendRecvDistEnvelope",
      smspMessageIdPrefix: "uuid",
      smspSecurity: "username",
      smspUsername: "EXAMPLE",
      smspLifetimeSeconds: "300",
    });
    const start = (changes: object = {}, query: object = byProvider): Promise<void> =>
      nodeRed.start([...receivers, tlsNode, { ...spineTransport, ...provider(), ...changes }, query], { tls });

    it("answers with the settings that were typed in", async () => {
      await start();
      nodeRed.send("query", question());
      await nodeRed.nextMessage("found");
    });

    it("that stays silent comes to CPIS_TIMEOUT, and is asked once", async () => {
      simulator.smsp.setConduct({ kind: "silence" });
      const before = simulator.smsp.questions;
      await start({}, { ...byProvider, timeout: "5" });
      assert.equal(await failureCode(question()), "CPIS_TIMEOUT");
      assert.equal(simulator.smsp.questions, before + 1);
      simulator.smsp.setConduct({ kind: "normal" });
    });

    it("that is not there comes to CPIS_NOT_SENT", async () => {
      await start({ smspUrl: "https://127.0.0.1:1/smsp" });
      assert.equal(await failureCode(question()), "CPIS_NOT_SENT");
    });

    it("has no default for any of its settings", async () => {
      for (const property of Object.keys(provider()).filter((name) => name !== "smsp")) {
        await start({ [property]: "" });
        assert.equal(await failureCode(question()), "CONFIG_MISSING", property);
        await nodeRed.stop();
        nodeRed = new NodeRed();
      }
    });
  });
});

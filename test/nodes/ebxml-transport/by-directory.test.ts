// The transport that looks its contract up, in a real Node-RED against a real directory that is well, ill or away.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { NodeMessage } from "node-red";
import {
  createPki,
  createSpineSimulator,
  type Pki,
  type SdsConduct,
  type SpineSimulator,
} from "../../../lib/simulator/index.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { freePort } from "../../support/ports.js";
import { clinician, queryNode, receivers, spineTransport } from "../../support/nodes/flows.js";
import { allBytes } from "../../support/nodes/message-store/stored.js";

const question = (): NodeMessage => ({ payload: "9990001014", cpis: { user: clinician } });
const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const tlsNode = { id: "tls", type: "tls-config", name: "", cert: "", key: "", ca: "", verifyservercert: true };
const sdsTlsNode = { ...tlsNode, id: "sds-tls" };
const listening = "ebxml-transport.status.listening";
const unreached = "ebxml-transport.status.directoryUnreached";
const noContract = "ebxml-transport.status.noContract";
const markedKey = "MARK-key-77-of-sds";

describe("an ebxml transport with a contract from the directory", () => {
  let nodeRed: NodeRed;
  let pki: Pki;
  let ownTls: { readonly certdata: string; readonly keydata: string; readonly cadata: string };
  let port: number;
  let simulator: SpineSimulator;

  before(async () => {
    pki = await createPki(effects);
    const { certPem, keyPem } = await pki.issue({
      commonName: "mhs.example.nhs.uk",
      dnsNames: ["localhost"],
      ipAddresses: ["127.0.0.1"],
      usage: "both",
    });
    ownTls = { certdata: certPem, keydata: keyPem, cadata: pki.caPem };
  });
  beforeEach(async () => {
    nodeRed = new NodeRed();
    port = await freePort();
    simulator = await createSpineSimulator({ pki, effects, mesh: false, sds: { apiKey: markedKey } });
    const { partyKey, asid } = spineTransport;
    simulator.registerParty({ partyKey, asid, cpaId: "S1", answerUrl: `https://127.0.0.1:${port}/mhs/ebxml` });
  });
  afterEach(async () => {
    await simulator.close();
    await nodeRed.stop();
  });

  /** Nothing of a contract is typed in. */
  const byDirectory = (changes: object = {}): object => {
    const { id, type, name, environment, tls, clientNames, host, path } = spineTransport;
    const { partyKey, asid, odsCode, organisationName } = spineTransport;
    const own = {
      id,
      type,
      name,
      environment,
      tls,
      clientNames,
      host,
      path,
      partyKey,
      asid,
      odsCode,
      organisationName,
    };
    const { baseUrl, odsCode: spineOdsCode } = simulator.sds;
    const lookup = { contractBy: "lookup", sdsBaseUrl: baseUrl, spineOdsCode, sdsTls: "sds-tls" };
    return { ...own, ...lookup, port: String(port), ...changes };
  };
  const start = (changes: object = {}, apiKey = markedKey): Promise<void> =>
    nodeRed.start([...receivers, tlsNode, sdsTlsNode, byDirectory(changes), queryNode], {
      tls: ownTls,
      "sds-tls": { cadata: pki.caPem },
      transport: { sdsApiKey: apiKey },
    });
  /** Errors of the transport itself reach a Catch node, too. */
  const isOfQuery = ({ payload }: NodeMessage): boolean => payload === "9990001014";
  async function failureCode(): Promise<unknown> {
    const count = nodeRed.messages("caught").filter(isOfQuery).length;
    nodeRed.send("query", question());
    await nodeRed.until("the error", () => nodeRed.messages("caught").filter(isOfQuery).length > count);
    return caughtError(nodeRed.messages("caught").findLast(isOfQuery)!).code;
  }

  for (const pattern of ["express", "reliable"] as const) {
    it(`queries by the ${pattern} pattern when the directory says so`, async () => {
      await start(
        {},
        simulator.sds.issueApiKey(() => pattern),
      );
      await nodeRed.status("query", listening);
      const requests: string[] = [];
      simulator.events.on("exchange", ({ kind, request }) => kind === "request" && requests.push(request));
      nodeRed.send("query", question());
      await nodeRed.nextMessage("found");
      assert.equal(requests.join().includes("AckRequested"), pattern === "reliable");
    });
  }

  it("asks the directory when it opens, and no more while the contract is fresh", async () => {
    await start();
    await nodeRed.logged("contract from the directory");
    const { requests } = simulator.sds;
    assert.equal(requests, 2);
    simulator.sds.setConduct({ kind: "down" });
    for (const count of [1, 2]) {
      nodeRed.send("query", question());
      await nodeRed.nextMessage("found", count);
    }
    assert.equal(simulator.sds.requests, requests);
    await nodeRed.status("query", "status.answered");
  });

  it("watches the directory's certificate, and warns before it ends", async () => {
    await simulator.close();
    const notAfter = Date.now() + 6.5 * 86_400_000;
    const certificate = await pki.issue({ commonName: "sds", ipAddresses: ["127.0.0.1"], usage: "both", notAfter });
    simulator = await createSpineSimulator({ pki, effects, mesh: false, certificate, sds: { apiKey: markedKey } });
    await start();
    await nodeRed.logged("TLS_CERTIFICATE_VALIDITY");
    const warning = nodeRed.logs.find(({ text }) => text.includes("TLS_CERTIFICATE_VALIDITY"));
    assert.match(warning?.text ?? "", /the directory's, .*6 days left/);
    const { text } = await nodeRed.get("/cp-is/metrics");
    assert.match(text, /^cp_is_certificate_days_left\{.*owner="directory".*\} 6$/m);
  });

  it("opens while the directory is down, says so in amber, and works once it is back", async () => {
    simulator.sds.setConduct({ kind: "down" });
    await start();
    await nodeRed.status("query", unreached);
    const { status } = nodeRed.statuses.findLast(({ id }) => id === "query")!;
    assert.deepEqual([status.fill, status.shape], ["yellow", "ring"]);
    assert.equal(await failureCode(), "SDS_UNAVAILABLE");
    simulator.sds.setConduct({ kind: "normal" });
    await nodeRed.status("query", listening);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
    const told = nodeRed.logs.filter(({ text }) => text.includes("no contract from the directory"));
    assert.equal(told.length, 1);
  });

  const ill: readonly (readonly [string, SdsConduct, string])[] = [
    ["is down", { kind: "down" }, "SDS_UNAVAILABLE"],
    ["finds nothing", { kind: "empty", entry: "absent" }, "SDS_NOT_FOUND"],
    ["has several records", { kind: "ambiguous", field: "cpaId" }, "SDS_AMBIGUOUS"],
    ["answers with wrong types", { kind: "wrong-types" }, "SDS_RESPONSE_INVALID"],
    ["lacks the address", { kind: "missing", keys: ["address"] }, "SDS_INCOMPLETE"],
    ["is too busy", { kind: "status", status: 429 }, "SDS_UNAVAILABLE"],
    ["answers with a page for people", { kind: "not-fhir" }, "SDS_RESPONSE_INVALID"],
  ];
  for (const [what, conduct, code] of ill) {
    it(`fails with ${code}, and sends nothing, while the directory ${what}`, async () => {
      let exchanges = 0;
      simulator.events.on("exchange", () => (exchanges += 1));
      simulator.sds.setConduct(conduct);
      await start();
      assert.equal(await failureCode(), code);
      assert.equal(exchanges, 0);
    });
  }

  it("fails with SDS_UNAUTHORISED for a wrong key, and tells the key nowhere", async () => {
    await start({}, `${markedKey}-wrong`);
    await nodeRed.status("query", noContract);
    assert.equal(await failureCode(), "SDS_UNAUTHORISED");
    const told = JSON.stringify([nodeRed.logs, nodeRed.statuses, nodeRed.messages("caught")]);
    await nodeRed.halt();
    assert.ok(!told.includes("MARK-key"));
    assert.ok(!allBytes(nodeRed.userFolder).includes("MARK-key"));
  });

  it("fails with SDS_CONNECT_FAILED when nothing listens, and sends nothing to a directory of an unknown authority", async () => {
    await start({ sdsBaseUrl: `https://127.0.0.1:${await freePort()}/FHIR/R4` });
    assert.equal(await failureCode(), "SDS_CONNECT_FAILED");
    await nodeRed.stop();
    nodeRed = new NodeRed();
    await start({ sdsTls: "" });
    assert.equal(await failureCode(), "CPIS_NOT_SENT");
    assert.equal(simulator.sds.requests, 0);
    assert.ok(nodeRed.logs.some(({ text }) => /no contract from the directory.*authority/.test(text)));
  });

  it("lets a value that was typed in stand above the directory's, and says so each time", async () => {
    simulator.sds.setConduct({ kind: "ambiguous", field: "cpaId" });
    const { cpaId } = simulator.contracts.express;
    await start({ cpaId });
    await nodeRed.status("query", listening);
    for (const count of [1, 2]) {
      nodeRed.send("query", question());
      await nodeRed.nextMessage("found", count);
    }
    const told = nodeRed.logs.filter(({ text }) => text.includes("contract by hand: QUPC_IN000006GB01, cpaId"));
    assert.equal(told.length, 2);
  });

  it("asks again after Spine said that it does not know the contract", async () => {
    await start();
    await nodeRed.status("query", listening);
    simulator.inject({ fault: { kind: "ebxmlError", code: "402005" }, times: 1 });
    assert.equal(await failureCode(), "CPIS_EBXML_ERROR");
    const before = simulator.sds.requests;
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
    assert.equal(simulator.sds.requests, before + 2);
  });

  it("refuses a contract of no pattern with CONFIG_CONTRACT when it is used", async () => {
    await start({ syncReplyMode: "MSHSignalsOnly", ackRequested: "always", duplicateElimination: "never" });
    assert.equal(await failureCode(), "CONFIG_CONTRACT");
  });

  const broken: readonly (readonly [title: string, changes: object, credentials: object, code: string])[] = [
    ["has no API key", {}, { transport: {} }, "CONFIG_MISSING"],
    ["has no base address", { sdsBaseUrl: "" }, {}, "CONFIG_MISSING"],
    ["has a base address without TLS", { sdsBaseUrl: "http://127.0.0.1/" }, {}, "CONFIG_INVALID"],
    ["has a key that no header can carry", {}, { transport: { sdsApiKey: "a b" } }, "CONFIG_INVALID"],
    ["names a TLS node for SDS that is not there", { sdsTls: "nothing" }, {}, "CONFIG_MISSING"],
    ["keeps contracts for longer than a day", { sdsCacheMinutes: "1441" }, {}, "CONFIG_INVALID"],
    ["has an address typed in that is none", { endpointUrl: "http://127.0.0.1/" }, {}, "CONFIG_INVALID"],
    ["is live with certificates of the simulator", { environment: "live" }, {}, "CONFIG_INVALID"],
    ["is INT with certificates of the simulator", { environment: "INT" }, {}, "CONFIG_INVALID"],
  ];
  for (const [title, changes, credentials, code] of broken) {
    it(`never opens when it ${title}: ${code} for each input`, async () => {
      const all = {
        tls: ownTls,
        "sds-tls": { cadata: pki.caPem },
        transport: { sdsApiKey: markedKey },
        ...credentials,
      };
      await nodeRed.start([...receivers, tlsNode, sdsTlsNode, byDirectory(changes), queryNode], all);
      assert.equal(await failureCode(), code);
      assert.equal(simulator.sds.requests, 0);
    });
  }

  it("never opens when the TLS node of SDS does not verify the other side", async () => {
    const flow = [tlsNode, { ...sdsTlsNode, verifyservercert: false }, byDirectory(), queryNode];
    await nodeRed.start([...receivers, ...flow], {
      tls: ownTls,
      "sds-tls": { cadata: pki.caPem },
      transport: { sdsApiKey: markedKey },
    });
    assert.equal(await failureCode(), "CONFIG_INVALID");
  });
});

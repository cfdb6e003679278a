// The transport with a contract and certificates given by hand, as towards a Spine of the NHS.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { NodeMessage } from "node-red";
import {
  createPki,
  createSpineSimulator,
  type IssuedCertificate,
  type Pki,
  type SpineSimulator,
} from "../../../lib/simulator/index.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { freePort } from "../../support/ports.js";
import { clinician, queryNode, receivers, spineTransport } from "../../support/nodes/flows.js";

const question = (): NodeMessage => ({ payload: "9990001014", cpis: { user: clinician } });
const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const tlsNode = { id: "tls", type: "tls-config", name: "", cert: "", key: "", ca: "", verifyservercert: true };
const failed = "ebxml-transport.status.failed";

describe("an ebxml transport with a contract by hand", () => {
  let nodeRed: NodeRed;
  let pki: Pki;
  let credentials: { readonly tls: object };
  let listenerPort: number;

  before(async () => {
    pki = await createPki(effects);
    const { certPem, keyPem } = await pki.issue({
      commonName: "mhs.example.nhs.uk",
      dnsNames: ["localhost"],
      ipAddresses: ["127.0.0.1"],
      usage: "both",
    });
    credentials = { tls: { certdata: certPem, keydata: keyPem, cadata: pki.caPem } };
  });
  beforeEach(async () => {
    nodeRed = new NodeRed();
    listenerPort = await freePort();
  });
  const simulators: SpineSimulator[] = [];
  async function startSimulator(port = 0, certificate?: IssuedCertificate): Promise<SpineSimulator> {
    const shown = certificate === undefined ? {} : { certificate };
    const simulator = await createSpineSimulator({ pki, effects, port, ...shown });
    simulators.push(simulator);
    return simulator;
  }
  afterEach(async () => {
    for (const simulator of simulators.splice(0)) await simulator.close();
    await nodeRed.stop();
  });

  function register(simulator: SpineSimulator): void {
    const { partyKey, asid } = spineTransport;
    simulator.registerParty({ partyKey, asid, cpaId: "S1", answerUrl: `https://127.0.0.1:${listenerPort}/mhs/ebxml` });
  }

  it("queries with the certificates of the TLS node", async () => {
    const simulator = await startSimulator();
    const { endpointUrl, cpaId, toPartyKey, toAsid } = simulator.contracts.express;
    const transport = { ...spineTransport, endpointUrl, cpaId, toPartyKey, toAsid, port: String(listenerPort) };
    await nodeRed.start([...receivers, tlsNode, transport, queryNode], credentials);
    await nodeRed.status("query", "ebxml-transport.status.listening");
    register(simulator);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
  });

  it("gives CPIS_NOT_SENT while the peer is down, and answers when it is up again", async () => {
    const first = await startSimulator();
    const { port } = first;
    const { endpointUrl, cpaId, toPartyKey, toAsid } = first.contracts.express;
    await first.close();
    const transport = { ...spineTransport, endpointUrl, cpaId, toPartyKey, toAsid, port: String(listenerPort) };
    await nodeRed.start([...receivers, tlsNode, transport, queryNode], credentials);
    nodeRed.send("query", question());
    const message = await nodeRed.nextMessage("caught");
    assert.equal(caughtError(message).code, "CPIS_NOT_SENT");
    assert.equal(message.payload, "9990001014");
    const second = await startSimulator(port);
    register(second);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
  });

  it("warns of a certificate of Spine that ends soon, at both ends of an answer, and asks all the same", async () => {
    const notAfter = Date.now() + 6.5 * 86_400_000;
    const certificate = await pki.issue({ commonName: "spine", ipAddresses: ["127.0.0.1"], usage: "both", notAfter });
    const simulator = await startSimulator(0, certificate);
    const { endpointUrl, cpaId, toPartyKey, toAsid } = simulator.contracts.express;
    const transport = { ...spineTransport, endpointUrl, cpaId, toPartyKey, toAsid, port: String(listenerPort) };
    await nodeRed.start([...receivers, tlsNode, transport, queryNode], credentials);
    await nodeRed.status("query", "ebxml-transport.status.listening");
    register(simulator);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
    await nodeRed.logged("TLS_CERTIFICATE_VALIDITY");
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found", 2);
    const warnings = nodeRed.logs.filter(({ text }) => text.includes("TLS_CERTIFICATE_VALIDITY"));
    // The same certificate as server and as client: one word is enough.
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]?.text ?? "", /spine \(127\.0\.0\.1\), .* 6 days left/);
    assert.doesNotMatch(warnings[0]?.text ?? "", /9990001014/);
  });

  const broken: readonly (readonly [title: string, transport: object, tls: object | undefined, code: string])[] = [
    ["has no TLS node", { ...spineTransport, tls: "" }, tlsNode, "CONFIG_MISSING"],
    ["names a TLS node that is not there", spineTransport, undefined, "CONFIG_MISSING"],
    ["does not verify the other side", spineTransport, { ...tlsNode, verifyservercert: false }, "CONFIG_INVALID"],
    [
      "has an unreadable certificate file",
      spineTransport,
      { ...tlsNode, cert: "/no/file", key: "/no/file" },
      "CONFIG_INVALID",
    ],
    [
      "is live with certificates of the simulator",
      { ...spineTransport, environment: "live" },
      tlsNode,
      "CONFIG_INVALID",
    ],
    ["has no endpoint", { ...spineTransport, endpointUrl: "" }, tlsNode, "CONFIG_MISSING"],
    [
      "has an endpoint without TLS",
      { ...spineTransport, endpointUrl: "http://127.0.0.1/x" },
      tlsNode,
      "CONFIG_INVALID",
    ],
    ["has a contract of no pattern", { ...spineTransport, ackRequested: "always" }, tlsNode, "CONFIG_CONTRACT"],
    ["has no party key", { ...spineTransport, partyKey: "" }, tlsNode, "CONFIG_MISSING"],
    ["has no listener port", { ...spineTransport, port: "" }, tlsNode, "CONFIG_MISSING"],
    ["names an unknown environment", { ...spineTransport, environment: "moon" }, tlsNode, "CONFIG_INVALID"],
    [
      "puts a simulated listener on the network",
      { ...spineTransport, environment: "simulator", host: "0.0.0.0" },
      tlsNode,
      "CONFIG_INVALID",
    ],
  ];

  for (const [title, transport, tls, code] of broken) {
    it(`never opens when it ${title}: a red ring, and ${code} for each input`, async () => {
      await nodeRed.start([...receivers, ...(tls === undefined ? [] : [tls]), transport, queryNode], credentials);
      await nodeRed.status("query", failed);
      const { status } = nodeRed.statuses.findLast(({ id }) => id === "query")!;
      assert.deepEqual([status.fill, status.shape], ["red", "ring"]);
      nodeRed.send("query", question());
      await nodeRed.until("the error", () =>
        nodeRed.messages("caught").some(({ payload }) => payload === "9990001014"),
      );
      const caught = nodeRed.messages("caught").find(({ payload }) => payload === "9990001014")!;
      assert.equal(caughtError(caught).code, code);
    });
  }
});

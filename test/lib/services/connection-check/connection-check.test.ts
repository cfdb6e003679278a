// Tests of the connection check over ebXML, against the simulator on real sockets: healthy, and broken in each way.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import type { MessagingContract } from "../../../../lib/sds/contract.js";
import { CpisError } from "../../../../lib/errors.js";
import { createSdsClient } from "../../../../lib/sds/sds-client.js";
import { lookupContract } from "../../../../lib/sds/lookup-contract.js";
import { readSchemas } from "../../../../lib/schema/read-schemas.js";
import { createSchemaWitness } from "../../../../lib/schema/schema-witness.js";
import type { EbxmlCheck } from "../../../../lib/services/connection-check/connection-check-model.js";
import { createSdsServer, type CertificateRequest, type SpineSimulator } from "../../../../lib/simulator/index.js";
import type { TlsMaterial } from "../../../../lib/tls/tls-material.js";
import { startPeer, testCertificates } from "../../../support/mhs/peer.js";
import { querySchemas, schemaFiles, writeSchemas } from "../../../support/schema/sample-schemas.js";
import {
  clock,
  closeAll,
  closeLater,
  ebxmlCheck,
  effects,
  given,
  runCheck,
  startListener,
  startSimulator,
  type CheckReport,
} from "../../../support/services/checked-connection.js";

const day = 86_400_000;

/** Nothing listens there: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function at(contract: MessagingContract, host: string, port: number): MessagingContract {
  const url = new URL(contract.endpointUrl);
  return { ...contract, endpointUrl: `https://${host}:${port}${url.pathname}` };
}

/** Without the step of the names, which has tests of its own. */
const steps = ({ results }: CheckReport): readonly string[] => results.filter((one) => !one.startsWith("client-names"));

const beforeAndAfter = (name: string, connection: string, handshake: string): readonly string[] => [
  "own-certificate pass",
  "directory skipped",
  "contract pass",
  name,
  connection,
  handshake,
  "peer-certificate skipped",
  "clock skipped",
  "listener pass",
];

describe("a connection check over ebXML", () => {
  afterEach(closeAll);

  async function failsInHandshake(simulator: SpineSimulator, code: string, change: { tls?: TlsMaterial } = {}) {
    const report = await runCheck(await ebxmlCheck(simulator, change));
    assert.deepEqual(steps(report), beforeAndAfter("name pass", "connection pass", "handshake fail"));
    const step = report.step("handshake");
    assert.equal(step.code, code);
    assert.equal(step.advice, new CpisError(step.code ?? "TLS_FAILED").advice);
    return step;
  }

  it("passes every step against a healthy simulator, which hears of nothing but an empty request", async () => {
    const simulator = await startSimulator();
    const exchanges: string[] = [];
    const refusals: string[] = [];
    simulator.events.on("exchange", ({ action }) => exchanges.push(action));
    simulator.events.on("refused", ({ faults }) => refusals.push(...faults));
    const report = await runCheck(await ebxmlCheck(simulator));
    assert.deepEqual(report.results, [
      "own-certificate pass",
      "directory skipped",
      "contract pass",
      "name pass",
      "connection pass",
      "handshake pass",
      "peer-certificate pass",
      "clock pass",
      "client-names pass",
      "listener pass",
    ]);
    assert.deepEqual(exchanges, []);
    assert.deepEqual(refusals, ["status 405: not a POST"]);
    assert.match(report.step("contract").seen[0] ?? "", /^Pattern: reliable$/);
    assert.match(report.step("handshake").seen.join(" "), /^TLSv1\.3, TLS_\S+ It asked for our certificate/);
    assert.match(report.step("peer-certificate").seen[0] ?? "", /localhost.*issued by .*, \d+ days left$/);
    assert.match(report.step("clock").seen.join(" "), /no more than 2 s.*status 405, which is in order/);
    assert.match(report.step("listener").seen.join(" "), /takes our own certificate.*cannot be known from here/);
    assert.doesNotMatch(report.text, /PRIVATE KEY/);
  });

  describe("has a question checked by the organisation's own schemas", () => {
    async function schemasStep(files: Readonly<Record<string, string>>) {
      const folder = writeSchemas(files);
      const workerFile = path.resolve(__dirname, "../../../support/schema/schema-worker.cjs");
      const witness = createSchemaWitness({ schemas: await readSchemas(folder), workerFile });
      try {
        const judge = (message: Uint8Array) => witness.validate(message);
        const report = await runCheck(
          { ...(await ebxmlCheck(await startSimulator())), judge },
          { replyMilliseconds: 60_000 },
        );
        return report.step("schemas");
      } finally {
        await witness.close();
        fs.rmSync(folder, { recursive: true });
      }
    }

    it("and says which rule it breaks, as a warning", async () => {
      const step = await schemasStep(querySchemas);
      assert.equal(step.result, "warn");
      assert.match(
        step.seen.join("\n"),
        /not valid by your schema QUPC_IN000006GB01\.xsd: 1 findings\.\nLine \d+, creationTime.*pattern/,
      );
    });

    it("and passes where it is valid", async () => {
      const lenient = Object.fromEntries(
        Object.entries(querySchemas).map(([name, text]) => [name, text.replace("[0-9]{8}", ".+")]),
      );
      const step = await schemasStep(lenient);
      assert.equal(step.result, "pass", step.seen.join());
    });

    it("and says nothing of schemas that have none for it", async () => {
      assert.equal((await schemasStep(schemaFiles)).result, "skipped");
    });
  });

  it("resolves a host name, and says so when there is none of that name", async () => {
    const simulator = await startSimulator();
    const contract = at(simulator.contracts.reliable, "localhost", simulator.port);
    const healthy = await runCheck(await ebxmlCheck(simulator, { contract: given(contract) }));
    assert.match(healthy.step("name").seen[0] ?? "", /^localhost is .*127\.0\.0\.1/);
    const unknown = at(contract, "spine.invalid", simulator.port);
    const report = await runCheck(await ebxmlCheck(simulator, { contract: given(unknown) }));
    assert.deepEqual(steps(report), beforeAndAfter("name fail", "connection skipped", "handshake skipped"));
    assert.equal(report.step("name").code, "EBXML_CONNECT_FAILED");
  });

  it("says that a port is closed", async () => {
    const simulator = await startSimulator();
    const contract = given(at(simulator.contracts.reliable, "127.0.0.1", await closedPort()));
    const report = await runCheck(await ebxmlCheck(simulator, { contract }));
    assert.deepEqual(steps(report), beforeAndAfter("name pass", "connection fail", "handshake skipped"));
    const { code, seen } = report.step("connection");
    assert.equal(code, "EBXML_CONNECT_FAILED");
    assert.match(seen[0] ?? "", /refused \(ECONNREFUSED\)$/);
  });

  it("shows the certificate of a peer whose authority is not trusted", async () => {
    const simulator = await startSimulator();
    const { good, foreign, foreignPki } = await testCertificates();
    const tls = { ...good, ca: foreignPki.caPem };
    const listener = await startListener(good);
    const report = await runCheck(await ebxmlCheck(simulator, { tls, listener }));
    assert.equal(report.step("handshake").result, "fail");
    assert.equal(report.step("handshake").code, "TLS_PEER_AUTHORITY_UNKNOWN");
    assert.match(report.step("handshake").seen.join("\n"), /^It has shown: localhost.* CP-IS simulator authority/m);
    assert.equal(foreign.ca, good.ca);
  });

  it("tells an expired certificate, one of another host, and one that is not valid yet", async () => {
    const now = Date.now();
    const expired = await startSimulator({ notBefore: now - 9 * day, notAfter: now - day });
    assert.match((await failsInHandshake(expired, "TLS_PEER_EXPIRED")).seen.join("\n"), /ended on \d{4}-\d\d-\d\d/);
    const named = await startSimulator({ dnsNames: ["other.example"], ipAddresses: [] });
    assert.match((await failsInHandshake(named, "TLS_PEER_WRONG_NAME")).seen.join("\n"), /\(other\.example\)/);
    const early = await startSimulator({ notBefore: now + day });
    assert.match((await failsInHandshake(early, "TLS_PEER_NOT_YET_VALID")).seen.join("\n"), /begins only on/);
  });

  it("tells a peer that refuses our certificate, and one that never asks for it", async () => {
    const simulator = await startSimulator();
    const { foreign, good } = await testCertificates();
    const listener = await startListener(good);
    const refused = await runCheck(await ebxmlCheck(simulator, { tls: foreign, listener }));
    assert.equal(refused.step("handshake").result, "fail");
    // A server on Node.js closes the connection and gives no alert.
    assert.equal(refused.step("handshake").code, "TLS_FAILED");
    assert.match(refused.step("handshake").seen.join(" "), /may not accept our certificate It had asked for our/);
    const open = await startPeer(good, (_request, response) => response.end(), {
      requestCert: false,
      rejectUnauthorized: false,
    });
    closeLater(() => open.close());
    const contract = given(at(simulator.contracts.reliable, "127.0.0.1", open.port));
    const report = await runCheck(await ebxmlCheck(simulator, { contract }));
    assert.equal(report.step("handshake").result, "warn");
    assert.match(report.step("handshake").seen.join(" "), /did not ask for our certificate/);
  });

  it("tells a peer whose TLS is too old", async () => {
    const simulator = await startSimulator();
    const { good } = await testCertificates();
    const old = await startPeer(good, (_request, response) => response.end(), {
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT:@SECLEVEL=0",
    });
    closeLater(() => old.close());
    const contract = given(at(simulator.contracts.reliable, "127.0.0.1", old.port));
    const report = await runCheck(await ebxmlCheck(simulator, { contract }));
    assert.equal(report.step("handshake").code, "TLS_PROTOCOL_TOO_OLD");
  });

  describe("of the names of Spine's certificate", () => {
    async function namesStep(clientNames: EbxmlCheck["clientNames"], request?: Partial<CertificateRequest>) {
      const report = await runCheck(await ebxmlCheck(await startSimulator(request), { clientNames }));
      return report.step("client-names");
    }
    const spine = { dnsNames: ["spine.example", "two.example"] };

    it("fails without one, and proposes those of the endpoint's certificate", async () => {
      const step = await namesStep([], spine);
      assert.deepEqual([step.result, step.code], ["fail", "CONFIG_CLIENT_NAMES"]);
      assert.match(step.seen.join(" "), /certificate of the endpoint is for spine\.example, two\.example\..*confirm/);
      assert.deepEqual(step.proposal, { setting: "clientNames", value: "spine.example, two.example" });
    });

    it("reads the common name only where there is no DNS name", async () => {
      const step = await namesStep([], { commonName: "spine.example", dnsNames: [] });
      assert.equal(step.proposal?.value, "spine.example");
    });

    it("passes when one of them is the endpoint's, in any case, and proposes nothing", async () => {
      const step = await namesStep(["other.example", "Spine.EXAMPLE"], spine);
      assert.deepEqual([step.result, step.proposal], ["pass", undefined]);
      assert.match(step.seen[0] ?? "", /takes certificates for other\.example, Spine\.EXAMPLE, and no other/);
    });

    it("warns when the endpoint has none of them, and proposes to add its names", async () => {
      const step = await namesStep(["other.example"], spine);
      assert.deepEqual([step.result, step.proposal?.value], ["warn", "other.example, spine.example, two.example"]);
      assert.match(step.advice ?? "", /its answers are refused/);
    });

    it("proposes the endpoint's host when nothing was shown, and no address", async () => {
      const simulator = await startSimulator();
      const contract = at(simulator.contracts.reliable, "spine.invalid", simulator.port);
      const report = await runCheck(await ebxmlCheck(simulator, { clientNames: [], contract: given(contract) }));
      assert.equal(report.step("client-names").proposal?.value, "spine.invalid");
      const closed = given(at(simulator.contracts.reliable, "127.0.0.1", await closedPort()));
      const other = await runCheck(await ebxmlCheck(simulator, { clientNames: [], contract: closed }));
      assert.deepEqual([other.step("client-names").result, other.step("client-names").proposal], ["fail", undefined]);
    });

    it("proposes no name of a certificate that it does not trust", async () => {
      const { foreign, good } = await testCertificates();
      const simulator = await startSimulator(spine);
      const listener = await startListener(good);
      const tls = { ...foreign, ca: (await testCertificates()).foreignPki.caPem };
      const report = await runCheck(await ebxmlCheck(simulator, { clientNames: [], tls, listener }));
      assert.deepEqual([report.step("handshake").result, report.step("client-names").proposal], ["fail", undefined]);
    });

    it("says nothing against the simulator, which is known by its authority", async () => {
      assert.equal((await namesStep("any")).result, "skipped");
    });
  });

  it("gives up on a peer that takes the connection and says nothing, and goes on", async () => {
    const simulator = await startSimulator();
    const silent = net.createServer(() => undefined);
    const sockets = new Set<net.Socket>();
    silent.on("connection", (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closeLater(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as net.AddressInfo;
    const contract = given(at(simulator.contracts.reliable, "127.0.0.1", port));
    const report = await runCheck(await ebxmlCheck(simulator, { contract }), { tlsMilliseconds: 50 });
    assert.deepEqual(steps(report), beforeAndAfter("name pass", "connection pass", "handshake fail"));
    const whole = await runCheck(await ebxmlCheck(simulator, { contract }), { wholeMilliseconds: 50 });
    assert.equal(whole.step("handshake").result, "fail");
    assert.match(whole.text, /the time for the whole check is over/);
  });

  it("warns of certificates that end within 30 days, ours and theirs, and fails with ours expired", async () => {
    const now = Date.now();
    const certificates = await testCertificates();
    const simulator = await startSimulator({ notAfter: now + 20.5 * day });
    const tls = await certificates.issue({ notAfter: now + 12.5 * day });
    const listener = await startListener(tls);
    const report = await runCheck(await ebxmlCheck(simulator, { tls, listener }));
    const [own, peer] = [report.step("own-certificate"), report.step("peer-certificate")];
    assert.deepEqual([own.result, own.code], ["warn", "TLS_CERTIFICATE_VALIDITY"]);
    assert.match(own.seen[0] ?? "", /12 days left$/);
    assert.equal(peer.result, "warn");
    assert.match(peer.seen[0] ?? "", /20 days left$/);
    assert.equal(report.step("listener").result, "pass");
    const over = await certificates.issue({ notBefore: now - 9 * day, notAfter: now - day });
    const expired = await runCheck(
      await ebxmlCheck(simulator, { tls: over, listener: { kind: "open", host: "127.0.0.1", port: 1, tls: over } }),
    );
    assert.equal(expired.step("own-certificate").result, "fail");
    assert.equal(expired.step("handshake").code, "TLS_CERTIFICATE_EXPIRED");
  });

  it("tells how far the clock of this machine is off", async () => {
    const simulator = await startSimulator();
    const check = await ebxmlCheck(simulator);
    clock.aheadMilliseconds = 90_000;
    const warned = (await runCheck(check)).step("clock");
    assert.deepEqual([warned.result, warned.code], ["warn", "CONFIG_CLOCK"]);
    assert.match(warned.seen[0] ?? "", /(89|90|91) s fast/);
    clock.aheadMilliseconds = -3_600_000;
    const failed = (await runCheck(check)).step("clock");
    assert.equal(failed.result, "fail");
    assert.match(failed.seen[0] ?? "", /(3599|3600|3601) s slow/);
  });

  it("does not need an answer to its empty request", async () => {
    const simulator = await startSimulator();
    const { good } = await testCertificates();
    const rude = await startPeer(good, (_request, response) => response.destroy());
    closeLater(() => rude.close());
    const contract = given(at(simulator.contracts.reliable, "127.0.0.1", rude.port));
    const report = await runCheck(await ebxmlCheck(simulator, { contract }));
    assert.equal(report.step("handshake").result, "pass");
    assert.equal(report.step("clock").result, "skipped");
  });

  it("asks the directory itself, and shows the pattern that its contract chooses", async () => {
    const simulator = await startSimulator();
    const { pki, good } = await testCertificates();
    const sds = await createSdsServer({
      pki,
      certificate: { keyPem: String(good.key), certPem: String(good.cert) },
      apiKey: "a-key-that-must-not-be-told",
      messagingUrl: simulator.url,
      effects,
    });
    closeLater(() => sds.close());
    const client = createSdsClient({
      baseUrl: sds.baseUrl,
      apiKey: "a-key-that-must-not-be-told",
      tls: { ca: sds.caPem },
      effects,
    });
    closeLater(() => client.close());
    const interaction = { service: "urn:nhs:names:services:cpisquery", action: "QUPC_IN000006GB01" };
    const ask = (): Promise<MessagingContract> => lookupContract({ client, odsCode: "ZSP", interaction, manual: {} });
    const contract = { kind: "directory", ask, current: ask } as const;
    const report = await runCheck(await ebxmlCheck(simulator, { contract }));
    assert.equal(report.step("directory").result, "pass");
    assert.equal(report.step("contract").seen[0], "Pattern: express");
    assert.equal(report.step("clock").result, "pass");
    assert.doesNotMatch(report.text, /a-key-that/);

    sds.setConduct({ kind: "down" });
    const check = await ebxmlCheck(simulator, {
      contract: { ...contract, current: () => Promise.resolve(simulator.contracts.reliable) },
    });
    const remembered = await runCheck(check);
    assert.equal(remembered.step("directory").result, "fail");
    assert.match(remembered.step("directory").code ?? "", /^SDS_/);
    assert.equal(remembered.step("contract").result, "warn");
    assert.equal(remembered.step("handshake").result, "pass");
    const lost = await runCheck(await ebxmlCheck(simulator, { contract }));
    assert.deepEqual(lost.results.slice(1, 4), ["directory fail", "contract skipped", "name skipped"]);
    assert.equal(lost.step("listener").result, "pass");
  });

  it("says what is wrong with a contract, and doubts one whose path is of another pattern", async () => {
    const simulator = await startSimulator();
    const { reliable, express } = simulator.contracts;
    const broken = await runCheck(
      await ebxmlCheck(simulator, { contract: given({ ...reliable, ackRequested: "never" }) }),
    );
    assert.equal(broken.step("contract").code, "CONFIG_CONTRACT");
    assert.equal(broken.step("name").result, "skipped");
    const crossed = await runCheck(
      await ebxmlCheck(simulator, { contract: given({ ...reliable, endpointUrl: express.endpointUrl }) }),
    );
    assert.equal(crossed.step("contract").result, "warn");
    assert.match(crossed.step("contract").seen.join(" "), /Spine's for the pattern express/);
  });

  it("tells why the listener cannot be reached, or who listens in its place", async () => {
    const simulator = await startSimulator();
    const certificates = await testCertificates();
    const { good, foreign } = certificates;
    const closed = { kind: "open", host: "127.0.0.1", port: await closedPort(), tls: good } as const;
    const shut = (await runCheck(await ebxmlCheck(simulator, { listener: closed }))).step("listener");
    assert.deepEqual([shut.result, shut.code], ["fail", "CONFIG_LISTEN"]);
    const error = new CpisError("CONFIG_PORT_IN_USE");
    const failed = await runCheck(await ebxmlCheck(simulator, { listener: { kind: "closed", error } }));
    assert.equal(failed.step("listener").code, "CONFIG_PORT_IN_USE");
    const idle = await runCheck(await ebxmlCheck(simulator, { listener: { kind: "closed" } }));
    assert.equal(idle.step("listener").result, "skipped");
    const stranger = await startListener(await certificates.issue({}));
    const other = await runCheck(await ebxmlCheck(simulator, { listener: { ...stranger, tls: good } }));
    assert.equal(other.step("listener").result, "fail");
    assert.match(other.step("listener").seen.join(" "), /something else listens there/);
    const distrusting = await startListener(foreign);
    const doubtful = await runCheck(await ebxmlCheck(simulator, { listener: distrusting }));
    assert.equal(doubtful.step("listener").result, "warn");
  });

  it("tells settings that cannot be used, and tries nothing", async () => {
    const error = new CpisError("CONFIG_MISSING", { detail: "TLS" });
    assert.deepEqual((await runCheck({ kind: "unusable", error })).results, ["settings fail"]);
    const simulator = await startSimulator();
    const { good } = await testCertificates();
    const report = await runCheck(await ebxmlCheck(simulator, { tls: { ...good, key: "no key" } }));
    assert.deepEqual(
      [report.step("own-certificate").code, report.step("listener").result],
      ["CONFIG_INVALID", "skipped"],
    );
    assert.doesNotMatch(report.text, /no key/);
  });
});

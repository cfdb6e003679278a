// An ebxml transport behind an HTTP proxy: Spine, its directory and a mini service are reached through it, and its refusals are told.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { NodeMessage } from "node-red";
import { createPki, createSpineSimulator, type Pki, type SpineSimulator } from "../../../lib/simulator/index.js";
import { createCheckDesk } from "../../../nodes/adapter/transports/connection-check-route.js";
import { clinician, queryNode, receivers, spineTransport } from "../../support/nodes/flows.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { freePort } from "../../support/ports.js";
import { startConnectProxy, type ConnectProxy, type ConnectProxyOptions } from "../../support/tls/connect-proxy.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const tlsNode = { id: "tls", type: "tls-config", name: "", cert: "", key: "", ca: "", verifyservercert: true };
const nhsNumber = "9990001014";
const hosts = { spine: "spine.example", sds: "sds.example", smsp: "smsp.example" } as const;
/** Only the endpoint is typed in: the directory names the loopback, to which no proxy is asked. */
const fromDirectory = {
  cpaId: "",
  toPartyKey: "",
  toAsid: "",
  syncReplyMode: "",
  ackRequested: "",
  duplicateElimination: "",
};
const asksProvider = { ...queryNode, accessMode: "smsp" };

describe("an ebxml transport behind an HTTP proxy", () => {
  let nodeRed: NodeRed;
  let pki: Pki;
  let spine: SpineSimulator;
  let credentials: Record<string, object>;
  let proxy: ConnectProxy | undefined;
  const environment = { HTTPS_PROXY: process.env["HTTPS_PROXY"], NO_PROXY: process.env["NO_PROXY"] };

  function setEnvironment({ HTTPS_PROXY = "", NO_PROXY = "" }: Record<string, string | undefined>): void {
    Object.assign(process.env, { HTTPS_PROXY, NO_PROXY });
  }

  before(async () => {
    pki = await createPki(effects);
    const dnsNames = ["localhost", ...Object.values(hosts)];
    const certificate = await pki.issue({ commonName: "spine", dnsNames, ipAddresses: ["127.0.0.1"], usage: "both" });
    spine = await createSpineSimulator({ pki, effects, certificate, mesh: false, sds: { apiKey: "key" } });
    const ours = await pki.issue({
      commonName: "ours",
      dnsNames: ["localhost"],
      ipAddresses: ["127.0.0.1"],
      usage: "both",
    });
    const tls = { certdata: ours.certPem, keydata: ours.keyPem, cadata: pki.caPem };
    credentials = { tls, transport: { sdsApiKey: "key" }, proxy: { username: "trust", password: "pr0xy-Word!" } };
  });
  after(() => spine.close());
  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    setEnvironment(environment);
    await nodeRed.stop();
    await proxy?.close();
  });

  /** Where the proxy finds the hosts that no name server knows. */
  function placeOf(host: string): { readonly host: string; readonly port: number } {
    const urls: Readonly<Record<string, string>> = {
      [hosts.spine]: spine.url,
      [hosts.sds]: spine.sds.baseUrl,
      [hosts.smsp]: spine.smsp.url,
    };
    return { host: "127.0.0.1", port: Number(new URL(urls[host] ?? "https://127.0.0.1:1").port) };
  }

  function named(url: string, host: string): string {
    const moved = new URL(url);
    moved.host = host;
    moved.port = "";
    return moved.href;
  }

  async function start(changes: object, options: ConnectProxyOptions = {}, query: object = queryNode): Promise<void> {
    proxy = await startConnectProxy({ leadsTo: placeOf, ...options });
    const port = await freePort();
    const { partyKey, asid } = spineTransport;
    spine.registerParty({ partyKey, asid, cpaId: "S1", answerUrl: `https://127.0.0.1:${port}/mhs/ebxml` });
    const { endpointUrl, cpaId, toPartyKey, toAsid } = spine.contracts.express;
    const contract = { endpointUrl: named(endpointUrl, hosts.spine), cpaId, toPartyKey, toAsid };
    const transport = { ...spineTransport, ...contract, port: String(port), ...changes };
    const proxyNode = { id: "proxy", type: "http proxy", name: "", url: proxy.url, noproxy: [] };
    const flow = [...receivers, tlsNode, { ...tlsNode, id: "sds-tls" }, proxyNode, transport, query];
    const { tls, ...others } = credentials;
    await nodeRed.start(flow, { ...others, tls, "sds-tls": { cadata: pki.caPem } });
  }

  const ask = (): void => nodeRed.send("query", { payload: nhsNumber, cpis: { user: clinician } });
  async function failure(): Promise<{ readonly code: string; readonly message: string }> {
    const isOfQuery = ({ payload }: NodeMessage): boolean => payload === nhsNumber;
    ask();
    await nodeRed.until("the error", () => nodeRed.messages("caught").some(isOfQuery));
    return caughtError(nodeRed.messages("caught").find(isOfQuery)!);
  }
  const asked = (): readonly string[] => [...new Set(proxy?.asked)].sort();

  const lookup = (): object => ({
    contractBy: "lookup",
    ...fromDirectory,
    sdsBaseUrl: named(spine.sds.baseUrl, hosts.sds),
    spineOdsCode: spine.sds.odsCode,
    sdsTls: "sds-tls",
  });
  const provider = (): object => ({
    smsp: true,
    smspUrl: named(spine.smsp.url, hosts.smsp),
    smspProviderOdsCode: "ZSM",
    smspRequestService: "urn:nhs-itk:services:201005:sendRecvDistEnvelope",
    smspProfileId: "urn:nhs-en:profile:CP-ISNHSQuery-v2-0",
    smspAction: "urn:nhs-itk:services:201005:sendRecvDistEnvelope",
    smspMessageIdPrefix: "uuid",
    smspSecurity: "none",
  });

  const credentialed = { credentials: "trust:pr0xy-Word!" };

  it("asks the directory and Spine through the proxy of its field, by name and password", async () => {
    await start({ ...lookup(), proxy: "proxy" }, credentialed);
    ask();
    await nodeRed.nextMessage("found");
    assert.deepEqual(asked(), [`${hosts.sds}:443`, `${hosts.spine}:443`]);
    const checked = await createCheckDesk((id) => nodeRed.node(id))("transport", AbortSignal.timeout(120_000));
    assert.match(JSON.stringify(checked.body), /is reached through the proxy/);
  });

  it("asks a mini service through it", async () => {
    await start({ ...provider(), proxy: "proxy" }, credentialed, asksProvider);
    ask();
    await nodeRed.nextMessage("found");
    assert.deepEqual(asked(), [`${hosts.smsp}:443`]);
  });

  it("takes the proxy of the environment where the field is empty, and passes it by for what is exempt", async () => {
    const environmentProxy = await startConnectProxy({ leadsTo: placeOf });
    try {
      setEnvironment({ HTTPS_PROXY: environmentProxy.url, NO_PROXY: hosts.sds });
      await start({ ...lookup() });
      assert.match((await failure()).code, /^SDS_CONNECT_FAILED$/);
      assert.deepEqual(environmentProxy.asked, []);
      await nodeRed.stop();
      await proxy?.close();
      nodeRed = new NodeRed();
      setEnvironment({ HTTPS_PROXY: environmentProxy.url, NO_PROXY: "elsewhere.example" });
      await start({ ...lookup() });
      ask();
      await nodeRed.nextMessage("found");
      assert.deepEqual([...new Set(environmentProxy.asked)].sort(), [`${hosts.sds}:443`, `${hosts.spine}:443`]);
      assert.deepEqual(asked(), []);
    } finally {
      await environmentProxy.close();
    }
  });

  const refusals: readonly (readonly [title: string, options: ConnectProxyOptions, code: string, words: RegExp])[] = [
    ["wants another name or password", { credentials: "trust:another" }, "TLS_PROXY_AUTHENTICATION", /407/],
    ["refuses", { refusal: 403 }, "TLS_PROXY_REFUSED", /403/],
    ["hangs up", { hangsUp: true }, "TLS_PROXY_UNREACHABLE", /proxy/],
  ];
  for (const [title, options, code, words] of refusals) {
    it(`says ${code} when the proxy ${title}: towards Spine, the directory and a mini service`, async () => {
      const before = spine.smsp.questions;
      await start({ proxy: "proxy" }, options);
      const towardsSpine = await failure();
      assert.equal(towardsSpine.code, "CPIS_NOT_SENT");
      assert.match(towardsSpine.message, words);
      const checked = await createCheckDesk((id) => nodeRed.node(id))("transport", AbortSignal.timeout(120_000));
      assert.match(JSON.stringify(checked.body), new RegExp(`"result":"fail"[^}]*${code}`));
      for (const [changes, query] of [
        [lookup(), queryNode],
        [provider(), asksProvider],
      ] as const) {
        await nodeRed.stop();
        await proxy?.close();
        nodeRed = new NodeRed();
        await start({ ...changes, proxy: "proxy" }, options, query);
        const told = await failure();
        assert.equal(told.code, "CPIS_NOT_SENT");
        assert.match(told.message, words);
        assert.ok(!JSON.stringify(nodeRed.logs).includes("pr0xy-Word!"));
      }
      assert.equal(spine.smsp.questions, before);
    });
  }

  it("does not open with a field that leads to no proxy", async () => {
    await start({ proxy: "gone" });
    assert.equal((await failure()).code, "CONFIG_MISSING");
  });
});

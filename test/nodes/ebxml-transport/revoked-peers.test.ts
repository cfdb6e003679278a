// Revocation lists of an ebxml transport towards its directory and a mini service, and in a check of a transport that is closed.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { NodeMessage } from "node-red";
import {
  createPki,
  createSpineSimulator,
  type IssuedCertificate,
  type Pki,
  type SpineSimulator,
} from "../../../lib/simulator/index.js";
import { createCheckDesk } from "../../../nodes/adapter/transports/connection-check-route.js";
import { clinician, queryNode, receivers, spineTransport } from "../../support/nodes/flows.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { freePort } from "../../support/ports.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const tlsNode = { id: "tls", type: "tls-config", name: "", cert: "", key: "", ca: "", verifyservercert: true };
const nhsNumber = "9990001014";

describe("revocation lists of an ebxml transport", () => {
  let nodeRed: NodeRed;
  let pki: Pki;
  let otherPki: Pki;
  let ours: IssuedCertificate;
  let spineCertificate: IssuedCertificate;
  let spine: SpineSimulator;
  let other: SpineSimulator;
  let otherCertificate: IssuedCertificate;
  let credentials: object;

  before(async () => {
    pki = await createPki(effects);
    otherPki = await createPki({ ...effects, authorityName: "Another authority" });
    const request = { commonName: "spine", ipAddresses: ["127.0.0.1"], usage: "both" } as const;
    [spineCertificate, otherCertificate] = await Promise.all([pki.issue(request), otherPki.issue(request)]);
    ours = await pki.issue({ commonName: "ours", dnsNames: ["ours.example"], usage: "both" });
    const oursElsewhere = await otherPki.issue({ commonName: "ours", dnsNames: ["ours.example"], usage: "both" });
    const parts = { effects, mesh: false, sds: { apiKey: "key" } } as const;
    spine = await createSpineSimulator({ ...parts, pki, certificate: spineCertificate });
    other = await createSpineSimulator({ ...parts, pki: otherPki, certificate: otherCertificate });
    credentials = {
      tls: { certdata: ours.certPem, keydata: ours.keyPem, cadata: pki.caPem },
      other: { certdata: oursElsewhere.certPem, keydata: oursElsewhere.keyPem, cadata: otherPki.caPem },
      transport: { sdsApiKey: "key" },
    };
  });
  after(async () => {
    await spine.close();
    await other.close();
  });
  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(() => nodeRed.stop());

  async function listOf(issuer: Pki, revoked: readonly IssuedCertificate[]): Promise<string> {
    const file = path.join(nodeRed.userFolder, "revoked.pem");
    fs.writeFileSync(file, await issuer.revoke(revoked.map(({ certPem }) => certPem)));
    return file;
  }

  const lookup = (changes: object): object => {
    const { baseUrl, odsCode } = other.sds;
    const typed = { endpointUrl: "", cpaId: "", toPartyKey: "", toAsid: "" };
    return { contractBy: "lookup", sdsBaseUrl: baseUrl, spineOdsCode: odsCode, sdsTls: "other", ...typed, ...changes };
  };
  const provider = (): object => ({
    smsp: true,
    smspUrl: other.smsp.url,
    smspTls: "other",
    smspProviderOdsCode: "ZSM",
    smspRequestService: "urn:nhs-itk:services:201005:sendRecvDistEnvelope",
    smspProfileId: "urn:nhs-en:profile:CP-ISNHSQuery-v2-0",
    smspAction: "urn:nhs-itk:services:201005:sendRecvDistEnvelope",
    smspMessageIdPrefix: "uuid",
    smspSecurity: "none",
  });

  async function flowOf(changes: object, users: readonly object[]): Promise<void> {
    const { endpointUrl, cpaId, toPartyKey, toAsid } = spine.contracts.express;
    const contract = { endpointUrl, cpaId, toPartyKey, toAsid };
    const transport = { ...spineTransport, ...contract, port: String(await freePort()), ...changes };
    const flow = [...receivers, tlsNode, { ...tlsNode, id: "other" }, transport, ...users];
    await nodeRed.start(flow, credentials);
  }

  async function failure(): Promise<{ readonly code: string; readonly message: string }> {
    const isOfQuery = ({ payload }: NodeMessage): boolean => payload === nhsNumber;
    nodeRed.send("query", { payload: nhsNumber, cpis: { user: clinician } });
    await nodeRed.until("the error", () => nodeRed.messages("caught").some(isOfQuery));
    return caughtError(nodeRed.messages("caught").find(isOfQuery)!);
  }

  const checked = async (): Promise<string> =>
    JSON.stringify((await createCheckDesk((id) => nodeRed.node(id))("transport", AbortSignal.timeout(120_000))).body);

  it("are gone by in a check of a transport that nobody has opened", async () => {
    const revocationFiles = await listOf(pki, [spineCertificate]);
    await flowOf({ revocationFiles }, []);
    const steps = await checked();
    assert.match(steps, /"handshake","title":"[^"]*","result":"fail"[^}]*TLS_PEER_REVOKED/);
    await listOf(pki, [ours]);
    assert.match(await checked(), /"handshake","title":"[^"]*","result":"pass"/);
    fs.writeFileSync(revocationFiles, "no list");
    assert.match(await checked(), /"settings","title":"[^"]*","result":"fail"[^}]*TLS_CRL_INVALID/);
  });

  it("hold towards a mini service of another authority", async () => {
    const asksProvider = { ...queryNode, accessMode: "smsp" };
    await flowOf({ ...provider(), revocationFiles: await listOf(otherPki, []) }, [asksProvider]);
    nodeRed.send("query", { payload: nhsNumber, cpis: { user: clinician } });
    await nodeRed.nextMessage("found");
    await nodeRed.stop();
    nodeRed = new NodeRed();
    const { questions } = other.smsp;
    await flowOf({ ...provider(), revocationFiles: await listOf(otherPki, [otherCertificate]) }, [asksProvider]);
    const { code, message } = await failure();
    assert.equal(code, "CPIS_NOT_SENT");
    assert.match(message, /revoked/);
    assert.equal(other.smsp.questions, questions);
  });

  it("hold towards the directory, which may be of another authority", async () => {
    await flowOf(lookup({ revocationFiles: await listOf(otherPki, [otherCertificate]) }), [queryNode]);
    const { code, message } = await failure();
    assert.equal(code, "CPIS_NOT_SENT");
    assert.match(message, /revoked/);
    assert.equal(other.sds.requests, 0);
  });

  it("of an authority that no TLS node of the transport trusts are refused, for they would protect from nothing", async () => {
    await flowOf({ revocationFiles: await listOf(otherPki, [otherCertificate]) }, [queryNode]);
    assert.equal((await failure()).code, "TLS_CRL_INVALID");
  });
});

// A directory and a mini service that answer wrongly on purpose, towards the built nodes: no crash, no hang, no error without a code,
// and never a wrong answer about a child.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { NodeMessage } from "node-red";
import { errorTable } from "../../../lib/errors.js";
import {
  createPki,
  createSpineSimulator,
  type IssuedCertificate,
  type Pki,
  type SpineSimulator,
} from "../../../lib/simulator/index.js";
import { clinician, queryNode, receivers, spineTransport } from "../../support/nodes/flows.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { freePort } from "../../support/ports.js";
import {
  changed,
  drip,
  endless,
  startHostileServer,
  type HostileReply,
  type HostileServer,
} from "../../support/tls/hostile-server.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const tlsNode = { id: "tls", type: "tls-config", name: "", cert: "", key: "", ca: "", verifyservercert: true };
const nhsNumber = "9990001014";
const otherNumber = "9990001022";

describe("an ebxml transport before hostile peers", () => {
  let nodeRed: NodeRed;
  let pki: Pki;
  let certificate: IssuedCertificate;
  let simulator: SpineSimulator;
  let ours: IssuedCertificate;
  let hostile: HostileServer;
  let elsewhere: HostileServer;

  before(async () => {
    pki = await createPki(effects);
    const request = { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], usage: "both" } as const;
    [certificate, ours] = await Promise.all([
      pki.issue({ commonName: "spine", ...request }),
      pki.issue({ commonName: "ours", ...request }),
    ]);
    simulator = await createSpineSimulator({ pki, effects, certificate, mesh: false, sds: { apiKey: "MARK-key" } });
  });
  after(() => simulator.close());
  beforeEach(async () => {
    nodeRed = new NodeRed();
    hostile = await startHostileServer(pki, certificate);
    elsewhere = await startHostileServer(pki, certificate);
  });
  afterEach(async () => {
    await nodeRed.stop();
    await hostile.close();
    await elsewhere.close();
  });

  const honest = (url: string): Parameters<typeof changed>[0] => ({
    url,
    key: ours.keyPem,
    cert: ours.certPem,
    ca: pki.caPem,
  });

  async function start(changes: object, query: object): Promise<void> {
    const port = await freePort();
    const { partyKey, asid } = spineTransport;
    simulator.registerParty({ partyKey, asid, cpaId: "S1", answerUrl: `https://127.0.0.1:${port}/mhs/ebxml` });
    const transport = { ...spineTransport, port: String(port), ...changes };
    const flow = [...receivers, tlsNode, { ...tlsNode, id: "sds-tls" }, transport, query];
    await nodeRed.start(flow, {
      tls: { certdata: ours.certPem, keydata: ours.keyPem, cadata: pki.caPem },
      "sds-tls": { cadata: pki.caPem },
      transport: { sdsApiKey: "MARK-key" },
    });
  }

  async function failure(): Promise<string> {
    const isOfQuery = ({ payload }: NodeMessage): boolean => payload === nhsNumber;
    nodeRed.send("query", { payload: nhsNumber, cpis: { user: clinician } });
    await nodeRed.until("the error", () => nodeRed.messages("caught").some(isOfQuery));
    return caughtError(nodeRed.messages("caught").find(isOfQuery)!).code;
  }

  /** One failure with a code, no answer beside it, and nothing in the log that has none or tells of a child or a secret. */
  function assertUnharmed(): void {
    assert.deepEqual([nodeRed.messages("found").length, nodeRed.messages("not-found").length], [0, 0]);
    for (const { level, text } of nodeRed.logs) {
      for (const secret of [nhsNumber, otherNumber, "MARK-key"]) assert.ok(!text.includes(secret), text);
      if (level > 30 || /^'?nodes\./.test(text)) continue;
      const codes = text.match(/[A-Z]{3,}(?:_[A-Z]+)+/g) ?? [];
      const isTold =
        codes.some((code) => code in errorTable) ||
        Object.values(errorTable).some(({ message }) => text.includes(message));
      assert.ok(isTold, text);
    }
    assert.deepEqual(elsewhere.calls, []);
  }

  /** Not a body of the directory or the service, whatever it is about. */
  const noBodies: readonly (readonly [title: string, answer: HostileReply])[] = [
    ["is a page for people", (to) => void to.writeHead(200).end("<html><body>Sign in</body></html>")],
    ["is a number", (to) => void to.writeHead(200, { "Content-Type": "application/fhir+json" }).end("42")],
    ["never ends", (to) => endless(to.writeHead(200), '{"resourceType":"Bundle",<a>')],
    ["is nested a million deep", (to) => void to.writeHead(200).end("[".repeat(900_000))],
    ["leads elsewhere", (to) => void to.writeHead(302, { Location: elsewhere.url }).end()],
    ["leads elsewhere with the same question", (to) => void to.writeHead(307, { Location: elsewhere.url }).end()],
    [
      "is shorter than it says",
      (to) => void to.writeHead(200, { "Content-Length": "9999" }).end("{", () => to.destroy()),
    ],
    [
      "is packed, which was not asked for",
      (to) => void to.writeHead(200, { "Content-Encoding": "gzip" }).end(gzipSync(Buffer.alloc(5_000_000))),
    ],
    ["is no HTTP", (to) => void to.socket?.end("220 mail.example ESMTP\r\n")],
    ["has a header of control characters", (to) => void to.socket?.end("HTTP/1.1 200 OK\r\nX: a\u0000b\r\n\r\n{}")],
    ["is empty", (to) => void to.writeHead(200).end()],
  ];

  describe("in the place of the directory", () => {
    const byDirectory = (): object => ({
      contractBy: "lookup",
      sdsBaseUrl: hostile.url + new URL(simulator.sds.baseUrl).pathname,
      spineOdsCode: simulator.sds.odsCode,
      sdsTls: "sds-tls",
      ...{ endpointUrl: "", cpaId: "", toPartyKey: "", toAsid: "" },
      ...{ syncReplyMode: "", ackRequested: "", duplicateElimination: "" },
    });

    /** Changes all answers of the honest directory that are about this resource. */
    const lying =
      (type: "Device" | "Endpoint", change: (text: string) => string): HostileReply =>
      (to, request) =>
        changed(honest(simulator.sds.baseUrl), (text) => (request.path.includes(`/${type}`) ? change(text) : text))(
          to,
          request,
        );
    const lies: readonly (readonly [title: string, answer: () => HostileReply, codes: RegExp])[] = [
      [
        "is another organisation's system",
        () => lying("Device", (text) => text.replaceAll(`"${simulator.sds.odsCode}"`, '"EVIL1"')),
        /^SDS_RESPONSE_INVALID$/,
      ],
      [
        "is the contract of another interaction",
        () => lying("Endpoint", (text) => text.replaceAll("QUPC_IN000006GB01", "PORX_IN090101UK31")),
        /^SDS_RESPONSE_INVALID$/,
      ],
      [
        "is the contract of another party",
        () => lying("Endpoint", (text) => text.replaceAll(simulator.contracts.express.toPartyKey, "EVIL-123456")),
        /^SDS_RESPONSE_INVALID$/,
      ],
      [
        "has an address without TLS",
        () => lying("Endpoint", (text) => text.replaceAll('"address":"https:', '"address":"http:')),
        /^SDS_RESPONSE_INVALID$/,
      ],
      [
        "has its next page elsewhere",
        () => lying("Device", (text) => withNext(text, elsewhere.url)),
        /^SDS_RESPONSE_INVALID$/,
      ],
      [
        "has pages without an end",
        () => {
          let page = 1;
          return lying("Device", (text) => withNext(text, `?page=${(page += 1)}`));
        },
        /^SDS_/,
      ],
      ["has another total than it gives", () => lying("Device", withTotal), /^SDS_RESPONSE_INVALID$/],
      [
        "has lists in the place of texts",
        () => lying("Device", (text) => text.replace(/"value":"([^"]*)"/g, '"value":["$1"]')),
        /^SDS_/,
      ],
    ];

    function withNext(text: string, url: string): string {
      const bundle = JSON.parse(text) as object;
      return JSON.stringify({ ...bundle, link: [{ relation: "next", url }] });
    }
    function withTotal(text: string): string {
      return JSON.stringify({ ...(JSON.parse(text) as object), total: 7 });
    }

    it("is believed when it is honest, so that what follows shows something", async () => {
      hostile.answer = changed(honest(simulator.sds.baseUrl), (text) => text);
      await start(byDirectory(), queryNode);
      nodeRed.send("query", { payload: nhsNumber, cpis: { user: clinician } });
      await nodeRed.nextMessage("found");
    });

    for (const [title, answer] of noBodies) {
      it(`fails with a code of the directory, and asks nobody, when the answer ${title}`, async () => {
        hostile.answer = answer;
        await start(byDirectory(), queryNode);
        assert.match(await failure(), /^SDS_(RESPONSE_INVALID|UNAVAILABLE|REFUSED|CONNECT_FAILED)$/);
        assertUnharmed();
      });
    }

    for (const [title, answer, codes] of lies) {
      it(`sends nothing by a contract that ${title}`, async () => {
        hostile.answer = answer();
        await start(byDirectory(), queryNode);
        assert.match(await failure(), codes);
        assertUnharmed();
      });
    }

    it("comes to SDS_TIMEOUT when the answer comes a byte at a time", async () => {
      hostile.answer = (to) => drip(to.writeHead(200));
      await start(byDirectory(), queryNode);
      assert.equal(await failure(), "SDS_TIMEOUT");
      assertUnharmed();
    });
  });

  describe("in the place of the mini service", () => {
    const provider = (): object => ({
      smsp: true,
      smspUrl: hostile.url + new URL(simulator.smsp.url).pathname,
      smspProviderOdsCode: "ZSM",
      smspRequestService: "urn:nhs-itk:services:201005:sendRecvDistEnvelope",
      smspProfileId: "urn:nhs-en:profile:CP-ISNHSQuery-v2-0",
      smspAction: "urn:nhs-itk:services:201005:sendRecvDistEnvelope",
      smspMessageIdPrefix: "uuid",
      smspSecurity: "none",
    });
    const asksProvider = { ...queryNode, accessMode: "smsp" };
    const lying = (change: (text: string) => string): HostileReply => changed(honest(simulator.smsp.url), change);
    const lies: readonly (readonly [title: string, change: (text: string) => string, code: string])[] = [
      ["is the record of another child", (text) => text.replaceAll(nhsNumber, otherNumber), "CPIS_WRONG_PATIENT"],
      [
        "is the answer to another question",
        (text) => text.replace(/(<[^<>]*RelatesTo[^<>]*>)[^<]*/, "$1uuid:00000000-0000-4000-8000-000000000000"),
        "CPIS_CORRELATION_MISMATCH",
      ],
      ["is cut in the middle", (text) => text.slice(0, text.length / 2), "CPIS_UNPARSEABLE_REPLY"],
      [
        "declares an entity of a file",
        (text) => text.replace(/^(<\?xml[^>]*>)?/, '$1<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "CPIS_UNPARSEABLE_REPLY",
      ],
    ];

    it("is believed when it is honest, so that what follows shows something", async () => {
      hostile.answer = lying((text) => text);
      await start(provider(), asksProvider);
      nodeRed.send("query", { payload: nhsNumber, cpis: { user: clinician } });
      await nodeRed.nextMessage("found");
    });

    for (const [title, answer] of noBodies) {
      it(`fails with a code, and is asked once, when the answer ${title}`, async () => {
        hostile.answer = answer;
        await start(provider(), asksProvider);
        const code = await failure();
        assert.match(code, /^CPIS_(UNPARSEABLE_REPLY|HTTP_ERROR|TIMEOUT|UNEXPECTED_REPLY)$/);
        assert.ok(code in errorTable);
        assert.equal(hostile.calls.length, 1);
        assertUnharmed();
      });
    }

    for (const [title, change, code] of lies) {
      it(`fails with ${code} when the answer ${title}`, async () => {
        hostile.answer = lying(change);
        await start(provider(), asksProvider);
        assert.equal(await failure(), code);
        assert.equal(hostile.calls.length, 1);
        assertUnharmed();
      });
    }

    it("takes no record that the service has asked of another child for an answer about this one", async () => {
      hostile.answer = (to, request) => {
        const body = Buffer.from(request.body.toString().replaceAll(nhsNumber, otherNumber));
        lying((text) => text)(to, { ...request, body });
      };
      await start(provider(), asksProvider);
      assert.equal(await failure(), "CPIS_WRONG_PATIENT");
      assertUnharmed();
    });

    it("comes to CPIS_TIMEOUT when the answer comes a byte at a time, and is asked once", async () => {
      hostile.answer = (to) => drip(to.writeHead(200));
      await start(provider(), { ...asksProvider, timeout: "5" });
      assert.equal(await failure(), "CPIS_TIMEOUT");
      assert.equal(hostile.calls.length, 1);
      assertUnharmed();
    });
  });
});

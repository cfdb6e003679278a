// The client of a Spine mini service over real sockets: each fate of a question, and that it is asked once.
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { inspect } from "node:util";
import { errorTable } from "../../../lib/errors.js";
import { parseDistributionEnvelope } from "../../../lib/itk/distribution-envelope.js";
import { readWebServiceHeader } from "../../../lib/itk/web-service-message.js";
import type { SmspOutcome, SmspSettings } from "../../../lib/smsp/model.js";
import { createSmspClient } from "../../../lib/smsp/smsp-client.js";
import { createPki } from "../../../lib/simulator/pki/pki.js";
import type { SmspConduct } from "../../../lib/simulator/smsp/smsp-behaviour.js";
import { parseSoapEnvelope } from "../../../lib/soap/envelope.js";
import { readVector } from "../../support/hl7v3/vectors.js";
import { createSmspScene, effects, question, settings, type SmspScene } from "../../support/smsp/smsp-scene.js";

const relatesTo = /<wsa:RelatesTo>.*<\/wsa:RelatesTo>/;
const replyVector = readVector("itk/web-service-message/reply");
const unreferenced = replyVector.replace(relatesTo, "");

function codeOf(outcome: SmspOutcome): string | undefined {
  return "error" in outcome ? outcome.error.code : undefined;
}

describe("the client of a Spine mini service", () => {
  let scene: SmspScene;

  before(async () => {
    scene = await createSmspScene();
  });
  afterEach(() => scene.closeAll());

  it("asks, and gives the payload of the answer", async () => {
    const server = await scene.start();
    const outcome = await scene.client(server.url).send(question());
    assert.ok(outcome.kind === "replied");
    assert.equal(outcome.payload.localName, "CP-ISNHSQueryResponse");
    assert.equal(server.questions, 1);
  });

  it("sends what the settings say, and nothing chunked or compressed", async () => {
    const seen: (readonly [IncomingMessage, Buffer])[] = [];
    const url = await scene.startRaw((request, response, body) => {
      seen.push([request, body]);
      response.end();
    });
    const security = { kind: "username", username: "EXAMPLE TRUST", lifetimeSeconds: 600 } as const;
    const special = { requestService: "urn:service", profileId: "urn:profile", action: "urn:action", security };
    const asked = question();
    await scene.client(url, { settings: { ...settings, ...special, messageIdPrefix: "" } }).send(asked);
    const [first] = seen;
    assert.ok(first !== undefined);
    const [request, body] = first;
    assert.equal(request.headers["soapaction"], '"urn:action"');
    assert.equal(request.headers["content-type"], "text/xml; charset=utf-8");
    assert.equal(request.headers["content-length"], String(body.length));
    assert.equal(request.headers["accept-encoding"], "identity");
    const soap = parseSoapEnvelope(body);
    assert.deepEqual(readWebServiceHeader(soap.header), {
      messageId: asked.messageId,
      action: "urn:action",
      to: url,
      relatesTo: [],
      username: "EXAMPLE TRUST",
    });
    assert.match(
      String(body),
      /<wsu:Created>2026-11-22T10:15:00Z<\/wsu:Created><wsu:Expires>2026-11-22T10:25:00Z<\/wsu:Expires>/,
    );
    const { header, payloads } = parseDistributionEnvelope(soap.body.children[0]!);
    assert.equal(header.service, "urn:service");
    assert.equal(header.trackingId, asked.trackingId);
    assert.match(payloads[0]?.id ?? "", /^uuid_[0-9A-F-]{36}$/);
    assert.deepEqual(header.manifest, [{ mimeType: "text/xml", id: payloads[0]?.id, profileId: "urn:profile" }]);
    assert.deepEqual(
      [header.addresses?.[0]?.uri, header.senderAddress?.uri, header.auditIdentities?.[0]?.uri],
      ["urn:nhs-uk:addressing:ods:ZSM", "urn:nhs-uk:addressing:ods:X9X", "urn:nhs-uk:identity:ods:X9X"],
    );
  });

  const conducts: readonly (readonly [SmspConduct, Partial<SmspOutcome> & { kind: SmspOutcome["kind"] }, string?])[] = [
    [
      { kind: "http-status", status: 500 },
      { kind: "http-error", httpStatus: 500 },
    ],
    [
      { kind: "http-status", status: 404 },
      { kind: "http-error", httpStatus: 404 },
    ],
    [
      { kind: "http-status", status: 302 },
      { kind: "http-error", httpStatus: 302 },
    ],
    [
      { kind: "http-status", status: 202 },
      { kind: "empty", httpStatus: 202 },
    ],
    [
      { kind: "http-status", status: 200 },
      { kind: "empty", httpStatus: 200 },
    ],
    [
      { kind: "fault", faultCode: "Client" },
      { kind: "fault", httpStatus: 500 },
    ],
    [
      { kind: "fault", faultCode: "Server" },
      { kind: "fault", httpStatus: 500 },
    ],
    [{ kind: "not-soap" }, { kind: "unparseable" }],
    [{ kind: "unrelated" }, { kind: "unrelated" }],
    [{ kind: "reset" }, { kind: "timeout" }, "SMSP_OUTCOME_UNKNOWN"],
    [{ kind: "reset", afterBytes: 0 }, { kind: "timeout" }, "SMSP_OUTCOME_UNKNOWN"],
    [{ kind: "reset", afterBytes: 400 }, { kind: "timeout" }, "SMSP_OUTCOME_UNKNOWN"],
    [{ kind: "silence" }, { kind: "timeout" }, "SMSP_OUTCOME_UNKNOWN"],
  ];
  for (const [conduct, expected, code] of conducts) {
    it(`asks once, and tells ${expected.kind} when the service does this: ${JSON.stringify(conduct)}`, async () => {
      const server = await scene.start();
      server.setConduct(conduct);
      const timeouts = conduct.kind === "silence" ? { answerMilliseconds: 100 } : {};
      const outcome = await scene.client(server.url, { timeouts }).send(question());
      for (const [key, value] of Object.entries(expected)) assert.equal(Reflect.get(outcome, key), value);
      if (code !== undefined) assert.equal(codeOf(outcome), code);
      assert.equal(server.questions, 1);
    });
  }

  it("is told the toolkit's code of a fault", async () => {
    const server = await scene.start();
    server.setConduct({ kind: "fault", faultCode: "Server" });
    const outcome = await scene.client(server.url).send(question());
    assert.ok(outcome.kind === "fault");
    assert.equal(outcome.fault.faultCode, "Server");
    assert.equal(outcome.fault.errors[0]?.errorCode, "SIM2200");
  });

  const replies: readonly (readonly [string, string, SmspOutcome["kind"], string?])[] = [
    ["no reference to what it answers", unreferenced, "replied"],
    ["a reference to another message", replyVector, "unrelated"],
    [
      "no distribution envelope",
      unreferenced.replace(/<itk:D.*<\/itk:DistributionEnvelope>/, "<a/>"),
      "unparseable",
      "SMSP_RESPONSE_INVALID",
    ],
    [
      "a second Body",
      replyVector.replace("</soap:Envelope>", "<soap:Body/></soap:Envelope>"),
      "unparseable",
      "SOAP_MALFORMED",
    ],
    ["half of its XML", replyVector.slice(0, 700), "unparseable", "XML_TRUNCATED"],
    ["a document type", `<!DOCTYPE a>${replyVector.slice(38)}`, "unparseable", "XML_DOCTYPE"],
  ];
  for (const [what, text, kind, code] of replies) {
    it(`tells ${kind} of a reply that has ${what}`, async () => {
      const url = await scene.startRaw((_request, response) => response.end(text));
      const outcome = await scene.client(url).send(question());
      assert.equal(outcome.kind, kind);
      assert.equal(codeOf(outcome), code);
    });
  }

  it("does not read two payloads, or two envelopes: which of them counts would be a guess", async () => {
    const payload = /<itk:payload .*<\/itk:payload>/.exec(unreferenced)?.[0] ?? "";
    const envelope = /<itk:DistributionEnvelope .*<\/itk:DistributionEnvelope>/.exec(unreferenced)?.[0] ?? "";
    const texts = [
      unreferenced.replace(payload, payload + payload).replaceAll('count="1"', 'count="2"'),
      unreferenced.replace(envelope, envelope + envelope),
    ];
    for (const text of texts) {
      const url = await scene.startRaw((_request, response) => response.end(text));
      const outcome = await scene.client(url).send(question());
      assert.equal(codeOf(outcome), "SMSP_MALFORMED");
    }
  });

  it("knows the message it asked with in every form of its id", async () => {
    for (const prefix of ["", "uuid:", "urn:uuid:", "URN:UUID:"]) {
      const asked = question();
      const text = replyVector.replace(
        relatesTo,
        `<wsa:RelatesTo>${prefix}${asked.messageId.toLowerCase()}</wsa:RelatesTo>`,
      );
      const url = await scene.startRaw((_request, response) => response.end(text));
      assert.equal((await scene.client(url).send(asked)).kind, "replied");
    }
  });

  it("reads the character encoding that the content type names", async () => {
    const url = await scene.startRaw((_request, response) => {
      response.setHeader("Content-Type", 'text/xml; charset="no-such-charset"');
      response.end(replyVector.replace(/<\?xml[^>]*\?>/, ""));
    });
    assert.equal(codeOf(await scene.client(url).send(question())), "XML_ENCODING");
  });

  it("does not read a reply that is too large or compressed, or no HTTP at all", async () => {
    const large = await scene.startRaw((_request, response) => response.end("x".repeat(5000)));
    const tooLarge = await scene.client(large, { maximumReplyBytes: 4999 }).send(question());
    const compressed = await scene.startRaw((_request, response) => {
      response.setHeader("Content-Encoding", "gzip");
      response.end("x");
    });
    const gzipped = await scene.client(compressed).send(question());
    const odd = await scene.startRaw((request) => request.socket.end("hello\r\n\r\n"));
    const noHttp = await scene.client(odd).send(question());
    assert.deepEqual([tooLarge, gzipped, noHttp].map(codeOf), Array(3).fill("SMSP_RESPONSE_INVALID"));
  });

  it("tells that nothing was sent when nobody listens, or somebody else", async () => {
    const server = await scene.start();
    const other = await createPki({ now: () => Date.now() });
    const foreign = await scene.client(server.url, { tls: { ...scene.tls, ca: other.caPem } }).send(question());
    assert.equal(foreign.kind, "not-sent");
    assert.match(codeOf(foreign) ?? "", /^TLS_/);
    assert.equal(server.questions, 0);
    await server.close();
    const nobody = await scene.client(server.url).send(question());
    assert.deepEqual([nobody.kind, codeOf(nobody)], ["not-sent", "SMSP_CONNECT_FAILED"]);
  });

  it("tells that nothing was sent when the service does not know the authority of our certificate", async () => {
    const server = await scene.start();
    const other = await createPki({ now: () => Date.now() });
    const { keyPem, certPem } = await other.issue({ commonName: "nobody", usage: "client" });
    const tls = { key: keyPem, cert: certPem, ca: scene.pki.caPem };
    const outcome = await scene.client(server.url, { tls }).send(question());
    assert.equal(outcome.kind, "not-sent");
    assert.match(codeOf(outcome) ?? "", /^TLS_/);
    assert.equal(server.questions, 0);
  });

  it("tells that nothing was sent when no connection was made in the time of the whole question", async () => {
    // It takes connections, and never says a word of TLS.
    const mute = createServer((socket) => socket.on("error", () => undefined).resume());
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as AddressInfo;
    const client = scene.client(`https://127.0.0.1:${port}/smsp`, { timeouts: { answerMilliseconds: 100 } });
    const outcome = await client.send(question());
    client.close();
    await new Promise((resolve) => mute.close(resolve));
    assert.deepEqual([outcome.kind, codeOf(outcome)], ["not-sent", "SMSP_CONNECT_FAILED"]);
  });

  it("ends a wait when it is told to: after the question went out its fate is not known", async () => {
    const server = await scene.start();
    server.setConduct({ kind: "silence" });
    const client = scene.client(server.url);
    const before = await client.send(question({ signal: AbortSignal.abort() }));
    assert.deepEqual([before.kind, codeOf(before)], ["not-sent", "CONFIG_CLOSED"]);
    assert.equal(server.questions, 0);
    const waiting = new AbortController();
    const url = await scene.startRaw(() => waiting.abort());
    const after = await scene.client(url).send(question({ signal: waiting.signal }));
    assert.deepEqual([after.kind, codeOf(after)], ["timeout", "SMSP_OUTCOME_UNKNOWN"]);
  });

  it("ends every wait when it is closed, and asks nothing more", async () => {
    let close = (): void => undefined;
    const url = await scene.startRaw(() => close());
    const client = scene.client(url);
    close = () => client.close();
    assert.equal((await client.send(question())).kind, "timeout");
    assert.equal(codeOf(await client.send(question())), "CONFIG_CLOSED");
  });

  it("tells nothing of a patient in any error", async () => {
    const server = await scene.start();
    const client = scene.client(server.url);
    for (const [conduct] of conducts) {
      if (conduct.kind === "silence") continue;
      server.setConduct(conduct);
      const outcome = await client.send(question());
      if ("error" in outcome) assert.doesNotMatch(inspect(outcome.error, { depth: 10 }), /9990000034|Ann|Example/);
    }
  });

  it("never asks a second time where the code says that the outcome is not known", () => {
    assert.equal(errorTable.SMSP_OUTCOME_UNKNOWN.retryable, false);
  });
});

describe("the settings of a Spine mini service", () => {
  const url = "https://smsp.example.nhs.uk/smsp";
  const tls = { key: "", cert: "", ca: "" };
  const security = (username: string, lifetimeSeconds: number): Partial<SmspSettings> => ({
    security: { kind: "username", username, lifetimeSeconds },
  });
  const wrong: readonly (readonly [string, string, Partial<SmspSettings>, string])[] = [
    ["CONFIG_MISSING", "the address of the Spine mini service", {}, " "],
    ["CONFIG_INVALID", "the address of the Spine mini service must begin with https", {}, "http://smsp.example.nhs.uk"],
    ["CONFIG_INVALID", "the address of the Spine mini service must begin with https", {}, "smsp"],
    ["CONFIG_INVALID", "the address of the Spine mini service has a part after or before its path", {}, `${url}?a=b`],
    ["CONFIG_MISSING", "the sender's ODS code of the Spine mini service", { senderOdsCode: "" }, url],
    ["CONFIG_MISSING", "the provider's ODS code of the Spine mini service", { providerOdsCode: " " }, url],
    ["CONFIG_MISSING", "the request service of the Spine mini service", { requestService: "" }, url],
    ["CONFIG_MISSING", "the profile id of the Spine mini service", { profileId: "" }, url],
    [
      "CONFIG_INVALID",
      "the SOAP action of the Spine mini service has a character it cannot have",
      { action: "a\r\nb" },
      url,
    ],
    ["CONFIG_MISSING", "the user name for the Spine mini service", security(" ", 60), url],
    [
      "CONFIG_INVALID",
      "the lifetime of a message to the Spine mini service is 1 to 86400 seconds",
      security("a", 0),
      url,
    ],
  ];
  for (const [code, detail, change, address] of wrong) {
    it(`are refused with ${code}: ${detail}`, () => {
      assert.throws(() => createSmspClient({ url: address, tls, settings: { ...settings, ...change }, effects }), {
        code,
        detail,
      });
    });
  }

  it("need a certificate of our own", () => {
    assert.throws(() => createSmspClient({ url, tls: { ca: "x" }, settings, effects }), { code: "CONFIG_MISSING" });
  });
});

// The simulated Spine mini service, as a client sees it over the wire.
import assert from "node:assert/strict";
import https from "node:https";
import type { RegisterAccess } from "../../../../lib/simulator/model.js";
import { createRegister } from "../../../../lib/simulator/cpis/register.js";
import { sampleChildren } from "../../../../lib/simulator/cpis/sample-children.js";
import { smspNumbers } from "../../../../lib/simulator/smsp/smsp-numbers.js";
import type { SmspServer } from "../../../../lib/simulator/smsp/smsp-server.js";
import { parseDistributionEnvelope } from "../../../../lib/itk/distribution-envelope.js";
import { readWebServiceHeader } from "../../../../lib/itk/web-service-message.js";
import { parseSmspResponse, type ReceivedSmspResponse } from "../../../../lib/cpis/query/smsp-response.js";
import { readNhsNumber } from "../../../../lib/cpis/nhs-number.js";
import { parseSoapEnvelope } from "../../../../lib/soap/envelope.js";
import { readSoapFault } from "../../../../lib/soap/fault.js";
import { readVector } from "../../../support/hl7v3/vectors.js";
import { createSmspScene, effects, now, type SmspScene } from "../../../support/smsp/smsp-scene.js";

const requestVector = readVector("itk/web-service-message/request-with-user-name");
/** A sample child with two plans of two local authorities. */
const heldNumber = "9990001065";

interface HttpAnswer {
  readonly status: number;
  readonly soapAction: unknown;
  readonly body: Buffer;
}

describe("The simulated Spine mini service", () => {
  let scene: SmspScene;

  before(async () => {
    scene = await createSmspScene();
  });
  afterEach(() => scene.closeAll());

  function post(server: SmspServer, text: string, path = "/smsp", method = "POST"): Promise<HttpAnswer> {
    const { key, cert, ca } = scene.tls;
    return new Promise((resolve, reject) => {
      const headers = { "Content-Type": "text/xml", "Content-Length": Buffer.byteLength(text) };
      const where = { host: "127.0.0.1", port: server.port, path, method, agent: false, headers };
      const request = https.request({ ...where, ca: String(ca), key: key ?? "", cert: cert ?? "" }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            soapAction: response.headers["soapaction"],
            body: Buffer.concat(chunks),
          }),
        );
      });
      request.on("error", reject);
      request.end(text);
    });
  }

  function questionFor(nhsNumber: string): string {
    return requestVector.replace("9990000034", nhsNumber);
  }

  async function answerTo(server: SmspServer, text: string): Promise<ReceivedSmspResponse> {
    const { status, body } = await post(server, text);
    assert.equal(status, 200);
    const [envelope] = parseSoapEnvelope(body).body.children;
    assert.ok(envelope !== undefined);
    return parseSmspResponse(parseDistributionEnvelope(envelope).payloads[0]!.content);
  }

  it("answers in the envelope of a mini service, with the addresses of the request turned about", async () => {
    const server = await scene.start();
    const { status, soapAction, body } = await post(server, questionFor(heldNumber));
    assert.deepEqual([status, soapAction], [200, '"urn:nhs-itk:services:201005:sendRecvDistEnvelopeResponse"']);
    const soap = parseSoapEnvelope(body);
    const { action, relatesTo } = readWebServiceHeader(soap.header);
    assert.equal(action, "urn:nhs-itk:services:201005:sendRecvDistEnvelopeResponse");
    assert.deepEqual(relatesTo, ["uuid:0E000000-0000-4000-8000-000000000010"]);
    const { header, payloads } = parseDistributionEnvelope(soap.body.children[0]!);
    assert.equal(header.service, action);
    const profileId = "urn:nhs-en:profile:SMSP-CP-ISNHSQueryResponse-v1-0";
    assert.deepEqual(header.manifest, [{ mimeType: "text/xml", id: payloads[0]?.id, profileId }]);
    assert.deepEqual(
      [header.addresses?.[0]?.uri, header.senderAddress?.uri, header.auditIdentities?.[0]?.uri],
      ["urn:nhs-uk:addressing:ods:X9X", "urn:nhs-uk:addressing:ods:ZSM", "urn:nhs-uk:identity:ods:ZSM"],
    );
  });

  it("gives the status directly after the id, and times to the minute", async () => {
    const server = await scene.start();
    const { body } = await post(server, questionFor(heldNumber));
    assert.match(
      body.toString(),
      /<effectiveTime value="202611221015\+0000"\/><id root="0E000000-0000-4000-8000-000000000003"\/><value codeSystem="2\.16\.840\.1\.113883\.2\.1\.3\.2\.4\.17\.499" code="SMSP-0000" displayName="Success"\/><pertinentInformation11>/,
    );
  });

  for (const { nhsNumber, status } of smspNumbers) {
    it(`gives ${status} for ${nhsNumber}`, async () => {
      const server = await scene.start();
      const { status: given, payload } = await answerTo(server, questionFor(nhsNumber));
      assert.equal(typeof given === "object" && given.code, status);
      const isSuccess = status === "SMSP-0000";
      assert.equal(payload.records.length > 0, isSuccess);
      if (!isSuccess) assert.deepEqual([payload.totalPlans, payload.totalAccesses, payload.accesses], [0, 0, []]);
    });
  }

  it("has one special number that fails its check digit, and the others pass", () => {
    const failing = smspNumbers.filter(({ nhsNumber }) => readNhsNumber(nhsNumber) === undefined);
    assert.deepEqual(
      failing.map(({ nhsNumber }) => nhsNumber),
      ["1234567895"],
    );
  });

  it("records an access once, tells of it, and shows it in the answer", async () => {
    const accessed: (readonly [string, RegisterAccess, number])[] = [];
    const register = createRegister(sampleChildren(now));
    const server = await scene.start({
      register,
      accessed: ({ nhsNumber, access, localAuthorities }) =>
        accessed.push([nhsNumber, access, localAuthorities.length]),
    });
    const before = register.accesses(heldNumber).length;
    const { payload } = await answerTo(server, questionFor(heldNumber));
    assert.equal(payload.accesses.length, before + 1);
    await answerTo(server, questionFor(heldNumber));
    assert.equal(register.accesses(heldNumber).length, before + 1);
    assert.equal(accessed.length, 1);
    assert.equal(accessed[0]?.[0], heldNumber);
    assert.equal(accessed[0][1].accessId, "0E000000-0000-4000-8000-000000000003");
    assert.ok(accessed[0][2] >= 1);
  });

  it("records the access also when its answer is lost, and none for a number that is not held", async () => {
    const register = createRegister(sampleChildren(now));
    let accesses = 0;
    const server = await scene.start({ register, accessed: () => (accesses += 1) });
    server.setConduct({ kind: "reset" });
    await assert.rejects(post(server, questionFor(heldNumber)));
    assert.equal(accesses, 1);
    server.setConduct({ kind: "normal" });
    for (const nhsNumber of ["9990000077", "8888888888", "1234567895"]) await post(server, questionFor(nhsNumber));
    assert.equal(accesses, 1);
  });

  it("refuses with SMSP-0001 a payload that is no valid query", async () => {
    const refused: string[] = [];
    const server = await scene.start({ refused: (reason) => refused.push(reason) });
    for (const text of [
      requestVector.replace(/<id root="1.2.826.0.1285.0.2.0.65"[^>]*\/>/, ""),
      requestVector.replaceAll("CP-ISQueryStub", "CP-ISOther"),
      questionFor("12345"),
    ]) {
      const { status, payload } = await answerTo(server, text);
      assert.equal(typeof status === "object" && status.code, "SMSP-0001");
      assert.equal(payload.records.length, 0);
    }
    assert.deepEqual(refused, ["CPIS_INVALID_REQUEST", "CPIS_MESSAGE_INVALID", "CPIS_MESSAGE_INVALID"]);
  });

  it("refuses with a fault of the toolkit what is no envelope, or of another interaction", async () => {
    const server = await scene.start();
    for (const text of [
      "hello",
      requestVector.replaceAll("DistributionEnvelope", "Envelope"),
      requestVector.replace("interaction:CP-ISNHSQuery-v1-0", "interaction:verifyNHSNumber-v1-0"),
    ]) {
      const { status, body } = await post(server, text);
      assert.equal(status, 500);
      const fault = readSoapFault(parseSoapEnvelope(body).body);
      assert.deepEqual([fault?.faultCode, fault?.errors[0]?.errorCode], ["Client", "SIM2100"]);
    }
  });

  it("takes nothing on another path, by another method, or too large", async () => {
    const server = await scene.start({ maximumBytes: 100 });
    const statuses = [
      (await post(server, "x", "/other")).status,
      (await post(server, "x", "/smsp", "PUT")).status,
      (await post(server, "x".repeat(101))).status,
    ];
    assert.deepEqual(statuses, [404, 405, 413]);
    assert.equal(server.questions, 0);
  });

  it("asks for a client certificate", async () => {
    const server = await scene.start();
    const asking = new Promise((resolve, reject) => {
      const { ca } = scene.tls;
      https
        .get({ host: "127.0.0.1", port: server.port, path: "/smsp", agent: false, ca: String(ca) }, resolve)
        .on("error", reject);
    });
    await assert.rejects(asking);
  });

  it("runs on the loopback address only", async () => {
    const register = createRegister([]);
    await assert.rejects(scene.start({ host: "192.0.2.1", register, effects }), { code: "CONFIG_INVALID" });
  });
});

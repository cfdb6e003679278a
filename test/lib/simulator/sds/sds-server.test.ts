import assert from "node:assert/strict";
import { request as httpsRequest } from "node:https";
import type { IncomingHttpHeaders } from "node:http";
import { findOperationOutcomeCode, parseBundle } from "../../../../lib/sds/parse-bundle.js";
import { parseDevice } from "../../../../lib/sds/parse-device.js";
import { parseEndpoint } from "../../../../lib/sds/parse-endpoint.js";
import { parsePartyKey } from "../../../../lib/identifiers.js";
import type { SdsServer } from "../../../../lib/simulator/sds/sds-server.js";
import { contractOf } from "../../../../lib/simulator/spine-identity.js";
import {
  apiKey,
  createSimulatedDirectory,
  messagingUrl,
  type SimulatedDirectory,
} from "../../../support/sds/simulated-directory.js";

const queryId = "urn:nhs:names:services:cpisquery:QUPC_IN000006GB01";
const organisation = "organization=https://fhir.nhs.uk/Id/ods-organization-code%7CZSP";
const interaction = `identifier=https://fhir.nhs.uk/Id/nhsServiceInteractionId%7C${queryId}`;
const partyKey = "identifier=https://fhir.nhs.uk/Id/nhsMhsPartyKey%7CZSP-0000001";
const withoutKey = { "X-Correlation-ID": "2B9C5D70-4E18-4A63-BF02-91D7E6A50021", Accept: "application/fhir+json" };
const goodHeaders = { ...withoutKey, apikey: apiKey };

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe("the simulated directory", () => {
  let directory: SimulatedDirectory;
  let server: SdsServer;

  before(async () => {
    directory = await createSimulatedDirectory();
  });
  beforeEach(async () => {
    server = await directory.start();
  });
  afterEach(() => directory.closeAll());

  function ask(
    path: string,
    { headers = goodHeaders, method = "GET" }: { headers?: Readonly<Record<string, string>>; method?: string } = {},
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const options = { method, headers, ca: server.caPem, agent: false } as const;
      const request = httpsRequest(`${server.baseUrl}/${path}`, options, (reply) => {
        const chunks: Buffer[] = [];
        reply.on("data", (chunk: Buffer) => chunks.push(chunk));
        reply.on("error", reject);
        reply.on("end", () =>
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) }),
        );
      });
      request.on("error", reject);
      request.end();
    });
  }

  it("gives Spine's own system with all that it takes", async () => {
    const { status, headers, body } = await ask(`Device?${organisation}&${interaction}`);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "application/fhir+json");
    const [device] = parseBundle(body, "Device").resources.map(parseDevice);
    assert.equal(device?.asid, "990000000001");
    assert.ok(device.interactions.includes(queryId));
    assert.ok(device.interactions.length > 1);
  });

  it("gives one endpoint of an interaction, with another id each time", async () => {
    const texts = await Promise.all([1, 2].map(() => ask(`Endpoint?${interaction}&${partyKey}`)));
    const [one, other] = texts.map(({ body }) => parseBundle(body, "Endpoint").resources);
    assert.equal(one?.length, 1);
    assert.notEqual(one[0]?.resource["id"], other?.[0]?.resource["id"]);
    assert.equal(parseEndpoint(one[0]!).cpaId, contractOf("express", messagingUrl).cpaId);
  });

  it("gives the holder of a key that was issued Spine's records by a pattern of its own", async () => {
    const key = server.issueApiKey(() => "reliable");
    const cpaIds = [goodHeaders, { ...goodHeaders, apikey: key }, { ...goodHeaders, apikey: server.issueApiKey() }].map(
      async (headers) => {
        const { body } = await ask(`Endpoint?${interaction}&${partyKey}`, { headers });
        return parseBundle(body, "Endpoint").resources.map(parseEndpoint)[0]?.cpaId;
      },
    );
    const patterns = ["express", "reliable", "express"] as const;
    assert.deepEqual(
      await Promise.all(cpaIds),
      patterns.map((pattern) => contractOf(pattern, messagingUrl).cpaId),
    );
  });

  it("gives the records of others that were added", async () => {
    const contract = { ...contractOf("express", messagingUrl), toPartyKey: parsePartyKey("ZT7-900145") };
    server.addRecord({ odsCode: "ZT7", service: "urn:a", action: "B", contract });
    const { body } = await ask(
      "Endpoint?organization=https://fhir.nhs.uk/Id/ods-organization-code%7CZT7&" +
        "identifier=https://fhir.nhs.uk/Id/nhsMhsPartyKey%7CZT7-900145",
    );
    assert.equal(parseBundle(body, "Endpoint").total, 1);
  });

  it("finds nothing for an organisation that it does not know, and says so with 200", async () => {
    const { status, body } = await ask(`Device?${organisation.replace("ZSP", "ZXX")}&${interaction}`);
    assert.deepEqual([status, parseBundle(body, "Device").total], [200, 0]);
  });

  it("lets the last value of a system count", async () => {
    const { body } = await ask(`Endpoint?${interaction}&${partyKey.replace("ZSP", "ZXX")}&${partyKey}`);
    assert.equal(parseBundle(body, "Endpoint").total, 1);
  });

  const refused: readonly (readonly [string, string, Parameters<typeof ask>[1], number, string | undefined])[] = [
    ["without key", `Device?${organisation}&${interaction}`, { headers: withoutKey }, 401, undefined],
    [
      "with another media type",
      `Device?${organisation}&${interaction}`,
      { headers: { ...goodHeaders, Accept: "application/xml" } },
      406,
      "MISSING_OR_INVALID_HEADER",
    ],
    [
      "with a correlation id that is no UUID",
      `Device?${organisation}&${interaction}`,
      { headers: { ...goodHeaders, "X-Correlation-ID": "1" } },
      400,
      "BAD_REQUEST",
    ],
    ["that is a POST", `Device?${organisation}&${interaction}`, { method: "POST" }, 405, "NOT_IMPLEMENTED"],
    ["for another resource", `Patient?${organisation}`, {}, 404, "NO_RECORD_FOUND"],
    ["with an unknown parameter", `Device?${organisation}&${interaction}&_count=5`, {}, 400, "BAD_REQUEST"],
    ["for a system without interaction", `Device?${organisation}`, {}, 400, "BAD_REQUEST"],
    ["for an endpoint by one value", `Endpoint?${partyKey}`, {}, 400, "BAD_REQUEST"],
    ["with a value without system", `Endpoint?${interaction}&identifier=ZSP-0000001`, {}, 400, "BAD_REQUEST"],
  ];
  for (const [what, path, options, status, code] of refused) {
    it(`refuses a question ${what} with ${status}`, async () => {
      const reply = await ask(path, options);
      assert.equal(reply.status, status);
      assert.equal(findOperationOutcomeCode(JSON.parse(reply.body.toString())), code);
      assert.equal(reply.headers.allow, status === 405 ? "GET" : undefined);
    });
  }

  it("does not listen on an address that others could reach", async () => {
    await assert.rejects(directory.start({ host: "0.0.0.0" }), { code: "CONFIG_INVALID" });
  });

  it("says that its port is in use", async () => {
    await assert.rejects(directory.start({ port: server.port }), { code: "CONFIG_PORT_IN_USE" });
  });
});

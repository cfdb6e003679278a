import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { inspect } from "node:util";
import { isCpisError, type ErrorCode } from "../../../lib/errors.js";
import { parsePartyKey } from "../../../lib/identifiers.js";
import { createSdsClient, type SdsClient } from "../../../lib/sds/sds-client.js";
import { createPki } from "../../../lib/simulator/pki/pki.js";
import type { SdsConduct } from "../../../lib/simulator/sds/sds-behaviour.js";
import {
  apiKey,
  createSimulatedDirectory,
  query,
  type SimulatedDirectory,
} from "../../support/sds/simulated-directory.js";

const spinePartyKey = parsePartyKey("ZSP-0000001");
const devices = { odsCode: "ZSP", interaction: query };
const endpoints = { interaction: query, partyKey: spinePartyKey };

describe("the directory client", () => {
  let directory: SimulatedDirectory;

  before(async () => {
    directory = await createSimulatedDirectory();
  });
  afterEach(() => directory.closeAll());

  /** A server that answers as the test says. */
  async function startRaw(behave: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const { keyPem, certPem } = directory.certificate;
    const sockets = new Set<Socket>();
    const server = createServer({ key: keyPem, cert: certPem }, behave);
    server.on("connection", (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    directory.closeLater(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    );
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}/FHIR/R4`;
  }

  function clientOf(baseUrl: string, more = {}): SdsClient {
    const effects = { newUuid: () => "2B9C5D70-4E18-4A63-BF02-91D7E6A50021" };
    const client = createSdsClient({ baseUrl, apiKey, tls: { ca: directory.pki.caPem }, effects, ...more });
    directory.closeLater(() => client.close());
    return client;
  }

  /** Also holds that the key is in nothing that could be printed of the error. */
  async function codeOf(finding: Promise<unknown>): Promise<ErrorCode> {
    try {
      await finding;
    } catch (error) {
      assert.ok(isCpisError(error), String(error));
      assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(apiKey));
      return error.code;
    }
    return assert.fail("it was found");
  }

  it("finds the accredited system, and its endpoint by its party key", async () => {
    const server = await directory.start();
    const client = directory.client(server);
    const [device] = await client.findDevices(devices);
    assert.equal(device?.asid, "990000000001");
    assert.equal(device.partyKey, spinePartyKey);
    const [endpoint] = await client.findEndpoints(endpoints);
    assert.equal(endpoint?.address, "https://msg.sim.example.nhs.uk/reliablemessaging/queryrequest");
    assert.equal(endpoint.cpaId, "S9000001A9000101");
    assert.equal(endpoint.attributes.syncReplyMode, "MSHSignalsOnly");
  });

  it("sends the key, a correlation id of its own and the media type, and nothing is chunked or compressed", async () => {
    const seen: IncomingMessage[] = [];
    const client = clientOf(
      await startRaw((request, response) => {
        seen.push(request);
        response.end('{"resourceType":"Bundle","total":0}');
      }),
    );
    assert.deepEqual(await client.findEndpoints(endpoints), []);
    const [request] = seen;
    assert.equal(request?.method, "GET");
    assert.ok(request.url?.startsWith("/FHIR/R4/Endpoint?identifier=https%3A%2F%2F"));
    const { headers } = request;
    assert.equal(headers["apikey"], apiKey);
    assert.equal(headers["x-correlation-id"], "2B9C5D70-4E18-4A63-BF02-91D7E6A50021");
    assert.equal(headers.accept, "application/fhir+json");
    assert.equal(headers["accept-encoding"], "identity");
    assert.equal(headers["transfer-encoding"], undefined);
  });

  it("gathers all pages", async () => {
    const server = await directory.start();
    const first = (await directory.client(server).findEndpoints({ odsCode: "ZSP", partyKey: spinePartyKey })).length;
    assert.ok(first > 3);
    server.setConduct({ kind: "paged", pageSize: 1 });
    const paged = await directory.client(server).findEndpoints({ odsCode: "ZSP", partyKey: spinePartyKey });
    assert.equal(paged.length, first);
    const limits = { maximumPages: 3 };
    const short = directory.client(server, { limits });
    assert.equal(
      await codeOf(short.findEndpoints({ odsCode: "ZSP", partyKey: spinePartyKey })),
      "SDS_RESPONSE_INVALID",
    );
  });

  it("finds nothing when there is nothing, whether the list is empty or left out", async () => {
    const server = await directory.start();
    for (const entry of ["absent", "empty"] as const) {
      server.setConduct({ kind: "empty", entry });
      assert.deepEqual(await directory.client(server).findEndpoints(endpoints), []);
    }
  });

  const coded: readonly (readonly [string, SdsConduct, ErrorCode])[] = [
    ["cuts the connection", { kind: "down" }, "SDS_UNAVAILABLE"],
    ["never answers", { kind: "slow" }, "SDS_TIMEOUT"],
    ["answers with other types than those of FHIR", { kind: "wrong-types" }, "SDS_RESPONSE_INVALID"],
    ["answers with a page for people", { kind: "not-fhir" }, "SDS_RESPONSE_INVALID"],
    ["says 400", { kind: "status", status: 400 }, "SDS_REFUSED"],
    ["says 401", { kind: "status", status: 401 }, "SDS_UNAUTHORISED"],
    ["says 403", { kind: "status", status: 403 }, "SDS_UNAUTHORISED"],
    ["says 404, which means a wrong path", { kind: "status", status: 404 }, "SDS_REFUSED"],
    ["says 429", { kind: "status", status: 429 }, "SDS_UNAVAILABLE"],
    ["says 500", { kind: "status", status: 500 }, "SDS_UNAVAILABLE"],
    ["says 502", { kind: "status", status: 502 }, "SDS_UNAVAILABLE"],
    ["says 504", { kind: "status", status: 504 }, "SDS_UNAVAILABLE"],
  ];
  for (const [what, conduct, code] of coded) {
    it(`raises ${code} when the directory ${what}`, async () => {
      const server = await directory.start();
      server.setConduct(conduct);
      const timeouts = conduct.kind === "slow" ? { lookupMilliseconds: 50 } : {};
      const client = directory.client(server, { timeouts });
      assert.equal(await codeOf(client.findEndpoints(endpoints)), code);
    });
  }

  it("raises SDS_CONNECT_FAILED when nobody listens", async () => {
    const server = await directory.start();
    await server.close();
    assert.equal(await codeOf(directory.client(server).findDevices(devices)), "SDS_CONNECT_FAILED");
  });

  it("raises SDS_UNAUTHORISED for a key that is not the directory's, and tells no key", async () => {
    const server = await directory.start({ apiKey: "another" });
    assert.equal(await codeOf(directory.client(server).findDevices(devices)), "SDS_UNAUTHORISED");
  });

  it("names the status and the code of the outcome", async () => {
    const server = await directory.start();
    server.setConduct({ kind: "status", status: 500 });
    await assert.rejects(directory.client(server).findDevices(devices), {
      message: /: status 500, INTERNAL_SERVER_ERROR$/,
      retryable: true,
    });
  });

  it("trusts no other authority than the one it is given, and the public ones by default", async () => {
    const server = await directory.start();
    const other = await createPki({ now: () => Date.now() });
    const foreign = directory.client(server, { tls: { ca: other.caPem } });
    assert.equal(await codeOf(foreign.findDevices(devices)), "TLS_PEER_AUTHORITY_UNKNOWN");
    const { baseUrl } = server;
    const byDefault = createSdsClient({ baseUrl, apiKey, effects: { newUuid: () => "" } });
    directory.closeLater(() => byDefault.close());
    assert.equal(await codeOf(byDefault.findDevices(devices)), "TLS_PEER_AUTHORITY_UNKNOWN");
  });

  const replies: readonly (readonly [string, ErrorCode, (response: ServerResponse) => void])[] = [
    ["leads elsewhere", "SDS_REFUSED", (response) => response.writeHead(302, { Location: "https://[::1]:1/" }).end()],
    ["says 204", "SDS_REFUSED", (response) => response.writeHead(204).end()],
    ["is empty", "SDS_RESPONSE_INVALID", (response) => response.end()],
    ["is an outcome", "SDS_RESPONSE_INVALID", (response) => response.end('{"resourceType":"OperationOutcome"}')],
    ["echoes the key", "SDS_RESPONSE_INVALID", (response) => response.end(`{"${apiKey}" ${apiKey}`)],
    ["echoes the key with 400", "SDS_REFUSED", (response) => response.writeHead(400).end(apiKey)],
    ["is larger than the limit", "SDS_RESPONSE_INVALID", (response) => response.end(Buffer.alloc(20_000, " "))],
    [
      "is compressed",
      "SDS_RESPONSE_INVALID",
      (response) => response.writeHead(200, { "Content-Encoding": "gzip" }).end("x"),
    ],
    [
      "breaks off in the middle",
      "SDS_UNAVAILABLE",
      (response) => {
        response.writeHead(200, { "Content-Length": "100" });
        response.write("{", () => response.destroy());
      },
    ],
    ["is no HTTP", "SDS_RESPONSE_INVALID", (response) => response.socket?.end("HELLO\r\n\r\n")],
  ];
  for (const [what, code, behave] of replies) {
    it(`raises ${code} when the answer ${what}`, async () => {
      const baseUrl = await startRaw((_request, response) => behave(response));
      const client = clientOf(baseUrl, { limits: { maximumBytes: 10_000 } });
      assert.equal(await codeOf(client.findEndpoints(endpoints)), code);
    });
  }

  it("asks once more when a kept connection was closed meanwhile", async () => {
    let asked = 0;
    const client = clientOf(
      await startRaw((request, response) => {
        asked += 1;
        // The second question comes on the connection of the first, which dies under it.
        if (asked === 2) request.socket.destroy();
        else response.end('{"resourceType":"Bundle","total":0}');
      }),
    );
    await client.findEndpoints(endpoints);
    assert.deepEqual(await client.findEndpoints(endpoints), []);
    assert.equal(asked, 3);
  });

  it("ends what is under way when it is closed, and takes no more", async () => {
    let arrived: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const client = clientOf(await startRaw(() => arrived()));
    const code = codeOf(client.findEndpoints(endpoints));
    await asked;
    client.close();
    assert.equal(await code, "CONFIG_CLOSED");
    assert.equal(await codeOf(client.findEndpoints(endpoints)), "CONFIG_CLOSED");
  });

  for (const [what, options, code] of [
    ["an address without https", { baseUrl: "http://sds.example.nhs.uk/" }, "CONFIG_INVALID"],
    ["an address that is none", { baseUrl: "sds" }, "CONFIG_INVALID"],
    ["an address with a query", { baseUrl: "https://sds.example.nhs.uk/?a=b" }, "CONFIG_INVALID"],
    ["an address with a password", { baseUrl: "https://a:b@sds.example.nhs.uk/" }, "CONFIG_INVALID"],
    ["no address", { baseUrl: " " }, "CONFIG_MISSING"],
    ["no key", { apiKey: " " }, "CONFIG_MISSING"],
    ["a key with a line break", { apiKey: `${apiKey}\r\n${apiKey}` }, "CONFIG_INVALID"],
    ["half a certificate", { tls: { ca: "-", cert: "-" } }, "CONFIG_MISSING"],
    ["no authority", { tls: { ca: "" } }, "CONFIG_MISSING"],
  ] as const) {
    it(`raises ${code} for ${what}`, async () => {
      const good = { baseUrl: "https://sds.example.nhs.uk", apiKey, effects: { newUuid: () => "" } };
      const create = (): Promise<unknown> => Promise.resolve(createSdsClient({ ...good, ...options }));
      assert.equal(await codeOf((async () => create())()), code);
    });
  }

  it("shows its key to nobody who prints it", async () => {
    const server = await directory.start();
    assert.ok(!inspect(directory.client(server), { depth: 10, showHidden: true }).includes(apiKey));
  });
});

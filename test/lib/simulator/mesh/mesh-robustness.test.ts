// Whatever bytes come: the simulated MESH answers with a status, and lives.
import assert from "node:assert/strict";
import fc from "fast-check";
import { exchangeBytes, openMesh, type MeshFixture } from "../../../support/simulator/mesh-client.js";

const segment = fc.oneof(
  fc.constantFrom("", "ZT7OT001", "zspot001", "inbox", "outbox", "tracking", "count", "status", "acknowledged", "1"),
  fc.constantFrom("0", "999999999999", "%E0%A4", "%2e%2e", "__proto__", "endpointlookup", "workflowsearch", "*"),
  fc.webFragments(),
);
const query = fc.oneof(
  fc.constantFrom("", "?", "?max_results=10&max_results=1", "?continue_from=-1", "?workflow_filter=%00", "?messageID"),
  fc.webQueryParameters().map((text) => `?${text}`),
);
const headerValue = fc.oneof(
  fc.constantFrom("", "gzip", "1:1", "1:2", "2:2", "9:99999999999999999999", "ZSPOT001", "EXAMPLE_UPLOAD", "\t"),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 40 }),
);
const headers = fc.dictionary(
  fc.constantFrom(
    "mex-To",
    "mex-From",
    "mex-WorkflowID",
    "mex-LocalID",
    "mex-Chunk-Range",
    "mex-Content-Type",
    "mex-Anything",
    "Content-Encoding",
    "Content-Type",
    "Accept",
    "Accept-Encoding",
  ),
  headerValue.filter((value) => !/[\u007f]/.test(value)),
);
const exchange = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"),
  segments: fc.oneof(
    fc.array(segment, { maxLength: 6 }),
    fc.array(segment, { maxLength: 5 }).map((more) => ["ZT7OT001", ...more]),
  ),
  query,
  headers,
  isAuthorized: fc.boolean(),
  body: fc.uint8Array({ maxLength: 50 }),
});

describe("The simulated MESH under any input", () => {
  let fixture: MeshFixture;
  const errors: unknown[] = [];
  before(async () => {
    fixture = await openMesh();
    fixture.mesh.events.on("error", (error) => errors.push(error));
  });
  after(() => fixture.close());
  afterEach(async () => {
    assert.deepEqual(errors, []);
    assert.equal((await fixture.call({ path: "/ZT7OT001/inbox" })).status, 200);
  });

  it("gives a status for any path, query, headers and body", async () => {
    await fc.assert(
      fc.asyncProperty(exchange, async (one) => {
        const reply = await fixture.call({
          method: one.method,
          path: `/${one.segments.join("/")}${one.query}`,
          headers: one.headers,
          body: one.method === "GET" || one.method === "HEAD" ? Buffer.alloc(0) : Buffer.from(one.body),
          ...(one.isAuthorized ? {} : { authorization: "NHSMESH x" }),
        });
        assert.ok(reply.status >= 200 && reply.status < 500, String(reply.status));
      }),
      { numRuns: 150 },
    );
  });

  it("gives a status for any headers and body of a file", async () => {
    await fc.assert(
      fc.asyncProperty(headers, fc.uint8Array({ maxLength: 50 }), async (some, body) => {
        const reply = await fixture.send(some, Buffer.from(body));
        assert.ok([202, 400, 417].includes(reply.status), String(reply.status));
      }),
      { numRuns: 100 },
    );
  });

  it("lives on after bytes that are no HTTP", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const text = await exchangeBytes(fixture.mesh.port, bytes);
        assert.ok(text === "" || /^HTTP\/1\.1 4\d\d /.test(text), text);
      }),
      { numRuns: 25 },
    );
    const text = await exchangeBytes(
      fixture.mesh.port,
      `GET / HTTP/1.1\r\nHost: x\r\nA: ${"b".repeat(20_000)}\r\n\r\n`,
    );
    assert.match(text, /^HTTP\/1\.1 431 /);
    assert.match(await exchangeBytes(fixture.mesh.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 404 /);
    assert.match(await exchangeBytes(fixture.mesh.port, "nonsense\r\n\r\n"), /^HTTP\/1\.1 400 /);
  });
});

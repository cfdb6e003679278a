// The simulated MESH from end to end: a file goes from one mailbox to another and is acknowledged.
import assert from "node:assert/strict";
import { openMesh, type MeshFixture } from "../../../support/simulator/mesh-client.js";

const handshake = { "mex-ClientVersion": "1", "mex-OSName": "test", "mex-OSVersion": "1" };

describe("The simulated MESH", () => {
  let fixture: MeshFixture;
  before(async () => {
    fixture = await openMesh();
  });
  after(() => fixture.close());

  it("takes a handshake, a file, shows it to its recipient, gives it, and takes the acknowledgement", async () => {
    const { call, mesh, send } = fixture;
    assert.equal((await call({ method: "POST", path: "/ZT7OT001", headers: handshake })).status, 200);
    const content = Buffer.from('<?xml version="1.0" encoding="UTF-8"?><File xmlns="urn:hl7-org:v3"/>');
    const sent = await send({ "mex-LocalID": "999-000042-1", "mex-FileName": "999-000042.xml" }, content);
    assert.equal(sent.status, 202);
    const [waiting] = mesh.inbox(mesh.cpisMailbox);
    assert.ok(waiting);
    assert.match(waiting.messageId, /^20261122101500\d{6}_[0-9A-F]{6}$/);
    assert.deepEqual(sent.json, { message_id: waiting.messageId });

    const list = await call({ path: "/ZSPOT001/inbox", as: mesh.cpis });
    assert.deepEqual(list.json, {
      messages: [waiting.messageId],
      links: { self: "/messageexchange/ZSPOT001/inbox" },
      approx_inbox_count: 1,
    });
    const fetched = await call({ path: `/ZSPOT001/inbox/${waiting.messageId}`, as: mesh.cpis });
    assert.equal(fetched.status, 200);
    assert.deepEqual(fetched.body, content);
    assert.equal(fetched.headers["mex-from"], "ZT7OT001");
    assert.equal(fetched.headers["mex-to"], "ZSPOT001");
    assert.equal(fetched.headers["mex-localid"], "999-000042-1");
    assert.equal(fetched.headers["mex-filename"], "999-000042.xml");
    assert.equal(fetched.headers["mex-chunk-range"], "1:1");
    const path = `/ZSPOT001/inbox/${waiting.messageId}/status/acknowledged`;
    const acknowledged = await call({ method: "PUT", path, as: mesh.cpis });
    assert.equal(acknowledged.status, 200);
    assert.equal(acknowledged.body.byteLength, 0);
    assert.deepEqual(mesh.inbox(mesh.cpisMailbox), []);
  });
});

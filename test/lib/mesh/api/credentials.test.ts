// What a mailbox over the API does when MESH does not know it, or is not there.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { isCpisError } from "../../../../lib/errors.js";
import { createApiMailbox } from "../../../../lib/mesh/api/api-mailbox.js";
import { createPki } from "../../../../lib/simulator/pki/pki.js";
import { stored, until, untilState } from "../../../support/mhs/durable-exchange.js";
import { testPki } from "../../../support/simulator/simulator-client.js";
import { useMeshScene } from "../../../support/mesh/mesh-scene.js";
import { outboundFile } from "../../../support/mesh/sample-files.js";
import { exampleScope } from "../../../support/mesh/sample-files.js";

const hour = 3_600_000;

describe("The credentials of a mailbox over the MESH API", () => {
  // Disks of a busy machine take their time.
  const scene = useMeshScene();

  /** The mailbox's own clock. */
  function effectsWith(offset: { milliseconds: number }) {
    const { clock } = scene();
    return { now: () => clock.now + offset.milliseconds, newUuid: () => randomUUID().toUpperCase() };
  }

  for (const [what, changes] of [
    ["password", { password: "another" }],
    ["shared key", { sharedKey: "another" }],
    ["mailbox", { mailbox: "ZT9OT009" }],
  ] as const) {
    it(`are proved at the start: another ${what} is refused, after one more try with a new token`, async () => {
      const { mailbox } = await scene().create(changes);
      await assert.rejects(mailbox.start(), { code: "MESH_UNAUTHORISED", retryable: false });
      assert.deepEqual(scene().calls, ["POST mailbox 403", "POST mailbox 403"]);
    });
  }

  it("are refused with a word about the clock when that is more than two hours off", async () => {
    const { mailbox } = await scene().create({ effects: effectsWith({ milliseconds: 3 * hour }) });
    await assert.rejects(mailbox.start(), (error) => isCpisError(error) && /18\d minutes fast/.test(error.message));
  });

  it("are in no error", async () => {
    const { mailbox } = await scene().create({ password: "a-secret-word", sharedKey: "a-secret-key" });
    await assert.rejects(mailbox.start(), (error) => {
      assert.ok(isCpisError(error));
      assert.doesNotMatch(JSON.stringify([error, error.message, error.stack, error.cause]), /a-secret|NHSMESH/);
      return true;
    });
  });

  it("that are refused later end all calls but a few, and files wait until they are good again", async () => {
    const offset = { milliseconds: 0 };
    const { mailbox, log } = await scene().start({ effects: effectsWith(offset), pollMilliseconds: 20 });
    await until(() => scene().calls.includes("GET inbox 200"));
    offset.milliseconds = 3 * hour;
    await until(() => log.includes("unreachable MESH_UNAUTHORISED"));
    const id = await mailbox.send(outboundFile());
    await until(async () => (await stored(scene().store, id)).nextAttemptAt !== undefined);
    assert.equal(scene().calls.filter((call) => call.endsWith("403")).length, 2);
    offset.milliseconds = 0;
    await mailbox.poll();
    assert.ok(log.includes("reachable"));
    scene().clock.now += 4 * hour;
    await mailbox.poll();
    await untilState(scene().store, id, "awaiting-response");
  });

  it("need a certificate that MESH accepts", async () => {
    const { pki } = await testPki();
    const stranger = await createPki({ now: () => Date.now() });
    const { keyPem, certPem } = await stranger.issue({ commonName: "stranger", usage: "client" });
    const { mailbox, log } = await scene().start({ tls: { ca: pki.caPem, key: keyPem, cert: certPem } });
    assert.deepEqual(log, ["unreachable TLS_FAILED"]);
    await assert.rejects(mailbox.poll(), { code: "TLS_FAILED" });
    assert.deepEqual(scene().calls, []);
  });

  it("are shown again once a day", async () => {
    const { mailbox } = await scene().start();
    await mailbox.poll();
    scene().clock.now += 23 * hour;
    await mailbox.poll();
    const handshakes = (): number => scene().calls.filter((call) => call === "POST mailbox 200").length;
    assert.equal(handshakes(), 1);
    scene().clock.now += 2 * hour;
    await mailbox.poll();
    assert.equal(handshakes(), 2);
  });

  it("are not asked for by a start while MESH is away, which goes on by itself", async () => {
    await scene().stopMesh();
    const { mailbox, log } = await scene().start();
    assert.deepEqual(log, ["unreachable MESH_CONNECT_FAILED"]);
    await assert.rejects(mailbox.poll(), { code: "MESH_CONNECT_FAILED" });
    await scene().startMesh();
    await mailbox.poll();
    assert.ok(log.includes("reachable"));
  });

  it("may be tried again with the same mailbox after a start that failed", async () => {
    const offset = { milliseconds: 3 * hour };
    const { mailbox } = await scene().create({ effects: effectsWith(offset) });
    await assert.rejects(mailbox.start(), { code: "MESH_UNAUTHORISED" });
    offset.milliseconds = 0;
    await mailbox.start();
    await mailbox.poll();
  });

  for (const [what, changes, code] of [
    ["an empty password", { password: "" }, "CONFIG_MISSING"],
    ["a mailbox in lower case", { mailbox: "zt7ot001" }, "CONFIG_INVALID"],
    ["an address without TLS", { baseUrl: "http://127.0.0.1:1" }, "CONFIG_INVALID"],
    ["chunks of no size", { chunkBytes: 0 }, "CONFIG_INVALID"],
    ["sending again without new local ids", { unknownOutcome: "resend-after-tracking" }, "CONFIG_MISSING"],
  ] as const) {
    it(`are checked before anything is done: ${what}`, async () => {
      const { pki, client } = await testPki();
      const { store } = scene();
      const good = {
        mailbox: "ZT7OT001",
        password: "p",
        sharedKey: "k",
        baseUrl: "https://127.0.0.1:1",
        tls: { ca: pki.caPem, key: client.keyPem, cert: client.certPem },
        store,
        channel: "c",
        owner: "o",
        scope: exampleScope,
        knownRoots: [],
        effects: effectsWith({ milliseconds: 0 }),
      };
      assert.throws(() => createApiMailbox({ ...good, ...changes }), { code });
    });
  }
});

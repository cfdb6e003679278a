// Tests of who is answered what when a check is asked for: one of a node at a time, and each ends with its caller.
import assert from "node:assert/strict";
import { CpisError } from "../../../../lib/errors.js";
import {
  checkPermission,
  createCheckDesk,
  type CheckDesk,
  type PreparedCheck,
  type Reply,
} from "../../../../nodes/adapter/transports/connection-check-route.js";

const unusable: PreparedCheck = { check: { kind: "unusable", error: new CpisError("CONFIG_CLOSED") } };

function deskWith(nodes: Readonly<Record<string, object>>): (id: string) => Promise<Reply> {
  const desk: CheckDesk = createCheckDesk((id) => nodes[id] ?? null);
  return (id) => desk(id, new AbortController().signal);
}

describe("the route of the connection check", () => {
  it("has a permission that no built-in scope matches by the end of its name", () => {
    assert.doesNotMatch(checkPermission, /\.(read|write)$/);
  });

  it("runs one check of a node at a time, and beside it those of others", async () => {
    const waiting = Promise.withResolvers<PreparedCheck>();
    const slow = { prepareCheck: () => waiting.promise };
    const ask = deskWith({ slow, quick: { prepareCheck: () => Promise.resolve(unusable) } });
    const first = ask("slow");
    assert.deepEqual(await ask("slow"), { status: 409, body: { reason: "running" } });
    assert.equal((await ask("quick")).status, 200);
    waiting.resolve(unusable);
    assert.equal((await first).status, 200);
    assert.equal((await ask("slow")).status, 200);
  });

  it("gives up when its caller goes, and closes what was opened for it", async () => {
    const seen: string[] = [];
    const node = {
      prepareCheck: (signal: AbortSignal): Promise<PreparedCheck> =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            seen.push("aborted");
            resolve({ ...unusable, close: () => seen.push("closed") });
          });
        }),
    };
    const gone = new AbortController();
    const replied = createCheckDesk(() => node)("node", gone.signal);
    gone.abort();
    await replied;
    assert.deepEqual(seen, ["aborted", "closed"]);
  });

  it("tells why a transport cannot be checked, and of a fault of its own no more than the place", async () => {
    const ask = deskWith({
      settings: { prepareCheck: () => Promise.reject(new CpisError("CONFIG_MISSING", { detail: "TLS" })) },
      fault: { prepareCheck: () => Promise.reject(new TypeError("a secret")) },
    });
    const text = async (id: string): Promise<string> => JSON.stringify(await ask(id));
    assert.match(await text("settings"), /"status":200.*CONFIG_MISSING/);
    const fault = await text("fault");
    assert.match(fault, /CPIS_INTERNAL/);
    assert.doesNotMatch(fault, /a secret/);
    assert.match(await text("nobody"), /404.*not-deployed/);
  });
});

// A message's road through a node, whatever goes wrong on it.
import assert from "node:assert/strict";
import { CpisError } from "../../../../lib/errors.js";
import { runInput, toCpisError } from "../../../../nodes/adapter/runtime/run-input.js";

interface Record {
  readonly sent: unknown[];
  readonly done: (Error | undefined)[];
}

async function run(work: () => Promise<{ payload: string } | undefined>, send?: () => void): Promise<Record> {
  const record: Record = { sent: [], done: [] };
  await runInput(
    (message) => {
      send?.();
      record.sent.push(message);
    },
    (error) => record.done.push(error),
    work,
  );
  return record;
}

describe("running an input", () => {
  it("sends what the work gives and is done once", async () => {
    const { sent, done } = await run(() => Promise.resolve({ payload: "x" }));
    assert.deepEqual(sent, [{ payload: "x" }]);
    assert.deepEqual(done, [undefined]);
  });

  it("sends nothing for nothing", async () => {
    const { sent, done } = await run(() => Promise.resolve(undefined));
    assert.deepEqual([sent.length, done], [0, [undefined]]);
  });

  it("is done once, with the error, when the work rejects, throws at once, or sending throws", async () => {
    const error = new CpisError("CPIS_TIMEOUT");
    const rejecting = (): Promise<undefined> => Promise.reject(error);
    const throwing = (): Promise<undefined> => {
      throw error;
    };
    for (const work of [rejecting, throwing]) assert.deepEqual((await run(work)).done, [error]);
    const sending = await run(
      () => Promise.resolve({ payload: "x" }),
      () => {
        throw error;
      },
    );
    assert.deepEqual(sending.done, [error]);
  });

  it("never rejects, even when done itself throws", async () => {
    let calls = 0;
    const done = (): void => {
      calls += 1;
      throw new Error("done");
    };
    await runInput(
      () => undefined,
      done,
      () => Promise.resolve(undefined),
    );
    assert.equal(calls, 1);
  });

  it("tells of a foreign error its class and place, and not its text", () => {
    const error = toCpisError(new TypeError("9990001014 is not a function"));
    assert.equal(error.code, "CPIS_INTERNAL");
    assert.ok(Object.hasOwn(error, "code"));
    assert.match(error.message, /TypeError at run-input\.test\.ts:\d+/);
    assert.doesNotMatch(`${error.message}${error.stack ?? ""}`, /9990001014/);
    assert.equal(error.cause, undefined);
    assert.match(toCpisError("text").message, /string$/);
  });
});

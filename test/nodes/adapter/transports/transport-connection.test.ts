// When a transport opens, waits, tries again and closes, by timers of the test's own.
import assert from "node:assert/strict";
import { CpisError } from "../../../../lib/errors.js";
import { TransportConnection, type Session } from "../../../../nodes/adapter/transports/transport-connection.js";
import type { ListeningState, TransportState } from "../../../../nodes/adapter/transports/transport-state.js";

/** What the users of this transport get is a word. */
type WordSession = Session<string, ListeningState>;

const portInUse = (): Promise<never> => Promise.reject(new CpisError("CONFIG_PORT_IN_USE"));

function setUp(openSession: () => Promise<WordSession>) {
  const states: TransportState[] = [];
  const delays: number[] = [];
  let callback: (() => void) | undefined;
  const connection = new TransportConnection<string, ListeningState>({
    needsSimulator: false,
    openSession,
    stateChanged: (state) => states.push(state),
    after: (milliseconds, retry) => {
      delays.push(milliseconds);
      callback = retry;
      return () => (callback = undefined);
    },
  });
  /** Lets the steps that are due run. */
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const retry = async (): Promise<void> => {
    callback?.();
    await settle();
  };
  return { connection, states, delays, retry, settle, isRetryDue: () => callback !== undefined };
}

function session(closed: () => void): WordSession {
  return {
    open: "word",
    watch: (watcher) => watcher({ kind: "listening", port: 4711 }),
    close: () => {
      closed();
      return Promise.resolve();
    },
  };
}

describe("the connection of a transport", () => {
  it("tries again after 1 s, then less often, at most every 30 s", async () => {
    const { connection, delays, retry, settle } = setUp(portInUse);
    connection.open();
    await settle();
    for (let times = 0; times < 7; times += 1) await retry();
    assert.deepEqual(delays, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    await connection.close();
  });

  it("keeps a failure in sight while it is tried again", async () => {
    const { connection, states, retry, settle } = setUp(portInUse);
    connection.open();
    await settle();
    await retry();
    assert.deepEqual(
      states.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]),
      ["opening", "failed"],
    );
    await connection.close();
  });

  it("does not try again for settings that must be changed", async () => {
    const { connection, states, isRetryDue, settle } = setUp(() => Promise.reject(new CpisError("CONFIG_INVALID")));
    connection.open();
    await settle();
    assert.equal(states.at(-1)?.kind, "failed");
    assert.ok(!isRetryDue());
  });

  it("leaves no retry behind when it is closed", async () => {
    const { connection, isRetryDue, settle, states } = setUp(portInUse);
    connection.open();
    await settle();
    assert.ok(isRetryDue());
    await connection.close();
    assert.ok(!isRetryDue());
    assert.equal(states.at(-1)?.kind, "closed");
  });

  it("closes a session that was still being opened when it was closed", async () => {
    const { promise, resolve } = Promise.withResolvers<WordSession>();
    let closed = 0;
    const { connection, states, settle } = setUp(() => promise);
    connection.open();
    await settle();
    const closing = connection.close();
    resolve(session(() => (closed += 1)));
    await closing;
    assert.equal(closed, 1);
    assert.equal(states.at(-1)?.kind, "closed");
  });

  it("lets those wait who come while it opens, and refuses those who come after it was closed", async () => {
    const { promise, resolve } = Promise.withResolvers<WordSession>();
    const { connection } = setUp(() => promise);
    connection.open();
    const { signal } = new AbortController();
    const early = connection.whenOpen(signal);
    resolve(session(() => undefined));
    assert.equal(await early, "word");
    await connection.close();
    await assert.rejects(connection.whenOpen(signal), { code: "CONFIG_CLOSED" });
  });

  it("ends the wait of one who gives up", async () => {
    const { promise } = Promise.withResolvers<WordSession>();
    const { connection } = setUp(() => promise);
    connection.open();
    const giveUp = new AbortController();
    const waiting = connection.whenOpen(giveUp.signal);
    giveUp.abort();
    await assert.rejects(waiting, { code: "CONFIG_CLOSED" });
  });
});

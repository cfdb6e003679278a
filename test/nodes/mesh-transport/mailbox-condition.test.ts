// What a mesh transport shows of its mailbox: the truth, with the time of the last success.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { CpisError } from "../../../lib/errors.js";
import type { MeshEvents } from "../../../lib/mesh/model.js";
import type { CollectingState } from "../../../nodes/adapter/transports/transport-state.js";
import { MailboxCondition } from "../../../nodes/mesh-transport/mailbox-condition.js";
import { meshStatus } from "../../../nodes/mesh-transport/mesh-status.js";
import { readEditorFiles } from "../../support/nodes/editor-files.js";

const { texts } = readEditorFiles("mesh-transport");
const words = (key: string, values: Record<string, string | number> = {}): string =>
  Object.entries(values).reduce(
    (text, [name, value]) => text.replace(`__${name}__`, String(value)),
    texts.get(`mesh-transport.${key}`) ?? `no text for ${key}`,
  );
const at = new Date(2026, 10, 22, 14, 5).getTime();

function setUp(isScopeChosen = true) {
  const condition = new MailboxCondition();
  const events = new EventEmitter<MeshEvents>();
  condition.follow({ events });
  let state: CollectingState = { kind: "connecting" };
  condition.watch((next) => (state = next));
  const shown = (): string => {
    const basis = { collectMilliseconds: 5 * 60_000, isScopeChosen };
    const { fill, shape, text } = meshStatus(state, basis, words);
    return `${fill} ${shape}: ${text}`;
  };
  return { condition, events, shown, state: () => state };
}

describe("the condition of a mailbox", () => {
  it("is connecting, then collecting, with the time of the last success", () => {
    const { condition, events, shown } = setUp();
    assert.equal(shown(), "yellow ring: connecting");
    condition.started();
    assert.equal(shown(), "green dot: every 5 min");
    events.emit("polled", { at, received: 0, foreign: 0 });
    assert.equal(shown(), "green dot: every 5 min, last 14:05");
  });

  it("says why MESH cannot be used, since when, and that it can again", () => {
    const { events, shown } = setUp();
    events.emit("polled", { at, received: 0, foreign: 0 });
    events.emit("unreachable", { code: "MESH_CONNECT_FAILED", message: new CpisError("MESH_CONNECT_FAILED").message });
    assert.equal(shown(), "red ring: MESH not reached, last 2026-11-22 14:05");
    events.emit("reachable");
    assert.equal(shown(), "green dot: every 5 min, last 14:05");
  });

  it("says that credentials are refused, and repeats the error's text once", () => {
    const { events, shown, state } = setUp();
    const error = new CpisError("MESH_UNAUTHORISED", { detail: "status 403" });
    events.emit("unreachable", { code: error.code, message: error.message });
    assert.equal(shown(), "red ring: MESH refuses the credentials");
    const told = state();
    assert.ok("error" in told);
    assert.equal(told.error.message, error.message);
  });

  it("is not taken for good because the mailbox has started while MESH is out of reach", () => {
    const { condition, events, shown } = setUp();
    events.emit("unreachable", { code: "MESH_UNAVAILABLE", message: new CpisError("MESH_UNAVAILABLE").message });
    condition.started();
    assert.equal(shown(), "red ring: MESH not reached");
  });

  it("tells of a start that failed until one succeeds", () => {
    const { condition, shown } = setUp();
    condition.startFailed(new CpisError("TLS_FAILED"));
    assert.equal(shown(), "red ring: failed TLS_FAILED");
    condition.started();
    assert.equal(shown(), "green dot: every 5 min");
  });

  it("stays out of reach while it can collect and cannot send", () => {
    const { events, shown } = setUp();
    events.emit("unreachable", { code: "MESH_FOLDER_FULL", message: new CpisError("MESH_FOLDER_FULL").message });
    events.emit("polled", { at, received: 0, foreign: 0 });
    assert.equal(shown(), "red ring: failed MESH_FOLDER_FULL, last 2026-11-22 14:05");
  });

  it("shows a store that fails before all else", () => {
    const { condition, events, shown } = setUp();
    events.emit("polled", { at, received: 0, foreign: 0 });
    condition.storeChanged({ kind: "unavailable", error: new CpisError("STORE_FULL") });
    assert.equal(shown(), "red ring: failed STORE_FULL");
    condition.storeChanged({ kind: "ready" });
    assert.equal(shown(), "green dot: every 5 min, last 14:05");
  });

  it("counts what is left of other workflows, and in a flow from before that could be set asks for a look", () => {
    for (const [isScopeChosen, expected] of [
      [true, "green dot: every 5 min, last 14:05, 2 of other workflows left"],
      [false, "yellow dot: 2 left that are not of CP-IS as set: check mailboxes and workflow ids"],
    ] as const) {
      const { events, shown } = setUp(isScopeChosen);
      events.emit("polled", { at, received: 1, foreign: 2 });
      assert.equal(shown(), expected);
      events.emit("polled", { at, received: 1, foreign: 0 });
      assert.equal(shown(), "green dot: every 5 min, last 14:05");
    }
  });

  it("names seconds where it collects more often", () => {
    const basis = (collectMilliseconds: number) => ({ collectMilliseconds, isScopeChosen: true });
    assert.equal(meshStatus({ kind: "collecting" }, basis(5000), words).text, "every 5 s");
    assert.equal(meshStatus({ kind: "collecting" }, basis(90_000), words).text, "every 90 s");
  });
});

// What a `cp-is upload` node shows, step by step, in the words of its catalogue.
import assert from "node:assert/strict";
import { CpisError } from "../../../lib/errors.js";
import type { UploadOutcome } from "../../../lib/services/upload/upload-model.js";
import { NodeStatus, type StatusShape } from "../../../nodes/adapter/runtime/node-status.js";
import type { TransportReport } from "../../../nodes/adapter/transports/transport-state.js";
import { UploadStatus } from "../../../nodes/cp-is-upload/upload-status.js";
import { readEditorFiles } from "../../support/nodes/editor-files.js";

const { texts } = readEditorFiles("cp-is-upload");
const collecting: TransportReport = {
  state: { kind: "collecting" },
  status: { fill: "green", shape: "dot", text: "collects" },
};
const away: TransportReport = {
  state: { kind: "peer-unavailable", error: new CpisError("MESH_UNAVAILABLE") },
  status: { fill: "yellow", shape: "ring", text: "MESH away" },
};
const outcome: UploadOutcome = {
  outcome: "partly-accepted",
  fileResults: [],
  given: 3,
  notSent: 0,
  sent: 3,
  accepted: 2,
  refused: 1,
  unanswered: 0,
  unmatched: 0,
  records: [],
  warnings: [],
};

function words(key: string, values: Record<string, string | number> = {}): string {
  const text = texts.get(`cp-is-upload.${key}`);
  assert.ok(text !== undefined, key);
  return text.replace(/__(\w+)__/g, (_, name: string) => String(values[name]));
}

describe("the status of an upload node", () => {
  function create(): { readonly status: UploadStatus; readonly shown: () => StatusShape | undefined } {
    let shown: StatusShape | undefined;
    let now = Date.UTC(2026, 10, 22, 10, 0);
    // Each change a minute after the last one.
    const timing = { now: () => (now += 60_000), after: () => () => undefined };
    const nodeStatus = new NodeStatus({ status: (next) => (shown = next) }, timing);
    return { status: new UploadStatus(nodeStatus, words), shown: () => shown };
  }

  it("tells how far the check of a long file is, whatever the transport does meanwhile", () => {
    const { status, shown } = create();
    status.transportChanged(collecting);
    status.checking(4000, 10_000);
    assert.deepEqual(shown(), { fill: "yellow", shape: "dot", text: "checking 4000 of 10000" });
    status.transportChanged(away);
    assert.equal(shown()?.text, "checking 4000 of 10000");
    status.stored(7, 10_000, 0);
    assert.equal(shown()?.text, "MESH away");
    status.transportChanged(collecting);
    assert.deepEqual(shown(), { fill: "yellow", shape: "ring", text: "file 7: 10000 records, no response yet" });
    status.sending(7, 2, 5);
    assert.equal(shown()?.text, "file 7: sending 2 of 5");
  });

  it("is green only when every record is on CP-IS", () => {
    const { status, shown } = create();
    status.transportChanged(collecting);
    status.answered({ ...outcome, outcome: "accepted", accepted: 3, refused: 0 }, 7);
    assert.equal(shown()?.fill, "green");
    assert.match(shown()?.text ?? "", /^file 7: 3 loaded \d\d:\d\d$/);
    status.answered(outcome, 8);
    assert.deepEqual(shown(), { fill: "red", shape: "ring", text: "file 8: 2 loaded, 1 refused" });
    status.answered({ ...outcome, outcome: "refused", accepted: 0, refused: 3 }, 9);
    assert.deepEqual(shown(), { fill: "red", shape: "ring", text: "file 9: none loaded, 3 refused" });
    status.answered({ ...outcome, outcome: "file-refused", accepted: 0, refused: 3 }, undefined);
    assert.deepEqual(shown(), { fill: "red", shape: "ring", text: "file ? refused" });
  });

  it("is never green while a record of the upload was left out, before the response and after it", () => {
    const { status, shown } = create();
    status.transportChanged(collecting);
    status.stored(7, 3, 5);
    assert.deepEqual(shown(), {
      fill: "yellow",
      shape: "ring",
      text: "file 7: 3 records, 5 not sent, no response yet",
    });
    status.answered({ outcome: "partly-accepted", accepted: 3, refused: 0, notSent: 5 }, 7);
    assert.deepEqual(shown(), { fill: "red", shape: "ring", text: "file 7: 3 loaded, 5 not sent" });
    status.answered({ outcome: "partly-accepted", accepted: 2, refused: 1, notSent: 5 }, 8);
    assert.equal(shown()?.text, "file 8: 2 loaded, 1 refused, 5 not sent");
  });

  it("warns of a response to an unknown file, of one that is unclear, and of one that was set aside", () => {
    const { status, shown } = create();
    status.transportChanged(collecting);
    status.answered({ outcome: "unknown-file", accepted: 2, refused: 0, notSent: 0 }, undefined);
    assert.deepEqual(shown(), { fill: "red", shape: "ring", text: "response to a file that is not known" });
    status.answered({ outcome: "unclear", accepted: 0, refused: 2, notSent: 0 }, 7);
    assert.deepEqual(shown(), { fill: "red", shape: "ring", text: "file 7: response unclear, ask CP-IS" });
    status.stray("CPIS_UPLOAD_NOT_OURS");
    assert.deepEqual(shown(), { fill: "red", shape: "ring", text: "response set aside: CPIS_UPLOAD_NOT_OURS" });
  });

  it("names the code of a file that was not delivered, and how long a response is missing", () => {
    const { status, shown } = create();
    status.transportChanged(collecting);
    status.undelivered({ fileNumber: 4, state: "failed", error: new CpisError("MESH_NOT_DELIVERED") });
    assert.equal(shown()?.text, "file 4 not delivered: MESH_NOT_DELIVERED");
    status.undelivered({ fileNumber: 5, state: "held", error: new CpisError("MESH_OUTCOME_UNKNOWN") });
    assert.equal(shown()?.text, "file 5 held: MESH_OUTCOME_UNKNOWN");
    status.overdue(6, 25);
    assert.deepEqual(shown(), { fill: "red", shape: "ring", text: "file 6: no response for 25 h" });
  });
});

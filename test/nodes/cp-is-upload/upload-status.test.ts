// What a `cp-is upload` node shows, step by step, in the words of its catalogue.
import assert from "node:assert/strict";
import { CpisError } from "../../../lib/errors.js";
import type { LastUpload, UploadOutcome } from "../../../lib/services/upload/upload-model.js";
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

/** With the day and time at which it came. */
function assertRed(shown: StatusShape | undefined, text: string): void {
  assert.deepEqual([shown?.fill, shown?.shape], ["red", "ring"]);
  const [told, time] = shown?.text?.split(/, (?=\d{4}-)/) ?? [];
  assert.equal(told, text);
  assert.match(time ?? "", /^2026-11-22 \d\d:\d\d$/);
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
    assert.match(shown()?.text ?? "", /^file 7: 3 loaded, 2026-11-22 \d\d:\d\d$/);
    status.answered(outcome, 8);
    assertRed(shown(), "file 8: 2 loaded, 1 refused");
    status.answered({ ...outcome, outcome: "refused", accepted: 0, refused: 3 }, 9);
    assertRed(shown(), "file 9: none loaded, 3 refused");
    status.answered({ ...outcome, outcome: "file-refused", accepted: 0, refused: 3 }, undefined);
    assertRed(shown(), "file ? refused");
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
    assertRed(shown(), "file 7: 3 loaded, 5 not sent");
    status.answered({ outcome: "partly-accepted", accepted: 2, refused: 1, notSent: 5 }, 8);
    assertRed(shown(), "file 8: 2 loaded, 1 refused, 5 not sent");
  });

  it("warns of a response to an unknown file, of one that is unclear, and of one that was set aside", () => {
    const { status, shown } = create();
    status.transportChanged(collecting);
    status.answered({ outcome: "unknown-file", accepted: 2, refused: 0, notSent: 0 }, undefined);
    assertRed(shown(), "response to a file that is not known");
    status.answered({ outcome: "unclear", accepted: 0, refused: 2, notSent: 0 }, 7);
    assertRed(shown(), "file 7: response unclear, ask CP-IS");
    status.stray("CPIS_UPLOAD_NOT_OURS");
    assertRed(shown(), "response set aside: CPIS_UPLOAD_NOT_OURS");
    status.failed("CPIS_UPLOAD_EMPTY");
    assertRed(shown(), "failed CPIS_UPLOAD_EMPTY");
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

  it("shows after a restart how the last upload stands, unless there is something newer", () => {
    const result = { outcome: "partly-accepted", accepted: 3, refused: 0, notSent: 5 } as const;
    const resumed = (last: LastUpload) => {
      const { status, shown } = create();
      status.transportChanged(collecting);
      status.resumed(last);
      return shown();
    };
    const at = new Date(2026, 10, 20, 9, 30).getTime();
    const answered = resumed({ kind: "answered", fileNumber: 7, result, at });
    assert.deepEqual([answered?.fill, answered?.text], ["red", "file 7: 3 loaded, 5 not sent, 2026-11-20 09:30"]);
    const accepted = { ...result, outcome: "accepted", notSent: 0 } as const;
    assert.equal(resumed({ kind: "answered", fileNumber: 7, result: accepted, at })?.fill, "green");
    assert.equal(
      resumed({ kind: "waiting", fileNumber: 8, sent: 3, notSent: 5 })?.text,
      "file 8: 3 records, 5 not sent, no response yet",
    );
    assert.equal(
      resumed({ kind: "undelivered", fileNumber: 9, state: "held", code: "MESH_OUTCOME_UNKNOWN" })?.text,
      "file 9 held: MESH_OUTCOME_UNKNOWN",
    );
    const { status, shown } = create();
    status.transportChanged(collecting);
    status.checking(1, 2);
    status.resumed({ kind: "answered", fileNumber: 7, result, at });
    assert.equal(shown()?.text, "checking 1 of 2");
    status.stored(10, 2, 0);
    status.resumed({ kind: "answered", fileNumber: 7, result, at });
    assert.match(shown()?.text ?? "", /^file 10:/);
  });
});

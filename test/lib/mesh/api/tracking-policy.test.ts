// What becomes of a file of unknown outcome, by what MESH says of it.
import assert from "node:assert/strict";
import { CpisError } from "../../../../lib/errors.js";
import { decideTracking, type TrackingAnswer } from "../../../../lib/mesh/api/tracking-policy.js";

const waits = [60_000, 300_000, 1_800_000];
const acceptedAt = Date.UTC(2026, 10, 22, 10, 15);
const file = { recipient: "ZSPOT001", workflowId: "EXAMPLE_UPLOAD", acceptedAt, sizes: [68, 70] };
const state = { file, trackings: 0, chunks: 1, unknownOutcome: "hold", waits } as const;
const failure = (kind: "invalid" | "unavailable" | "not-sent" | "unauthorised" | "broken"): TrackingAnswer => ({
  kind,
  error: new CpisError("MESH_UNAVAILABLE"),
});
const found = (status?: string): TrackingAnswer => ({
  kind: "found",
  tracking: { messageId: "M1", ...(status === undefined ? {} : { status }) },
});

describe("A file of which it is not known whether MESH has it", () => {
  it("is accepted when MESH finds it, whatever its status", () => {
    for (const status of [undefined, "accepted", "acknowledged", "undeliverable", "uploading"]) {
      assert.deepEqual(decideTracking(found(status), state), { kind: "accept", meshMessageId: "M1" });
    }
  });

  it("is not taken for another one that MESH has under the same local id", () => {
    const same = { recipient: "ZSPOT001", workflowId: "EXAMPLE_UPLOAD", uploadedAt: acceptedAt + 900, bytes: 70 };
    const decide = (changes: object): string =>
      decideTracking({ kind: "found", tracking: { messageId: "M1", status: "accepted", ...same, ...changes } }, state)
        .kind;
    assert.equal(decide({}), "accept");
    // The clock of MESH may be a little slow.
    assert.equal(decide({ uploadedAt: acceptedAt - 60_000 }), "accept");
    for (const other of [
      { recipient: "ZOTHER01" },
      { workflowId: "SOMETHING_ELSE" },
      { uploadedAt: acceptedAt - 3_600_000 },
      { bytes: 69 },
    ]) {
      assert.equal(decide(other), "ask-again", JSON.stringify(other));
    }
    const elsewhere = { messageId: "M1", recipient: "ZOTHER01" };
    const asked = { ...state, trackings: 3 };
    assert.deepEqual(decideTracking({ kind: "found", tracking: elsewhere }, asked), { kind: "hold" });
  });

  it("goes on with its second chunk when MESH has the first", () => {
    const chunked = { ...state, chunks: 3 };
    assert.deepEqual(decideTracking(found("uploading"), chunked), { kind: "continue", meshMessageId: "M1" });
    assert.deepEqual(decideTracking(found("accepted"), chunked), { kind: "accept", meshMessageId: "M1" });
  });

  it("is accepted when MESH has it more than once, and held when that is so of its first chunk", () => {
    assert.deepEqual(decideTracking({ kind: "several" }, state), { kind: "accept" });
    assert.deepEqual(decideTracking({ kind: "several" }, { ...state, chunks: 2 }), { kind: "hold" });
  });

  it("is asked for again after one minute, five and thirty, while MESH does not know it", () => {
    const answers = [0, 1, 2].map((trackings) => decideTracking({ kind: "none" }, { ...state, trackings }));
    assert.deepEqual(answers, [
      { kind: "ask-again", waitMilliseconds: 60_000, trackings: 1 },
      { kind: "ask-again", waitMilliseconds: 300_000, trackings: 2 },
      { kind: "ask-again", waitMilliseconds: 1_800_000, trackings: 3 },
    ]);
  });

  it("is held after the last of these, or sent again if the settings say so", () => {
    const last = { ...state, trackings: 3 };
    assert.deepEqual(decideTracking({ kind: "none" }, last), { kind: "hold" });
    const resending = { ...last, unknownOutcome: "resend-after-tracking" } as const;
    assert.deepEqual(decideTracking({ kind: "none" }, resending), { kind: "resend" });
  });

  it("is never sent again on an answer that is not understood", () => {
    const resending = { ...state, trackings: 3, unknownOutcome: "resend-after-tracking" } as const;
    assert.deepEqual(decideTracking(failure("invalid"), resending), { kind: "hold" });
  });

  it("is not given up while MESH cannot be asked", () => {
    for (const kind of ["not-sent", "unauthorised", "unavailable", "broken"] as const) {
      assert.deepEqual(decideTracking(failure(kind), { ...state, trackings: 3 }), { kind: "ask-when-reachable" });
    }
  });
});

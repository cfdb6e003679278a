// A query whose process dies while it waits for the answer.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeQueryRequest } from "../../lib/cpis/query/query-request.js";
import { parseNhsNumber } from "../../lib/cpis/nhs-number.js";
import { hl7TimeAt } from "../../lib/hl7v3/timestamp.js";
import { finishedStates } from "../../lib/store/message-model.js";
import type { StateCount } from "../../lib/store/message-store.js";
import { clinician } from "../support/simulator/simulator-client.js";
import { ownAsid } from "../support/crash/business.js";
import { readAll } from "../support/crash/compare-run.js";
import { withScene, type CrashScene } from "../support/crash/crash-scene.js";
import { startFleet } from "../support/crash/fleet.js";
import { openStore } from "../support/crash/open-store.js";
import { sqliteStore } from "../support/crash/store-place.js";

function newUuid(): string {
  return randomUUID().toUpperCase();
}

function queryPayload(scene: CrashScene): string {
  const text = encodeQueryRequest({
    nhsNumber: parseNhsNumber("9990001014"),
    author: clinician,
    fromAsid: ownAsid,
    toAsid: scene.simulator.contracts.express.toAsid,
    messageId: newUuid(),
    eventId: newUuid(),
    queriedAt: hl7TimeAt(Date.now()),
  });
  return Buffer.from(text, "utf8").toString("base64");
}

function isOver(counts: readonly StateCount[]): boolean {
  const isFinished = ({ state, count }: StateCount): boolean =>
    count === 0 || finishedStates.some((finished) => finished === state);
  return counts.length > 0 && counts.every(isFinished);
}

/** Dies when the peer has taken the query and holds its answer back; the answer comes to the next life. */
async function dieAsking(scene: CrashScene): Promise<void> {
  const { simulator } = scene;
  let posts = 0;
  let counts: readonly StateCount[] = [];
  const failures: Error[] = [];
  simulator.events.on("exchange", ({ kind }) => {
    if (kind === "request") posts += 1;
  });
  simulator.holdAnswers();
  const taken = new Promise<void>((resolve) => simulator.events.once("access", () => resolve()));
  let isAsked = false;
  const fleet = startFleet(
    1,
    scene,
    (report) => {
      if (report.kind === "counts") ({ counts } = report);
      if (report.kind !== "ready" || isAsked) return;
      isAsked = true;
      fleet.tell(0, { kind: "query", messageId: newUuid(), payload: queryPayload(scene) });
    },
    (error) => failures.push(error),
  );
  try {
    await taken;
    await fleet.kill(0);
    simulator.releaseAnswers("in-order");
    for (let turn = 0; turn < 12_000 && !isOver(counts); turn += 1) {
      fleet.askCounts();
      await sleep(10);
    }
    await fleet.end();
  } catch (error) {
    await fleet.killAll();
    throw error;
  }
  assert.deepEqual(failures, []);
  assert.equal(posts, 1);
  const store = await openStore(scene.settings);
  try {
    const [query, ...others] = await readAll(store, "outbound");
    assert.deepEqual(others, []);
    assert.equal(query?.state, "failed");
    assert.equal(query.errorCode, "EBXML_OUTCOME_UNKNOWN");
  } finally {
    await store.close();
  }
}

describe("A query whose process dies while it waits", () => {
  it("is not asked again by the next life: it fails with a code that says that its outcome is unknown", () =>
    withScene({ seed: 1, store: sqliteStore }, dieAsking));
});

// The whole circle by each way: a local authority uploads, a hospital queries, and the local authority is told.
import assert from "node:assert/strict";
import { createNotificationService, type NotificationPart } from "../../../lib/services/notifications.js";
import type { InactiveNumber, NotifiedAccess } from "../../../lib/cpis/upload/upload-model.js";
import { specialUploadNumbers } from "../../../lib/simulator/cpis/special-upload-numbers.js";
import {
  createAuthorityScene,
  wayNames,
  type AuthorityRun,
  type AuthorityScene,
} from "../../support/services/authority-scene.js";
import { row, startFlow, until } from "../../support/services/uploading.js";

const child = "9990000018";
const other = "9990000026";

function specialNumber(code: string): string {
  const found = specialUploadNumbers.find((special) => special.code === code);
  return found?.nhsNumber ?? assert.fail(`no number for ${code}`);
}

function listen(run: AuthorityRun, confirm: "on-handover" | "by-flow" = "on-handover") {
  const accesses: NotificationPart<NotifiedAccess>[] = [];
  const inactive: NotificationPart<InactiveNumber>[] = [];
  const service = createNotificationService({
    ...run,
    confirm,
    redeliverAfterMilliseconds: 200,
    listener: {
      accesses: (parts) => void accesses.push(...parts),
      inactiveNumbers: (parts) => void inactive.push(...parts),
      nothing: () => undefined,
      unreadable: (error) => assert.fail(error.message),
    },
  });
  return { accesses, inactive, service };
}

for (const way of wayNames) {
  describe(`The circle over ${way}`, () => {
    let scene: AuthorityScene;

    before(async () => {
      scene = await createAuthorityScene(way);
    });

    after(async () => {
      await scene.close();
    });

    it("uploads children, who are then found by a hospital, and tells the authority who looked", async () => {
      const run = await scene.open();
      const flow = startFlow(run);
      const { accesses } = listen(run);
      assert.equal((await scene.query(child)).outcome, "not-found");
      const acceptance = await flow.upload([row(child), row(other, { planType: "LAC" })], { kept: { case: "A" } });
      assert.equal(acceptance.kind, "accepted");
      await until(() => flow.outcomes.length === 1);
      const [answered] = flow.outcomes;
      assert.equal(answered?.outcome.outcome, "accepted");
      assert.deepEqual(answered.upload.kept, { case: "A" });
      assert.deepEqual(
        answered.outcome.records.map(({ index, localId, accepted }) => [index, localId, accepted]),
        [
          [0, `LOCAL-${child}`, true],
          [1, `LOCAL-${other}`, true],
        ],
      );
      assert.deepEqual(await scene.query(child), { outcome: "found", authorities: ["EXAMPLE TEST COUNCIL"] });
      await until(() => accesses.length === 1);
      const [access] = accesses;
      assert.equal(access?.content.nhsNumber, child);
      assert.equal(access.content.localId, `LOCAL-${child}`);
      assert.equal(access.content.author?.organisation.name, "EXAMPLE HOSPITAL TRUST");
      assert.deepEqual(flow.failures, []);
      assert.deepEqual(flow.stray, []);
      assert.deepEqual(run.warnings, []);
    });

    it("gives each refusal to its own record, with what to do", async () => {
      const run = await scene.open();
      const flow = startFlow(run);
      const faulty = row("9990000019", { givenName: "" });
      const notFound = row(specialNumber("CPR01"), { localId: "" });
      const superseded = row(specialNumber("CPR05"), { planType: "LAC" });
      const records = [notFound, faulty, row(child), superseded];
      const acceptance = await flow.upload(records, { faultyRecords: "send-valid" });
      assert.equal(acceptance.kind === "accepted" && acceptance.sent, 3);
      assert.deepEqual(
        flow.refused.map(({ stage, index, input }) => [stage, index, input]),
        [["validation", 1, faulty]],
      );
      await until(() => flow.outcomes.length === 1);
      const { outcome } = flow.outcomes[0]!;
      assert.deepEqual(
        [outcome.outcome, outcome.fileNumber, outcome.accepted, outcome.refused, outcome.unanswered, outcome.unmatched],
        ["partly-accepted", 2, 1, 2, 0, 0],
      );
      const ofCpis = flow.refused.slice(1).sort((one, two) => (one.index ?? 0) - (two.index ?? 0));
      assert.deepEqual(
        ofCpis.map(({ stage, index, localId, reasons }) => [stage, index, localId, reasons.map(({ code }) => code)]),
        [
          ["cp-is", 0, undefined, ["CPR01"]],
          ["cp-is", 3, superseded["localId"], ["CPR05"]],
        ],
      );
      for (const { reasons, record } of ofCpis) {
        assert.ok(reasons.every(({ message, advice }) => message.length > 10 && advice.length > 10));
        assert.equal(record?.plans.length, 1);
      }
    });

    it("delivers a response after a restart to the same flow, and nothing twice", async () => {
      const run = await scene.open();
      const first = startFlow(run);
      await first.upload([row(child)], { kept: { run: 1 } });
      await first.stop();
      await run.close();
      const again = startFlow(await scene.open());
      await until(() => first.outcomes.length + again.outcomes.length === 1);
      const [answered] = [...first.outcomes, ...again.outcomes];
      assert.equal(answered?.outcome.fileNumber, 3);
      assert.deepEqual(answered.upload.kept, { run: 1 });
    });

    it("tells of an inactive number with its replacement, again until the flow confirms it", async () => {
      const run = await scene.open();
      const { inactive, service } = listen(run, "by-flow");
      scene.simulator.applyCommand({ command: "inactivate", nhsNumber: other, replacedBy: ["9990000069"] });
      await until(() => inactive.length >= 2);
      const [first] = inactive;
      assert.deepEqual(first?.content.replacedBy, ["9990000069"]);
      assert.equal(first.content.nhsNumber, other);
      assert.deepEqual(await service.confirm(first.token), { kind: "confirmed" });
      await service.close();
      const rows = await run.store.list({ direction: "inbound", states: ["received", "delivered"] }, 10);
      assert.deepEqual(
        rows.messages.map(({ interaction, state }) => [interaction, state]),
        [],
      );
    });
  });
}

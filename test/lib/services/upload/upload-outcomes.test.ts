// What becomes of an upload: faulty records, answers about the file as a whole, and files that do not arrive.
import assert from "node:assert/strict";
import { describeFileResult } from "../../../../lib/cpis/upload/upload-result-words.js";
import {
  createAuthorityScene,
  localAuthority,
  type AuthorityRun,
  type AuthorityScene,
} from "../../../support/services/authority-scene.js";
import { nhsNumbers, row, startFlow, until, type Flow } from "../../../support/services/uploading.js";

const child = "9990000018";

describe("An upload", () => {
  let scene: AuthorityScene;
  let run: AuthorityRun;
  let flow: Flow;

  before(async () => {
    scene = await createAuthorityScene("MESH");
  });

  beforeEach(async () => {
    run = await scene.open();
    flow = startFlow(run);
  });

  after(async () => {
    await scene.close();
  });

  async function outcome() {
    await until(() => flow.outcomes.length > 0);
    return flow.outcomes[0]!.outcome;
  }

  it("with one bad record in ten thousand names that record, sends nothing, and uses up no number", async () => {
    const numbers = nhsNumbers();
    const records = Array.from({ length: 10_000 }, () => row(numbers.next().value));
    records[7654] = { ...records[7654], startDate: "31/02/2026", birthDate: "" };
    const acceptance = await flow.upload(records);
    assert.equal(acceptance.kind === "refused" && acceptance.error.code, "CPIS_UPLOAD_INVALID");
    assert.match(acceptance.kind === "refused" ? acceptance.error.message : "", /1 of 10000, the first has index 7654/);
    assert.deepEqual(
      flow.refused.map(({ index, reasons }) => [index, reasons.map(({ field }) => field).sort()]),
      [[7654, ["birthDate", "startDate"]]],
    );
    assert.equal((await run.store.list({}, 1)).messages.length, 0);
    const next = await flow.upload([row(child)]);
    assert.equal(next.kind === "accepted" && next.fileNumber, 1);
    assert.equal((await outcome()).outcome, "accepted");
  });

  it("of the valid ones of ten thousand hands the bad one out once, and the rest arrives", async () => {
    const numbers = nhsNumbers();
    const records = Array.from({ length: 10_000 }, () => row(numbers.next().value));
    records[5] = { ...records[5], nhsNumber: "9990000019" };
    const acceptance = await flow.upload(records, { faultyRecords: "send-valid" });
    assert.equal(acceptance.kind === "accepted" && acceptance.sent, 9999);
    const { outcome: kind, given, notSent, accepted, refused, records: told } = await outcome();
    assert.deepEqual([kind, given, notSent], ["partly-accepted", 10_000, 1]);
    assert.deepEqual([accepted, refused, told.length], [9999, 0, 9999]);
    assert.deepEqual(
      told.slice(4, 6).map(({ index }) => index),
      [4, 6],
    );
    assert.deepEqual(
      flow.refused.map(({ index }) => index),
      [5],
    );
  });

  it("under a number of its own goes on from there, and never under one that was used", async () => {
    const own = await flow.upload([row(child)], { fileNumber: 500 });
    assert.equal(own.kind === "accepted" && own.fileNumber, 500);
    const used = await flow.upload([row(child)], { fileNumber: 500 });
    assert.equal(used.kind === "refused" && used.error.code, "CPIS_UPLOAD_NUMBER_USED");
    const next = await flow.upload([row(child)], { firstNumber: 7 });
    assert.equal(next.kind === "accepted" && next.fileNumber, 501);
    await until(() => flow.outcomes.length === 2);
  });

  it("without records, or of an authority without its emergency duty team, is refused", async () => {
    const empty = await flow.upload([]);
    assert.equal(empty.kind === "refused" && empty.error.code, "CPIS_UPLOAD_EMPTY");
    const { emergencyDutyTelephone, ...silent } = localAuthority;
    assert.ok(emergencyDutyTelephone);
    await assert.rejects(flow.upload([row(child)], { localAuthority: silent }), {
      code: "CONFIG_MISSING",
      detail: "the local authority's emergency duty telephone",
    });
  });

  it("that PDS was away for is refused as a file, with advice to send the same later", async () => {
    scene.simulator.applyCommand({ command: "pds", outage: true });
    await flow.upload([row(child)]);
    const { outcome: kind, fileResults, refused } = await outcome();
    scene.simulator.applyCommand({ command: "pds", outage: false });
    assert.deepEqual([kind, refused, flow.refused.length], ["file-refused", 1, 0]);
    assert.deepEqual(
      fileResults.map(({ code, advice }) => [code, advice]),
      [["CPF05", describeFileResult("CPF05").advice]],
    );
    const [upload] = (await run.store.list({ direction: "outbound" }, 1)).messages;
    await until(async () => (await run.store.findById(upload!.id))?.state === "failed");
    assert.equal((await run.store.findById(upload!.id))?.errorCode, "CPIS_UPLOAD_REFUSED");
  });

  it("that MESH reports as a bad file is told to the flow once, also over a restart", async () => {
    const { mesh } = scene.simulator;
    // From now on CP-IS takes files and says nothing.
    mesh.keepMailbox(mesh.cpisMailbox, { take: () => Promise.resolve() });
    let sent: string | undefined;
    mesh.events.once("meshMessage", ({ messageId }) => (sent = messageId));
    await flow.upload([row(child)], { kept: { case: "B" } });
    const [upload] = (await run.store.list({ direction: "outbound" }, 1)).messages;
    await until(async () => (await run.store.findById(upload!.id))?.state === "awaiting-response");
    mesh.report(sent!, { statusCode: "15" });
    await until(() => flow.failures.length > 0);
    assert.deepEqual(
      flow.failures.map(({ state, error }) => [state, error.code]),
      [["failed", "MESH_BAD_FILE"]],
    );
    await run.close();
    const again = startFlow(await scene.open());
    // The look for failures comes before the one that begins with the end of the flow's work.
    await again.stop();
    assert.deepEqual(again.failures, []);
  });
});

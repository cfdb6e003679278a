// Uploads in the message log: one that failed is found, read, sent again and seen to complete, by the real ways to CP-IS.
import assert from "node:assert/strict";
import { createMessageLog } from "../../../../lib/services/message-log/message-log.js";
import type { LogMessage } from "../../../../lib/services/message-log/message-log-model.js";
import { createAuthorityScene, type AuthorityScene } from "../../../support/services/authority-scene.js";
import { row, startFlow, until } from "../../../support/services/uploading.js";

const child = "9990000018";

describe("An upload in the message log", () => {
  let scene: AuthorityScene;

  afterEach(() => scene.close());

  it("that failed is sent again by ebXML, and its flow gets the answer, with what it had asked to be kept", async () => {
    scene = await createAuthorityScene("ebXML");
    const run = await scene.open();
    const flow = startFlow(run);
    const log = createMessageLog({ store: run.store, now: () => Date.now() });
    scene.simulator.inject({ fault: { kind: "ebxmlError", code: "ValueNotRecognized" }, times: 1 });
    await flow.upload([row(child)], { kept: { case: "A" } });
    await until(() => flow.failures.length > 0);

    const [failed] = (await log.list({ states: ["failed"] }, 10)).messages;
    assert.ok(failed !== undefined);
    assert.equal(failed.error?.code, "EBXML_REFUSED");
    assert.deepEqual(failed.actions, ["resend", "deal-with"]);
    const content = await log.content(failed.id);
    assert.ok(content.kind === "content" && content.parts.some(({ text }) => text.includes(child)));

    const outcome = await log.act("resend", { id: failed.id, by: "anna" });
    assert.ok(outcome.kind === "done" && outcome.resent !== undefined);
    const { id } = outcome.resent;
    const current = async (): Promise<LogMessage | undefined> => log.get(id);
    await until(async () => (await current())?.state === "completed");
    await until(() => flow.outcomes.length > 0);
    assert.deepEqual(
      flow.outcomes.map(({ outcome: { outcome: kind }, upload }) => [kind, upload.kept]),
      [["accepted", { case: "A" }]],
    );
    assert.equal(flow.failures.length, 1);
    const conversation = await log.conversation(failed.id);
    assert.ok(!JSON.stringify(conversation).includes(child));
    assert.deepEqual(conversation?.events.map(({ kind }) => kind).slice(0, 3), ["request", "request", "failure"]);
  });

  for (const way of ["MESH", "ebXML"] as const) {
    it(`that went well over ${way} has its request and its answer in one conversation`, async () => {
      scene = await createAuthorityScene(way);
      const run = await scene.open();
      const flow = startFlow(run);
      const log = createMessageLog({ store: run.store, now: () => Date.now() });
      await flow.upload([row(child)]);
      await until(() => flow.outcomes.length > 0);
      const [upload] = (await log.list({ direction: "outbound" }, 1)).messages;
      assert.ok(upload !== undefined);
      await until(async () => (await log.get(upload.id))?.state === "completed");
      const conversation = await log.conversation(upload.id);
      const kinds = conversation?.events.map(({ kind }) => kind) ?? [];
      assert.deepEqual(
        ["request", "acknowledgment", "answer"].map((kind) => kinds.filter((each) => each === kind).length),
        [2, 1, 1],
      );
      assert.deepEqual(
        conversation?.messages.map(({ interactionName }) => interactionName),
        ["CP-IS upload", "response to an upload"],
      );
    });
  }
});

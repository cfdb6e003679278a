// An operator finds a failed upload, reads why, sends it again, and sees it complete: by the real ways to CP-IS.
import assert from "node:assert/strict";
import { createMessageLog } from "../../../lib/services/message-log.js";
import type { LogMessage } from "../../../lib/services/message-log-model.js";
import { createAuthorityScene, type AuthorityScene } from "./authority-scene.js";
import { row, startFlow, until } from "./uploading.js";

const child = "9990000018";

describe("An upload that failed", function () {
  this.timeout(30_000);
  let scene: AuthorityScene;

  afterEach(() => scene.close());

  it("is sent again by ebXML, and its flow gets the answer, with what it had asked to be kept", async () => {
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
});

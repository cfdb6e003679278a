// Holds the embedded store to the promises of every store.
import assert from "node:assert/strict";
import fs from "node:fs";
import { describeMessageStore } from "../message-store.conformance.js";
import { acceptOne, outbound } from "../../../support/store/sample-messages.js";
import { createMemoryStore, createSqlitePlace } from "../../../support/store/sqlite-place.js";

describeMessageStore("SQLite", createSqlitePlace);

describe("An embedded store in memory", () => {
  it("keeps messages and the audit as one on disk does, and leaves nothing behind", async () => {
    const [store, other] = [await createMemoryStore(), await createMemoryStore()];
    const id = await acceptOne(store, outbound({ content: Buffer.from("content") }));
    assert.equal(await store.appendAudit({ at: 1, event: "query-asked" }), 1);
    const reading = await store.readContent(id);
    assert.equal(reading.kind === "content" ? reading.bytes.toString() : reading.kind, "content");
    assert.deepEqual([(await other.list({}, 10)).messages, await other.readAudit(0, 10)], [[], []]);
    await Promise.all([store.close(), other.close()]);
    assert.ok(!fs.existsSync(":memory:"));
  });
});

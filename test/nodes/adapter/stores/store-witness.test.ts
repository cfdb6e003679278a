// Holds the check of a store's messages by the organisation's own schemas: it warns, and never holds anything up.
import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { witnessStore, type StoreWitness } from "../../../../nodes/adapter/stores/store-witness.js";
import { createMessageLog } from "../../../../lib/services/message-log/message-log.js";
import { createSqliteMessageStore } from "../../../../lib/store/sqlite/sqlite-message-store.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { children, schemaFiles, writeSchemas } from "../../../support/schema/sample-schemas.js";
import { createTestProtection, inbound, outbound } from "../../../support/store/sample-messages.js";

const workerFile = path.resolve(__dirname, "../../../support/schema/schema-worker.cjs");
const good = children([{ birth: "20150314", family: "Marker" }]);
const bad = children([{ birth: "Marker-2015", family: "Marker" }]);

describe("The check of a store's messages by the organisation's schemas", () => {
  let store: MessageStore;
  let witness: StoreWitness;
  let folder: string;
  let told: string[];
  const warnings = new EventEmitter<{ warned: [text: string] }>();

  function watch(place: string, isWarning = true): void {
    told = [];
    const warn = (text: string): void => {
      told.push(text);
      warnings.emit("warned", text);
    };
    witness = witnessStore(store, { place, isWarning }, { warn, workerFile });
  }

  beforeEach(async () => {
    folder = writeSchemas(schemaFiles);
    store = await createSqliteMessageStore({ folder: ":memory:", protection: createTestProtection(), now: () => 5000 });
  });

  afterEach(async () => {
    await witness.close();
    await store.close();
    fs.rmSync(folder, { recursive: true });
  });

  it("warns of what is sent and of what is received, and names neither value nor kind of message", async () => {
    watch(folder);
    const attributes = { contentType: "text/xml" };
    const sent = once(warnings, "warned");
    await witness.store.acceptOutbound([
      outbound({ messageId: "GOOD", content: good, attributes }),
      outbound({ messageId: "BAD-OUT", content: bad, attributes }),
    ]);
    await sent;
    const received = once(warnings, "warned");
    await witness.store.acceptInbound(inbound({ messageId: "BAD-IN", content: bad, attributes }));
    await received;
    const rest = "is not valid by your schemas, findings: 1; the message log shows them beside its content";
    assert.deepEqual(told, [`The message BAD-OUT, sent, ${rest}`, `The message BAD-IN, received, ${rest}`]);
  });

  it("accepts messages all the same when the schemas cannot be read, and tells that once", async () => {
    watch(path.join(folder, "nothing"));
    const warned = once(warnings, "warned");
    const first = await witness.store.acceptOutbound([outbound({ messageId: "ONE", content: good })]);
    await warned;
    const second = await witness.store.acceptOutbound([outbound({ messageId: "TWO", content: good })]);
    assert.equal((await witness.judge(good)).kind, "unusable");
    assert.equal(first.length + second.length, 2);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", /could not be checked by your schemas: SCHEMA_FOLDER/);
  });

  it("checks nothing by itself unless it is told to, and still says beside the content what is valid", async () => {
    watch(folder, false);
    assert.equal(witness.store, store);
    const log = createMessageLog({ store, now: () => 5000, judge: witness.judge });
    const attributes = { contentType: "text/xml" };
    const [valid, invalid] = await store.acceptOutbound([
      outbound({ messageId: "GOOD", content: good, attributes }),
      outbound({ messageId: "BAD", content: bad, attributes }),
    ]);
    const shown = await log.content(valid ?? 0);
    assert.deepEqual(shown.kind === "content" && shown.parts[0]?.schema, {
      kind: "valid",
      schema: "messages/Children.xsd",
    });
    const wrong = await log.content(invalid ?? 0);
    assert.ok(wrong.kind === "content");
    const [part] = wrong.parts;
    assert.ok(part?.schema?.kind === "invalid" && part.schemaLines === "shown");
    const line = part.text.split("\n")[(part.schema.findings[0]?.line ?? 0) - 1];
    assert.match(line ?? "", /<birthTime value="Marker-2015"/);
    assert.deepEqual(told, []);
  });
});

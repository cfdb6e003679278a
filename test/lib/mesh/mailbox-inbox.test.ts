// What came from MESH, in the store: once, and with the file of ours that a report is about.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { createStoreWatch } from "../../../lib/delivery/store-watch.js";
import { takeContent } from "../../../lib/mesh/arrived-content.js";
import type { ArrivedFile, ArrivedReport } from "../../../lib/mesh/inbound-item.js";
import { createMailboxInbox, reportsTo, type MailboxInbox } from "../../../lib/mesh/mailbox-inbox.js";
import type { MeshEvents } from "../../../lib/mesh/model.js";
import { newOutboundRow } from "../../../lib/mesh/outbound-file.js";
import type { MessageRowId, OutboundState } from "../../../lib/store/message-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import type { StorePlace } from "../store/sample-messages.js";
import { createSqlitePlace } from "../store/sqlite-place.js";
import { outboundFile, responseText } from "./sample-files.js";

const now = Date.UTC(2026, 10, 22, 10, 15);
const details = { mailbox: "ZT7OT001", channel: "mailbox", acceptedAt: now };

describe("The inbox of a mailbox", function () {
  // Disks of a busy machine take their time.
  this.timeout(20_000);
  let place: StorePlace;
  let store: MessageStore;
  let inbox: MailboxInbox;
  let warnings: string[];

  beforeEach(async () => {
    place = await createSqlitePlace();
    store = await place.open();
    const events = new EventEmitter<MeshEvents>();
    warnings = [];
    events.on("warning", ({ code }) => warnings.push(code));
    const reports = reportsTo(events);
    const watch = createStoreWatch(store, reports);
    const parts = { mailbox: "ZT7OT001", store, watch, channel: "mailbox", owner: "o", leaseMilliseconds: 30_000 };
    inbox = createMailboxInbox({ ...parts, events, reports, now: () => now });
  });
  afterEach(async () => {
    await inbox.close();
    await store.close();
    await place.remove();
  });

  async function file(messageId: string, text: string): Promise<ArrivedFile> {
    const options = { knownRoots: ["FileResponse"], maximumBytes: 10_000, mayBeCompressed: false };
    return { kind: "file", messageId, content: await takeContent(Readable.from([Buffer.from(text)]), options) };
  }

  function report(changes: Partial<ArrivedReport> = {}): ArrivedReport {
    return { kind: "report", messageId: "REPORT-1", statusCode: "14", ...changes };
  }

  async function sent(localId: string, state: OutboundState, meshMessageId?: string): Promise<MessageRowId> {
    const row = newOutboundRow(outboundFile({ localId }), details);
    const attributes = { ...row.attributes, ...(meshMessageId === undefined ? {} : { meshMessageId }) };
    const [id] = await store.acceptOutbound([{ ...row, state, attributes }]);
    assert.ok(id !== undefined);
    return id;
  }

  async function stateOf(id: MessageRowId): Promise<string | undefined> {
    return (await store.findById(id))?.state;
  }

  it("knows a repetition by its id, in any case of its letters", async () => {
    assert.equal(await inbox.accept(await file("20261122_ABC", responseText)), "new");
    assert.equal(await inbox.accept(await file("20261122_abc", responseText)), "duplicate");
    assert.deepEqual(warnings, []);
  });

  it("warns of other content under the same id, and lets the first one stand", async () => {
    await inbox.accept(await file("A", responseText));
    assert.equal(await inbox.accept(await file("A", "<FileResponse/>")), "duplicate");
    assert.deepEqual(warnings, ["OTHER_CONTENT_UNDER_SAME_ID"]);
    assert.equal((await store.list({ direction: "inbound" }, 10)).messages.length, 1);
  });

  it("finds the file of a report by MESH's id, whatever local id the report gives", async () => {
    const ours = await sent("999-000001-1", "awaiting-response", "MESH-1");
    const other = await sent("999-000002-1", "awaiting-response", "MESH-2");
    await inbox.accept(report({ linkedMessageId: "MESH-1", localId: "999-000002-1" }));
    assert.deepEqual([await stateOf(ours), await stateOf(other)], ["failed", "awaiting-response"]);
  });

  it("finds it by the local id alone, as long as the answer with MESH's id has not come", async () => {
    const ours = await sent("999-000001-1", "sending");
    await inbox.accept(report({ linkedMessageId: "MESH-1", localId: "999-000001-1" }));
    assert.equal(await stateOf(ours), "failed");
  });

  it("finds it among many", async () => {
    const ours = await sent("999-000001-1", "completed", "MESH-1");
    for (let count = 0; count < 210; count += 1) await sent(`999-1${count}-1`, "completed", `OTHER-${count}`);
    await inbox.accept(report({ linkedMessageId: "MESH-1" }));
    assert.equal(await stateOf(ours), "failed");
  });

  for (const state of ["queued", "sending", "awaiting-acknowledgement", "awaiting-response", "held"] as const) {
    it(`fails a file by a report while it is ${state}`, async () => {
      const ours = await sent("999-000001-1", state);
      assert.equal(await inbox.accept(report({ localId: "999-000001-1" })), "new");
      assert.equal(await stateOf(ours), "failed");
    });
  }

  it("takes a report that comes twice once, and leaves a file as it failed before", async () => {
    const ours = await sent("999-000001-1", "awaiting-response");
    await inbox.accept(report({ localId: "999-000001-1", statusCode: "15" }));
    assert.equal(await inbox.accept(report({ localId: "999-000001-1", statusCode: "15" })), "duplicate");
    await inbox.accept(report({ messageId: "REPORT-2", localId: "999-000001-1" }));
    assert.equal((await store.findById(ours))?.errorCode, "MESH_BAD_FILE");
  });

  it("takes a report that names neither id nor code, with a warning", async () => {
    const bare: ArrivedReport = { kind: "report", messageId: "REPORT-1" };
    assert.equal(await inbox.accept(bare), "new");
    assert.deepEqual(warnings, ["UNMATCHED_REPORT"]);
  });
});

// What a report makes of the file that it is about.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { createStoreWatch } from "../../../lib/queue/store-watch.js";
import { createMailboxInbox, reportsTo } from "../../../lib/mesh/mailbox-inbox.js";
import type { MeshEvents } from "../../../lib/mesh/model.js";
import type { NewOutboundMessage } from "../../../lib/store/message-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { acceptOne, outbound } from "../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../support/store/sqlite-place.js";

describe("A report in the mailbox", () => {
  let store: MessageStore;
  let remove: () => Promise<void>;

  before(async () => {
    const place = await createSqlitePlace();
    store = await place.open();
    remove = () => place.remove();
  });

  after(async () => {
    await store.close();
    await remove();
  });

  async function reported(localId: string, success: string, change: Partial<NewOutboundMessage> = {}) {
    const file = { messageId: localId, channel: "mailbox", state: "awaiting-response", ...change } as const;
    const id = await acceptOne(store, outbound(file));
    const events = new EventEmitter<MeshEvents>();
    const reports = reportsTo(events);
    const inbox = createMailboxInbox({
      mailbox: "ZT7OT001",
      store,
      watch: createStoreWatch(store, reports),
      channel: "mailbox",
      owner: "test",
      leaseMilliseconds: 1000,
      events,
      reports,
      now: () => 5000,
    });
    const attributes = { "mex-statussuccess": success };
    await inbox.accept({ kind: "report", messageId: `report of ${localId}`, localId, attributes, statusCode: "14" });
    return store.findById(id);
  }

  it("of a failure ends the file", async () => {
    const file = await reported("999-000001-1", "ERROR");
    assert.deepEqual([file?.state, file?.errorCode], ["failed", "MESH_UNDELIVERED"]);
  });

  it("of a success leaves the file as it is", async () => {
    assert.equal((await reported("999-000002-1", "SUCCESS"))?.state, "awaiting-response");
  });

  it("of a failure leaves the file as it is that was answered before", async () => {
    const answered = { state: "completed", attributes: { completedBy: "response" } } as const;
    assert.equal((await reported("999-000003-1", "ERROR", answered))?.state, "completed");
    const sent = { state: "completed", attributes: { completedBy: "acceptance" } } as const;
    assert.equal((await reported("999-000004-1", "ERROR", sent))?.state, "failed");
  });
});

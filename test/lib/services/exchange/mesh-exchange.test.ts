// The names under which MESH knows an upload: never the same for two files, whatever became of the store.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createFolderMailbox } from "../../../../lib/mesh/folders/folder-mailbox.js";
import { createMeshExchange, nextLocalId } from "../../../../lib/services/exchange/mesh-exchange.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { exampleScope } from "../../../support/mesh/sample-files.js";
import { upload } from "../../../support/nodes/mesh-transport/mailbox-user.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";

/** Of a file that is stored, and not sent. */
async function localIdIn(store: MessageStore, fileNumber: number): Promise<string> {
  const mailbox = createFolderMailbox({
    root: "/not/used",
    mailbox: "ZT7OT001",
    scope: exampleScope,
    store,
    channel: "mesh",
    owner: "owner",
    knownRoots: [],
    effects: { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() },
  });
  const settings = {
    recipient: "ZSPOT001",
    uploadWorkflowId: "EXAMPLE_UPLOAD",
    contentType: "application/xml",
    fileNamePattern: "",
    subjectPattern: "",
  };
  const id = await createMeshExchange({ mailbox, store, settings }).send(upload(fileNumber));
  await mailbox.close();
  const { localId } = (await store.findById(id))?.attributes ?? {};
  assert.ok(typeof localId === "string");
  return localId;
}

describe("the local ids of uploads over MESH", () => {
  it("carry a random part of the store: another one for another store, and for a copy that is gone on with", async () => {
    const places = [await createSqlitePlace(), await createSqlitePlace()];
    const [one, other] = await Promise.all(places.map((place) => place.open()));
    assert.ok(one !== undefined && other !== undefined);
    try {
      const ids = [await localIdIn(one, 1), await localIdIn(one, 2), await localIdIn(other, 1)];
      for (const id of ids) assert.match(id, /^999-00000[12]-[0-9a-f]{12}-1$/);
      await one.beginGeneration({ numbers: {}, at: Date.now() });
      ids.push(await localIdIn(one, 1));
      assert.equal(new Set(ids).size, 4);
    } finally {
      await one.close();
      await other.close();
      for (const place of places) await place.remove();
    }
  });

  it("count up when a file is sent again", () => {
    assert.equal(nextLocalId("999-000042-3fa0c2b71e6d-1"), "999-000042-3fa0c2b71e6d-2");
    assert.equal(nextLocalId("999-000042-9"), "999-000042-10");
  });
});

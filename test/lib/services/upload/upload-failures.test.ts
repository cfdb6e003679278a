// What owners are told of files that did not arrive, however many there are, and whatever is wrong with one of them.
import assert from "node:assert/strict";
import { encodeUploadContext } from "../../../../lib/services/upload/upload-context.js";
import { createUploadFailures } from "../../../../lib/services/upload/upload-failures.js";
import type { UploadFailure, UploadListener, UploadReference } from "../../../../lib/services/upload/upload-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { acceptOne, outbound } from "../../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";

describe("The look for files that did not arrive", () => {
  let store: MessageStore;
  let remove: () => Promise<void>;
  let told: { readonly failure: UploadFailure; readonly upload: UploadReference }[];

  beforeEach(async () => {
    const place = await createSqlitePlace();
    store = await place.open();
    remove = () => place.remove();
    told = [];
  });

  afterEach(async () => {
    await store.close();
    await remove();
  });

  function failed(fileNumber: number, context = encodeUploadContext({ kept: { case: fileNumber }, leftOut: [] })) {
    return acceptOne(
      store,
      outbound({
        channel: "authority",
        conversationId: `CONVERSATION-OF-${fileNumber}`,
        state: "held",
        acceptedAt: fileNumber,
        errorCode: "MESH_OUTCOME_UNKNOWN",
        context,
        attributes: { uploadOwner: "flow", fileNumber, localAuthority: "998" },
      }),
    );
  }

  function create(refuses: (failure: UploadFailure) => boolean = () => false) {
    const listener: UploadListener = {
      refused: () => Promise.resolve(),
      answered: () => Promise.resolve(),
      undelivered(failure, upload) {
        if (refuses(failure)) return Promise.reject(new TypeError("a function of the flow"));
        told.push({ failure, upload });
        return Promise.resolve();
      },
      stray: () => undefined,
      sending: () => undefined,
      overdue: () => undefined,
    };
    const parts = { store, channel: "authority", effects: { now: () => 5000 }, overdueMilliseconds: 1000 };
    return createUploadFailures({ ...parts, listenerOf: () => listener });
  }

  it("tells of the others when one is not taken, and of that one with the next look", async () => {
    await failed(1);
    await failed(2);
    let isRefusing = true;
    const failures = create(({ fileNumber }) => isRefusing && fileNumber === 2);
    await failures.look();
    assert.deepEqual(
      told.map(({ failure }) => failure.fileNumber),
      [1],
    );
    isRefusing = false;
    await failures.look();
    assert.deepEqual(
      told.map(({ failure }) => failure.fileNumber),
      [1, 2],
    );
  });

  it("tells of a file whose kept properties are damaged", async () => {
    await failed(1, Buffer.from("damaged"));
    await create().look();
    assert.deepEqual(
      told.map(({ failure, upload }) => [failure.fileNumber, upload.kept]),
      [[1, undefined]],
    );
  });

  it("takes many calls at once for one look after the one under way", async () => {
    let lists = 0;
    const list = store.list.bind(store);
    store.list = (...filter) => {
      lists += 1;
      return list(...filter);
    };
    const failures = create();
    await failures.look();
    const ofOne = lists;
    await Promise.all(Array.from({ length: 50 }, () => failures.look()));
    assert.equal(lists, 3 * ofOne);
  });
});

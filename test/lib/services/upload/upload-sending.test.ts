// From the records to a file in the store: in the order of the numbers, once, and only for an authority that may send.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { CpisError } from "../../../../lib/errors.js";
import type { OutgoingUpload } from "../../../../lib/services/exchange/file-exchange.js";
import type { UploadRequest } from "../../../../lib/services/upload/upload-model.js";
import { createUploadSending, type UploadSendingParts } from "../../../../lib/services/upload/upload-sending.js";
import type { MessageRowId } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { acceptOne, outbound } from "../../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";
import { effects, localAuthority } from "../../../support/services/authority-scene.js";
import { nhsNumbers, row } from "../../../support/services/uploading.js";

describe("A file of an upload", () => {
  let store: MessageStore;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const place = await createSqlitePlace();
    store = await place.open();
    remove = () => place.remove();
  });

  afterEach(async () => {
    await store.close();
    await remove();
  });

  function sending(afterwards: () => void = () => undefined, change: Partial<UploadSendingParts> = {}) {
    const send = async ({ conversationId, compressed, fileNumber, attributes }: OutgoingUpload) => {
      const messageId = `998-${fileNumber}`;
      const id = await acceptOne(store, outbound({ conversationId, content: compressed, messageId, attributes }));
      afterwards();
      return id;
    };
    return createUploadSending({ exchange: { send, requireRoom: () => undefined }, store, effects, ...change });
  }

  function request(count: number, change: Partial<UploadRequest> = {}): UploadRequest {
    const numbers = nhsNumbers();
    return {
      owner: "flow",
      localAuthority,
      records: Array.from({ length: count }, () => row(numbers.next().value)),
      mapping: {},
      faultyRecords: "refuse-file",
      handOut: () => undefined,
      ...change,
    };
  }

  async function fileNumbers() {
    const { messages } = await store.list({ direction: "outbound" }, 10);
    return messages.toSorted((one, other) => one.id - other.id).map(({ attributes }) => attributes["fileNumber"]);
  }

  it("that is too large for its transport uses up no number", async () => {
    const limit = 2000;
    const requireRoom = (plainBytes: number): void => {
      if (plainBytes > limit) throw new CpisError("EBXML_TOO_LARGE");
    };
    const sizes: number[] = [];
    const send = ({ plainBytes, compressed, digest }: OutgoingUpload): Promise<MessageRowId> => {
      assert.equal(digest, `gzip:${createHash("sha256").update(compressed).digest("hex")}`);
      sizes.push(plainBytes, gunzipSync(compressed).length);
      return Promise.resolve(1 as MessageRowId);
    };
    const upload = sending(undefined, { exchange: { send, requireRoom } });
    await assert.rejects(upload(request(10)), { code: "EBXML_TOO_LARGE" });
    const next = await upload(request(1));
    assert.equal(next.kind === "accepted" && next.fileNumber, 1);
    assert.ok(sizes[0] === sizes[1] && (sizes[0] ?? limit) < limit);
  });

  it("is in the store before one with a later number, however large it is", async () => {
    const second = Promise.withResolvers<unknown>();
    let numbersTaken = 0;
    const takeNumber = store.takeNumber.bind(store);
    store.takeNumber = (name, number) => {
      numbersTaken += 1;
      if (numbersTaken === 1) second.resolve(send(request(1)));
      return takeNumber(name, number);
    };
    const send = sending();
    await send(request(4000));
    await second.promise;
    assert.deepEqual(await fileNumbers(), [1, 2]);
  });

  it("is in the store before one with a later number that another instance on the store makes", async () => {
    const numberTaken = Promise.withResolvers<undefined>();
    const othersTurn = Promise.withResolvers<undefined>();
    const takeNumber = store.takeNumber.bind(store);
    const slow = sending(undefined, {
      store: {
        ...store,
        takeNumber: async (name, number) => {
          const isTaken = await takeNumber(name, number);
          numberTaken.resolve(undefined);
          await othersTurn.promise;
          return isTaken;
        },
      },
    });
    const first = slow(request(1));
    await numberTaken.promise;
    const refusedLease = Promise.withResolvers<undefined>();
    const other = sending(undefined, {
      store: {
        ...store,
        holdLease: async (lease) => {
          const isHeld = await store.holdLease(lease);
          if (!isHeld) refusedLease.resolve(undefined);
          return isHeld;
        },
      },
    });
    const second = other(request(1));
    await Promise.race([refusedLease.promise, second]);
    othersTurn.resolve(undefined);
    await Promise.all([first, second]);
    assert.deepEqual(await fileNumbers(), [1, 2]);
  });

  it("does not wait for an instance that has died for longer than its lease", async () => {
    const name = "cp-is upload 998";
    assert.ok(await store.holdLease({ name, owner: "dead", milliseconds: 200, now: effects.now() }));
    const acceptance = await sending()(request(1));
    assert.equal(acceptance.kind, "accepted");
    assert.ok(
      await store.holdLease({ name, owner: "next", milliseconds: 200, now: effects.now() }),
      "it was given back",
    );
  });

  it("is accepted when the connection to the store breaks after the file is in it", async () => {
    const send = sending(() => {
      throw new CpisError("STORE_OUTCOME_UNKNOWN");
    });
    const acceptance = await send(request(1));
    assert.equal(acceptance.kind === "accepted" && acceptance.fileNumber, 1);
  });

  it("is not made for an authority whose telephone CP-IS would refuse, and uses up no number", async () => {
    const wrong = { ...localAuthority, officeHoursTelephone: "ask Ann" };
    await assert.rejects(sending()(request(1, { localAuthority: wrong })), {
      code: "CONFIG_INVALID",
      detail: "localAuthority.officeHoursTelephone",
    });
    assert.equal(await store.lastNumber("cp-is upload 998"), 0);
  });

  it("has one row of numbers for an authority, in whatever letters its code is written", async () => {
    const send = sending();
    await send(request(1, { localAuthority: { ...localAuthority, code: "x7x" } }));
    await send(request(1, { localAuthority: { ...localAuthority, code: "X7X" } }));
    assert.deepEqual(await fileNumbers(), [1, 2]);
  });
});

// How long a delivery may take, and when it is tried again.
import assert from "node:assert/strict";
import { createInbox } from "../../../lib/queue/inbox.js";
import { createStoreWatch } from "../../../lib/queue/store-watch.js";
import type { ConsumerOptions } from "../../../lib/queue/model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { inbound } from "../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../support/store/sqlite-place.js";

describe("An inbox", () => {
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

  function open(consumer: Partial<ConsumerOptions<string>> & Pick<ConsumerOptions<string>, "deliver">) {
    const told: string[] = [];
    const reports = {
      setAside: ({ code }: { code: string }) => void told.push(code),
      storeUnavailable: () => void told.push("unavailable"),
      storeAvailable: () => void told.push("available"),
      warning: ({ code }: { code: string }) => void told.push(code),
    };
    const inbox = createInbox<string>({
      store,
      watch: createStoreWatch(store, reports),
      channel: "transport",
      owner: "one",
      leaseMilliseconds: 1000,
      maximumParallel: 2,
      policy: {
        notDelivered: "MESH_NOT_DELIVERED",
        isForConsumer: () => true,
        findFlaw: () => Promise.resolve(undefined),
        read: () => Promise.resolve("content"),
      },
      reports,
      now: () => Date.now(),
    });
    inbox.consume({ confirm: "on-handover", inOrder: "none", redeliverAfterMilliseconds: 5, ...consumer });
    inbox.start();
    return { inbox, told };
  }

  it("does not begin a delivery anew beside one that may take longer than the time until the next try", async () => {
    let begun = 0;
    const { promise: waited, resolve: end } = Promise.withResolvers<undefined>();
    const { promise: isOver, resolve: over } = Promise.withResolvers<undefined>();
    const { inbox, told } = open({
      maximumDeliveryMilliseconds: 60_000,
      async deliver() {
        begun += 1;
        // Many times as long as until the next try.
        setTimeout(end, 60, undefined);
        await waited;
        over(undefined);
      },
    });
    const acceptance = await store.acceptInbound(inbound({ acceptedAt: Date.now() }));
    await isOver;
    await inbox.close();
    assert.deepEqual([begun, told], [1, []]);
    const id = acceptance.kind === "accepted" ? acceptance.id : assert.fail("it was not accepted");
    assert.equal((await store.findById(id))?.state, "confirmed");
  });
});

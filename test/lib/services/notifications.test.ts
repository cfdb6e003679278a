// Notifications that a flow confirms part by part: none is ended too soon, and none is given twice without need.
import assert from "node:assert/strict";
import { encodeAccessNotification } from "../../../lib/cpis/notification/access-notification.js";
import type { NotifiedAccess } from "../../../lib/cpis/upload/upload-model.js";
import { CpisError } from "../../../lib/errors.js";
import {
  createNotificationService,
  type NotificationEnvelope,
  type NotificationPart,
  type NotificationServiceOptions,
} from "../../../lib/services/notifications.js";
import { accessNotificationOf, personAccess } from "../../support/cpis/authority-samples.js";
import {
  createAuthorityScene,
  localAuthority,
  type AuthorityRun,
  type AuthorityScene,
} from "../../support/services/authority-scene.js";
import { until } from "../../support/services/uploading.js";

interface Given {
  readonly parts: readonly NotificationPart<NotifiedAccess>[];
  readonly envelope: NotificationEnvelope;
}

describe("A notification of three accesses, confirmed by the flow", () => {
  let scene: AuthorityScene;
  let run: AuthorityRun;
  let given: Given[];

  beforeEach(async () => {
    scene = await createAuthorityScene("MESH");
    run = await scene.open();
    given = [];
  });

  afterEach(async () => {
    await scene.close();
  });

  function listen(change: Partial<NotificationServiceOptions> = {}) {
    return createNotificationService({
      ...run,
      confirm: "by-flow",
      redeliverAfterMilliseconds: 100,
      listener: {
        accesses: (parts, envelope) => void given.push({ parts, envelope }),
        inactiveNumbers: () => undefined,
        nothing: () => undefined,
        unreadable: (error) => assert.fail(error.message),
      },
      ...change,
    });
  }

  function deliver(): void {
    const { mesh } = scene.simulator;
    const ids = [1, 2, 3].map((number) => `0D000000-0000-4000-8000-00000000000${number}`);
    const notification = accessNotificationOf(ids.map((accessId) => ({ ...personAccess, accessId })));
    mesh.deliver({
      from: mesh.cpisMailbox,
      to: mesh.findMailbox(localAuthority.code)?.mailbox ?? "",
      workflowId: mesh.workflowIds.accessNotification,
      content: Buffer.from(encodeAccessNotification(notification)),
    });
  }

  function partsOf(index: number): readonly number[] {
    return given.at(index)?.parts.map(({ part }) => part) ?? [];
  }

  async function stateOfIt() {
    const { messages } = await run.store.list({ direction: "inbound" }, 1);
    return messages[0]?.state;
  }

  function tokenOf(part: number) {
    return given[0]?.parts.find((one) => one.part === part)?.token ?? assert.fail("the part was not given");
  }

  it("says who sent it, and under which workflow it came", async () => {
    listen();
    deliver();
    await until(() => given.length > 0);
    const { from, workflowId } = given[0]?.envelope ?? assert.fail();
    const { mesh } = scene.simulator;
    assert.deepEqual([from, workflowId], [mesh.cpisMailbox, mesh.workflowIds.accessNotification]);
  });

  it("is not ended by its first part, and comes again without that, also after a restart", async () => {
    const service = listen();
    deliver();
    await until(() => given.length > 0);
    assert.deepEqual(partsOf(0), [0, 1, 2]);
    assert.deepEqual(await service.confirm(tokenOf(1)), { kind: "noted", remaining: 2 });
    assert.notEqual(await stateOfIt(), "confirmed");
    const before = given.length;
    await until(() => given.length > before + 1);
    assert.deepEqual(partsOf(-1), [0, 2]);
    await service.close();
    await run.close();

    run = await scene.open();
    given = [];
    const again = listen();
    await until(() => given.length > 0);
    assert.deepEqual(partsOf(0), [0, 2]);
    await again.confirm(tokenOf(2));
    assert.deepEqual(await again.confirm(tokenOf(0)), { kind: "confirmed" });
    assert.equal(await stateOfIt(), "confirmed");
  });

  it("comes again with the last part when that could not be written down", async () => {
    let failures = 1;
    const { exchange } = run;
    const confirm: typeof exchange.confirm = (id) => {
      failures -= 1;
      return failures >= 0 ? Promise.reject(new CpisError("STORE_UNAVAILABLE")) : exchange.confirm(id);
    };
    const service = listen({ exchange: { consume: (consumer) => exchange.consume(consumer), confirm } });
    deliver();
    await until(() => given.length > 0);
    await service.confirm(tokenOf(0));
    await service.confirm(tokenOf(1));
    await assert.rejects(service.confirm(tokenOf(2)), { code: "STORE_UNAVAILABLE" });
    const before = given.length;
    await until(() => given.length > before);
    assert.deepEqual(partsOf(-1), [2]);
    assert.deepEqual(await service.confirm(tokenOf(2)), { kind: "confirmed" });
    assert.equal(await stateOfIt(), "confirmed");
  });
});

// What a flow does not take is given to it again: no response and no notification is lost by an error of its own.
import assert from "node:assert/strict";
import { createNotificationService } from "../../../../lib/services/notifications.js";
import { createUploadService } from "../../../../lib/services/upload/upload.js";
import {
  createAuthorityScene,
  localAuthority,
  type AuthorityRun,
  type AuthorityScene,
} from "../../../support/services/authority-scene.js";
import { row, until } from "../../../support/services/uploading.js";

const child = "9990000018";

describe("When a flow does not take", () => {
  let scene: AuthorityScene;
  let run: AuthorityRun;

  before(async () => {
    scene = await createAuthorityScene("MESH");
  });

  beforeEach(async () => {
    run = await scene.open();
  });

  after(async () => {
    await scene.close();
  });

  async function onlyInbound() {
    return (await run.store.list({ direction: "inbound" }, 1)).messages[0];
  }

  it("a response, it is not set aside, and the upload stays open", async () => {
    const stray: string[] = [];
    let offered = 0;
    const service = createUploadService(run);
    const detach = service.attach({
      owner: "flow",
      localAuthority: localAuthority.code,
      listener: {
        refused: () => Promise.resolve(),
        answered: () => {
          offered += 1;
          return Promise.reject(new TypeError("a function of the flow"));
        },
        undelivered: () => Promise.resolve(),
        stray: ({ code }) => void stray.push(code),
        sending: () => undefined,
        overdue: () => undefined,
      },
    });
    const upload = { owner: "flow", localAuthority, mapping: {}, faultyRecords: "refuse-file" } as const;
    await service.upload({ ...upload, records: [row(child)], handOut: () => undefined });
    await until(async () => offered > 0 && (await onlyInbound())?.leaseOwner === undefined);
    assert.deepEqual([(await onlyInbound())?.state, stray], ["received", []]);
    const [file] = (await run.store.list({ direction: "outbound" }, 1)).messages;
    assert.equal(file?.state, "awaiting-response");
    await detach();
  });

  it("a notification, it is given again", async () => {
    const unreadable: string[] = [];
    const taken: number[] = [];
    const service = createNotificationService({
      ...run,
      confirm: "on-handover",
      redeliverAfterMilliseconds: 50,
      listener: {
        accesses: (parts, { delivery }) => {
          if (delivery === 1) throw new TypeError("a function of the flow");
          taken.push(parts.length);
        },
        inactiveNumbers: () => assert.fail("none is sent"),
        nothing: () => assert.fail("none is empty"),
        unreadable: ({ code }) => void unreadable.push(code),
      },
    });
    await scene.query(child);
    await until(() => taken.length + unreadable.length > 0);
    assert.deepEqual([taken, unreadable], [[1], []]);
    await service.close();
  });
});

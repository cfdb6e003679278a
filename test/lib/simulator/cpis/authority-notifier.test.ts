// What the simulated CP-IS tells local authorities of its own accord.
import assert from "node:assert/strict";
import { once } from "node:events";
import { parseAccessNotification } from "../../../../lib/cpis/notification/access-notification.js";
import { parseInactiveNhsNumberNotification } from "../../../../lib/cpis/notification/inactive-number-notification.js";
import { isCpisError } from "../../../../lib/errors.js";
import { urgentCare } from "../../../../lib/simulator/cpis/sample-people.js";
import {
  borough,
  codesOf,
  openAuthority,
  recordOf,
  type NotificationEvent,
  type TestAuthority,
} from "../../../support/simulator/authority-client.js";
import { asid, clinician, partyCpaId, partyKey } from "../../../support/simulator/simulator-client.js";

const nhsNumber = "9990000018";
const onCommand = { accessNotificationDelayMilliseconds: "on-command" } as const;

describe("The simulated CP-IS", () => {
  let authority: TestAuthority;
  const open = async (...options: Parameters<typeof openAuthority>): Promise<void> => {
    authority = await openAuthority(...options);
  };
  afterEach(() => authority.close());

  const query = async (number: string, author = clinician): Promise<string> => {
    const prepared = authority.spine.prepare(number, { author });
    await authority.spine.send(prepared);
    return prepared.eventId;
  };
  const notified = async (): Promise<NotificationEvent> => {
    const [event] = (await once(authority.spine.simulator.events, "notification")) as [NotificationEvent];
    return event;
  };
  const bodies = async (mailbox = authority.county): Promise<readonly Buffer[]> =>
    (await authority.collect(mailbox)).map(({ body }) => body);

  describe("tells a local authority that a child of its list was looked at", () => {
    it("with who asked and when, its own id of the child, and the file that brought it", async () => {
      await open();
      await authority.upload([recordOf(nhsNumber, {}, { localId: "LOCAL-1" })], { fileId: "123" });
      const told = notified();
      const accessId = await query(nhsNumber);
      const event = await told;
      assert.deepEqual(event, {
        kind: "access",
        by: "mesh",
        localAuthority: "999",
        messageId: event.messageId,
        notificationId: event.notificationId,
        entries: 1,
      });
      const [arrived] = await authority.collect();
      const { mesh } = authority.spine.simulator;
      assert.equal(arrived?.headers["mex-workflowid"], mesh.workflowIds.accessNotification);
      const notification = parseAccessNotification(arrived.body);
      assert.deepEqual(notification.warnings, []);
      assert.equal(notification.id, event.notificationId);
      assert.equal(notification.total, 1);
      assert.deepEqual(notification.recipient, {
        code: "999",
        codeType: "organisation",
        name: "EXAMPLE COUNTY COUNCIL",
      });
      const [access] = notification.accesses;
      assert.equal(access?.accessId, accessId);
      assert.equal(access.accessedAt?.raw, "20261122101500+0000");
      assert.deepEqual([access.nhsNumber, access.localId, access.uploadFileId], [nhsNumber, "LOCAL-1", "123"]);
      assert.deepEqual(access.author, clinician);
    });

    it("once for the same author within 24 hours, and not for a number that nobody has uploaded", async () => {
      await open(onCommand);
      await authority.upload([recordOf(nhsNumber)]);
      await query(nhsNumber);
      await query(nhsNumber);
      await query("9990000077");
      assert.equal(authority.command({ command: "notify-accesses" }), 1);
      const [body] = await bodies();
      assert.equal(parseAccessNotification(body ?? Buffer.alloc(0)).total, 1);
      assert.equal(authority.command({ command: "notify-accesses" }), 0);
    });

    it("in one notification for all that happened since the last, each local authority its own", async () => {
      await open(onCommand);
      await authority.upload([recordOf(nhsNumber), recordOf("9990000026")]);
      await authority.upload([recordOf(nhsNumber)], {
        localAuthority: borough,
        mailbox: authority.borough,
        fileId: "8",
      });
      await query(nhsNumber);
      await query(nhsNumber, urgentCare);
      await query("9990000026");
      assert.equal(authority.command({ command: "notify-accesses" }), 2);
      const [county] = (await bodies()).map(parseAccessNotification);
      const [other] = (await bodies(authority.borough)).map(parseAccessNotification);
      assert.deepEqual(
        county?.accesses.map((access) => access.nhsNumber),
        [nhsNumber, nhsNumber, "9990000026"],
      );
      assert.equal(county.accesses[1]?.author?.kind, "system");
      assert.deepEqual([other?.total, other?.accesses[0]?.uploadFileId, other?.recipient.code], [2, "8", "998"]);
    });

    it("also when its plan has ended, and no more when it was withdrawn", async () => {
      await open(onCommand);
      await authority.upload([recordOf(nhsNumber, { endDate: "2026-10-01T00:00" }), recordOf("9990000026")]);
      await authority.upload([recordOf("9990000026", { deleteDate: "2026-10-01T00:00" })], { fileId: "2" });
      await query(nhsNumber);
      await query("9990000026");
      assert.equal(authority.command({ command: "notify-accesses" }), 1);
      const [body] = await bodies();
      assert.equal(parseAccessNotification(body ?? Buffer.alloc(0)).total, 1);
    });

    it("for the sample children too, as if a first file had brought them", async () => {
      await open();
      const told = notified();
      await query("9990001278");
      await told;
      const [body] = await bodies();
      const [access] = parseAccessNotification(body ?? Buffer.alloc(0)).accesses;
      assert.deepEqual([access?.localId, access?.uploadFileId], ["LOCAL-1278", "1"]);
    });

    it("with an empty notification when told to, and refuses to tell one that it cannot reach", async () => {
      await open();
      assert.equal(authority.command({ command: "notify-accesses", localAuthority: "999" }), 1);
      const [body] = await bodies();
      const { total, accesses } = parseAccessNotification(body ?? Buffer.alloc(0));
      assert.deepEqual([total, accesses], [0, []]);
      assert.throws(
        () => authority.command({ command: "notify-accesses", localAuthority: "997" }),
        (error) => isCpisError(error) && error.code === "CONFIG_INVALID",
      );
    });

    it("over ebXML when a party is registered for it and it has no mailbox", async () => {
      await open();
      const { spine } = authority;
      const party = { partyKey, asid, cpaId: partyCpaId, answerUrl: spine.answerUrl, odsCode: "x7x" };
      spine.simulator.registerParty(party);
      const told = notified();
      await query("9990001170");
      assert.equal((await told).by, "ebxml");
      await spine.answer(2);
      const notification = spine.answers.find(({ header }) => header.action === "REPC_IN000004GB01");
      assert.equal(notification?.kind, "message");
      assert.equal(notification.header.service, "urn:nhs:names:services:cpisquery");
      assert.equal(parseAccessNotification(notification.payload ?? Buffer.alloc(0)).total, 1);
    });
  });

  describe("tells each local authority that has plans under a number that the number is inactive", () => {
    it("with its replacement, and refuses uploads under it as superseded", async () => {
      await open();
      await authority.upload([recordOf(nhsNumber, {}, { localId: "LOCAL-2" })], { fileId: "123" });
      await authority.upload([recordOf(nhsNumber)], { localAuthority: borough, mailbox: authority.borough });
      assert.equal(authority.command({ command: "inactivate", nhsNumber, replacedBy: "9990000069" }), 2);
      const [body] = await bodies();
      const notification = parseInactiveNhsNumberNotification(body ?? Buffer.alloc(0));
      assert.deepEqual(notification.warnings, []);
      assert.equal(notification.recipient.code, "999");
      assert.deepEqual(notification.numbers, [
        { nhsNumber, localId: "LOCAL-2", replacedBy: ["9990000069"], uploadFileId: "123" },
      ]);
      assert.equal((await bodies(authority.borough)).length, 1);
      assert.deepEqual(codesOf(await authority.upload([recordOf(nhsNumber)], { fileId: "124" })), [["CPR05"]]);
      assert.equal(authority.spine.simulator.register.find(nhsNumber)?.plans.length, 2);
    });

    it("without replacement when none is known", async () => {
      await open();
      await authority.upload([recordOf(nhsNumber)]);
      authority.command({ command: "inactivate", nhsNumber });
      const [body] = await bodies();
      assert.deepEqual(parseInactiveNhsNumberNotification(body ?? Buffer.alloc(0)).numbers[0]?.replacedBy, []);
      assert.deepEqual(codesOf(await authority.upload([recordOf(nhsNumber)], { fileId: "2" })), [["CPR01"]]);
    });

    it("and tells nobody of a number that it does not hold, or whose holders it cannot reach", async () => {
      await open();
      assert.equal(authority.command({ command: "inactivate", nhsNumber }), 0);
      assert.equal(authority.command({ command: "inactivate", nhsNumber: "9990001170" }), 0);
    });
  });

  it("forgets accesses that wait when it is reset or closed", async () => {
    await open({ accessNotificationDelayMilliseconds: 60_000 });
    await query("9990001014");
    authority.command({ command: "reset" });
    assert.equal(authority.command({ command: "notify-accesses" }), 0);
    await query("9990001014");
  });
});

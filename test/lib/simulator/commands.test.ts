// The JSON commands of the simulator.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../lib/errors.js";
import { parseCommand } from "../../../lib/simulator/commands.js";
import { openTestSpine, type TestSpine } from "../../support/simulator/simulator-client.js";

const now = Date.parse("2026-11-22T10:15:00Z");

function refusal(command: unknown): string {
  try {
    parseCommand(command, now);
  } catch (error) {
    if (isCpisError(error) && error.code === "CONFIG_INVALID") return error.message;
    throw error;
  }
  return "accepted";
}

describe("The simulator's commands", () => {
  it("read a record with everything, and fill in what is not given", () => {
    const command = parseCommand(
      {
        command: "addRecord",
        record: {
          nhsNumber: "999 000 0018",
          plans: [
            { planType: "looked-after-child" },
            {
              planType: "unborn-child-protection-plan",
              startDate: "2026-03-02",
              endDate: "2026-12-01T09:00",
              localAuthority: {
                code: "998",
                name: "LONDON BOROUGH OF EXAMPLE",
                emergencyDutyTelephone: "020 7946 0002",
              },
              subject: { givenName: "Test", familyName: "Mother", birthDate: "1999-01-02" },
            },
          ],
          deviations: ["prefixed"],
        },
      },
      now,
    );
    assert.equal(command.command, "addRecord");
    const [first, second] = command.record.plans;
    assert.equal(command.record.nhsNumber, "9990000018");
    assert.deepEqual(command.record.shape, { deviations: ["prefixed"] });
    assert.equal(first?.startDate, "2026-10-23T00:00");
    assert.equal(first.subject?.kind, "child");
    assert.ok(second);
    assert.equal(second.startDate, "2026-03-02T00:00");
    assert.equal(second.localAuthority.emergencyDutyTelephone, "02079460002");
    assert.equal(second.subject?.kind, "mother");
  });

  const record = (change: object): unknown => ({
    command: "addRecord",
    record: { nhsNumber: "9990000018", plans: [{ planType: "looked-after-child" }], ...change },
  });
  const plan = (change: object): unknown => record({ plans: [{ planType: "looked-after-child", ...change }] });
  const refusals: readonly (readonly [unknown, RegExp])[] = [
    ["text", /the command must be an object/],
    [[], /the command must be an object/],
    [{}, /command must be one of addRecord, removeRecord/],
    [{ command: "destroy" }, /command must be one of/],
    [{ command: "removeRecord" }, /nhsNumber must be a text/],
    [{ command: "releaseAnswers", order: "random" }, /order must be/],
    [record({ nhsNumber: "9990000019" }), /record.nhsNumber must be ten digits with a valid check digit/],
    [record({ nhsNumber: "1111111111" }), /record.nhsNumber is one of the special numbers/],
    [record({ plans: [] }), /record.plans must hold a plan/],
    [record({ plans: "none" }), /record.plans must be an array/],
    [record({ plans: new Array(31).fill({}) }), /record.plans has more than 30 entries/],
    [record({ deviations: ["upside-down"] }), /record.deviations must be one of/],
    [plan({ planType: "other" }), /record.plans\[0\].planType must be one of/],
    [plan({ startDate: "2026-02-31" }), /record.plans\[0\].startDate must be a date/],
    [plan({ planType: "unborn-child-protection-plan" }), /record.plans\[0\].endDate is needed/],
    [plan({ localAuthority: { code: "999" } }), /record.plans\[0\].localAuthority.name must be a text/],
    [plan({ localAuthority: { code: "9", name: "A", officeHoursTelephone: "ring" } }), /must be a telephone number/],
    [{ command: "injectFault" }, /fault must be an object/],
    [{ command: "injectFault", fault: { kind: "fire" } }, /fault.kind must be one of/],
    [{ command: "injectFault", fault: { kind: "delayReply" } }, /fault.milliseconds must be a whole number/],
    [{ command: "injectFault", fault: { kind: "httpError", status: 200 } }, /from 400 to 599/],
    [{ command: "injectFault", fault: { kind: "dropReply" }, rate: 2 }, /rate must be a number from 0 to 1/],
    [{ command: "injectFault", fault: { kind: "dropReply" }, times: 0 }, /times must be a whole number/],
    [{ command: "injectFault", fault: { kind: "dropReply" }, match: { nth: 0.5 } }, /match.nth must be a whole/],
    [{ command: "inactivate", nhsNumber: "9990000019" }, /nhsNumber must be ten digits with a valid check digit/],
    [{ command: "inactivate", nhsNumber: "9990000018", replacedBy: ["999"] }, /replacedBy must be ten digits/],
    [{ command: "inactivate", nhsNumber: "9990000018", replacedBy: new Array(11) }, /replacedBy has more than 10/],
    [{ command: "notify-accesses", localAuthority: 999 }, /localAuthority must be a text/],
    [{ command: "pds", outage: "yes" }, /outage must be true or false/],
    [{ command: "client-version" }, /supported must be true or false/],
    [{ command: "unreadable-files", answer: "none" }, /answer must be one of report, response/],
    [{ command: "injectMeshFault", fault: { kind: "fire" } }, /fault.kind must be one of dropAnswer/],
    [{ command: "injectMeshFault", fault: { kind: "delayAnswer" } }, /fault.milliseconds must be a whole number/],
    [{ command: "injectMeshFault", fault: { kind: "chunkMissing", chunk: 0 } }, /fault.chunk must be a whole/],
    [{ command: "injectMeshFault", fault: { kind: "wrongContentLength" } }, /fault.difference must be a whole/],
    [{ command: "injectMeshFault", fault: { kind: "dropAnswer" }, calls: ["dial"] }, /calls must be one of handshake/],
  ];
  for (const [command, text] of refusals) {
    it(`refuse with CONFIG_INVALID: ${text.source}`, () => {
      assert.match(refusal(command), text);
    });
  }

  it("read replacements as one number or several, and a fault of MESH with all that it may have", () => {
    const command = { command: "inactivate", nhsNumber: "999 000 0018" };
    assert.deepEqual(parseCommand(command, now), { ...command, nhsNumber: "9990000018", replacedBy: [] });
    const replaced = parseCommand({ ...command, replacedBy: "9990000026" }, now);
    assert.deepEqual(replaced, parseCommand({ ...command, replacedBy: ["999 000 0026"] }, now));
    const fault = { kind: "reportBeforeAnswer", statusCode: "14", description: "not collected" };
    const injection = { fault, calls: ["send"], mailbox: "999OT001", times: 2 };
    assert.deepEqual(parseCommand({ command: "injectMeshFault", ...injection }, now), {
      command: "injectMeshFault",
      injection,
    });
  });

  it("never repeat a value in the error, and never throw anything else", () => {
    assert.doesNotMatch(refusal(record({ nhsNumber: "1234567890" })), /1234567890/);
    fc.assert(
      fc.property(
        fc.anything(),
        fc.constantFrom("addRecord", "injectFault", "inactivate", "injectMeshFault"),
        (value, command) => {
          refusal(value);
          refusal({ command, record: value, fault: value, nhsNumber: value, match: value });
        },
      ),
      { numRuns: 300 },
    );
  });

  describe("carried out", () => {
    let spine: TestSpine;
    beforeEach(async () => {
      spine = await openTestSpine();
    });
    afterEach(async () => {
      await spine.close();
    });

    async function actionFor(nhsNumber: string, count: number): Promise<string> {
      await spine.send(spine.prepare(nhsNumber));
      return (await spine.answer(count)).header.action;
    }

    it("add and remove records, as queries see", async () => {
      const { simulator } = spine;
      assert.equal(await actionFor("9990000018", 1), "QUQI_IN010000UK14");
      const before = simulator.register.size;
      assert.deepEqual(simulator.applyCommand(record({})), { command: "addRecord", records: before + 1 });
      assert.equal(await actionFor("9990000018", 2), "REPC_IN000007GB01");
      const removal = { command: "removeRecord", nhsNumber: "999 000 0018" };
      assert.deepEqual(simulator.applyCommand(removal), {
        command: "removeRecord",
        records: before,
        wasPresent: true,
      });
      assert.equal(simulator.applyCommand(removal).wasPresent, false);
      assert.equal(await actionFor("9990000018", 3), "QUQI_IN010000UK14");
    });

    it("inject and clear faults, hold and release answers, and reset all", async () => {
      const { simulator } = spine;
      simulator.applyCommand({ command: "injectFault", fault: { kind: "httpError", status: 503 } });
      assert.equal((await spine.send(spine.prepare("9990001014"))).status, 503);
      simulator.applyCommand({ command: "clearFaults" });
      simulator.applyCommand({ command: "holdAnswers" });
      await spine.send(spine.prepare("9990001014"));
      assert.equal(simulator.applyCommand({ command: "releaseAnswers" }).released, 1);
      await spine.answer(1);
      simulator.applyCommand({ command: "injectFault", fault: { kind: "httpError", status: 503 } });
      simulator.applyCommand({ command: "holdAnswers" });
      simulator.register.remove("9990001014");
      simulator.applyCommand({ command: "reset" });
      assert.equal(await actionFor("9990001014", 2), "REPC_IN000007GB01");
    });
  });
});

// Nothing about a child reaches a log line, a status, an error, msg.cpis, or a file in the clear.
import assert from "node:assert/strict";
import type { NodeMessage } from "node-red";
import { NodeRed } from "../support/nodes/node-red.js";
import { allBytes, allMessages } from "../support/nodes/message-store/stored.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../support/nodes/flows.js";

const childNumber = "9990000093";
const telephone = "01632765432";
/** What a search of everything that was told must never find. */
const markers = [
  childNumber,
  "999 000 0093",
  "MarkGiven",
  "MarkFamily",
  "MarkCouncil",
  "MARK77",
  "2019-11-23",
  "20191123",
  telephone,
  "MarkAuthor",
  "MarkRole",
  "MarkSite",
  "100000099999",
  "MarkFreeText",
];
const record = {
  nhsNumber: childNumber,
  description: "MarkFreeText",
  plans: [
    {
      planType: "child-protection-plan",
      startDate: "2026-03-02",
      localAuthority: { code: "MARK77", name: "MarkCouncil", emergencyDutyTelephone: telephone },
      subject: { birthDate: "2019-11-23", givenName: "MarkGiven", familyName: "MarkFamily" },
    },
  ],
};
const user = {
  ...clinician,
  userId: "100000099999",
  name: { given: ["MarkAuthor"], family: "MarkAuthor" },
  role: { code: "R8000", displayName: "MarkRole" },
  organisation: { code: "RZZ99", name: "MarkSite" },
};
const flow = [...receivers, simulatorTransport, simulatorNode, { ...queryNode, timeout: "1" }];
const faults: readonly object[] = [
  { kind: "httpError", status: 500 },
  { kind: "soapFault", code: "101" },
  { kind: "ebxmlError", code: "402005" },
  { kind: "resetConnection" },
  { kind: "dropAnswer" },
  { kind: "duplicateAnswer" },
  { kind: "lineEndsLf" },
];

function leaks(text: string): string[] {
  return markers.filter((marker) => text.toLowerCase().includes(marker.toLowerCase()));
}

/** A caught message but for what the flow itself had put into it. */
function toldBy(message: NodeMessage): string {
  const { cpis, error } = message;
  const own = typeof cpis === "object" && cpis !== null ? Object.entries(cpis).filter(([name]) => name !== "user") : [];
  return JSON.stringify([own, error]);
}

describe("privacy of the nodes", () => {
  const nodeRed = new NodeRed();

  before(async () => {
    await nodeRed.start(flow);
    nodeRed.send("simulator", { payload: { command: "addRecord", record } });
    await nodeRed.nextMessage("events");
    const ended = (): number =>
      ["found", "not-found", "caught"].reduce((sum, id) => sum + nodeRed.messages(id).length, 0);
    const ask = async (payload: unknown, asking: unknown = user): Promise<void> => {
      const count = ended();
      nodeRed.send("query", { payload, cpis: { user: asking } });
      await nodeRed.until("the end of the query", () => ended() > count);
    };
    await ask("999 000 0093");
    for (const fault of faults) {
      nodeRed.send("simulator", { payload: { command: "clearFaults" } });
      nodeRed.send("simulator", { payload: { command: "injectFault", fault } });
      await ask(childNumber);
    }
    nodeRed.send("simulator", { payload: { command: "clearFaults" } });
    await ask(`${childNumber}1`);
    await ask({ nhsNumber: { text: "MarkFreeText" } });
    await ask(childNumber, { ...user, role: "MarkRole" });
    await ask(childNumber, { ...user, activities: ["MarkFreeText"] });
    await nodeRed.status("query", "status.");
    await nodeRed.halt();
  });
  after(async () => {
    await nodeRed.stop();
  });

  it("is really put to the test: the record was found, and failures of many kinds came", () => {
    assert.ok(nodeRed.messages("found").length >= 3);
    const payload = JSON.stringify(nodeRed.messages("found")[0]?.payload);
    for (const marker of [childNumber, "MarkGiven", "MarkCouncil", telephone])
      assert.ok(payload.includes(marker), marker);
    const codes = new Set(nodeRed.messages("caught").map(({ error }) => String(Reflect.get(error as object, "code"))));
    assert.ok(codes.size >= 7, [...codes].join());
    assert.ok(nodeRed.logs.length > 20);
  });

  it("holds in every log line, at every level", () => {
    assert.deepEqual(
      nodeRed.logs.flatMap(({ text }) => leaks(text)),
      [],
    );
  });

  it("holds in every status", () => {
    assert.deepEqual(leaks(JSON.stringify(nodeRed.statuses)), []);
  });

  it("holds in every error, its stack and its cause, and in msg.cpis", () => {
    for (const id of ["found", "not-found", "caught"]) {
      assert.deepEqual(
        nodeRed.messages(id).flatMap((message) => leaks(toldBy(message))),
        [],
      );
    }
  });

  it("holds in every file that was written, the message store's above all", async () => {
    const messages = await allMessages(nodeRed.userFolder);
    assert.ok(messages.length >= faults.length);
    assert.ok(messages.some(({ state }) => state === "failed") && messages.some(({ state }) => state === "completed"));
    assert.deepEqual(leaks(JSON.stringify(messages)), []);
    // The audit must say who asked: the user's id at the national directory, and no name.
    const ofAudit = [user.userId];
    assert.deepEqual(leaks(allBytes(nodeRed.userFolder)), ofAudit);
  });
});

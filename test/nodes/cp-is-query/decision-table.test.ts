// Every number with which the simulator goes wrong in a known way, asked through a real Node-RED and real sockets.
import assert from "node:assert/strict";
import type { NodeMessage } from "node-red";
import { specialNumbers, type SpecialNumber } from "../../../lib/simulator/index.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";

/** Asks what is answered, however long a busy machine takes for it. */
const patient = { ...queryNode, id: "patient", timeout: "150" };
/** Asks what ends by waiting in vain, alone and after the others, so that the machine has nothing else to do. */
const brief = { ...queryNode, id: "brief", timeout: "5" };
const complete = { id: "complete", type: "complete", z: "tab", x: 0, y: 0, scope: ["patient", "brief"] };
const others = receivers.filter(({ id }) => id !== "complete");
const flow = [...others, { ...complete, wires: [["completed"]] }, simulatorTransport, simulatorNode, patient, brief];

/** The transport refuses an action that no answer has, so that the query waits on; the table's row 21 is for others. */
const refused = "unknown-interaction";

function isAwaitedInVain({ expected, behaviour }: SpecialNumber): boolean {
  return behaviour === refused || (expected.outcome === "failed" && expected.code === "timeout");
}

function expectedCode(code: string): string {
  return `CPIS_${code.toUpperCase().replaceAll("-", "_")}`;
}

/** The messages of one receiver by the number that was asked; each query is recognised by its topic. */
function byTopic(messages: readonly NodeMessage[]): Map<string, NodeMessage> {
  return new Map(messages.map((message) => [message.topic ?? "", message]));
}

describe("the decision table of query outcomes, through the nodes", () => {
  const nodeRed = new NodeRed();

  /** Without what is told of a query after its end: that a second answer contradicts the first. */
  function endsIn(id: string): NodeMessage[] {
    return nodeRed.messages(id).filter(({ topic }) => topic !== undefined);
  }

  before(async () => {
    await nodeRed.start(flow);
    const ended = (): number => ["found", "not-found", "caught"].reduce((sum, id) => sum + endsIn(id).length, 0);
    let asked = 0;
    for (const [node, numbers] of [
      ["patient", specialNumbers.filter((special) => !isAwaitedInVain(special))],
      ["brief", specialNumbers.filter(isAwaitedInVain)],
    ] as const) {
      for (const { nhsNumber, behaviour } of numbers) {
        nodeRed.send(node, { payload: nhsNumber, topic: behaviour, cpis: { user: clinician } });
      }
      asked += numbers.length;
      await nodeRed.until("the end of every query", () => ended() >= asked);
    }
  });
  after(async () => {
    await nodeRed.stop();
  });

  function check({ behaviour, expected, nhsNumber }: SpecialNumber): void {
    const outputs = ["found", "not-found", "caught"].filter((id) => byTopic(nodeRed.messages(id)).has(behaviour));
    assert.deepEqual(outputs, [expected.outcome === "failed" ? "caught" : expected.outcome]);
    const message = byTopic(nodeRed.messages(outputs[0]!)).get(behaviour)!;
    if (expected.outcome === "failed") {
      const code = behaviour === refused ? "timeout" : expected.code;
      assert.equal(caughtError(message).code, expectedCode(code));
      assert.equal(message.payload, nhsNumber);
      return;
    }
    const payload = message.payload as object;
    assert.equal(Reflect.get(payload, "outcome"), expected.outcome);
    assert.equal(Reflect.get(payload, "nhsNumber"), nhsNumber);
    if (expected.outcome === "not-found") assert.equal(Reflect.get(payload, "basis"), expected.basis);
  }

  for (const special of specialNumbers) {
    const { row, description, expected } = special;
    it(`row ${row}: ${description} ${expected.outcome}`, () => {
      check(special);
    });
  }

  it("covers every row that can come from Spine", () => {
    const rows = new Set(specialNumbers.map(({ row }) => row));
    const wanted = Array.from({ length: 19 }, (_, index) => index + 3);
    assert.deepEqual(
      wanted.filter((row) => !rows.has(row)),
      [],
    );
  });

  it("says nothing for a query after its end but that a second answer contradicts the first", async () => {
    assert.equal(
      nodeRed.messages("found").length + nodeRed.messages("not-found").length,
      nodeRed.messages("completed").length,
    );
    const ended = ["found", "not-found", "caught"].flatMap(endsIn).map(({ topic }) => topic);
    assert.equal(new Set(ended).size, ended.length);
    const after = (): NodeMessage[] => nodeRed.messages("caught").filter(({ topic }) => topic === undefined);
    // None after a record, and a record after none.
    await nodeRed.until("both contradictions", () => after().length >= 2);
    assert.deepEqual(
      after().map((message) => caughtError(message).code),
      ["CPIS_CONTRADICTORY_ANSWER", "CPIS_CONTRADICTORY_ANSWER"],
    );
    assert.equal(new Set(after().map((message) => (message["cpis"] as { messageId: string }).messageId)).size, 2);
  });
});

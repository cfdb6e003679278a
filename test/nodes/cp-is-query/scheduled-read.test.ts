// A scheduled read in a real Node-RED: refused, unless the transport has been told how it is said.
import assert from "node:assert/strict";
import type { NodeMessage } from "node-red";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";

const stated = {
  silentRead: true,
  silentReadPlace: "after-id",
  silentReadAs: "attribute",
  silentReadAttribute: "value",
  silentReadValue: "false",
};
const scheduled = { ...queryNode, careSetting: "scheduled" };
const question = (activities: readonly string[]): NodeMessage => ({
  payload: "9990001014",
  cpis: { user: { ...clinician, activities } },
});
const isOfQuery = ({ payload }: NodeMessage): boolean => payload === "9990001014";

describe("a scheduled read of the cp-is query node", () => {
  let nodeRed: NodeRed;
  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(() => nodeRed.stop());

  const start = (transport: object, query: object): Promise<void> =>
    nodeRed.start([...receivers, { ...simulatorTransport, ...transport }, simulatorNode, query]);
  async function failureCode(activities: readonly string[]): Promise<unknown> {
    nodeRed.send("query", question(activities));
    await nodeRed.until("the error", () => nodeRed.messages("caught").some(isOfQuery));
    return caughtError(nodeRed.messages("caught").find(isOfQuery)!).code;
  }
  const events = (topic: string): readonly NodeMessage[] =>
    nodeRed.messages("events").filter((message) => message.topic === topic);
  const sent = (): string => JSON.stringify(events("exchange").map(({ payload }) => payload));

  it("fails with CPIS_SILENT_READ_UNAVAILABLE while the transport has no form for it, and nothing is sent", async () => {
    await start({}, scheduled);
    assert.equal(await failureCode(["B0107", "B0170"]), "CPIS_SILENT_READ_UNAVAILABLE");
    assert.equal(events("exchange").length, 0);
  });

  it("is asked in the form that was stated, and no local authority is told", async () => {
    await start(stated, scheduled);
    nodeRed.send("query", question(["B0170"]));
    await nodeRed.nextMessage("found");
    assert.ok(
      sent().includes('accessEventType value=\\"false\\"') || sent().includes('accessEventType value=\\\\\\"false'),
    );
    assert.equal(events("access").length, 0);
  });

  it("is refused to who may only ask unscheduled, and is not asked so instead", async () => {
    await start(stated, scheduled);
    assert.equal(await failureCode(["B0107"]), "CPIS_NOT_AUTHORISED");
    assert.equal(events("exchange").length, 0);
  });

  it("leaves unscheduled queries over the same transport as they are", async () => {
    await start(stated, queryNode);
    nodeRed.send("query", question(["B0107"]));
    await nodeRed.nextMessage("found");
    assert.ok(events("exchange").length > 0 && !sent().includes("accessEventType"));
    await nodeRed.until("the local authority is told", () => events("access").length === 1);
  });

  const incomplete: readonly (readonly [string, object, string])[] = [
    ["no place", { silentReadPlace: "" }, "CONFIG_MISSING"],
    ["neither text nor attribute", { silentReadAs: "" }, "CONFIG_MISSING"],
    ["an attribute without a name", { silentReadAttribute: "" }, "CONFIG_MISSING"],
    ["no value", { silentReadValue: "" }, "CONFIG_MISSING"],
    ["an unknown place", { silentReadPlace: "somewhere" }, "CONFIG_INVALID"],
    ["an attribute that is no name", { silentReadAttribute: "a b" }, "CONFIG_INVALID"],
  ];
  for (const [what, change, code] of incomplete) {
    it(`is nothing that can be stated with ${what}: ${code}, for every query`, async () => {
      await start({ ...stated, ...change }, queryNode);
      assert.equal(await failureCode(["B0107"]), code);
    });
  }
});

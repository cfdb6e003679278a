// The answer as FHIR beside the payload, through a real runtime: a failure never looks like an empty searchset.
import assert from "node:assert/strict";
import type { NodeMessage } from "node-red";
import type { SearchsetBundle } from "../../../lib/fhir/resources.js";
import { fhirIssues } from "../../support/fhir/validator.js";
import { readPlans } from "../../support/fhir/results.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { NodeRed } from "../../support/nodes/node-red.js";

interface Fhir {
  readonly status: number;
  readonly resource: SearchsetBundle;
}

const stale = { status: 200, resource: { resourceType: "Bundle", type: "searchset", total: 0 } };

function fhirOf(message: NodeMessage): Fhir {
  const fhir: unknown = Reflect.get(message, "fhir");
  assert.ok(typeof fhir === "object" && fhir !== null);
  return fhir as Fhir;
}

describe("the cp-is query node, asked for FHIR", () => {
  let nodeRed: NodeRed;

  beforeEach(async () => {
    nodeRed = new NodeRed();
    await nodeRed.start([...receivers, simulatorTransport, simulatorNode, { ...queryNode, fhir: true }]);
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  it("gives a record found as a Bundle with its plans", async () => {
    nodeRed.send("query", { payload: "9990001014", cpis: { user: clinician }, fhir: stale });
    const message = await nodeRed.nextMessage("found");
    const { status, resource } = fhirOf(message);
    assert.equal(status, 200);
    assert.deepEqual(fhirIssues(resource), []);
    const { plans } = message.payload as { plans: { localAuthority: { emergencyDutyTelephone: string } }[] };
    assert.equal(resource.total, plans.length);
    assert.deepEqual(
      readPlans(resource).map(({ emergency }) => emergency),
      plans.map(({ localAuthority }) => localAuthority.emergencyDutyTelephone),
    );
  });

  it("gives an empty Bundle for no record", async () => {
    nodeRed.send("query", { payload: "9990002304", cpis: { user: clinician } });
    const { resource } = fhirOf(await nodeRed.nextMessage("not-found"));
    assert.equal(resource.total, 0);
    assert.equal(resource.entry, undefined);
  });

  for (const [payload, expected, what] of [
    ["9990002045", 502, "that CP-IS was not checked"],
    ["9990001015", 400, "a number that is none"],
  ] as const) {
    it(`gives an OperationOutcome for ${what}, whatever stood there before`, async () => {
      nodeRed.send("query", { payload, cpis: { user: clinician }, fhir: stale });
      const { status, resource } = fhirOf(await nodeRed.nextMessage("caught"));
      assert.equal(status, expected);
      assert.equal(resource.resourceType, "OperationOutcome");
      assert.deepEqual(fhirIssues(resource), []);
    });
  }
});

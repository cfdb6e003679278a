// The sample children, as a client sees them over the wire.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { QueryFound } from "../../../../lib/cpis/model.js";
import { decideQueryOutcome } from "../../../../lib/cpis/query/query-outcome.js";
import type { SimulatorEvents } from "../../../../lib/simulator/index.js";
import { sampleChildren } from "../../../../lib/simulator/cpis/sample-children.js";
import { consultant, nurse } from "../../../../lib/simulator/cpis/sample-people.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import {
  openTestSpine,
  type PreparedQuery,
  type QueryOptions,
  type TestSpine,
} from "../../../support/simulator/simulator-client.js";

const now = Date.parse("2026-11-22T10:15:00Z");

describe("The sample children", () => {
  let spine: TestSpine;
  let asked = 0;
  before(async () => {
    spine = await openTestSpine();
    asked = 0;
  });
  after(async () => {
    await spine.close();
  });

  async function ask(
    nhsNumber: string,
    options: QueryOptions = {},
  ): Promise<{ query: PreparedQuery; found: QueryFound; text: string }> {
    const query = spine.prepare(nhsNumber, options);
    await spine.send(query);
    asked += 1;
    const answer = await spine.answer(asked);
    assert.equal(answer.kind, "message");
    const payload = answer.payload ?? Buffer.alloc(0);
    const context = { nhsNumber, messageId: query.hl7Id, eventId: query.eventId };
    const decision = decideQueryOutcome(context, parseXml(payload), { emptyResponse: "failed" });
    assert.equal(decision.kind, "result");
    assert.equal(decision.result.outcome, "found");
    return { query, found: decision.result, text: Buffer.from(payload).toString("utf8") };
  }

  for (const sample of sampleChildren(now)) {
    it(`${sample.description ?? ""}: found with its plans`, async () => {
      const { query, found } = await ask(sample.nhsNumber);
      const isPartial = sample.shape?.isFirstPlanUnreadable === true;
      const plans = isPartial ? sample.plans.slice(1) : sample.plans;
      assert.equal(found.incomplete, isPartial);
      const brief = (list: typeof plans): unknown =>
        list.map(({ planType, startDate, endDate }) => ({ planType, startDate, endDate }));
      assert.deepEqual(new Set([brief(found.plans)].flat()), new Set([brief(plans)].flat()));
      assert.equal(found.accesses.filter(({ isThisQuery }) => isThisQuery).length, 1);
      assert.equal(found.accesses.length, Math.min(25, (sample.accesses?.length ?? 0) + 1));
      assert.equal(query.nhsNumber, found.nhsNumber);
    });
  }

  it("cover every plan type, ended plans, two authorities, a mother, missing telephones and a site", () => {
    const plans = sampleChildren(now).flatMap((sample) => sample.plans);
    assert.equal(new Set(plans.map(({ planType }) => planType)).size, 3);
    assert.ok(plans.some(({ endDate }) => endDate !== undefined && Date.parse(`${endDate}Z`) < now));
    assert.ok(plans.some(({ subject }) => subject?.kind === "mother"));
    assert.ok(plans.some(({ localAuthority }) => localAuthority.emergencyDutyTelephone === undefined));
    assert.ok(plans.some(({ localAuthority }) => localAuthority.codeType === "site"));
    assert.ok(
      sampleChildren(now).some(
        (sample) => new Set(sample.plans.map(({ localAuthority }) => localAuthority.code)).size === 2,
      ),
    );
  });

  it("have telephone numbers that are given to nobody", () => {
    const text = JSON.stringify(sampleChildren(now));
    const numbers = [...text.matchAll(/Telephone":"([0-9]+)"/g)].map(([, number]) => number ?? "");
    assert.ok(numbers.length > 0);
    for (const number of numbers) assert.match(number, /^(01632960[0-9]{3}|02079460[0-9]{3})$/);
  });

  it("show the access of one query to the next, and tell the local authority of each once", async () => {
    const accessed = once(spine.simulator.events, "access");
    const first = await ask("9990001030", { author: consultant });
    const [event] = (await accessed) as SimulatorEvents["access"];
    assert.equal(event.access.accessId, first.query.eventId);
    assert.equal(event.localAuthorities[0]?.name, "EXAMPLE COUNTY COUNCIL");
    spine.clock.now += 3_600_000;
    const second = await ask("9990001030", { author: nurse });
    assert.ok(second.found.accesses.some(({ accessId }) => accessId === first.query.eventId));
    const before = second.found.accesses.length;
    spine.clock.now += 3_600_000;
    const third = await ask("9990001030", { author: consultant });
    assert.equal(third.found.accesses.length, before);
    assert.ok(!third.found.accesses.some(({ isThisQuery }) => isThisQuery));
  });

  it("depart from the schema in the ways that are asked for", async () => {
    const forms: readonly (readonly [string, RegExp])[] = [
      ["9990001189", /<CP-ISNHSQueryResponse[^>]*><REPC_IN000007GB01/],
      ["9990001197", /<hl7:REPC_IN000007GB01/],
      ["9990001200", /\?>\s*<CP-ISNHSQueryResponse/],
      ["9990001154", /<name><family>/],
      ["9990001170", /extension="x7x"/],
      ["9990001227", /queryResponseCode code="NF"/],
    ];
    for (const [nhsNumber, form] of forms) assert.match((await ask(nhsNumber)).text, form);
  });
});

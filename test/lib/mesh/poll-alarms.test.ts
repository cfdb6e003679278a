// When an operator is warned that the mailbox is not looked into, or that a message lies in it too long.
import assert from "node:assert/strict";
import { createPollAlarms } from "../../../lib/mesh/poll-alarms.js";

const hour = 3_600_000;
const start = Date.UTC(2026, 10, 22, 10, 15);
const codes = (warnings: readonly { readonly code: string }[]): readonly string[] => warnings.map(({ code }) => code);

describe("The alarms of a mailbox", () => {
  it("are given once after an hour without a look into it, then after a day, then daily", () => {
    const alarms = createPollAlarms(start);
    const given = [0.5, 1, 2, 23, 24, 25, 47, 48, 72].map((hours) => codes(alarms.failed(start + hours * hour)));
    assert.deepEqual(given, [
      [],
      ["NOT_POLLED_FOR_AN_HOUR"],
      [],
      [],
      ["NOT_POLLED_FOR_A_DAY"],
      [],
      [],
      ["NOT_POLLED_FOR_A_DAY"],
      ["NOT_POLLED_FOR_A_DAY"],
    ]);
  });

  it("begin anew after a look that worked", () => {
    const alarms = createPollAlarms(start);
    alarms.failed(start + 2 * hour);
    alarms.listed([], start + 3 * hour);
    assert.deepEqual(alarms.failed(start + 3.5 * hour), []);
    assert.deepEqual(codes(alarms.failed(start + 4 * hour)), ["NOT_POLLED_FOR_AN_HOUR"]);
  });

  it("are given daily while a message is older than two days, by the time in its id", () => {
    const alarms = createPollAlarms(start);
    const ids = ["20261122101500123456_A1B2C3", "20261120101400123_ABCDEF"];
    const [warning] = alarms.listed(ids, start);
    assert.deepEqual([warning?.code, warning?.messageId], ["OLD_MESSAGE_IN_INBOX", ids[1]]);
    assert.deepEqual(alarms.listed(ids, start + 23 * hour), []);
    assert.equal(alarms.listed(ids, start + 24 * hour).length, 1);
  });

  it("take ids of another form for new", () => {
    assert.deepEqual(createPollAlarms(start).listed(["20000101101400123ABCDEF012345678", ""], start), []);
  });
});

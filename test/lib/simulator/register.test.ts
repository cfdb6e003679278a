// The register of the simulated CP-IS.
import assert from "node:assert/strict";
import type { Author } from "../../../lib/cpis/model.js";
import { isCpisError } from "../../../lib/errors.js";
import { createRegister, type CpisRegister, type RegisterRecord } from "../../../lib/simulator/register.js";
import { longHistoryLength, sampleChildren } from "../../../lib/simulator/sample-children.js";
import { consultant, nurse, numberedAuthor, urgentCare } from "../../../lib/simulator/sample-people.js";

const now = Date.parse("2026-11-22T10:15:00Z");
const hour = 3_600_000;
const child = "9990001022";

function accessBy(author: Author, hours: number, accessId = "A"): Parameters<CpisRegister["recordAccess"]>[1] {
  return { accessId, accessedAt: now + hours * hour, author };
}

describe("The simulator's register", () => {
  let register: CpisRegister;
  beforeEach(() => {
    register = createRegister(sampleChildren(now));
  });

  it("shows the same author within 24 hours once, the first time", () => {
    assert.equal(register.recordAccess(child, accessBy(consultant, 0, "first")), true);
    assert.equal(register.recordAccess(child, accessBy(consultant, 23, "second")), false);
    assert.deepEqual(
      register.accesses(child).map(({ accessId }) => accessId),
      ["first"],
    );
    assert.equal(register.recordAccess(child, accessBy(consultant, 24, "third")), true);
    assert.equal(register.accesses(child).length, 2);
  });

  it("keeps different people, and systems, apart", () => {
    assert.equal(register.recordAccess(child, accessBy(consultant, 0)), true);
    assert.equal(register.recordAccess(child, accessBy(nurse, 0)), true);
    assert.equal(register.recordAccess(child, accessBy(urgentCare, 0)), true);
    assert.equal(register.recordAccess(child, accessBy({ ...urgentCare, asid: "990000000999" }, 0)), true);
    assert.equal(register.recordAccess(child, accessBy(urgentCare, 1)), false);
  });

  it("returns the 25 most recent accesses, the oldest first, and keeps a bounded number", () => {
    const many = "9990001081";
    assert.equal(register.find(many)?.accesses?.length, longHistoryLength);
    assert.equal(register.accesses(many).length, 25);
    for (let index = 0; index < 500; index += 1) {
      register.recordAccess(many, accessBy(numberedAuthor(index + 100), index, String(index)));
    }
    const ids = register.accesses(many).map(({ accessId }) => accessId);
    assert.deepEqual(
      ids,
      Array.from({ length: 25 }, (_, index) => String(475 + index)),
    );
  });

  it("records nothing for a child it does not hold", () => {
    assert.equal(register.recordAccess("9990000077", accessBy(consultant, 0)), false);
    assert.deepEqual(register.accesses("9990000077"), []);
  });

  it("adds, replaces, removes and resets", () => {
    const record: RegisterRecord = { nhsNumber: "9990000018", plans: register.find(child)?.plans ?? [] };
    const before = register.size;
    register.add(record);
    register.add(record);
    assert.equal(register.size, before + 1);
    assert.equal(register.remove("9990000018"), true);
    assert.equal(register.remove("9990000018"), false);
    register.remove(child);
    register.recordAccess("9990001014", accessBy(consultant, 0));
    register.reset();
    assert.equal(register.size, before);
    assert.equal(register.accesses("9990001014").length, 2);
  });

  it("refuses an invalid NHS number, and more records than its limit", () => {
    const isInvalid = (error: unknown): boolean => isCpisError(error) && error.code === "CONFIG_INVALID";
    assert.throws(() => register.add({ nhsNumber: "9990000019", plans: [] }), isInvalid);
    const small = createRegister([], { maximumRecords: 1 });
    small.add({ nhsNumber: "9990000018", plans: [] });
    small.add({ nhsNumber: "9990000018", plans: [] });
    assert.throws(() => small.add({ nhsNumber: "9990000026", plans: [] }), isInvalid);
  });
});

// The register of the simulated CP-IS.
import assert from "node:assert/strict";
import type { Author, Subject, UploadPlan } from "../../../../lib/cpis/model.js";
import { isCpisError } from "../../../../lib/errors.js";
import { createRegister, type CpisRegister, type RegisterRecord } from "../../../../lib/simulator/cpis/register.js";
import type { UploadedPlan } from "../../../../lib/simulator/cpis/register-uploads.js";
import { longHistoryLength, sampleChildren } from "../../../../lib/simulator/cpis/sample-children.js";
import {
  consultant,
  exampleBorough,
  exampleCounty,
  nurse,
  numberedAuthor,
  urgentCare,
} from "../../../../lib/simulator/cpis/sample-people.js";

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

  describe("takes uploads by number, local authority, type and start date", () => {
    const fresh = "9990000018";
    const plan: UploadPlan = { planType: "child-protection-plan", startDate: "2026-03-02T09:00" };
    const subject: Subject = { kind: "child", nhsNumber: fresh, birthDate: "2015-03-14", familyName: "Child" };
    const uploaded = (change: Partial<UploadedPlan> = {}): UploadedPlan => ({
      nhsNumber: fresh,
      plan,
      subject,
      localAuthority: exampleCounty,
      uploadFileId: "7",
      ...change,
    });
    const held = (): readonly [string, string | undefined, string | undefined][] =>
      (register.find(fresh)?.plans ?? []).map(({ planType, endDate, localAuthority }) => [
        planType,
        endDate,
        localAuthority.officeHoursTelephone,
      ]);

    it("creates, ends, opens again and withdraws a plan, and then knows the number no more", () => {
      register.upload(uploaded());
      assert.deepEqual(held(), [["child-protection-plan", undefined, "01632960001"]]);
      register.upload(uploaded({ plan: { ...plan, endDate: "2026-10-01T00:00" } }));
      assert.deepEqual(held(), [["child-protection-plan", "2026-10-01T00:00", "01632960001"]]);
      register.upload(uploaded());
      assert.deepEqual(held(), [["child-protection-plan", undefined, "01632960001"]]);
      register.upload(uploaded({ plan: { ...plan, deleteDate: "2026-10-02T00:00" } }));
      assert.equal(register.find(fresh), undefined);
      assert.deepEqual(register.holders(fresh), []);
    });

    it("leaves alone what a file does not name: another type, another start, another local authority", () => {
      register.upload(uploaded());
      register.upload(uploaded({ plan: { ...plan, planType: "looked-after-child" } }));
      register.upload(uploaded({ plan: { ...plan, startDate: "2026-03-03T09:00" } }));
      register.upload(uploaded({ localAuthority: exampleBorough }));
      assert.equal(held().length, 4);
      register.upload(uploaded({ plan: { ...plan, deleteDate: "2026-10-02T00:00" } }));
      assert.equal(held().length, 3);
    });

    it("answers with the telephones of the file that touched the plan last, however the ODS code is spelled", () => {
      const county = { ...exampleCounty, code: "e10" };
      register.upload(uploaded({ localAuthority: county }));
      register.upload(uploaded({ localAuthority: { ...county, code: "E10 ", officeHoursTelephone: "01632960007" } }));
      assert.deepEqual(held(), [["child-protection-plan", undefined, "01632960007"]]);
    });

    it("knows each holder with its local id and the file that touched its plans last", () => {
      register.upload(uploaded({ subject: { ...subject, localId: "L-1" } }));
      register.upload(uploaded({ localAuthority: exampleBorough, uploadFileId: "1" }));
      register.upload(uploaded({ uploadFileId: "8" }));
      assert.deepEqual(register.holders(fresh), [
        { localAuthority: exampleCounty, localId: "L-1", uploadFileId: "8" },
        { localAuthority: exampleBorough, uploadFileId: "1" },
      ]);
      register.upload(uploaded({ plan: { ...plan, deleteDate: "2026-10-02T00:00" } }));
      assert.deepEqual(register.holders(fresh), [{ localAuthority: exampleBorough, uploadFileId: "1" }]);
    });

    it("has nothing to withdraw where there is no such plan, and keeps what it has", () => {
      assert.equal(register.upload(uploaded({ plan: { ...plan, deleteDate: "2026-10-02T00:00" } })), "taken");
      assert.equal(register.find(fresh), undefined);
    });

    it("keeps the accesses of a number it held already, and forgets uploads when it is reset", () => {
      const before = register.accesses("9990001014").length;
      register.upload(uploaded({ nhsNumber: "9990001014" }));
      assert.equal(register.accesses("9990001014").length, before);
      assert.equal(register.find("9990001014")?.plans.length, 2);
      register.reset();
      assert.equal(register.find("9990001014")?.plans.length, 1);
    });

    it("refuses more numbers than its limit, and more plans under one number than anybody has", () => {
      const small = createRegister([], { maximumRecords: 1 });
      assert.equal(small.upload(uploaded()), "taken");
      assert.equal(small.upload(uploaded({ nhsNumber: "9990000026" })), "full");
      assert.equal(small.find("9990000026"), undefined);
      const outcomes = Array.from({ length: 150 }, (_, index) =>
        small.upload(uploaded({ plan: { ...plan, startDate: `${2000 + index}-01-01T00:00` } })),
      );
      assert.equal(outcomes[0], "taken");
      assert.equal(outcomes.at(-1), "full");
      assert.equal(small.find(fresh)?.plans.length, 100);
    });
  });
});

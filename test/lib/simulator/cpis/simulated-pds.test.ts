// The simulated Personal Demographics Service.
import assert from "node:assert/strict";
import type { Subject } from "../../../../lib/cpis/model.js";
import { readNhsNumber } from "../../../../lib/cpis/nhs-number.js";
import { createSimulatedPds, type SimulatedPds } from "../../../../lib/simulator/cpis/simulated-pds.js";
import { sampleChildren } from "../../../../lib/simulator/cpis/sample-children.js";
import { specialNumbers, specialUploadNumbers } from "../../../../lib/simulator/index.js";

const now = Date.parse("2026-11-22T10:15:00Z");
const unknown: Subject = { kind: "child", nhsNumber: "9990000018", birthDate: "2015-03-14", familyName: "Child" };

describe("The simulated PDS", () => {
  let pds: SimulatedPds;
  const codeOf = (change: Partial<Subject>): string | undefined => pds.refusalOf({ ...unknown, ...change })?.code;

  beforeEach(() => {
    pds = createSimulatedPds(1000);
    for (const record of sampleChildren(now)) pds.learn(record);
  });

  it("verifies any valid number of which it knows nothing, and refuses one that is none", () => {
    assert.equal(codeOf({}), undefined);
    for (const nhsNumber of ["9990000019", "999", "", "ABC/1234"]) assert.equal(codeOf({ nhsNumber }), "CPR04");
  });

  it("knows the people of the register by birth date and family name, however the name is written", () => {
    const known = { nhsNumber: "9990001014", birthDate: "2012-07-04", familyName: "Child" };
    assert.equal(codeOf(known), undefined);
    assert.equal(codeOf({ ...known, familyName: " CHILD ", givenName: "Other" }), undefined);
    assert.equal(codeOf({ ...known, familyName: "Other" }), "CPR03");
    assert.equal(codeOf({ ...known, birthDate: "2012-07-05" }), "CPR03");
  });

  it("knows a pregnant child as a child and as a mother", () => {
    const nhsNumber = "9990001073";
    assert.equal(codeOf({ nhsNumber, birthDate: "2012-07-04", familyName: "Child" }), undefined);
    assert.equal(codeOf({ nhsNumber, kind: "mother", birthDate: "1998-06-07", familyName: "Mother" }), undefined);
    assert.equal(codeOf({ nhsNumber, birthDate: "1998-06-07", familyName: "Child" }), "CPR03");
  });

  it("calls a number superseded when it was replaced, and unknown when it became inactive without", () => {
    pds.inactivate("9990000018", ["9990000069"]);
    pds.inactivate("9990000026", []);
    assert.equal(codeOf({}), "CPR05");
    assert.equal(codeOf({ nhsNumber: "9990000026" }), "CPR01");
    pds.reset();
    assert.equal(codeOf({}), undefined);
  });

  it("gives each special number its code, none of which a query reacts to", () => {
    for (const { nhsNumber, code } of specialUploadNumbers) {
      assert.equal(readNhsNumber(nhsNumber), nhsNumber);
      assert.equal(codeOf({ nhsNumber }), code);
      assert.ok(!specialNumbers.some((special) => special.nhsNumber === nhsNumber));
    }
    const codes = new Set(specialUploadNumbers.map(({ code }) => code));
    assert.deepEqual([...codes].sort(), ["CPR01", "CPR02", "CPR03", "CPR04", "CPR05", "CPR07"]);
  });
});

// What the dialog of a `cp-is upload` node marks, in both lines of Node-RED: every field that the runtime cannot do without.
import assert from "node:assert/strict";
import { CpisError } from "../../../lib/errors.js";
import { readUploadSettings } from "../../../nodes/cp-is-upload/upload-settings.js";
import { editorNode, readDefinition } from "../../support/nodes/editor-files.js";
import { marksOf, nodeRedLines } from "../../support/nodes/node-red-validation.js";

const authority = { odsCode: "998", authorityName: "EXAMPLE TEST COUNCIL", emergencyDutyTelephone: "01632960999" };
const ways = [
  { ...authority, over: "mesh", meshTransport: "mesh", ebxmlTransport: "" },
  { ...authority, over: "ebxml", meshTransport: "", ebxmlTransport: "ebxml" },
] as const;

function codeOf(config: object): string {
  try {
    readUploadSettings(config, (key) => key);
    return "none";
  } catch (error) {
    assert.ok(error instanceof CpisError);
    return error.code;
  }
}

describe("the dialog of an upload node", () => {
  const { definition } = readDefinition("cp-is-upload");
  for (const line of nodeRedLines) {
    for (const config of ways) {
      const transport = config.over === "mesh" ? "meshTransport" : "ebxmlTransport";
      const needed = ["odsCode", "authorityName", "emergencyDutyTelephone", transport, "firstNumber"];

      it(`has its red triangle in ${line} for each field that is empty and needed, over ${config.over}`, () => {
        const whole = editorNode("cp-is-upload", config);
        assert.deepEqual(marksOf(line, definition, whole), []);
        for (const property of needed) {
          for (const empty of ["", " ", "_ADD_"].slice(0, property === transport ? 3 : 2)) {
            assert.equal(
              marksOf(line, definition, { ...whole, [property]: empty }).length,
              1,
              `${property} "${empty}"`,
            );
          }
        }
        assert.deepEqual(marksOf(line, definition, { ...whole, youngestMother: "", daysBeforeBirth: "" }), []);
        assert.equal(marksOf(line, definition, { ...whole, youngestMother: "ten" }).length, 1);
      });
    }
  }

  it("marks what the runtime refuses", () => {
    for (const property of ["odsCode", "authorityName", "emergencyDutyTelephone"]) {
      assert.equal(codeOf({ ...authority, [property]: "" }), "CONFIG_MISSING", property);
    }
    assert.equal(codeOf({ ...authority, daysBeforeBirth: "soon" }), "CONFIG_INVALID");
    assert.equal(codeOf(authority), "none");
    const { plausibility } = readUploadSettings(authority, (key) => key);
    assert.deepEqual(plausibility, { youngestMother: 12, daysBeforeBirth: 280 });
  });
});

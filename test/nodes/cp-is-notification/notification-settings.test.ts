// What the dialog of a `cp-is notification` node marks, in both lines of Node-RED.
import assert from "node:assert/strict";
import { editorNode, readDefinition } from "../../support/nodes/editor-files.js";
import { marksOf, nodeRedLines } from "../../support/nodes/node-red-validation.js";

describe("the dialog of a notification node", () => {
  const { definition } = readDefinition("cp-is-notification");
  for (const line of nodeRedLines) {
    for (const [over, transport] of [
      ["mesh", "meshTransport"],
      ["ebxml", "ebxmlTransport"],
    ] as const) {
      it(`has its red triangle in ${line} without a transport, or without a time to wait, over ${over}`, () => {
        const whole = editorNode("cp-is-notification", { over, [transport]: "chosen" });
        assert.deepEqual(marksOf(line, definition, whole), []);
        for (const empty of ["", "_ADD_"]) {
          assert.equal(marksOf(line, definition, { ...whole, [transport]: empty }).length, 1, `"${empty}"`);
        }
        assert.equal(marksOf(line, definition, { ...whole, redeliverMinutes: "" }).length, 1);
      });
    }
  }
});

// What the dialog of an `ebxml transport` marks where its certificates are missing, in both lines of Node-RED.
import assert from "node:assert/strict";
import { editorNode, readDefinition } from "../../support/nodes/editor-files.js";
import { marksOf, nodeRedLines } from "../../support/nodes/node-red-validation.js";

describe("the dialog of an ebXML transport", () => {
  const { definition } = readDefinition("ebxml-transport");
  for (const line of nodeRedLines) {
    it(`has its red triangle in ${line} where Spine needs certificates and none are chosen`, () => {
      const marks = (environment: string, tls: string): number =>
        marksOf(line, definition, editorNode("ebxml-transport", { environment, tls })).length;
      for (const environment of ["INT", "live"]) {
        for (const empty of ["", "_ADD_"]) {
          assert.equal(marks(environment, empty), marks(environment, "chosen") + 1, `${environment} "${empty}"`);
        }
      }
      assert.equal(marks("simulator", ""), marks("simulator", "chosen"));
    });
  }
});

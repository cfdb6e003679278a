// Holds what the examples teach: who copies one into a hospital keeps its wiring.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

const folder = path.join(__dirname, "../examples");
const files = fs.readdirSync(folder).filter((file) => file.endsWith(".json"));

type Node = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

function readExample(file: string): readonly Node[] {
  return JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as readonly Node[];
}

/** Where each output leads. */
function wiresOf(node: Node): readonly (readonly string[])[] {
  return (node["wires"] ?? []) as readonly (readonly string[])[];
}

/** Their outputs mean different things, and what they cannot do is an error. */
const ownTypes = new Set(["cp-is query", "cp-is upload", "cp-is notification"]);

for (const file of files) {
  describe(`The example ${file}`, () => {
    const nodes = readExample(file);
    const byId = new Map(nodes.map((node) => [node.id, node]));

    it("shows what comes out of different outputs at different nodes", () => {
      const shared = nodes
        .filter(({ type }) => ownTypes.has(type))
        .flatMap((node) => {
          const targets = wiresOf(node).flatMap((output) => [...new Set(output)]);
          return targets
            .filter((id, index) => targets.indexOf(id) !== index)
            .map((id) => `${node.id}: two outputs lead to ${byId.get(id)?.type ?? ""} ${id}`);
        });
      assert.deepEqual(shared, []);
    });

    it("dates what its nodes show of a result, so that an old one is seen to be old", () => {
      const undated = nodes.filter(
        ({ type, tostatus, statusType, statusVal }) =>
          type === "debug" &&
          tostatus === true &&
          (statusType !== "jsonata" || !String(statusVal).includes('$moment().format("HH:mm:ss")')),
      );
      assert.deepEqual(
        undated.map(({ id }) => id),
        [],
      );
    });

    it("catches the errors of each of its nodes, and shows them", () => {
      const catches = nodes.filter(({ type }) => type === "catch");
      const isCaught = (node: Node): boolean =>
        catches.some(({ z, scope, ...rest }) => {
          const isInScope = scope === null || (Array.isArray(scope) && scope.includes(node.id));
          return z === node["z"] && isInScope && wiresOf({ ...rest, id: "", type: "" }).flat().length > 0;
        });
      const uncaught = nodes.filter(({ type }) => ownTypes.has(type)).filter((node) => !isCaught(node));
      assert.deepEqual(
        uncaught.map(({ id }) => id),
        [],
      );
    });
  });
}

describe("The button that resets the demonstration", () => {
  const nodes = ["demonstration.json", "hospital-screen.json", "local-authority-screen.json"].flatMap((file) =>
    readExample(file),
  );
  const next = (node: Node): readonly string[] =>
    node.type === "link out" ? (node["links"] as readonly string[]) : wiresOf(node).flat();

  it("reaches each node that shows a result, and each page", () => {
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const reached = new Set<string>(["reset"]);
    for (const id of reached) {
      const node = byId.get(id);
      // The simulator has outputs of its own.
      if (node !== undefined && node.type !== "spine simulator") for (const target of next(node)) reached.add(target);
    }
    const results = nodes.filter(
      ({ type, tostatus, id }) => type === "debug" && tostatus === true && !["raw", "noted"].includes(id),
    );
    assert.ok(results.length >= 10);
    const missed = [...results.map(({ id }) => id), "screen-hospital-forget", "screen-authority-clear", "simulator"];
    assert.deepEqual(
      missed.filter((id) => !reached.has(id)),
      [],
    );
    assert.deepEqual(
      results.filter(({ statusVal }) => !String(statusVal).startsWith('payload.command = "reset"')).map(({ id }) => id),
      [],
    );
  });
});

describe("The examples", () => {
  const all = files.flatMap((file) => readExample(file).map((node) => ({ file, node })));

  function repeated(property: string): string[] {
    const holders = new Map<string, string>();
    return all.flatMap(({ file, node }) => {
      const value = node[property];
      if (typeof value !== "string" || value === "" || value === "0") return [];
      const first = holders.get(value) ?? file;
      holders.set(value, first);
      return first === file ? [] : [`${property} ${value} of ${file} is that of ${first}`];
    });
  }

  it("can all be imported side by side: ids, identities and ports are each example's own", () => {
    for (const property of ["id", "partyKey", "asid", "port"]) assert.deepEqual(repeated(property), []);
  });
});

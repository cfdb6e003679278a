// Holds the plan of the house: which room may import which.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

const root = path.resolve(__dirname, "..");

/** Each room of lib/ with the rooms it may import. Imports point downward only; a new arrow is a decision made here. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  identifiers: ["errors"],
  time: ["errors"],
  gzip: ["errors"],
  xml: ["errors"],
  store: ["errors", "identifiers"],
  crypto: ["errors", "identifiers"],
  hl7v3: ["xml", "errors", "identifiers"],
  ebxml: ["xml", "errors", "identifiers"],
  soap: ["xml", "errors", "identifiers"],
  itk: ["xml", "errors", "identifiers"],
  sds: ["tls", "time", "errors", "identifiers"],
  cpis: ["hl7v3", "xml", "time", "errors", "identifiers"],
  fhir: ["cpis", "time", "errors"],
  schema: ["xml", "errors"],
  tls: ["time", "errors"],
  queue: ["store", "time", "errors", "identifiers"],
  mhs: ["ebxml", "soap", "sds", "queue", "tls", "store", "xml", "time", "gzip", "errors", "identifiers"],
  smsp: ["itk", "soap", "tls", "xml", "time", "errors", "identifiers"],
  mesh: ["queue", "tls", "store", "xml", "time", "gzip", "errors", "identifiers"],
  services: [
    "cpis",
    "mhs",
    "mesh",
    "smsp",
    "hl7v3",
    "sds",
    "ebxml",
    "soap",
    "queue",
    "tls",
    "store",
    "xml",
    "time",
    "gzip",
    "errors",
    "identifiers",
  ],
  simulator: [
    "cpis",
    "mhs",
    "mesh",
    "smsp",
    "hl7v3",
    "ebxml",
    "soap",
    "itk",
    "sds",
    "tls",
    "store",
    "xml",
    "time",
    "gzip",
    "errors",
    "identifiers",
  ],
};

/** Third-party packages, each with the only rooms that may know it. */
const packages: Readonly<Record<string, readonly string[]>> = {
  saxes: ["xml"],
  pg: ["store"],
  "libxml2-wasm": ["schema"],
  "@peculiar/x509": ["simulator"],
  "reflect-metadata": ["simulator"],
};

const pureRooms = ["xml", "hl7v3", "cpis", "fhir", "ebxml", "soap", "itk"];
const importPattern = /(?:\bfrom\s+|\bimport\s*\(\s*|\brequire\s*\(\s*|^import\s+)["']([^"']+)["']/gm;

function sourceFiles(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => path.join(folder, file));
}

function importsOf(file: string): string[] {
  const text = fs.readFileSync(path.join(root, file), "utf8");
  return [...text.matchAll(importPattern)].map((match) => match[1]!);
}

/** The room a path of lib/ belongs to: its folder, or the file's own name on the ground. */
function roomOf(file: string): string {
  const [, first = ""] = file.split(path.sep);
  return first.replace(/\.(ts|js)$/, "");
}

function resolveImport(file: string, specifier: string): string {
  return path.normalize(path.join(path.dirname(file), specifier));
}

describe("the rooms of the house", () => {
  const libraryFiles = sourceFiles("lib").filter((file) => file !== path.join("lib", "index.ts"));

  it("are all on the plan", () => {
    const rooms = [...new Set(libraryFiles.map(roomOf))].sort();
    assert.deepEqual(rooms, Object.keys(arrows).sort());
  });

  it("import only what lies below them", () => {
    const wrong: string[] = [];
    for (const file of libraryFiles) {
      const room = roomOf(file);
      for (const specifier of importsOf(file)) {
        if (!specifier.startsWith(".")) continue;
        const target = roomOf(resolveImport(file, specifier));
        if (target !== room && !arrows[room]?.includes(target)) wrong.push(`${file} imports ${specifier}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it("have no cycle in their arrows", () => {
    const visit = (room: string, above: readonly string[]): void => {
      assert.ok(!above.includes(room), [...above, room].join(" -> "));
      for (const below of arrows[room] ?? []) visit(below, [...above, room]);
    };
    Object.keys(arrows).forEach((room) => visit(room, []));
  });

  it("know third-party packages only where the plan says so", () => {
    const wrong: string[] = [];
    for (const file of libraryFiles) {
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith(".") || specifier.startsWith("node:")) continue;
        if (!packages[specifier]?.includes(roomOf(file))) wrong.push(`${file} imports ${specifier}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it("keep the codecs free of sockets, files and processes", () => {
    const wrong = libraryFiles
      .filter((file) => pureRooms.includes(roomOf(file)))
      .flatMap((file) => importsOf(file).map((specifier) => `${file} imports ${specifier}`))
      .filter((line) => line.includes(" node:") && !line.endsWith(" node:buffer"));
    assert.deepEqual(wrong, []);
  });

  it("never import Node-RED, and the nodes are the only ones above services and simulator", () => {
    const wrong = libraryFiles.flatMap((file) =>
      importsOf(file)
        .filter(
          (specifier) => specifier === "node-red" || resolveImport(file, specifier).startsWith(`nodes${path.sep}`),
        )
        .map((specifier) => `${file} imports ${specifier}`),
    );
    assert.deepEqual(wrong, []);
    const simulatorUsers = sourceFiles("nodes").filter((file) =>
      importsOf(file).some((specifier) => specifier.includes("/lib/simulator/")),
    );
    assert.deepEqual(
      simulatorUsers.filter((file) => !/nodes.(spine-simulator|adapter.transports.simulator-link)/.test(file)),
      [],
    );
  });
});

// Holds the plan of the house: which room may import which.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

const root = path.resolve(__dirname, "..");

/** Each room of lib/ with the rooms it may import. Imports point downward only; a new arrow is a decision made here. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  "defined-only": [],
  errors: [],
  identifiers: ["errors"],
  "name-based-uuid": [],
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
  mhs: [
    "name-based-uuid",
    "ebxml",
    "soap",
    "sds",
    "queue",
    "tls",
    "store",
    "xml",
    "time",
    "gzip",
    "errors",
    "identifiers",
  ],
  smsp: ["itk", "soap", "tls", "xml", "time", "errors", "identifiers"],
  mesh: ["queue", "tls", "store", "xml", "time", "gzip", "errors", "identifiers"],
  services: [
    "name-based-uuid",
    "cpis",
    "mhs",
    "mesh",
    "smsp",
    "hl7v3",
    "sds",
    "ebxml",
    "soap",
    "queue",
    "schema",
    "tls",
    "store",
    "xml",
    "time",
    "gzip",
    "errors",
    "identifiers",
  ],
  client: ["services", "mhs", "sds", "store", "crypto", "tls", "errors", "identifiers"],
  rehearsal: [
    "client",
    "services",
    "simulator",
    "schema",
    "cpis",
    "mhs",
    "mesh",
    "store",
    "crypto",
    "tls",
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

/**
 * The wings of the rooms that have them, each with the wings beside it that it may import. What lies in the room itself
 * is ground, that any wing may import, or roof, that imports wings and is imported by none of them.
 */
const wings: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "lib/cpis": {
    templates: [],
    query: ["templates"],
    upload: ["templates"],
    "upload/rules": ["upload", "templates"],
    "upload/rows": ["upload/rules", "upload", "templates"],
    notification: ["templates", "upload"],
  },
  "lib/mhs": {
    outbound: [],
    request: ["outbound"],
    inbound: ["request", "outbound"],
    listener: ["inbound"],
  },
  "lib/mesh": { api: [], folders: [] },
  "lib/store": { sql: [], sqlite: ["sql"], postgres: ["sql"] },
  "lib/services": {
    exchange: [],
    upload: ["exchange"],
    query: [],
    "connection-check": [],
    "message-log": ["exchange", "upload"],
  },
  "lib/simulator": {
    pki: [],
    messages: [],
    mesh: ["pki"],
    "mesh-client": ["mesh"],
    cpis: ["mesh", "messages"],
    spine: ["cpis", "messages"],
    sds: ["pki"],
    smsp: ["spine", "cpis", "messages", "pki"],
  },
  "nodes/adapter": {
    runtime: [],
    stores: ["runtime"],
    transports: ["runtime", "stores"],
    monitoring: ["runtime", "stores", "transports"],
  },
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

/** The source file that an import names; undefined for a package, and for what is no TypeScript. */
function importedFile(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const target = resolveImport(file, specifier).replace(/\.js$/, ".ts");
  return fs.existsSync(path.join(root, target)) ? target : undefined;
}

/** Groups of more than one that reach each other, by Tarjan. */
function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): number => {
    let lowest = order.size;
    order.set(node, lowest);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, order.get(next)!);
    }
    if (lowest === order.get(node)) {
      const circle = stack.splice(stack.indexOf(node));
      if (circle.length > 1) circles.push(circle.sort());
    }
    return lowest;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circles;
}

/** "lib/cpis" and "upload/rows"; the wing is "" for what lies in the room itself. */
function wingOf(file: string): { readonly room: string; readonly wing: string } | undefined {
  const room = Object.keys(wings).find((name) => file.startsWith(path.normalize(`${name}/`)));
  if (room === undefined) return undefined;
  return { room, wing: path.dirname(path.relative(room, file)).split(path.sep).join("/").replace(/^\.$/, "") };
}

describe("the files of the house", () => {
  const files = [...sourceFiles("lib"), ...sourceFiles("nodes")];
  const importedBy = (file: string): string[] =>
    importsOf(file).flatMap((specifier) => importedFile(file, specifier) ?? []);

  it("stand in no circle, imports of types included", () => {
    const graph = new Map(files.map((file) => [file, importedBy(file)]));
    assert.ok([...graph.values()].flat().length > 1_000, "the imports are not read");
    assert.deepEqual(circlesIn(graph), []);
    const broken = new Map([...graph, [path.normalize("lib/errors.ts"), [path.normalize("lib/index.ts")]]]);
    assert.equal(circlesIn(broken).length, 1);
  });

  it("lie in wings that are on the plan, and import no wing beside theirs but as it says", () => {
    const wrong: string[] = [];
    for (const file of files) {
      const from = wingOf(file);
      if (from === undefined) continue;
      const allowed = wings[from.room]?.[from.wing];
      if (from.wing !== "" && allowed === undefined) wrong.push(`${file} lies in no wing`);
      if (from.wing === "") continue;
      for (const target of importedBy(file)) {
        const to = wingOf(target);
        if (to?.room !== from.room || to.wing === "" || to.wing === from.wing) continue;
        if (allowed?.includes(to.wing) !== true) wrong.push(`${file} imports ${target}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it("are ground or roof where they lie beside wings, and no wing imports a roof", () => {
    const graph = new Map<string, string[]>();
    const nodeOf = (file: string): string => {
      const place = wingOf(file);
      return place === undefined || place.wing === "" ? file : `${place.room}/${place.wing}/`;
    };
    for (const file of files) {
      const targets = importedBy(file)
        .map(nodeOf)
        .filter((target) => target !== nodeOf(file));
      graph.set(nodeOf(file), [...(graph.get(nodeOf(file)) ?? []), ...targets]);
    }
    assert.deepEqual(circlesIn(graph), []);
  });
});

describe("the rooms of the house", () => {
  const libraryFiles = sourceFiles("lib").filter(
    (file) => file !== path.join("lib", "index.ts") && roomOf(file) !== "exports",
  );

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
        if (target !== room && target !== "defined-only" && !arrows[room]?.includes(target))
          wrong.push(`${file} imports ${specifier}`);
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
      simulatorUsers.filter(
        (file) => !/nodes.(spine-simulator|adapter.transports.simulator-link|command.simulate)/.test(file),
      ),
      [],
    );
  });
});

describe("the maps of the house", () => {
  const maps = ["lib", "nodes"].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => path.basename(file) === "README.md")
      .map((file) => path.join(folder, file)),
  );
  const names = new Set([...sourceFiles("lib"), ...sourceFiles("nodes"), ...sourceFiles("test")].map(toSlashes));

  function toSlashes(file: string): string {
    return file.split(path.sep).join("/");
  }

  /** A name without a folder may lie anywhere; one with a folder lies where the path ends so. */
  function isThere(name: string): boolean {
    return [...names].some((file) => file === name || file.endsWith(`/${name}`));
  }

  it("name only files that are there", () => {
    const gone = maps.flatMap((map) =>
      [...fs.readFileSync(path.join(root, map), "utf8").matchAll(/`([a-z0-9/-]+\.ts)`/g)]
        .map(([, name]) => name!)
        .filter((name) => !isThere(name))
        .map((name) => `${map} names ${name}`),
    );
    assert.ok(maps.length > 10);
    assert.deepEqual(gone, []);
  });

  it("show every room and every wing", () => {
    const map = fs.readFileSync(path.join(root, "lib", "README.md"), "utf8");
    const rooms = Object.keys(arrows).map((room) =>
      fs.existsSync(path.join(root, "lib", room)) ? `${room}/` : `${room}.ts`,
    );
    const inRooms = Object.entries(wings)
      .filter(([room]) => room.startsWith("lib/") && !/store|simulator/.test(room))
      .flatMap(([room, each]) => Object.keys(each).map((wing) => `${room.slice(4)}/${wing}/`));
    const missing = [...rooms, ...inRooms].filter((place) => !map.includes(`\`${place}\``));
    assert.deepEqual(missing, []);
  });
});

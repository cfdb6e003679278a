// Makes answers that contradict themselves out of the golden vectors, and knows by itself what stands in each. It shares
// no code with what it tests: fast-xml-parser reads the vectors, marks follow each element wherever it is put and
// whatever it is called.
import fs from "node:fs";
import path from "node:path";
import { XMLParser } from "fast-xml-parser";

/** What an element says by where it comes from. */
type Mark = "record" | "failure";

interface Tree {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Tree[];
  /** "other": in a namespace that means nothing. */
  namespace: "hl7" | "other";
  mark?: Mark;
  /** Whether it is a plan that can be read, with all that makes it one as it was. */
  isPlan?: true;
}

export interface ContradictoryAnswer {
  readonly text: string;
  /** Whether it is the payload of a Spine mini service. */
  readonly isSmsp: boolean;
  /** Whether a plan, a record, a person or a failure stands anywhere in it. */
  readonly speaks: readonly Mark[];
  /** Whether a plan stands in it untouched. */
  readonly hasPlan: boolean;
}

const vectors = path.resolve(__dirname, "../../vectors");
const recordNames =
  /^(pertinentInformation1[45]|pertinentCP-ISRecordControlAct|record|CP-ISRecord|COCT_TP146.*|COCT_TP14510[01].*|childPerson|parentMotherPerson|playedMother|component1?|[luc](AC|CP|PP)(Start|End)Date)$/;
const harmlessCodes = ["NHSNCC002", "1"];

/** mulberry32: the same numbers for the same seed, everywhere. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function descendants(tree: Tree): Tree[] {
  return [tree, ...tree.children.flatMap(descendants)];
}

function childNamed(tree: Tree | undefined, ...names: readonly string[]): Tree | undefined {
  return names.reduce((found, name) => found?.children.find((child) => child.name === name), tree);
}

/** An independent reading of what an element says; `above` are its ancestors in the vector, the root first. */
function markOf(tree: Tree, above: readonly Tree[], isSmsp: boolean): Mark | undefined {
  const parent = above.at(-1);
  if (recordNames.test(tree.name)) return "record";
  if (tree.name === "subject" && parent?.name === "CP-ISRecord") return "record";
  if (tree.name === "pertinentInformation12") {
    const total = childNamed(tree, "pertinentTotalReturnedChildRecords", "value")?.attributes["value"];
    return total !== undefined && total !== "0" ? "record" : undefined;
  }
  if (tree.name === "queryResponseCode") return tree.attributes["code"] === "OK" ? "record" : undefined;
  if (tree.name === "reason" || tree.name === "acknowledgementDetail") {
    const codes = descendants(tree).filter(({ name }) => name === "code");
    return codes.every(({ attributes }) => harmlessCodes.includes(attributes["code"] ?? "")) ? undefined : "failure";
  }
  if (tree.name === "acknowledgement") return tree.attributes["typeCode"] === "AR" ? "failure" : undefined;
  if (tree.name === "code" && ["justifyingDetectedIssueEvent", "acknowledgementDetail"].includes(parent?.name ?? "")) {
    return harmlessCodes.includes(tree.attributes["code"] ?? "") ? undefined : "failure";
  }
  if (isSmsp && tree.name === "value" && above.length === 1) {
    const code = tree.attributes["code"];
    if (code === "CPIS-0001") return undefined;
    return code === "SMSP-0000" ? "record" : "failure";
  }
  return undefined;
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
});

function toTree(entry: Record<string, unknown>): Tree {
  const name = Object.keys(entry).find((key) => key !== ":@") ?? "";
  const entries = entry[name] as Record<string, unknown>[];
  const given = Object.entries((entry[":@"] as Record<string, string> | undefined) ?? {});
  const attributes = Object.fromEntries(given.filter(([key]) => !["xmlns", "npfitlc", "hl7"].includes(key)));
  return {
    name,
    attributes,
    text: entries.map((child) => (typeof child["#text"] === "string" ? child["#text"] : "")).join(""),
    children: entries.filter((child) => !("#text" in child)).map(toTree),
    namespace: "hl7",
  };
}

function markAll(tree: Tree, above: readonly Tree[], isSmsp: boolean): void {
  const mark = markOf(tree, above, isSmsp);
  if (mark !== undefined) tree.mark = mark;
  const isTemplate = /^COCT_TP14610[345]GB01\.[LUC](AC|CP|PP)Information$/.test(tree.name);
  const start = childNamed(tree, "component")?.children[0];
  const date = childNamed(start, "value")?.attributes["value"] ?? "";
  if (isTemplate && /^[0-9]{12}$/.test(date)) tree.isPlan = true;
  for (const child of tree.children) markAll(child, [...above, tree], isSmsp);
}

interface Vector {
  readonly tree: Tree;
  readonly isSmsp: boolean;
}

function readVectors(folder: string): Vector[] {
  const isSmsp = folder.includes("smsp");
  return fs.readdirSync(path.join(vectors, folder)).map((file) => {
    const entries = parser.parse(fs.readFileSync(path.join(vectors, folder, file), "utf8")) as Record<
      string,
      unknown
    >[];
    const tree = toTree(entries.find((entry) => !("?xml" in entry)) ?? {});
    markAll(tree, [], isSmsp);
    return { tree, isSmsp };
  });
}

const sources = [
  "cpis/query-response",
  "hl7v3/query-failure",
  "hl7v3/application-acknowledgement",
  "cpis/smsp-response",
].flatMap(readVectors);
const names = [...new Set(sources.flatMap(({ tree }) => descendants(tree).map(({ name }) => name)))];

function speaksIn(tree: Tree): readonly Mark[] {
  return descendants(tree).flatMap(({ mark }) => mark ?? []);
}

/** Half of the answers are made of those that say that there is no record. */
const silent = sources.filter(({ tree }) => speaksIn(tree).length === 0);

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function written(tree: Tree, outer: Tree["namespace"] | undefined): string {
  const uri = tree.namespace === "hl7" ? "urn:hl7-org:v3" : "urn:example:other";
  const namespace = tree.namespace === outer ? "" : ` xmlns="${uri}"`;
  const attributes = Object.entries(tree.attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  const children = tree.children.map((child) => written(child, tree.namespace)).join("");
  return `<${tree.name}${namespace}${attributes.join("")}>${escaped(tree.text)}${children}</${tree.name}>`;
}

/** No plan any more, once something in it or it itself was changed. */
function touch(tree: Tree, root: Tree): void {
  for (const candidate of descendants(root)) {
    if (candidate.isPlan === true && descendants(candidate).includes(tree)) delete candidate.isPlan;
  }
}

/** The answer of that seed, always the same. */
export function contradictoryAnswer(seed: number): ContradictoryAnswer {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)]!;
  const first = structuredClone(pick(random() < 0.5 ? silent : sources));
  let root = first.tree;
  const inner = (): Tree | undefined => {
    const all = descendants(root).slice(1);
    return all.length === 0 ? undefined : pick(all);
  };
  const insert = (tree: Tree): void => {
    const parent = pick(descendants(root));
    touch(parent, root);
    parent.children.splice(below(parent.children.length + 1), 0, tree);
  };
  const detach = (tree: Tree): void => {
    touch(tree, root);
    for (const parent of descendants(root)) parent.children = parent.children.filter((child) => child !== tree);
  };
  const changes: readonly (() => void)[] = [
    // Two messages merged: one in the other, a piece of one in the other, or both in one element.
    () => insert(structuredClone(pick(sources).tree)),
    () => insert(structuredClone(pick(descendants(pick(sources).tree)))),
    () => {
      const both = [root, structuredClone(pick(sources).tree)];
      if (random() < 0.5) both.reverse();
      root = { name: pick(["Body", ...names]), attributes: {}, text: "", children: both, namespace: "hl7" };
    },
    // Moved.
    () => {
      const moved = inner();
      if (moved === undefined) return;
      const isPlan = moved.isPlan;
      detach(moved);
      if (isPlan === true) moved.isPlan = true;
      insert(moved);
    },
    // Repeated, as it is or with a part of another message in its place.
    () => {
      const repeated = inner();
      if (repeated !== undefined) insert(structuredClone(repeated));
    },
    () => {
      const original = inner();
      if (original === undefined) return;
      const others = sources.flatMap(({ tree }) => descendants(tree)).filter(({ name }) => name === original.name);
      const parent = descendants(root).find(({ children }) => children.includes(original));
      if (others.length === 0 || parent === undefined) return;
      touch(parent, root);
      parent.children.splice(parent.children.indexOf(original) + below(2), 0, structuredClone(pick(others)));
    },
    // Renamed, or in another namespace.
    () => {
      const renamed = random() < 0.1 ? root : inner();
      if (renamed === undefined) return;
      touch(renamed, root);
      renamed.name = random() < 0.7 ? pick(names) : `element${below(1000)}`;
    },
    () => {
      const foreign = inner();
      if (foreign === undefined) return;
      for (const part of descendants(foreign)) {
        touch(part, root);
        part.namespace = "other";
      }
    },
  ];
  const count = 1 + below(3);
  for (let change = 0; change < count; change += 1) pick(changes)();
  return {
    text: written(root, undefined),
    isSmsp: first.isSmsp,
    speaks: [...new Set(speaksIn(root))],
    hasPlan: descendants(root).some(({ isPlan }) => isPlan === true),
  };
}

// Responses to an upload, changed by chance, and a second opinion on what speaks against them: read by another parser.
import { XMLParser } from "fast-xml-parser";

/** An element as fast-xml-parser gives it with the order kept: one name with its children, and ":@" with attributes. */
type Node = Record<string, unknown>;

const options = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
} as const;
const parser = new XMLParser({ ...options, parseAttributeValue: false });

export function readTree(text: string): Node[] {
  return parser.parse(text) as Node[];
}

function nameOf(node: Node): string {
  return Object.keys(node).find((key) => key !== ":@") ?? "";
}

function childrenOf(node: Node): Node[] {
  const children = node[nameOf(node)];
  return Array.isArray(children) ? (children as Node[]) : [];
}

function attributesOf(node: Node): Record<string, string> {
  return (node[":@"] ?? {}) as Record<string, string>;
}

function localName(node: Node): string {
  return nameOf(node).replace(/^.*:/, "");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function write(node: Node): string {
  const name = nameOf(node);
  if (name === "#text") return escaped(String(node[name]));
  const attributes = Object.entries(attributesOf(node)).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return `<${name}${attributes.join("")}>${childrenOf(node).map(write).join("")}</${name}>`;
}

interface Place {
  readonly list: Node[];
  readonly index: number;
  readonly path: readonly string[];
}

function* placesIn(list: Node[], path: readonly string[] = []): Generator<Place> {
  for (const [index, node] of list.entries()) {
    if (nameOf(node) === "#text") continue;
    yield { list, index, path };
    yield* placesIn(childrenOf(node), [...path, localName(node)]);
  }
}

/** Numbers from 0 up to and without 1, the same for the same seed. */
export function createChance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const otherNames = ["reason", "note", "record", "acknowledgement", "validCP-ISRecord", "invalidCP-ISRecord", "message"];
const otherCodes = ["CPF01", "CPF02", "CPF03", "CPF04", "CPF06", "CPR01", "CPR06", "CPR07", "AE", "XXX"];
const otherNumbers = ["0", "1", "2", "3", "-1", "8"];

/** Changes a copy of one response once to three times, with parts of the others. */
export function changedResponse(texts: readonly string[], chance: () => number): string {
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[Math.floor(chance() * values.length)];
    if (value === undefined) throw new Error("nothing to pick from");
    return value;
  };
  const tree = readTree(pick(texts));
  const place = (list: Node[]): Place => pick([...placesIn(list)]);
  const at = ({ list, index }: Place): Node => {
    const node = list[index];
    if (node === undefined) throw new Error("no node is there");
    return node;
  };
  const insert = (node: Node): void => {
    const target = at(place(tree));
    childrenOf(target).splice(Math.floor(chance() * (childrenOf(target).length + 1)), 0, structuredClone(node));
  };
  const changes: readonly (() => void)[] = [
    () => insert(at(place(readTree(pick(texts))))),
    () => {
      const from = place(tree);
      if (from.path.length === 0) return;
      const [node] = from.list.splice(from.index, 1);
      if (node !== undefined) insert(node);
    },
    () => {
      const from = place(tree);
      if (from.path.length > 0) from.list.splice(from.index, 0, structuredClone(at(from)));
    },
    () => {
      const { list, index, path } = place(tree);
      if (path.length === 0) return;
      const node = at({ list, index, path });
      const { [nameOf(node)]: children, ...rest } = node;
      list[index] = { [chance() < 0.5 ? pick(otherNames) : nameOf(at(place(tree)))]: children, ...rest };
    },
    () => {
      const { list, index, path } = place(tree);
      if (path.length > 0) list.splice(index, 1);
    },
    () => {
      const holders = [...placesIn(tree)].map(at).filter((node) => Object.keys(attributesOf(node)).length > 0);
      const node = pick(holders);
      const attributes = attributesOf(node);
      const name = pick(Object.keys(attributes));
      const old = attributes[name] ?? "";
      if (/^CP[FR]\d\d$/.test(old)) attributes[name] = pick(otherCodes);
      else if (/^-?\d{1,3}$/.test(old)) attributes[name] = pick(otherNumbers);
      else if (/^\d{10}$/.test(old)) attributes[name] = pick(["9990000018", "9990000026", "9990000034"]);
    },
  ];
  for (let left = 1 + Math.floor(chance() * 3); left > 0; left -= 1) pick(changes)();
  return tree.map(write).join("");
}

/** Names that stand in no other message. */
const ownNames = /^(?:acknowledgement(?:File|Record)|cP-ISLA|(?:in)?validCP-ISRecord|(?:failed|successful)Returned)/;

/** What a file was sent as. */
export interface SentFacts {
  readonly fileId: string;
  readonly localAuthority: string;
  readonly nhsNumbers: readonly string[];
}

/** From the response on, wherever it stands. */
function placeOf(path: readonly string[]): string {
  return path.slice(Math.max(path.lastIndexOf("FileResponse"), 0)).join("/");
}

/** Which elements may stand in which: as in the responses that nobody has changed. */
export function knownPlaces(texts: readonly string[]): ReadonlySet<string> {
  const places = new Set<string>();
  for (const text of texts) {
    for (const { list, index, path } of placesIn(readTree(text))) {
      const node = list[index];
      if (node !== undefined) places.add(placeOf([...path, localName(node)]));
    }
  }
  return places;
}

/** Everything in a document that speaks against all records of the file being on CP-IS; none for one that may say so. */
export function signsAgainst(text: string, sent: SentFacts, known: ReadonlySet<string>): readonly string[] {
  const signs: string[] = [];
  const valid: string[] = [];
  const seen = new Map<string, Record<string, string>[]>();
  let results = 0;
  for (const { list, index, path } of placesIn(readTree(text))) {
    const node = list[index];
    if (node === undefined) continue;
    const here = placeOf([...path, localName(node)]);
    const attributes = attributesOf(node);
    seen.set(here, [...(seen.get(here) ?? []), attributes]);
    // A wrapper may hold what it likes, but for what belongs into the response.
    const isWithin = path.includes("FileResponse") || localName(node) === "FileResponse";
    if (!known.has(here) && (isWithin || ownNames.test(localName(node)))) signs.push(`unknown place ${here}`);
    for (const value of Object.values(attributes)) {
      if (/^CP[FR]\d\d$/.test(value) && value !== "CPF02" && value !== "CPR06") signs.push(`code ${value}`);
    }
    if (localName(node) === "invalidCP-ISRecord") signs.push("an invalid record");
    if (localName(node) === "acknowledgement" && attributes["typeCode"] !== "AA") signs.push("refused by the wrapper");
    if (localName(node) === "message" || localName(node) === "acknowledgementRecordDetail") results += 1;
    if (/validCP-ISRecord\/subject\/.*Child\/id$/.test(here) && !here.includes("invalid")) {
      valid.push(attributes["extension"] ?? "");
    }
  }
  const all = (suffix: string, name: string): readonly (string | undefined)[] =>
    [...seen]
      .filter(([path]) => path.endsWith(`FileResponse/${suffix}`))
      .flatMap(([, found]) => found.map((one) => one[name]));
  const mustBe = (suffix: string, name: string, value: string): void => {
    const values = all(suffix, name);
    if (values.length === 0 || values.some((one) => one !== value)) signs.push(`${suffix} is not ${value}`);
  };
  const count = String(sent.nhsNumbers.length);
  mustBe("id", "extension", sent.fileId);
  mustBe("transmissionQuantity", "value", count);
  mustBe("acknowledgementFile/acknowledgementFileDetail/code", "code", "CPF02");
  mustBe("failedReturnedCP-ISRecords/value", "value", "0");
  mustBe("successfulReturnedCP-ISRecords/value", "value", count);
  mustBe("communicationFunctionRcv/organisation/id", "extension", sent.localAuthority);
  if (results > 0) {
    for (const number of sent.nhsNumbers) if (!valid.includes(number)) signs.push("a record is not named as valid");
  }
  return signs;
}

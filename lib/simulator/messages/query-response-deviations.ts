// The ways in which real query responses leave the schema, as changes to a strict one.
import type { InteractionForm } from "../../hl7v3/interaction.js";
import { parseHl7Time, sortableMilliseconds } from "../../hl7v3/timestamp.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";

/** The ways in which real replies differ from the schema; each can be written, for testing receivers. */
export type QueryResponseDeviation =
  /** All accesses in one pertinentInformation13. */
  | "grouped-accesses"
  /** All control acts in one pertinentInformation14. */
  | "grouped-records"
  /** All records in one pertinentCP-ISRecordControlAct. */
  | "grouped-in-one-act"
  /** An element CP-ISNHSQueryResponse around the interaction. */
  | "extra-wrapper"
  | "missing-person-id"
  /** The family name before the given name, a blank at the end, upper case. */
  | "family-name-first"
  | "unzoned-times"
  | "minute-times"
  | "lower-case-organisation-codes"
  /** The prefix hl7: on every name. */
  | "prefixed"
  | "no-namespace"
  /** The payload without any wrapper. */
  | "bare-payload"
  | "no-query-ack"
  | "no-total-accesses"
  | "no-total-plans"
  | "swapped-asids"
  | "unlisted-version-code"
  | "oldest-access-first"
  /** In place of each plan template the one of the upload form. */
  | "unknown-plan-template"
  | "unreadable-first-start-date"
  | "unreadable-start-dates";

type Part = XmlNode | string;
type Change = (node: XmlNode) => XmlNode;

function isNode(part: Part | undefined): part is XmlNode {
  return typeof part === "object";
}

function isNodeNamed(part: Part | undefined, name: string): part is XmlNode {
  return isNode(part) && part.name === name;
}

/** Changes every node, the inner ones first. */
function changeAll(node: XmlNode, change: Change): XmlNode {
  const children = node.children.map((part) => (isNode(part) ? changeAll(part, change) : part));
  return change({ ...node, children });
}

function changeNamed(names: readonly string[], change: Change): Change {
  return (root) => changeAll(root, (node) => (names.includes(node.name) ? change(node) : node));
}

function changeAttribute(name: string, change: (value: string) => string): Change {
  return (node) => {
    const value = node.attributes[name];
    return value === undefined ? node : { ...node, attributes: { ...node.attributes, [name]: change(value) } };
  };
}

function changeChildren(change: (parts: readonly Part[]) => readonly Part[]): Change {
  return (node) => ({ ...node, children: change(node.children) });
}

/** Puts the contents of all children of that name into the first of them. */
function joinChildren(name: string): (parts: readonly Part[]) => readonly Part[] {
  return (parts) => {
    const joined = parts.filter((part) => isNodeNamed(part, name)).flatMap((part) => part.children);
    const first = parts.findIndex((part) => isNodeNamed(part, name));
    return parts.flatMap((part, index): readonly Part[] => {
      if (!isNodeNamed(part, name)) return [part];
      return index === first ? [{ ...part, children: joined }] : [];
    });
  };
}

function withoutChild(name: string): Change {
  return changeChildren((parts) => parts.filter((part) => !isNodeNamed(part, name)));
}

function accessTime(part: Part): number {
  if (!isNodeNamed(part, "pertinentInformation13")) return 0;
  const event = part.children.find(isNode);
  const time = event?.children.find((child) => isNodeNamed(child, "effectiveTime"));
  return sortableMilliseconds(parseHl7Time(time?.attributes["value"] ?? "")) ?? 0;
}

function sortAccesses(parts: readonly Part[]): readonly Part[] {
  const sorted = parts
    .filter((part) => isNodeNamed(part, "pertinentInformation13"))
    .sort((one, other) => accessTime(one) - accessTime(other));
  return parts.map((part) => (isNodeNamed(part, "pertinentInformation13") ? (sorted.shift() ?? part) : part));
}

function upperCaseFamilyFirst(parts: readonly Part[]): readonly Part[] {
  const shout = (part: Part): Part => {
    if (!isNode(part)) return part;
    const blank = part.name === "given" ? " " : "";
    return { ...part, children: part.children.map((text) => (isNode(text) ? text : text.toUpperCase() + blank)) };
  };
  return [...parts].reverse().map(shout);
}

function swapDevices(parts: readonly Part[]): readonly Part[] {
  const receiver = parts.find((part) => isNodeNamed(part, "communicationFunctionRcv"));
  const sender = parts.find((part) => isNodeNamed(part, "communicationFunctionSnd"));
  return parts.map((part) => {
    if (isNode(part) && part === receiver) return { ...part, children: sender?.children ?? [] };
    if (isNode(part) && part === sender) return { ...part, children: receiver?.children ?? [] };
    return part;
  });
}

const uploadTemplates: Readonly<Record<string, string>> = {
  COCT_TP146103GB01: "COCT_TP146100GB01",
  COCT_TP146104GB01: "COCT_TP146102GB01",
  COCT_TP146105GB01: "COCT_TP146101GB01",
};

function toUploadTemplate(text: string): string {
  return text.replace(/^COCT_TP14610[345]GB01/, (id) => uploadTemplates[id] ?? id);
}

const unknownTemplates: Change = (root) =>
  changeAll(root, (node) => {
    const renamed = { ...node, name: toUploadTemplate(node.name) };
    return node.name === "npfitlc:contentId" ? changeAttribute("extension", toUploadTemplate)(renamed) : renamed;
  });

const startDateNames = ["lACStartDate", "cPPStartDate", "uCPStartDate"];

function spoilStartDates(limit: number): Change {
  return (root) => {
    let spoiled = 0;
    const spoil = (node: XmlNode): XmlNode => {
      spoiled += 1;
      return spoiled > limit ? node : { ...node, children: [element("value", { value: "unknown" })] };
    };
    return changeNamed(startDateNames, spoil)(root);
  };
}

function payloadOf(node: XmlNode): XmlNode | undefined {
  if (node.name === "CP-ISNHSQueryResponse") return node;
  for (const part of node.children) {
    const found = isNode(part) ? payloadOf(part) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

const timeNames = ["effectiveTime", "creationTime"];
const organisationNames = ["organisation", "representedOrganization", "maintainingOrganization"];

/** Those that are not here change the outer form, see formOf. */
const changes: Readonly<Partial<Record<QueryResponseDeviation, Change>>> = {
  "grouped-accesses": changeNamed(["CP-ISNHSQueryResponse"], changeChildren(joinChildren("pertinentInformation13"))),
  "grouped-records": changeNamed(["CP-ISNHSQueryResponse"], changeChildren(joinChildren("pertinentInformation14"))),
  "grouped-in-one-act": (root) =>
    changeNamed(
      ["pertinentInformation14"],
      changeChildren(joinChildren("pertinentCP-ISRecordControlAct")),
    )(changeNamed(["CP-ISNHSQueryResponse"], changeChildren(joinChildren("pertinentInformation14")))(root)),
  "missing-person-id": changeNamed(["COCT_TP145101GB01.Child", "playedMother"], withoutChild("id")),
  "family-name-first": changeNamed(
    ["childPerson", "parentMotherPerson"],
    changeNamed(["name"], changeChildren(upperCaseFamilyFirst)),
  ),
  "unzoned-times": changeNamed(
    timeNames,
    changeAttribute("value", (value) => value.replace(/[+-].*$/, "")),
  ),
  "minute-times": changeNamed(
    timeNames,
    changeAttribute("value", (value) => value.replace(/^(\d{12})\d{2}(?:\.\d+)?/, "$1")),
  ),
  "lower-case-organisation-codes": changeNamed(
    organisationNames,
    changeNamed(
      ["id"],
      changeAttribute("extension", (code) => code.toLowerCase()),
    ),
  ),
  "bare-payload": (root) => payloadOf(root) ?? root,
  "no-query-ack": changeNamed(["ControlActEvent"], withoutChild("queryAck")),
  "no-total-accesses": changeNamed(["CP-ISNHSQueryResponse"], withoutChild("pertinentInformation11")),
  "no-total-plans": changeNamed(["CP-ISNHSQueryResponse"], withoutChild("pertinentInformation12")),
  "swapped-asids": changeChildren(swapDevices),
  "unlisted-version-code": changeNamed(
    ["versionCode"],
    changeAttribute("code", () => "3NPfIT0.0.00"),
  ),
  "oldest-access-first": changeNamed(["CP-ISNHSQueryResponse"], changeChildren(sortAccesses)),
  "unknown-plan-template": unknownTemplates,
  "unreadable-first-start-date": spoilStartDates(1),
  "unreadable-start-dates": spoilStartDates(Number.POSITIVE_INFINITY),
};

/** The interaction with those deviations that concern its content, whatever their order. */
export function deviate(interaction: XmlNode, deviations: readonly QueryResponseDeviation[]): XmlNode {
  // The payload is taken out last: until then the others find their places.
  const ordered = [...deviations].sort(
    (one, other) => Number(one === "bare-payload") - Number(other === "bare-payload"),
  );
  return ordered.reduce((node, deviation) => changes[deviation]?.(node) ?? node, interaction);
}

/** The outer form that the deviations ask for. */
export function formOf(deviations: readonly QueryResponseDeviation[]): InteractionForm {
  const wrapper = deviations.includes("extra-wrapper") ? { wrappedIn: "CP-ISNHSQueryResponse" } : {};
  if (deviations.includes("prefixed")) return { ...wrapper, namespace: "prefixed" };
  return deviations.includes("no-namespace") ? { ...wrapper, namespace: "none" } : wrapper;
}

// What a response to an upload may hold, and where: whatever else stands in it may say what nobody has read.
import { attribute, isGiven, localisationNamespace } from "../../hl7v3/elements.js";
import type { XmlElement } from "../../xml/xml-element.js";

interface Shape {
  /** By local name. */
  readonly children?: Readonly<Record<string, Shape>>;
  /** Of those that are not, a second one could say something else than the first, which alone is read. */
  readonly isRepeated?: boolean;
}

const leaf: Shape = {};
const leaves: Shape = { isRepeated: true };
const codedText: Shape = { children: { originalText: leaf }, isRepeated: true };
const code: Shape = {
  children: {
    originalText: leaf,
    translation: codedText,
    qualifier: { children: { originalText: leaf, name: leaf, value: codedText }, isRepeated: true },
  },
};
const name: Shape = {
  children: { prefix: leaves, given: leaves, family: leaves, suffix: leaves, validTime: leaf },
};
const person: Readonly<Record<string, Shape>> = { birthTime: leaf, name };
const subject: Shape = {
  children: {
    contentId: leaf,
    "COCT_TP145101GB01.Child": { children: { id: leaves, childPerson: { children: person } } },
    "COCT_TP145100GB01.UnbornChild": {
      children: {
        parentMotherPerson: { children: { ...person, playedMother: { children: { id: leaves } } } },
      },
    },
  },
  isRepeated: true,
};

function plan(prefix: string): Shape {
  const date = (part: string): Shape => ({ children: { [`${prefix}${part}Date`]: { children: { value: leaf } } } });
  return { children: { component: date("Start"), component1: date("End"), component2: date("Delete") } };
}

const plans: Shape = {
  children: {
    contentId: leaf,
    "COCT_TP146100GB01.LACInformation": plan("lAC"),
    "COCT_TP146101GB01.CPPInformation": plan("cPP"),
    "COCT_TP146102GB01.UCPInformation": plan("uCP"),
  },
  isRepeated: true,
};
const count: Shape = { children: { value: leaf } };

/** The parts of a FileResponse. */
const parts: Readonly<Record<string, Shape>> = {
  creationTime: leaf,
  id: leaf,
  transmissionQuantity: leaf,
  acknowledgementFile: { children: { acknowledgementFileDetail: { children: { code }, isRepeated: true } } },
  acknowledgementRecordDetail: { children: { code, location: leaf }, isRepeated: true },
  communicationFunctionRcv: { children: { organisation: { children: { id: leaf, name: leaf, telecom: leaves } } } },
  "failedReturnedCP-ISRecords": count,
  message: {
    children: {
      "cP-ISLAAcknowledgementResponse": {
        children: {
          pertinentInformation1: {
            children: {
              "validCP-ISRecord": { children: { subject } },
              "invalidCP-ISRecord": { children: { pertinentInformation: plans, subject } },
            },
          },
        },
      },
    },
    isRepeated: true,
  },
  "successfulReturnedCP-ISRecords": count,
};

/** Parts of which there is one in a response. */
const singleParts = new Set(Object.keys(parts).filter((part) => parts[part]?.isRepeated !== true));

/** What any HL7 V3 class may hold beside its own content; it says nothing of records. */
const infrastructure: readonly string[] = ["realmCode", "typeId", "templateId"];

function isOrdinary(element: XmlElement): boolean {
  if (infrastructure.includes(element.localName)) return element.children.length === 0;
  return isGiven(element) || (element.localName === "contentId" && element.namespace === localisationNamespace);
}

function isUnderstood(element: XmlElement, shape: Shape): boolean {
  const seen = new Set<string>();
  return element.children.every((child) => {
    const { localName } = child;
    if (!isOrdinary(child)) return false;
    if (infrastructure.includes(localName)) return true;
    const known = shape.children !== undefined && Object.hasOwn(shape.children, localName);
    const expected = known ? shape.children[localName] : undefined;
    if (expected === undefined || (seen.has(localName) && expected.isRepeated !== true)) return false;
    seen.add(localName);
    return isUnderstood(child, expected);
  });
}

/** Finds what a reader of the known parts passes over. */
export interface ShapeWatch {
  /** Takes each part; false when something in it, or the part itself a second time, is not understood. */
  understands(part: XmlElement): boolean;
}

export function createShapeWatch(): ShapeWatch {
  const seen = new Set<string>();
  return {
    understands(part): boolean {
      const { localName } = part;
      const shape = Object.hasOwn(parts, localName) ? parts[localName] : undefined;
      if (shape === undefined || !isGiven(part)) return false;
      const isSecond = singleParts.has(localName) && seen.has(localName);
      seen.add(localName);
      return !isSecond && isUnderstood(part, shape);
    },
  };
}

/** Of a wrapper, elements that say how a message was received. */
const receiptNames: readonly string[] = [
  "acknowledgement",
  "acknowledgementDetail",
  "justifyingDetectedIssueEvent",
  "reason",
];

/** Names that only a FileResponse has: outside it, nobody would read what they say. */
const ownNames: readonly string[] = [
  ...["acknowledgementFile", "acknowledgementFileDetail", "acknowledgementRecord", "acknowledgementRecordDetail"],
  ...["cP-ISLAAcknowledgementResponse", "validCP-ISRecord", "invalidCP-ISRecord"],
  ...["failedReturnedCP-ISRecords", "successfulReturnedCP-ISRecords"],
];

/** Elements of the wrapper that `isComplaint` is to judge. */
export const judgedAround: readonly string[] = [...receiptNames, ...ownNames];

function holdsOnly({ children }: XmlElement, names: readonly string[]): boolean {
  return children.every((child) => names.includes(child.localName) && holdsOnly(child, names));
}

/** Whether an element of the wrapper around a response says that something went wrong, or more than is known. */
export function isComplaint(element: XmlElement): boolean {
  if (element.localName !== "acknowledgement") return true;
  return attribute(element, "typeCode") !== "AA" || !holdsOnly(element, ["messageRef", "id"]);
}

// Plans and persons that stand outside the places of a response: whatever message holds a plan, it is shown.
import { children, elementAt, elementsAt, isHl7 } from "../../hl7v3/elements.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { Warn } from "../templates/content-id.js";
import { parseLocalAuthority } from "../templates/local-authority.js";
import { isResponsePlan, parseResponsePlan } from "../templates/plan-template.js";
import { isSubjectTemplate, parseReceivedSubjects, parseSubjectTemplate } from "../templates/subject-template.js";
import type { ReceivedRecord } from "./response-payload.js";

/** What belongs together, as far as one can tell: a CP-ISRecord, else what holds the holder of a plan or person. */
interface Unit {
  /** From the root's children down to the unit itself. */
  readonly path: readonly XmlElement[];
  readonly plans: XmlElement[];
  readonly subjects: XmlElement[];
}

function isRecord(element: XmlElement | undefined): boolean {
  return element !== undefined && element.localName === "CP-ISRecord" && isHl7(element);
}

/** The templates that reading the payloads takes in. */
function templatesInPlace(payloads: readonly XmlElement[]): ReadonlySet<XmlElement> {
  const records = payloads.flatMap((payload) =>
    elementsAt(payload, "pertinentInformation14", "pertinentCP-ISRecordControlAct", "record", "CP-ISRecord"),
  );
  const below = (holder: string, isTemplate: (candidate: XmlElement) => boolean): readonly XmlElement[] =>
    records.flatMap((record) => children(record, holder).flatMap((found) => found.children.filter(isTemplate)));
  return new Set([...below("pertinentInformation15", isResponsePlan), ...below("subject", isSubjectTemplate)]);
}

function gatherUnits(root: XmlElement, inPlace: ReadonlySet<XmlElement>): readonly Unit[] {
  const units = new Map<XmlElement, Unit>();
  const unitAt = (path: readonly XmlElement[]): Unit => {
    const record = path.findLastIndex(isRecord);
    const length = record === -1 ? Math.max(1, path.length - 1) : record + 1;
    const found = path.slice(0, length);
    const key = found.at(-1) ?? root;
    const unit = units.get(key) ?? { path: found, plans: [], subjects: [] };
    units.set(key, unit);
    return unit;
  };
  const visit = (element: XmlElement, above: readonly XmlElement[]): void => {
    if (!inPlace.has(element)) {
      if (isResponsePlan(element)) unitAt(above).plans.push(element);
      else if (isSubjectTemplate(element)) unitAt(above).subjects.push(element);
    }
    const path = [...above, element];
    for (const child of element.children) visit(child, path);
  };
  visit(root, []);
  return [...units.values()];
}

function readUnit({ path, plans, subjects }: Unit, warn: Warn): ReceivedRecord {
  const unit = path.at(-1);
  const holders = unit === undefined ? [] : children(unit, "subject");
  const own = holders.flatMap((subject) => parseReceivedSubjects(subject, warn));
  const further = subjects.filter((subject) => !holders.some((holder) => holder.children.includes(subject)));
  const read = plans.map((plan) => parseResponsePlan(plan, warn)).filter((plan) => plan !== undefined);
  const unreadable = plans.length - read.length;
  const authority = elementAt(path.at(-2), "communicationFunctionSnd", "organisation");
  return {
    localAuthority: parseLocalAuthority(authority),
    plans: read,
    subjects: [...own, ...further.flatMap((subject) => parseSubjectTemplate(subject, warn) ?? [])],
    ...(unreadable === 0 ? {} : { unreadablePlans: unreadable }),
  };
}

/** Takes the root of the whole message and the payloads that are read in their place. Never throws. */
export function parseStrayRecords(
  root: XmlElement,
  payloads: readonly XmlElement[],
  warn: Warn,
): readonly ReceivedRecord[] {
  return gatherUnits(root, templatesInPlace(payloads)).map((unit) => readUnit(unit, warn));
}

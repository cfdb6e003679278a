// The rules for one `record` of a received upload: its tree, and what the tree says.
import { known } from "../../hl7v3/data-types.js";
import { attribute, child, children, elementAt, elementsAt, localisationNamespace } from "../../hl7v3/elements.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import { attributeValue, type XmlElement } from "../../xml/xml-element.js";
import { checkedContent, checkElementShape } from "./check-element-shape.js";
import { checkPlan } from "../../cpis/upload/rules/check-upload-plan.js";
import { checkCounts, checkPairs, type RecordCheckContext } from "../../cpis/upload/rules/check-upload-record.js";
import { checkSubject } from "../../cpis/upload/rules/check-upload-subject.js";
import type { PlanType, Subject, UploadPlan } from "../../cpis/model.js";
import { childElement, recordShape, templateShapes, unbornChildElement, uploadPlanForms } from "./upload-file-shape.js";
import type { ReportFault } from "../../cpis/upload/rules/upload-rules.js";

const namePartsInOrder: readonly string[] = ["given", "family", "given,family", ""];

function extensionUnder(ids: readonly XmlElement[], root: string): XmlElement | undefined {
  return ids.find((id) => attributeValue(id, "root") === root && attributeValue(id, "extension")?.trim());
}

/** Reads the identifiers, and reports those that do not belong. A missing NHS number is the record's rule to report. */
export function readReceivedIdentifiers(
  holder: XmlElement | undefined,
  path: string,
  report: ReportFault,
): Pick<Subject, "nhsNumber" | "localId" | "localIdAuthority"> {
  const ids = holder === undefined ? [] : children(holder, "id");
  const roots = ids.map((id) => attributeValue(id, "root"));
  const isKnown = (root: string | undefined): boolean =>
    root === objectIdentifiers.nhsNumber || root === objectIdentifiers.localPersonId;
  const nhsNumber = extensionUnder(ids, objectIdentifiers.nhsNumber);
  const local = extensionUnder(ids, objectIdentifiers.localPersonId);
  const isBlank = (id: XmlElement): boolean =>
    attributeValue(id, "root") !== objectIdentifiers.nhsNumber && !attributeValue(id, "extension")?.trim();
  if (!roots.every(isKnown) || new Set(roots).size < roots.length || ids.some(isBlank)) {
    report("upload.person-id-root", `${path}.localId`);
  }
  if (nhsNumber !== undefined && ids[0] !== nhsNumber) report("upload.nhs-number-not-first", `${path}.nhsNumber`);
  return known({
    nhsNumber: nhsNumber === undefined ? undefined : attributeValue(nhsNumber, "extension"),
    localId: local === undefined ? undefined : attributeValue(local, "extension"),
    localIdAuthority: local === undefined ? undefined : attributeValue(local, "assigningAuthorityName"),
  });
}

function isPlain(part: XmlElement): boolean {
  return part.attributes.length === 0 && part.children.length === 0;
}

/** Reads the name, and reports one that has more than its two parts. Missing parts are the record's rule to report. */
export function readReceivedName(
  name: XmlElement | undefined,
  path: string,
  report: ReportFault,
): Pick<Subject, "givenName" | "familyName"> {
  if (name === undefined) return {};
  const parts = name.children.map(({ localName }) => localName).join(",");
  const isWellFormed =
    namePartsInOrder.includes(parts) &&
    name.attributes.length === 0 &&
    name.text.trim() === "" &&
    name.children.every(isPlain);
  if (!isWellFormed) report("upload.name-format", `${path}.givenName`);
  return known({
    givenName: children(name, "given")[0]?.text,
    familyName: children(name, "family")[0]?.text,
  });
}

/** Stands for a date of the wire that is not in the wire's form: the rules then say so. */
const malformed = "?";

/** Twelve digits as the model writes them. */
function wirePlanDate(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return text;
  const match = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})$/.exec(text);
  if (match === null) return malformed;
  const [, year = "", month = "", day = "", hour = "", minute = ""] = match;
  return `${year}-${month}-${day}T${hour}:${minute}`;
}

function wireBirthDate(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const match = /^([0-9]{4})([0-9]{2})([0-9]{2})$/.exec(text);
  return match === null ? malformed : match.slice(1).join("-");
}

/** The element that a pertinentInformation or subject holds; reports where the contentId does not announce it. */
function templateOf(
  holder: XmlElement,
  path: string,
  kind: "plan" | "subject",
  report: ReportFault,
): XmlElement | undefined {
  const parts = checkedContent(holder, path, report);
  const position = parts.findIndex(({ localName }) => templateShapes.has(localName) && localName !== "contentId");
  const template = parts[position];
  const announcing = parts[position - 1];
  if (template === undefined) {
    if (kind === "plan") report("upload.plan-type-unknown", `${path}.planType`);
    else report("upload.schema-invalid", path);
    return undefined;
  }
  const isAnnounced =
    announcing?.namespace === localisationNamespace &&
    announcing.localName === "contentId" &&
    attributeValue(announcing, "root") === objectIdentifiers.contentId &&
    attributeValue(announcing, "extension") === template.localName.replace(".", "#");
  if (!isAnnounced) report("upload.content-id-mismatch", path);
  const contentIds = parts.filter(({ localName }) => localName === "contentId").length;
  const hasStrangers = parts.length > contentIds + 1;
  if (hasStrangers || contentIds > 1 || holder.text.trim() !== "") report("upload.schema-invalid", path);
  for (const part of parts) {
    const shape = templateShapes.get(part.localName);
    if (shape !== undefined) checkElementShape(part, shape, path, report);
  }
  return template;
}

interface ReceivedPlan {
  readonly plan: UploadPlan;
  readonly index: number;
}

function readPlan(holder: XmlElement, index: number, report: ReportFault): ReceivedPlan | undefined {
  const template = templateOf(holder, `plans[${index}]`, "plan", report);
  const form = uploadPlanForms.find(({ element }) => element === template?.localName);
  if (template === undefined) return undefined;
  if (form === undefined) {
    report("upload.plan-type-unknown", `plans[${index}].planType`);
    return undefined;
  }
  const date = (component: string, name: string): string | undefined => {
    const value = elementAt(template, component, form.prefix + name, "value");
    return value === undefined ? undefined : wirePlanDate(attributeValue(value, "value") ?? "");
  };
  const plan = known<UploadPlan>({
    planType: form.planType,
    startDate: date("component", "StartDate") ?? "",
    endDate: date("component1", "EndDate"),
    deleteDate: date("component2", "DeleteDate"),
  });
  return { plan, index };
}

interface ReceivedSubject {
  readonly subject: Subject;
  readonly index: number;
}

function readSubject(holder: XmlElement, index: number, report: ReportFault): ReceivedSubject | undefined {
  const path = `subjects[${index}]`;
  const template = templateOf(holder, path, "subject", report);
  const isChild = template?.localName === childElement;
  if (template === undefined || (!isChild && template.localName !== unbornChildElement)) {
    if (template !== undefined) report("upload.schema-invalid", path);
    return undefined;
  }
  const person = child(template, isChild ? "childPerson" : "parentMotherPerson");
  const subject = known<Subject>({
    kind: isChild ? "child" : "mother",
    ...readReceivedIdentifiers(isChild ? template : child(person, "playedMother"), path, report),
    birthDate: wireBirthDate(attribute(child(person, "birthTime"), "value")),
    ...readReceivedName(child(person, "name"), path, report),
  });
  return { subject, index };
}

/** What was read of the record, to be held against the records before it. */
export interface ReceivedRecordContent {
  readonly plans: readonly UploadPlan[];
  readonly subjects: readonly Subject[];
}

export function checkReceivedRecord(
  record: XmlElement,
  context: RecordCheckContext,
  report: ReportFault,
): ReceivedRecordContent {
  checkElementShape(record, recordShape, "", report);
  const planHolders = elementsAt(record, "CP-ISRecord", "pertinentInformation");
  const subjectHolders = children(record, "CP-ISRecord").flatMap((one) => children(one, "subject"));
  const plans = planHolders.map((holder, index) => readPlan(holder, index, report));
  const subjects = subjectHolders
    .map((holder, index) => readSubject(holder, index, report))
    .filter((one) => one !== undefined);
  checkCounts(planHolders.length, subjectHolders.length, report);
  const planTypes = plans.map((one): PlanType | undefined => one?.plan.planType);
  if (subjects.length === subjectHolders.length)
    checkPairs(
      planTypes,
      subjects.map(({ subject }) => subject.kind),
      report,
    );
  const readable = plans.filter((one) => one !== undefined);
  for (const { plan, index } of readable) checkPlan(plan, `plans[${index}]`, context.clock, report);
  for (const { subject, index } of subjects) {
    checkSubject(subject, `subjects[${index}]`, context.clock, context.sender, report);
  }
  return { plans: readable.map(({ plan }) => plan), subjects: subjects.map(({ subject }) => subject) };
}

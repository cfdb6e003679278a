// Plans: the templates of the query response and, in another order and with a date of deletion, those of the upload.
import { known } from "../../hl7v3/data-types.js";
import { attribute, elementsAt } from "../../hl7v3/elements.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import { isTemplate, templateElements, templateNodes, type Template, type Warn } from "./content-id.js";
import type { PlanDate, PlanType, ResponsePlan, UploadPlan } from "../model.js";
import { formatPlanDate, parsePlanDate } from "./plan-date.js";

/** "upload" is also the form in which the response to an upload repeats a plan. */
export type PlanForm = "response" | "upload";

interface PlanClass {
  readonly className: string;
  /** Leads the names of its dates, as in "lACStartDate". */
  readonly prefix: string;
  /** Looked after, child protection, unborn in the upload; looked after, unborn, child protection in the response. */
  readonly templateIds: Readonly<Record<PlanForm, string>>;
}

const planClasses: Readonly<Record<PlanType, PlanClass>> = {
  "looked-after-child": {
    className: "LACInformation",
    prefix: "lAC",
    templateIds: { upload: "COCT_TP146100GB01", response: "COCT_TP146103GB01" },
  },
  "child-protection-plan": {
    className: "CPPInformation",
    prefix: "cPP",
    templateIds: { upload: "COCT_TP146101GB01", response: "COCT_TP146105GB01" },
  },
  "unborn-child-protection-plan": {
    className: "UCPInformation",
    prefix: "uCP",
    templateIds: { upload: "COCT_TP146102GB01", response: "COCT_TP146104GB01" },
  },
};

const planTypes: readonly PlanType[] = ["looked-after-child", "unborn-child-protection-plan", "child-protection-plan"];

function templateOf(planType: PlanType, form: PlanForm): Template {
  const { className, templateIds } = planClasses[planType];
  return { id: templateIds[form], className };
}

function dateNode(component: string, name: string, date: PlanDate | undefined): XmlNode | undefined {
  if (date === undefined) return undefined;
  return element(component, {}, [element(name, {}, [element("value", { value: formatPlanDate(date) })])]);
}

function planNodes(plan: UploadPlan, form: PlanForm): readonly XmlNode[] {
  const { prefix } = planClasses[plan.planType];
  return templateNodes(templateOf(plan.planType, form), [
    dateNode("component", `${prefix}StartDate`, plan.startDate),
    dateNode("component1", `${prefix}EndDate`, plan.endDate),
    form === "upload" ? dateNode("component2", `${prefix}DeleteDate`, plan.deleteDate) : undefined,
  ]);
}

/** The contentId and template element of a plan in a query response. */
export function responsePlanNodes(plan: ResponsePlan): readonly XmlNode[] {
  return planNodes(plan, "response");
}

/** The contentId and template element of a plan in an upload, and in the response to one. */
export function uploadPlanNodes(plan: UploadPlan): readonly XmlNode[] {
  return planNodes(plan, "upload");
}

function dateTexts(plan: XmlElement, component: string, name: string): readonly string[] {
  return elementsAt(plan, component, name, "value")
    .map((value) => attribute(value, "value"))
    .filter((text) => text !== undefined);
}

function firstDate(texts: readonly string[]): PlanDate | undefined {
  return texts.map(parsePlanDate).find((date) => date !== undefined);
}

interface ReadPlan {
  readonly plan: UploadPlan;
  readonly unreadableDates: number;
}

function readPlan(candidate: XmlElement, form: PlanForm, warn: Warn): ReadPlan | undefined {
  const planType = planTypes.find((type) => isTemplate(candidate, templateOf(type, form)));
  if (planType === undefined) return undefined;
  const { prefix } = planClasses[planType];
  const startDate = firstDate(dateTexts(candidate, "component", `${prefix}StartDate`));
  if (startDate === undefined) return undefined;
  let unreadableDates = 0;
  const readDate = (component: string, name: string, what: "end" | "delete"): PlanDate | undefined => {
    const texts = dateTexts(candidate, component, name);
    const date = firstDate(texts);
    if (date === undefined && texts.length > 0) {
      unreadableDates += 1;
      warn({
        code: `unreadable-${what}-date`,
        message: `The ${what} date of a plan could not be read`,
        path: component,
      });
    }
    return date;
  };
  const endDate = readDate("component1", `${prefix}EndDate`, "end");
  const deleteDate = form === "upload" ? readDate("component2", `${prefix}DeleteDate`, "delete") : undefined;
  return { plan: known<UploadPlan>({ planType, startDate, endDate, deleteDate }), unreadableDates };
}

export interface ParsedPlans<PlanModel> {
  readonly plans: readonly PlanModel[];
  /** Blocks of an unknown template or without a start date. */
  readonly unreadable: number;
  /** Ends and deletions that are given and cannot be read, of the plans that can. */
  readonly unreadableDates: number;
}

function parsePlans(holder: XmlElement, form: PlanForm, warn: Warn): ParsedPlans<UploadPlan> {
  const blocks = templateElements(holder, warn).map((candidate) => readPlan(candidate, form, warn));
  const read = blocks.filter((block) => block !== undefined);
  return {
    plans: read.map(({ plan }) => plan),
    // A holder without any block was still meant to hold one.
    unreadable: blocks.length === 0 ? 1 : blocks.length - read.length,
    unreadableDates: read.reduce((sum, block) => sum + block.unreadableDates, 0),
  };
}

/**
 * Takes the element that holds plans of a query response. A block is readable when its template is known and it has a
 * start date.
 */
export function parseResponsePlans(holder: XmlElement, warn: Warn): ParsedPlans<ResponsePlan> {
  return parsePlans(holder, "response", warn);
}

/** The same for the upload, and the response to one. */
export function parseUploadPlans(holder: XmlElement, warn: Warn): ParsedPlans<UploadPlan> {
  return parsePlans(holder, "upload", warn);
}

/** Whether the element is a plan of a query response, readable or not. */
export function isResponsePlan(candidate: XmlElement): boolean {
  return planTypes.some((type) => isTemplate(candidate, templateOf(type, "response")));
}

/** A plan by its template element alone, wherever it stands; undefined when it cannot be read. */
export function parseResponsePlan(candidate: XmlElement, warn: Warn): ResponsePlan | undefined {
  return readPlan(candidate, "response", warn)?.plan;
}

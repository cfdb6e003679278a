// Plans in a query response: the templates COCT_TP146103GB01, COCT_TP146104GB01 and COCT_TP146105GB01.
import { attribute, elementsAt } from "../hl7v3/elements.js";
import { element, type XmlNode } from "../xml/encode-xml.js";
import type { XmlElement } from "../xml/xml-element.js";
import { isTemplate, templateElements, templateNodes, type Template, type Warn } from "./content-id.js";
import type { PlanDate, PlanType } from "./model.js";
import { formatPlanDate, parsePlanDate } from "./plan-date.js";
import type { ResponsePlan } from "./query-response-model.js";

interface PlanTemplate extends Template {
  /** Leads the names of its dates, as in "lACStartDate". */
  readonly prefix: string;
}

/** Not the numbers of the upload form, and not in its order. */
const planTemplates: Readonly<Record<PlanType, PlanTemplate>> = {
  "looked-after-child": { id: "COCT_TP146103GB01", className: "LACInformation", prefix: "lAC" },
  "unborn-child-protection-plan": { id: "COCT_TP146104GB01", className: "UCPInformation", prefix: "uCP" },
  "child-protection-plan": { id: "COCT_TP146105GB01", className: "CPPInformation", prefix: "cPP" },
};

const planTypes: readonly PlanType[] = ["looked-after-child", "unborn-child-protection-plan", "child-protection-plan"];

function dateNode(component: string, name: string, date: PlanDate | undefined): XmlNode | undefined {
  if (date === undefined) return undefined;
  return element(component, {}, [element(name, {}, [element("value", { value: formatPlanDate(date) })])]);
}

/** The contentId and template element of a plan. */
export function planNodes(plan: ResponsePlan): readonly XmlNode[] {
  const template = planTemplates[plan.planType];
  return templateNodes(template, [
    dateNode("component", `${template.prefix}StartDate`, plan.startDate),
    dateNode("component1", `${template.prefix}EndDate`, plan.endDate),
  ]);
}

function dateTexts(plan: XmlElement, component: string, name: string): readonly string[] {
  return elementsAt(plan, component, name, "value")
    .map((value) => attribute(value, "value"))
    .filter((text) => text !== undefined);
}

function firstDate(texts: readonly string[]): PlanDate | undefined {
  return texts.map(parsePlanDate).find((date) => date !== undefined);
}

function readPlan(candidate: XmlElement, warn: Warn): ResponsePlan | undefined {
  const planType = planTypes.find((type) => isTemplate(candidate, planTemplates[type]));
  if (planType === undefined) return undefined;
  const { prefix } = planTemplates[planType];
  const startDate = firstDate(dateTexts(candidate, "component", `${prefix}StartDate`));
  if (startDate === undefined) return undefined;
  const endTexts = dateTexts(candidate, "component1", `${prefix}EndDate`);
  const endDate = firstDate(endTexts);
  if (endDate !== undefined) return { planType, startDate, endDate };
  if (endTexts.length > 0) {
    warn({ code: "unreadable-end-date", message: "The end date of a plan could not be read", path: "component1" });
  }
  return { planType, startDate };
}

export interface ParsedPlans {
  readonly plans: readonly ResponsePlan[];
  readonly unreadable: number;
}

/** Takes the element that holds plans. A block is readable when its template is known and it has a start date. */
export function parsePlans(holder: XmlElement, warn: Warn): ParsedPlans {
  const blocks = templateElements(holder, warn).map((candidate) => readPlan(candidate, warn));
  const plans = blocks.filter((plan) => plan !== undefined);
  // A holder without any block was still meant to hold one.
  return { plans, unreadable: blocks.length === 0 ? 1 : blocks.length - plans.length };
}

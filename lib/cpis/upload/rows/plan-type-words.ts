// The words by which people name the types of plan.
import { isPlanType } from "../rules/check-upload-plan.js";
import type { PlanType } from "../../model.js";

const usualWords: Readonly<Record<string, PlanType>> = {
  childprotectionplan: "child-protection-plan",
  cpp: "child-protection-plan",
  lookedafterchild: "looked-after-child",
  lac: "looked-after-child",
  childlookedafter: "looked-after-child",
  cla: "looked-after-child",
  unbornchildprotectionplan: "unborn-child-protection-plan",
  ucp: "unborn-child-protection-plan",
};

/** Case, blanks, underscores and hyphens do not count in names of columns and words for plans. */
export function comparableWord(text: string): string {
  return text.replace(/[\s_\-\u2010-\u2013]+/g, "").toLowerCase();
}

function wordsMatch(one: string, other: string): boolean {
  return comparableWord(one) === comparableWord(other);
}

/** The user's own words count before the usual ones. Undefined for a word that is neither. */
export function readPlanType(text: string, ownWords: Readonly<Record<string, PlanType>> = {}): PlanType | undefined {
  const own = Object.keys(ownWords).find((word) => wordsMatch(word, text));
  const found = own === undefined ? undefined : ownWords[own];
  // The settings may come from a file: a value that is no type of plan is no answer.
  if (found !== undefined) return isPlanType(found) ? found : undefined;
  const word = comparableWord(text);
  return Object.hasOwn(usualWords, word) ? usualWords[word] : undefined;
}

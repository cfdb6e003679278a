// The settings of a `cp-is upload` node, read from a flow and checked.
import type { LocalAuthority, PlanType } from "../../lib/cpis/model.js";
import { uploadFields, type UploadField, type UploadMapping } from "../../lib/cpis/upload/rows/upload-mapping.js";
import { defaultPlausibility, type UploadPlausibility } from "../../lib/cpis/upload/rules/check-plausibility.js";
import { definedOnly } from "../../lib/defined-only.js";
import { CpisError } from "../../lib/errors.js";
import { FieldReader } from "../adapter/runtime/field-rules.js";
import type { Words } from "../adapter/runtime/words.js";

export interface UploadSettings {
  readonly localAuthority: LocalAuthority & { readonly code: string };
  readonly faultyRecords: "refuse-file" | "send-valid";
  readonly mapping: UploadMapping;
  readonly plausibility: UploadPlausibility;
  readonly firstNumber: number;
  /** Names of message properties that come back with the outcome. */
  readonly keep: readonly string[];
  /** Whether the outcome lists each record. */
  readonly listRecords: boolean;
}

const planWordFields: Readonly<Record<PlanType, string>> = {
  "child-protection-plan": "wordsProtection",
  "looked-after-child": "wordsLookedAfter",
  "unborn-child-protection-plan": "wordsUnborn",
};
const planTypes: readonly PlanType[] = ["child-protection-plan", "looked-after-child", "unborn-child-protection-plan"];

/** "one, two": the words of a list. */
function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function readPlanWords(fields: FieldReader): Record<string, PlanType> {
  const words = planTypes.flatMap((type) =>
    listOf(fields.text(planWordFields[type])).map((word) => [word, type] as const),
  );
  return Object.fromEntries(words);
}

/** Empty columns are left to our own names. Throws CONFIG_INVALID for anything but names of columns. */
function readColumns(config: object, label: string): Partial<Record<UploadField, string>> {
  const value: unknown = Reflect.get(config, "columns");
  if (value === undefined || value === null || value === "") return {};
  if (typeof value !== "object") throw new CpisError("CONFIG_INVALID", { detail: label });
  const columns: Partial<Record<UploadField, string>> = {};
  for (const field of uploadFields) {
    const column: unknown = Reflect.get(value, field);
    if (typeof column === "string" && column.trim() !== "") columns[field] = column.trim();
  }
  return columns;
}

function readTelephone(fields: FieldReader, property: string): string | undefined {
  const text = fields.optional(property, "telephone", "");
  return text === "" ? undefined : text.replace(/[\s()-]/g, "");
}

/** Throws CONFIG_MISSING or CONFIG_INVALID, naming the field as the dialog does. */
export function readUploadSettings(config: object, words: Words): UploadSettings {
  const fields = new FieldReader(config, (property) => words(`field.${property}`));
  const officeHoursTelephone = readTelephone(fields, "officeHoursTelephone");
  return {
    localAuthority: {
      code: fields.required("odsCode", "odsCode"),
      codeType: "organisation",
      name: fields.required("authorityName", "text"),
      emergencyDutyTelephone: fields.required("emergencyDutyTelephone", "telephone").replace(/[\s()-]/g, ""),
      ...definedOnly({ officeHoursTelephone }),
    },
    faultyRecords: fields.choice("faultyRecords", ["refuse-file", "send-valid"], "refuse-file"),
    mapping: {
      columns: readColumns(config, words("field.columns")),
      planTypes: readPlanWords(fields),
      dateForm: fields.choice("dateForm", ["day-first", "month-first", "iso"], "day-first"),
    },
    plausibility: {
      youngestMother: fields.number("youngestMother", "wholeNumber", defaultPlausibility.youngestMother),
      daysBeforeBirth: fields.number("daysBeforeBirth", "wholeNumber", defaultPlausibility.daysBeforeBirth),
    },
    firstNumber: fields.number("firstNumber", "positiveNumber", 1),
    keep: listOf(fields.text("keep")),
    listRecords: fields.flag("listRecords", true),
  };
}

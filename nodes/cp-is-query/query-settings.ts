// The settings of a `cp-is query` node, read from a flow and checked.
import type { ResponsiblePerson } from "../../lib/cpis/model.js";
import { CpisError } from "../../lib/errors.js";
import { FieldReader } from "../adapter/runtime/field-rules.js";
import type { Words } from "../adapter/runtime/words.js";

/** Where the NHS number comes from: a typed input of the editor. */
export interface NumberSource {
  readonly value: string;
  readonly type: "msg" | "flow" | "global" | "str" | "env" | "jsonata";
}

export type AccessMode =
  | { readonly kind: "user" }
  /** As "user", through a Spine mini service. */
  | { readonly kind: "smsp" }
  /** A system asks, and names a person who answers for it. */
  | { readonly kind: "system"; readonly responsible: ResponsiblePerson };

export interface QuerySettings {
  readonly number: NumberSource;
  readonly access: AccessMode;
  readonly careSetting: "unscheduled" | "scheduled";
  readonly checkActivities: boolean;
  readonly timeoutMilliseconds: number;
  readonly emptyResponse: "not-found" | "failed";
  /** Whether msg.fhir holds the answer, or the failure, as FHIR R4. */
  readonly fhir: boolean;
}

const numberTypes = ["msg", "flow", "global", "str", "env", "jsonata"] as const;
const defaultTimeoutSeconds = 30;

function readAccess(fields: FieldReader): AccessMode {
  const kind = fields.choice("accessMode", ["user", "system", "smsp"], "user");
  if (kind !== "system") return { kind };
  return {
    kind: "system",
    responsible: {
      role: { code: fields.required("roleCode", "token"), displayName: fields.required("roleName", "text") },
      name: { given: [], text: fields.required("responsiblePerson", "text") },
    },
  };
}

/** Throws CONFIG_MISSING or CONFIG_INVALID, naming the field as the dialog does. */
export function readQuerySettings(config: object, words: Words): QuerySettings {
  const fields = new FieldReader(config, (property) => words(`field.${property}`));
  const type = fields.choice("nhsNumberType", numberTypes, "msg");
  const value = fields.text("nhsNumber") || (type === "msg" ? "payload" : "");
  if (value === "") throw new CpisError("CONFIG_MISSING", { detail: words("field.nhsNumber") });
  return {
    number: { value, type },
    access: readAccess(fields),
    careSetting: fields.choice("careSetting", ["unscheduled", "scheduled"], "unscheduled"),
    checkActivities: fields.flag("checkActivities", true),
    timeoutMilliseconds: fields.number("timeout", "positiveNumber", defaultTimeoutSeconds) * 1000,
    emptyResponse: fields.choice("emptyResponse", ["not-found", "failed"], "failed"),
    fhir: fields.flag("fhir", false),
  };
}

// The form of a scheduled read, which an administrator has had confirmed and states: nothing of it is guessed.
import { checkSilentReadForm, silentReadPlaces, type SilentReadForm } from "../../lib/cpis/query/silent-read.js";
import type { FieldReader } from "../adapter/runtime/field-rules.js";

/** Undefined while it is off. Throws CONFIG_MISSING or CONFIG_INVALID: once it is on, nothing has a default. */
export function readSilentRead(fields: FieldReader): SilentReadForm | undefined {
  if (!fields.flag("silentRead", false)) return undefined;
  fields.required("silentReadPlace", "token");
  fields.required("silentReadAs", "token");
  const place = fields.choice("silentReadPlace", silentReadPlaces, "last");
  const value = fields.required("silentReadValue", "text");
  if (fields.choice("silentReadAs", ["text", "attribute"], "text") === "text") {
    return checkSilentReadForm({ place, value });
  }
  return checkSilentReadForm({ place, value, attribute: fields.required("silentReadAttribute", "attributeName") });
}

// The checks of one node's fields in its dialog, by the same rules that the runtime has when the flows are deployed.
import { fieldRules } from "../adapter/runtime/field-rules.js";

type RuleName = keyof typeof fieldRules;

/** A node as the editor knows it, with the texts of its catalogue. */
export interface EditorNode {
  readonly id: string;
  _(key: string): string;
}

/** What the editor calls for a field: true, or the reason in words. */
type Validate = (this: EditorNode, value: unknown, options: unknown) => true | string;

interface FieldDefinition {
  readonly value: unknown;
  readonly validate: Validate;
}

export interface FieldChecks {
  /** Why a field cannot be as it is, beginning with the field's own label. */
  reason(config: EditorNode, property: string, key: string): string;
  check(config: EditorNode, property: string, rule: RuleName, value: unknown): true | string;
  /** A value from the environment is known only when the flows start. */
  checkOptional(config: EditorNode, property: string, rule: RuleName, value: unknown): true | string;
  /** The definition of a property that must be filled in. */
  required(property: string, rule: RuleName, value?: unknown): FieldDefinition;
  /** The definition of a property that may be empty. */
  optional(property: string, rule: RuleName, value?: unknown): FieldDefinition;
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
}

/** `node` is the name of the node's file, with which the keys of its catalogue begin. */
export function fieldChecks(node: string): FieldChecks {
  function reason(config: EditorNode, property: string, key: string): string {
    return `${config._(`${node}.field.${property}`)}: ${config._(`${node}.${key}`)}`;
  }

  function checkOptional(config: EditorNode, property: string, rule: RuleName, value: unknown): true | string {
    const text = textOf(value);
    if (text === "" || new RegExp(fieldRules.environmentVariable.pattern).test(text)) return true;
    const { pattern, message = "validation.required" } = fieldRules[rule];
    return new RegExp(pattern).test(text) || reason(config, property, message);
  }

  function check(config: EditorNode, property: string, rule: RuleName, value: unknown): true | string {
    if (textOf(value) === "") return reason(config, property, "validation.required");
    return checkOptional(config, property, rule, value);
  }

  function definition(value: unknown, run: (config: EditorNode, value: unknown) => true | string): FieldDefinition {
    return {
      value,
      // eslint-disable-next-line @typescript-eslint/no-unused-vars -- the editor shows the text only if there are two
      validate: function (v, _options) {
        return run(this, v);
      },
    };
  }

  function required(property: string, rule: RuleName, value: unknown = ""): FieldDefinition {
    return definition(value, (config, v) => check(config, property, rule, v));
  }

  function optional(property: string, rule: RuleName, value: unknown = ""): FieldDefinition {
    return definition(value, (config, v) => checkOptional(config, property, rule, v));
  }

  return { reason, check, checkOptional, required, optional };
}

// What may stand in the fields of the nodes: one list for the validators in the editor and the checks at deploy.
import { CpisError } from "../../../lib/errors.js";

interface FieldRule {
  /** Source of a regular expression without flags, as browsers and Node.js both read it. */
  readonly pattern: string;
  /** Key of the reason for a refusal, in the catalogue of each node that uses the rule. */
  readonly message?: string;
}

function rules<Name extends string>(table: Record<Name, FieldRule>): Record<Name, FieldRule> {
  return table;
}

export const fieldRules = rules({
  asid: { pattern: "^[0-9]{12}$", message: "validation.asid" },
  partyKey: { pattern: "^[A-Z0-9]{2,10}-[0-9]{6,7}$", message: "validation.partyKey" },
  odsCode: { pattern: "^[A-Z0-9]{2,12}$", message: "validation.odsCode" },
  text: { pattern: "\\S", message: "validation.text" },
  token: { pattern: "^[^\\s]+$", message: "validation.token" },
  endpointUrl: { pattern: "^https://[^\\s/?#@]+(/[^\\s?#]*)?$", message: "validation.endpointUrl" },
  always: { pattern: "^(always|never)$", message: "validation.always" },
  syncReplyMode: { pattern: "^(MSHSignalsOnly|None|Never)$", message: "validation.syncReplyMode" },
  host: { pattern: "^[A-Za-z0-9][A-Za-z0-9.:-]*$|^::1?$", message: "validation.host" },
  /** One or more, separated by commas, semicolons or spaces; no wildcard. */
  hostNames: { pattern: "^[A-Za-z0-9_.-]+([\\s,;]+[A-Za-z0-9_.-]+)*$", message: "validation.hostNames" },
  loopbackHost: { pattern: "^(127\\.0\\.0\\.1|localhost)$", message: "validation.loopbackHost" },
  port: {
    pattern: "^(0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
    message: "validation.port",
  },
  path: { pattern: "^/[^\\s?#]*$", message: "validation.path" },
  wholeNumber: { pattern: "^[0-9]{1,7}$", message: "validation.wholeNumber" },
  positiveNumber: { pattern: "^[1-9][0-9]{0,6}$", message: "validation.positiveNumber" },
  telephone: { pattern: "^\\+?[0-9][0-9 ()-]{2,30}$", message: "validation.telephone" },
  decisionCode: { pattern: "^[0-9a-f]{8}$", message: "validation.decisionCode" },
  schemaName: { pattern: "^[a-z_][a-z0-9_]{0,40}$", message: "validation.schemaName" },
  /** Of MESH, which has them in upper case: so are the letters when they are read. */
  mailbox: { pattern: "^[A-Za-z0-9]{4,50}$", message: "validation.mailbox" },
  mailboxes: { pattern: "^[A-Za-z0-9]{4,50}([\\s,;]+[A-Za-z0-9]{4,50}){0,19}$", message: "validation.mailboxes" },
  workflowId: { pattern: "^[!-~]{1,300}$", message: "validation.workflowId" },
  baseUrl: { pattern: "^https://[^\\s/?#@]+$", message: "validation.baseUrl" },
  mediaType: { pattern: "^[a-z]+/[a-z0-9][a-z0-9.+-]*$", message: "validation.mediaType" },
  /** The placeholders take numbers and times only: nothing of a record can get into a name. */
  namePattern: {
    pattern: "^([A-Za-z0-9 ._()-]|\\{(ods|number|timestamp)\\}){1,100}$",
    message: "validation.namePattern",
  },
  absoluteFolder: { pattern: "^(/|[A-Za-z]:[\\\\/]|\\\\\\\\)", message: "validation.absoluteFolder" },
  /** One or more, separated by semicolons. */
  absoluteFiles: {
    pattern: "^\\s*(/|[A-Za-z]:[\\\\/]|\\\\\\\\)[^;]+(;\\s*(/|[A-Za-z]:[\\\\/]|\\\\\\\\)[^;]+)*$",
    message: "validation.absoluteFiles",
  },
  /** MESH asks for five minutes at least, and for once a day. */
  pollMinutes: {
    pattern: "^([5-9]|[1-9][0-9]{1,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)$",
    message: "validation.pollMinutes",
  },
  /** Of XML, without a prefix. */
  attributeName: { pattern: "^(?![Xx][Mm][Ll])[A-Za-z_][A-Za-z0-9._-]{0,63}$", message: "validation.attributeName" },
  /** Up to a day. */
  minutes: { pattern: "^([1-9][0-9]{0,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)$", message: "validation.minutes" },
  /** Up to a day: a timer that is told a month goes off at once. */
  seconds: {
    pattern: "^([1-9][0-9]{0,3}|[1-7][0-9]{4}|8[0-5][0-9]{3}|86[0-3][0-9]{2}|86400)$",
    message: "validation.seconds",
  },
  duration: {
    pattern:
      "^P(?!$)([0-9]+(\\.[0-9]+)?W|([0-9]+(\\.[0-9]+)?D)?(T(?=[0-9])([0-9]+(\\.[0-9]+)?H)?([0-9]+(\\.[0-9]+)?M)?([0-9]+(\\.[0-9]+)?S)?)?)$",
    message: "validation.duration",
  },
  /** Accepted in every field: the value is taken from the environment when the flows start. */
  environmentVariable: { pattern: "^\\$\\{[^}]+\\}$" },
});

export type FieldRuleName = keyof typeof fieldRules;

type NumberRuleName = "port" | "wholeNumber" | "positiveNumber" | "pollMinutes" | "minutes" | "seconds";

export function isFieldValid(rule: FieldRuleName, value: string): boolean {
  return new RegExp(fieldRules[rule].pattern).test(value);
}

/** The settings of a node as they came from a flow file: any shape, so each field is read with its rule. */
export class FieldReader {
  /** `label` turns the name of a property into the words that the dialog shows beside it. */
  constructor(
    private readonly config: object,
    private readonly label: (property: string) => string,
  ) {}

  /** The trimmed text of a field; numbers as text; empty when it is missing or of another kind. */
  text(property: string): string {
    const value: unknown = Reflect.get(this.config, property);
    if (typeof value === "string") return value.trim();
    return typeof value === "number" ? value.toString() : "";
  }

  flag(property: string, fallback: boolean): boolean {
    const value: unknown = Reflect.get(this.config, property);
    if (value === true || value === "true") return true;
    if (value === false || value === "false") return false;
    return fallback;
  }

  /** Throws CONFIG_MISSING or CONFIG_INVALID, naming the field as the dialog does. */
  required(property: string, rule: FieldRuleName): string {
    const value = this.text(property);
    if (value === "") throw new CpisError("CONFIG_MISSING", { detail: this.label(property) });
    return this.checked(property, value, rule);
  }

  optional(property: string, rule: FieldRuleName, fallback: string): string {
    const value = this.text(property);
    return value === "" ? fallback : this.checked(property, value, rule);
  }

  /** The id of a config node that need not be: the editor may write its word for "add a new one". */
  configNode(property: string): string | undefined {
    const id = this.optional(property, "token", "");
    return id === "" || id === "_ADD_" ? undefined : id;
  }

  /** None when the field is empty. */
  list(property: string, rule: FieldRuleName, separator: RegExp): readonly string[] {
    return this.optional(property, rule, "")
      .split(separator)
      .filter((one) => one !== "");
  }

  number(property: string, rule: NumberRuleName, fallback: number): number {
    return Number(this.optional(property, rule, fallback.toString()));
  }

  /** Throws CONFIG_INVALID for a word that is not one of the choices. */
  choice<Choice extends string>(property: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.text(property);
    if (value === "") return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new CpisError("CONFIG_INVALID", { detail: this.label(property) });
    return found;
  }

  private checked(property: string, value: string, rule: FieldRuleName): string {
    if (!isFieldValid(rule, value)) throw new CpisError("CONFIG_INVALID", { detail: this.label(property) });
    return value;
  }
}

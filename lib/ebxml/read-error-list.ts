// Reads the error list of an ebXML message, in all the forms in which peers write one.
import { definedOnly } from "../defined-only.js";
import { maximumIdentifierLength } from "../identifiers.js";
import { childrenNamed, firstChild, type XmlElement } from "../xml/xml-element.js";
import type { EbxmlError, MessageError } from "./model.js";
import { ebName, ebNamespace, errorCodeContext, tolerantAttribute } from "./names.js";

/** The number that leads a description such as "501319:Unknown eb:CPAId". */
export function numberOfDescription(description: string | undefined): string | undefined {
  return /^\s{0,20}([0-9]{1,10})\s{0,20}:/.exec(description ?? "")?.[1];
}

/** Only the word "Warning" makes a warning: a failure must not be taken lightly because it is misspelt. */
function readSeverity(value: string | undefined): "Error" | "Warning" {
  return value?.trim().toLowerCase() === "warning" ? "Warning" : "Error";
}

/** Of an error list, as many as anybody would read. */
const maximumErrors = 100;
const maximumDescriptionLength = 1000;

function readError(entry: XmlElement): EbxmlError {
  const value = (name: string): string =>
    (tolerantAttribute(entry, name, ebNamespace)?.trim() ?? "").slice(0, maximumIdentifierLength);
  const location = value("location");
  const text = firstChild(entry, ebName("Description"))?.text.trim() ?? "";
  const description = text.slice(0, maximumDescriptionLength);
  const number = numberOfDescription(description);
  return {
    errorCode: value("errorCode") || "Unknown",
    severity: readSeverity(value("severity")),
    codeContext: value("codeContext") || errorCodeContext,
    ...definedOnly({ number }),
    ...(location === "" ? {} : { location }),
    ...(description === "" ? {} : { description }),
  };
}

/** The first hundred, errors before warnings where there are more. */
function mostSevere(errors: readonly EbxmlError[]): readonly EbxmlError[] {
  if (errors.length <= maximumErrors) return errors;
  const ordered = [...errors].sort((one, other) => one.severity.localeCompare(other.severity));
  return ordered.slice(0, maximumErrors);
}

/** The error list among the children of a SOAP header. Its severity is the highest that it or an entry names. */
export function readErrorList(header: XmlElement): Pick<MessageError, "highestSeverity" | "errors"> | undefined {
  const list = firstChild(header, ebName("ErrorList"));
  if (list === undefined) return undefined;
  const errors = childrenNamed(list, ebName("Error")).map(readError);
  const named = readSeverity(tolerantAttribute(list, "highestSeverity", ebNamespace) ?? errors[0]?.severity);
  const isError = named === "Error" || errors.some(({ severity }) => severity === "Error");
  return { highestSeverity: isError ? "Error" : "Warning", errors: mostSevere(errors) };
}

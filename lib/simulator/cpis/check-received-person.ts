// What only the XML of a person shows: its identifiers one by one, and the parts of its name.
import { children } from "../../hl7v3/elements.js";
import { known } from "../../hl7v3/data-types.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import { attributeValue, type XmlElement } from "../../xml/xml-element.js";
import type { Subject } from "../../cpis/model.js";
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

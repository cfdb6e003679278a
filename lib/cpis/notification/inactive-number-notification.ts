// REPC_MT000005GB01: NHS numbers of a local authority's list that PDS has made inactive, and what replaces them.
import { CpisError } from "../../errors.js";
import { idNode, known, parseIdRoot, parsePlainIdentifier, parseTime, timeNode } from "../../hl7v3/data-types.js";
import { child, children, elementsAt } from "../../hl7v3/elements.js";
import { encodeInteraction, type InteractionForm } from "../../hl7v3/interaction.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import { contentElements, type Warn } from "../templates/content-id.js";
import { stripNhsNumber } from "../nhs-number.js";
import { findNotification } from "./notification-payload.js";
import { identityNodes, parseIdentity } from "../templates/person-identity.js";
import { parseRecipient, recipientNode } from "./recipient-template.js";
import type { InactiveNhsNumberNotification, InactiveNumber } from "../upload/upload-model.js";
import { createWarningList, warnWithin } from "../templates/warning-list.js";

export const inactiveNhsNumberNotificationName = "CP-ISInactiveNHSNumberNotification";
const patientName = "pDSInactivePatient";

function patientNode(number: InactiveNumber): XmlNode {
  const { replacedBy, uploadFileId } = number;
  const newVersion = element(
    "newVersion",
    {},
    replacedBy.map((extension) => idNode({ extension })),
  );
  const file = element("lAUploadFile", {}, [element("value", { extension: uploadFileId })]);
  const patient = element(patientName, {}, [
    ...identityNodes("id", number),
    replacedBy.length === 0 ? undefined : element("replacedBy", {}, [newVersion]),
    uploadFileId === undefined ? undefined : element("subjectOf", {}, [file]),
  ]);
  return element("subject", {}, [patient]);
}

/** Prints the notification in the order of the schema. */
export function encodeInactiveNhsNumberNotification(
  notification: Omit<InactiveNhsNumberNotification, "warnings">,
  form: InteractionForm = {},
): string {
  const { createdAt, id, recipient, numbers } = notification;
  const payload = element(inactiveNhsNumberNotificationName, {}, [
    createdAt === undefined ? undefined : timeNode("effectiveTime", createdAt),
    id === undefined ? undefined : idNode({ root: id }),
    recipientNode(recipient),
    ...numbers.map(patientNode),
  ]);
  return encodeInteraction(payload, true, form);
}

function parsePatient(patient: XmlElement, warn: Warn): InactiveNumber {
  const { nhsNumber, localId } = parseIdentity(children(patient, "id"));
  if (nhsNumber === undefined && localId === undefined) {
    warn({ code: "unidentified-person", message: "An entry does not say whose NHS number is inactive" });
  }
  const replacements = elementsAt(patient, "replacedBy", "newVersion", "id").map(parsePlainIdentifier);
  const replacedBy = replacements.filter((number) => number !== undefined).map(stripNhsNumber);
  // "No replacement is known" is a statement of its own, and this is not it.
  if (replacedBy.length < Math.max(replacements.length, children(patient, "replacedBy").length)) {
    warn({ code: "unreadable-replacement", message: "A number that replaces another could not be read" });
  }
  const files = elementsAt(patient, "subjectOf", "lAUploadFile", "value").map(parsePlainIdentifier);
  return known<InactiveNumber>({
    nhsNumber,
    localId,
    replacedBy: [...new Set(replacedBy)],
    uploadFileId: files.find((id) => id !== undefined),
  });
}

/** Takes a `subject`; anything in it was meant to be a patient. */
function parseSubject(subject: XmlElement, warn: Warn): readonly InactiveNumber[] {
  const patients = children(subject, patientName);
  if (patients.length === 0 && contentElements(subject).length > 0) {
    warn({ code: "unreadable-number", message: "An inactive number could not be read" });
  }
  return patients.map((patient) => parsePatient(patient, warn));
}

/**
 * Takes the bytes of a message, or an element that holds the notification; one without numbers is no error.
 * Throws XML_*, and CPIS_MESSAGE_INVALID when there is no such notification, or when it has entries and none of them
 * can be read.
 */
export function parseInactiveNhsNumberNotification(received: Uint8Array | XmlElement): InactiveNhsNumberNotification {
  const notification = findNotification(received, inactiveNhsNumberNotificationName);
  const warnings = createWarningList();
  const subjects = children(notification, "subject");
  const numbers = subjects.flatMap((subject, index) =>
    parseSubject(subject, warnWithin(warnings.warn, `subject[${index + 1}]`)),
  );
  if (numbers.length === 0 && subjects.length > 0) {
    throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `${patientName} cannot be read` });
  }
  return known<InactiveNhsNumberNotification>({
    id: parseIdRoot(notification),
    createdAt: parseTime(child(notification, "effectiveTime")),
    recipient: parseRecipient(notification, warnings.warn),
    numbers,
    warnings: warnings.all(),
  });
}

// REPC_MT000004GB01: the children and mothers of a local authority's list that were looked up in unscheduled care.
import { CpisError } from "../../errors.js";
import {
  idNode,
  integerNode,
  known,
  parseIdRoot,
  parseInteger,
  parsePlainIdentifier,
  parseTime,
  timeNode,
} from "../../hl7v3/data-types.js";
import { child, children, elementAt, elementsAt } from "../../hl7v3/elements.js";
import { encodeInteraction, type InteractionForm } from "../../hl7v3/interaction.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import { authorNode, parseAuthor } from "../templates/author-template.js";
import { contentElements, type Warn } from "../templates/content-id.js";
import { findNotification } from "./notification-payload.js";
import { identityNodes, parseIdentity } from "../templates/person-identity.js";
import { parseRecipient, recipientNode } from "./recipient-template.js";
import type { AccessNotification, NotifiedAccess } from "../upload/upload-model.js";
import { createWarningList, warnWithin } from "../templates/warning-list.js";

export const accessNotificationName = "CP-ISAccessToServiceNotification";
const accessesName = "pertinentInformation1";

/** `isGrouped` puts all accesses of one upload file into one record access, as real messages may. */
export interface AccessNotificationForm extends InteractionForm {
  readonly isGrouped?: boolean;
}

function queryNode(access: NotifiedAccess): XmlNode {
  const { accessId, accessedAt, author } = access;
  const person = element("person.id", {}, identityNodes("value", access));
  const query = element("pertinentCP-ISNHSQuery", {}, [
    accessedAt === undefined ? undefined : timeNode("effectiveTime", accessedAt),
    accessId === undefined ? undefined : idNode({ root: accessId }),
    author === undefined ? undefined : authorNode(author),
    element("queryByParameter", {}, [person]),
  ]);
  return element("pertinentInformation2", {}, [query]);
}

/** Takes accesses to records of one upload file. */
function recordAccessNode(accesses: readonly NotifiedAccess[], uploadFileId: string | undefined): XmlNode {
  const reference =
    uploadFileId === undefined
      ? undefined
      : element("reference", {}, [
          element("referredToLAUploadFile", {}, [element("value", { extension: uploadFileId })]),
        ]);
  const access = element("pertinentCP-ISRecordAccess", {}, [...accesses.map(queryNode), reference]);
  return element(accessesName, {}, [access]);
}

function recordAccessNodes(accesses: readonly NotifiedAccess[], isGrouped: boolean): readonly XmlNode[] {
  if (!isGrouped) return accesses.map((access) => recordAccessNode([access], access.uploadFileId));
  const groups = Map.groupBy(accesses, ({ uploadFileId }) => uploadFileId);
  return [...groups].map(([uploadFileId, group]) => recordAccessNode(group, uploadFileId));
}

/** Prints the notification in the order of the schema; without a total it counts the accesses. */
export function encodeAccessNotification(
  notification: Omit<AccessNotification, "warnings">,
  form: AccessNotificationForm = {},
): string {
  const { createdAt, id, accesses, recipient, total = accesses.length } = notification;
  const totalNode = element("pertinentTotalReturnedRecords", {}, [integerNode("value", total)]);
  const payload = element(accessNotificationName, {}, [
    createdAt === undefined ? undefined : timeNode("effectiveTime", createdAt),
    id === undefined ? undefined : idNode({ root: id }),
    element("pertinentInformation", {}, [totalNode]),
    ...recordAccessNodes(accesses, form.isGrouped === true),
    recipientNode(recipient),
  ]);
  return encodeInteraction(payload, true, form);
}

function parseAccess(query: XmlElement, uploadFileId: string | undefined, warn: Warn): NotifiedAccess {
  const accessedAt = parseTime(child(query, "effectiveTime"));
  if (accessedAt !== undefined && accessedAt.iso === undefined) {
    warn({ code: "unreadable-time", message: "The time of an access could not be read" });
  }
  const identifiers = ["person.id", "person.NHSnumber"].flatMap((name) =>
    elementsAt(query, "queryByParameter", name, "value"),
  );
  const { nhsNumber, localId } = parseIdentity(identifiers);
  if (nhsNumber === undefined && localId === undefined) {
    warn({ code: "unidentified-person", message: "An access does not say whose record it was to" });
  }
  return known<NotifiedAccess>({
    accessId: parseIdRoot(query),
    accessedAt,
    author: parseAuthor(child(query, "author"), warn),
    nhsNumber,
    localId,
    uploadFileId,
    isThisQuery: false,
  });
}

function parseRecordAccess(access: XmlElement, warn: Warn): readonly NotifiedAccess[] {
  const uploadFileId = elementsAt(access, "reference", "referredToLAUploadFile", "value")
    .map(parsePlainIdentifier)
    .find((id) => id !== undefined);
  const queries = elementsAt(access, "pertinentInformation2", "pertinentCP-ISNHSQuery");
  return queries.map((query) => parseAccess(query, uploadFileId, warn));
}

/** Takes a `pertinentInformation1`. */
function parseHolder(holder: XmlElement, warn: Warn): readonly NotifiedAccess[] {
  const accesses = children(holder, "pertinentCP-ISRecordAccess").flatMap((access) => parseRecordAccess(access, warn));
  if (accesses.length === 0 && contentElements(holder).length > 0) {
    warn({ code: "unreadable-access", message: "An access could not be read" });
  }
  return accesses;
}

/** Whose record an access was to, and which access: the same twice is told once. */
function withoutRepeats(accesses: readonly NotifiedAccess[]): readonly NotifiedAccess[] {
  const seen = new Set<string>();
  return accesses.filter(({ accessId, nhsNumber, localId }) => {
    if (accessId === undefined) return true;
    const key = JSON.stringify([accessId, nhsNumber ?? localId]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * Takes the bytes of a message, or an element that holds the notification; one without accesses is legal. An access is
 * told once, however often its id is repeated for the same person.
 * Throws XML_*, and CPIS_MESSAGE_INVALID when there is no such notification, or when it speaks of accesses and none
 * of them can be read.
 */
export function parseAccessNotification(received: Uint8Array | XmlElement): AccessNotification {
  const notification = findNotification(received, accessNotificationName);
  const warnings = createWarningList();
  const holders = children(notification, accessesName);
  const told = holders.flatMap((holder, index) =>
    parseHolder(holder, warnWithin(warnings.warn, `${accessesName}[${index + 1}]`)),
  );
  const accesses = withoutRepeats(told);
  const stated = parseInteger(
    elementAt(notification, "pertinentInformation", "pertinentTotalReturnedRecords", "value"),
  );
  const total = typeof stated === "number" && stated >= 0 ? stated : undefined;
  if (accesses.length === 0 && (holders.length > 0 || (total ?? 0) > 0)) {
    throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `${accessesName} cannot be read` });
  }
  if (stated !== undefined && ![accesses.length, told.length, holders.length].some((count) => count === stated)) {
    const message = "The total is not the number of accesses";
    warnings.warn({ code: "total-mismatch", message, path: "pertinentInformation" });
  }
  return known<AccessNotification>({
    id: parseIdRoot(notification),
    createdAt: parseTime(child(notification, "effectiveTime")),
    recipient: parseRecipient(notification, warnings.warn),
    total,
    accesses,
    warnings: warnings.all(),
  });
}

// One query as an event: what is asked, and how it is echoed in the list of accesses.
import { idNode, known, parseIdRoot, parsePlainIdentifier, parseTime, timeNode } from "../../hl7v3/data-types.js";
import { child, elementAt } from "../../hl7v3/elements.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import { authorNode, parseAuthor } from "../templates/author-template.js";
import type { Warn } from "../templates/content-id.js";
import { stripNhsNumber } from "../nhs-number.js";
import type { Author, Hl7Time } from "../model.js";

/** One query of a number, made now or before. `accessId` is the id of its event. */
export interface QueryEvent {
  readonly accessId: string;
  readonly accessedAt: Hl7Time;
  readonly author: Author;
  readonly nhsNumber: string;
}

/** The same, received: nothing is certain to be there. */
export interface ReceivedAccess {
  readonly accessId?: string;
  readonly accessedAt?: Hl7Time;
  readonly author?: Author;
  readonly nhsNumber?: string;
}

/** The event under the name it has in its message: "cP-ISNHSQuery" or "pertinentCP-ISNHSQuery". */
export function queryEventNode(name: string, event: QueryEvent): XmlNode {
  const value = element("value", { extension: event.nhsNumber });
  return element(name, {}, [
    timeNode("effectiveTime", event.accessedAt),
    idNode({ root: event.accessId }),
    authorNode(event.author),
    element("queryByParameter", {}, [element("person.NHSnumber", {}, [value])]),
  ]);
}

/** Takes the element of the event. Never throws. */
export function parseQueryEvent(event: XmlElement, warn: Warn): ReceivedAccess {
  const accessedAt = parseTime(child(event, "effectiveTime"));
  if (accessedAt !== undefined && accessedAt.iso === undefined) {
    warn({ code: "unreadable-time", message: "The time of a query could not be read", path: event.localName });
  }
  const value = elementAt(event, "queryByParameter", "person.NHSnumber", "value");
  const nhsNumber = parsePlainIdentifier(value);
  return known<ReceivedAccess>({
    accessId: parseIdRoot(event),
    accessedAt,
    author: parseAuthor(child(event, "author"), warn),
    nhsNumber: nhsNumber === undefined ? undefined : stripNhsNumber(nhsNumber),
  });
}

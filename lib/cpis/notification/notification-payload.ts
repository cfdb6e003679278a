// Finds a notification in what was received: bare, in an interaction, or in any other element.
import { CpisError } from "../../errors.js";
import { isHl7 } from "../../hl7v3/elements.js";
import { defaultXmlLimits, parseXml, type XmlLimits } from "../../xml/parse-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";

/** Room for ten thousand accesses or more; a day's batch for one local authority is far below. */
const notificationLimits: XmlLimits = { ...defaultXmlLimits, maximumBytes: 67_108_864, maximumElements: 2_000_000 };

/** The elements of that name with none of the same name in them: a wrapper may be named as the payload is. */
function innermostNamed(element: XmlElement, name: string): readonly XmlElement[] {
  const within = element.children.flatMap((child) => innermostNamed(child, name));
  if (within.length > 0) return within;
  return element.localName === name && isHl7(element) ? [element] : [];
}

/**
 * Takes the bytes of a message, or any element that holds the notification. Throws XML_* for bytes, and
 * CPIS_MESSAGE_INVALID when there is no such notification, or more than one.
 */
export function findNotification(received: Uint8Array | XmlElement, name: string): XmlElement {
  const root = received instanceof Uint8Array ? parseXml(received, { limits: notificationLimits }) : received;
  const [found, ...others] = innermostNamed(root, name);
  if (found === undefined) throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `${name} is missing` });
  if (others.length > 0) throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `there is more than one ${name}` });
  return found;
}

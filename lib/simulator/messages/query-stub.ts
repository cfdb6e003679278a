// Reads CP-ISQueryStub as a Spine mini service is asked with it: bare.
import {
  parseStubEvent,
  queryStubName,
  required,
  requiredNhsNumber,
  type QueryStub,
} from "../../cpis/query/query-stub.js";
import { isHl7 } from "../../hl7v3/elements.js";
import { findOnFirstLevel } from "../../hl7v3/interaction.js";
import type { XmlElement } from "../../xml/xml-element.js";

/**
 * Takes the root of a bare payload. The author is taken as far as it is given. Throws CPIS_MESSAGE_INVALID whose detail
 * names the part that is missing or wrong.
 */
export function parseBareQueryStub(root: XmlElement): QueryStub {
  const stubs = findOnFirstLevel(root, (candidate) => candidate.localName === queryStubName && isHl7(candidate));
  required(stubs[0], queryStubName);
  const event = parseStubEvent(stubs);
  return {
    nhsNumber: requiredNhsNumber(event),
    author: required(event.author, "the author's template"),
    eventId: required(event.accessId, "the event id"),
    queriedAt: required(event.accessedAt, "effectiveTime"),
  };
}

// The checks that Spine makes on a request of the synchronous form before it looks into the HL7 message.
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import { attributeValue, childrenNamed, type XmlElement } from "../../xml/xml-element.js";

const addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
const hl7 = "urn:hl7-org:v3";
/** "uuid:" and a UUID. */
const messageIdLength = 41;

/** A check that failed gives its fault text. */
type Check = readonly [hasPassed: boolean, fault: string];

function texts(header: XmlElement, localName: string): readonly string[] {
  return childrenNamed(header, { localName, namespaces: [addressing] }).map(({ text }) => text.trim());
}

/** Each of them once, with one ASID that is not empty. */
function namesOneSystem(header: XmlElement, localName: string): boolean {
  const at = (holders: readonly XmlElement[], name: string): readonly XmlElement[] =>
    holders.flatMap((holder) => childrenNamed(holder, { localName: name, namespaces: [hl7] }));
  const functions = at([header], localName);
  const ids = at(at(functions, "device"), "id");
  const [id] = ids;
  return (
    functions.length === 1 &&
    ids.length === 1 &&
    id !== undefined &&
    attributeValue(id, "root") === objectIdentifiers.asid &&
    (attributeValue(id, "extension") ?? "") !== ""
  );
}

/** All faults of the header, in the order of the checks, under Spine's own names; none means accepted. */
export function checkSynchronousRequest(header: XmlElement | undefined): readonly string[] {
  if (header === undefined) return ["ErrorBaseTms.MESSAGE_NOT_WELL_FORMED[soapHeaderCount]"];
  const [messageIds, to] = [texts(header, "MessageID"), texts(header, "To")];
  const checks: readonly Check[] = [
    [messageIds.length === 1 && messageIds[0]?.length === messageIdLength, "ErrorBaseTms.SOAP_MESSAGE_ID_ERROR"],
    [texts(header, "Action").length === 1, "ErrorBaseTms.SOAP_ACTION_ERROR"],
    [to.length === 1 && to[0] !== "", "ErrorBaseTms.SOAP_TO_ERROR"],
    [namesOneSystem(header, "communicationFunctionRcv"), "ErrorBaseTms.SOAP_COMM_FUNC_RCV_ERROR"],
    [namesOneSystem(header, "communicationFunctionSnd"), "ErrorBaseTms.SOAP_COMM_FUNC_SND_ERROR"],
  ];
  return checks.filter(([hasPassed]) => !hasPassed).map(([, fault]) => fault);
}

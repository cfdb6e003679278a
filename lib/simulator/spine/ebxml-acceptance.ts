// The checks that Spine makes on ebXML messages before it accepts them; names and texts are Spine's own.
import type { EbxmlPattern } from "../../ebxml/reliability.js";
import { attributeValue, childrenNamed, isNamed, type XmlElement, type XmlName } from "../../xml/xml-element.js";

const soap = "http://schemas.xmlsoap.org/soap/envelope/";
const eb = "http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd";
const xlink = "http://www.w3.org/1999/xlink";
const actorPrefix = "urn:oasis:names:tc:ebxml-msg:actor:";
const nextActor = "http://schemas.xmlsoap.org/soap/actor/next";

const notWellFormed = "ErrorBaseTms.MESSAGE_NOT_WELL_FORMED";
const manifestInvalid = "ErrorBaseTms.INVALID_MANIFEST_REFERENCE";
const syncReplyInconsistent = "ErrorBaseTms.SYNCREPLY_INCONSISTENT_WITH_CONTRACT";
const acknowledgmentInvalid = "ErrorBaseTms.EBXML_ACK_INVALID";

/** A check that failed gives its fault text. */
type Check = readonly [hasPassed: boolean, fault: string];

function faultsOf(checks: readonly Check[]): readonly string[] {
  return checks.filter(([hasPassed]) => !hasPassed).map(([, fault]) => fault);
}

function ebName(localName: string): XmlName {
  return { localName, namespaces: [eb] };
}

function soapName(localName: string): XmlName {
  return { localName, namespaces: [soap] };
}

/** The elements at the end of a path of ebXML names, below each of the given ones. */
function at(elements: readonly XmlElement[], ...path: readonly string[]): readonly XmlElement[] {
  return path.reduce((found, localName) => found.flatMap((one) => childrenNamed(one, ebName(localName))), elements);
}

function ebAttribute(element: XmlElement | undefined, localName: string): string | undefined {
  return element === undefined ? undefined : attributeValue(element, localName, eb);
}

function soapActor(element: XmlElement | undefined): string | undefined {
  return element === undefined ? undefined : attributeValue(element, "actor", soap);
}

interface EnvelopeParts {
  readonly headers: readonly XmlElement[];
  readonly bodies: readonly XmlElement[];
  readonly messageHeaders: readonly XmlElement[];
}

function partsOf(envelope: XmlElement): EnvelopeParts {
  const headers = childrenNamed(envelope, soapName("Header"));
  return {
    headers,
    bodies: childrenNamed(envelope, soapName("Body")),
    messageHeaders: at(headers, "MessageHeader"),
  };
}

function envelopeChecks(envelope: XmlElement, pattern: EbxmlPattern): readonly Check[] {
  const { headers, bodies } = partsOf(envelope);
  const fault = (name: string): string =>
    pattern === "forward-reliable"
      ? `${notWellFormed}[soapSchema.${name.toLowerCase()}]`
      : `${notWellFormed}[soap${name}Count]`;
  return [
    [isNamed(envelope, soapName("Envelope")), fault("Envelope")],
    [headers.length === 1, fault("Header")],
    [bodies.length === 1, fault("Body")],
  ];
}

const mandatoryPaths: readonly (readonly [path: readonly string[], name: string])[] = [
  [["From", "PartyId"], "fromPartyId"],
  [["To", "PartyId"], "toPartyId"],
  [["CPAId"], "cpaId"],
  [["ConversationId"], "conversationId"],
  [["Service"], "service"],
  [["Action"], "action"],
  [["MessageData"], "messageData"],
  [["MessageData", "MessageId"], "messageId"],
  [["MessageData", "Timestamp"], "timestamp"],
];

function hasContent(element: XmlElement | undefined): boolean {
  return element !== undefined && (element.text.trim() !== "" || element.children.length > 0);
}

/** Only the first MessageHeader is looked at. */
function headerChecks(messageHeader: XmlElement | undefined, pattern: EbxmlPattern): readonly Check[] {
  const isForward = pattern === "forward-reliable";
  const version = ebAttribute(messageHeader, "version");
  const versionFits = version === "2.0" || (version === undefined && !isForward);
  return [
    ...mandatoryPaths.map(([path, name]): Check => {
      const found = messageHeader === undefined ? [] : at([messageHeader], ...path);
      const suffix = isForward ? `[ebXMLSchema.${name}]` : "";
      return [found.length === 1 && hasContent(found[0]), `${notWellFormed}${suffix}`];
    }),
    [versionFits, "ErrorBaseTms.INVALID_MESSAGE_HEADER_VERSION"],
  ];
}

/** Messages that Spine forwards may have several references, the others exactly one. */
function manifestChecks(bodies: readonly XmlElement[], pattern: EbxmlPattern): readonly Check[] {
  const manifests = at(bodies, "Manifest");
  const versionFits = manifests.every((manifest) => (ebAttribute(manifest, "version") ?? "2.0") === "2.0");
  const versionCheck: Check = [versionFits, `${manifestInvalid}[manifest.version]`];
  if (pattern === "forward-reliable") return [versionCheck];
  const references = at(manifests, "Reference");
  const href = references[0] === undefined ? undefined : attributeValue(references[0], "href", xlink);
  return [
    versionCheck,
    [references.length === 1, `${manifestInvalid}[manifest.referenceCount]`],
    [/:./s.test(href ?? ""), `${manifestInvalid}[manfiest.referenceInvalid]`],
  ];
}

function reliabilityChecks({ headers, messageHeaders }: EnvelopeParts, pattern: EbxmlPattern): readonly Check[] {
  const isExpress = pattern === "express";
  const eliminations = at(messageHeaders, "DuplicateElimination");
  const requests = at(headers, "AckRequested");
  const expected = isExpress ? 0 : 1;
  const elimination = "ErrorBaseTms.DUPLICATE_ELIMINATION_INCONSISTENT_WITH_CONTRACT";
  const request = "ErrorBaseTms.ACK_REQUESTED_INCONSISTENT_WITH_CONTRACT";
  const counts: readonly Check[] = [
    [eliminations.length === expected, isExpress ? `${elimination}[duplicateEliminationUnexpected]` : elimination],
    [requests.length === expected, isExpress ? `${request}[ackRequiredUnexpected]` : request],
  ];
  if (isExpress) return counts;
  const actor = `${actorPrefix}${pattern === "reliable" ? "toPartyMSH" : "nextMSH"}`;
  return [
    ...counts,
    [ebAttribute(requests[0], "version") === "2.0", "ErrorBaseTms.ACK_REQUESTED_VERSION_INVALID"],
    [ebAttribute(requests[0], "signed") === "false", "ErrorBaseTms.ACK_REQUESTED_SIGNED_INVALID"],
    [soapActor(requests[0]) === actor, "ErrorBaseTms.ACK_REQUESTED_ACTOR_INVALID"],
  ];
}

function syncReplyChecks(headers: readonly XmlElement[], pattern: EbxmlPattern): readonly Check[] {
  const replies = at(headers, "SyncReply");
  switch (pattern) {
    case "express":
      return [];
    case "forward-reliable":
      return [[replies.length === 0, syncReplyInconsistent]];
    case "reliable":
      return [
        [replies.length === 1, syncReplyInconsistent],
        [ebAttribute(replies[0], "version") === "2.0", "ErrorBaseTms.SYNCREPLY_VERSION_INVALID"],
        [soapActor(replies[0]) === nextActor, "ErrorBaseTms.SYNCREPLY_ACTOR_INVALID"],
      ];
  }
}

/** All faults of a request to an address of the given pattern; none means accepted. Attributes are compared exactly. */
export function checkEbxmlRequest(envelope: XmlElement, pattern: EbxmlPattern): readonly string[] {
  const parts = partsOf(envelope);
  return faultsOf([
    ...envelopeChecks(envelope, pattern),
    ...headerChecks(parts.messageHeaders[0], pattern),
    ...manifestChecks(parts.bodies, pattern),
    ...reliabilityChecks(parts, pattern),
    ...syncReplyChecks(parts.headers, pattern),
  ]);
}

/**
 * All faults of an Acknowledgment sent to Spine; none means accepted. Spine looks for an error list under a name with a
 * small first letter, so that a real one shows up only as a missing Acknowledgment.
 */
export function checkEbxmlAcknowledgment(envelope: XmlElement): readonly string[] {
  const { headers, messageHeaders } = partsOf(envelope);
  return faultsOf([
    [messageHeaders.length === 1, `${acknowledgmentInvalid}|Missing Message Header`],
    [at(headers, "Acknowledgment").length === 1, `${acknowledgmentInvalid}|Missing Acknowledgement`],
    [at(headers, "errorList").length === 0, `${acknowledgmentInvalid}|ebXML Error Discovered`],
    [ebAttribute(messageHeaders[0], "version") === "2.0", "ErrorBaseTms.SYNCREPLY_VERSION_INVALID"],
    [at(headers, "SyncReply").length === 0, syncReplyInconsistent],
  ]);
}

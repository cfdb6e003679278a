// The checks that Spine makes on the HL7 message of a query; names and texts are Spine's own.
import { attribute, child, children, elementAt, elementsAt, textOf } from "../../hl7v3/elements.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import { subjectElements } from "../../hl7v3/control-act.js";
import { parseTransmission } from "../../hl7v3/transmission-wrapper.js";
import type { Author, Hl7Time } from "../../cpis/model.js";
import { parseQueryEvent } from "../../cpis/query/query-event.js";
import type { XmlElement } from "../../xml/xml-element.js";

/** What Spine takes from a query it accepts. The NHS number is any text: Spine does not check its digits here. */
export interface AcceptedQuery {
  readonly hl7Id: string;
  readonly fromAsid: string;
  readonly toAsid: string;
  readonly nhsNumber: string;
  readonly eventId: string;
  readonly author: Author;
  readonly queriedAt?: Hl7Time;
  /** A scheduled read: it is not kept in the history, and nobody is told. */
  readonly isSilent: boolean;
}

export type QueryAcceptance =
  | { readonly kind: "accepted"; readonly query: AcceptedQuery }
  /** "wrapper": the transmission wrapper; "content": what the query itself must say. All faults, in the order of the checks. */
  | { readonly kind: "refused"; readonly about: "wrapper" | "content"; readonly faults: readonly string[] };

/** A check that failed gives its fault text. */
type Check = readonly [hasPassed: boolean, fault: string];

const missing = "ErrorBase1712.MANDATORY_DATA_MISSING";

function faultsOf(checks: readonly Check[]): readonly string[] {
  return checks.filter(([hasPassed]) => !hasPassed).map(([, fault]) => fault);
}

function hasOneValue(interaction: XmlElement, name: string, attributeName: string): boolean {
  const found = children(interaction, name);
  return found.length === 1 && attribute(found[0], attributeName) !== undefined;
}

/** The extensions of identifiers of that scheme. */
function extensions(holders: readonly XmlElement[], root: string): readonly string[] {
  return holders
    .flatMap((holder) => children(holder, "id"))
    .filter((id) => attribute(id, "root") === root)
    .map((id) => attribute(id, "extension"))
    .filter((extension) => extension !== undefined);
}

function hasOneAsid(interaction: XmlElement, ...path: readonly string[]): boolean {
  return extensions(elementsAt(interaction, ...path), objectIdentifiers.asid).length === 1;
}

function wrapperFaults(interaction: XmlElement): readonly string[] {
  const interactionId = child(interaction, "interactionId");
  const isConsistent =
    attribute(interactionId, "root") === objectIdentifiers.interactionId &&
    attribute(interactionId, "extension") === interaction.localName;
  return faultsOf([
    [hasOneValue(interaction, "id", "root"), "ErrorBase1732.INVALID_ID"],
    [hasOneValue(interaction, "creationTime", "value"), "ErrorBase1732.INVALID_CREATION_TIME"],
    [hasOneValue(interaction, "versionCode", "code"), "ErrorBase1732.INVALID_VERSION_CODE"],
    [isConsistent, "ErrorBase1732.INCONSISTENT_HL7_INTERACTION_ID"],
    [hasOneAsid(interaction, "communicationFunctionRcv", "device"), "ErrorBase1732.INVALID_COMM_FUNC_RCV"],
    [hasOneAsid(interaction, "communicationFunctionSnd", "device"), "ErrorBase1732.INVALID_COMM_FUNC_SND"],
    [children(interaction, "ControlActEvent").length === 1, "ErrorBase1732.INVALID_CONTROL_ACT"],
  ]);
}

function hasExtension(holder: XmlElement | undefined): boolean {
  return holder !== undefined && children(holder, "id").some((id) => attribute(id, "extension") !== undefined);
}

function personChecks(person: XmlElement): readonly Check[] {
  const code = child(person, "code");
  const organisation = child(person, "representedOrganization");
  return [
    [attribute(code, "code") !== undefined, `${missing}: Job Role Code`],
    [attribute(code, "displayName") !== undefined, `${missing}: Job Role Name`],
    [hasExtension(organisation), `${missing}: Organisation Code`],
    [textOf(child(organisation, "name")) !== undefined, `${missing}: Organisation Name`],
    [extensions([person], objectIdentifiers.sdsUserId).length > 0, `${missing}: authorID`],
  ];
}

function hasNameText(name: XmlElement | undefined): boolean {
  return name !== undefined && (textOf(name) !== undefined || name.children.some((part) => textOf(part) !== undefined));
}

function responsibleChecks(authority: XmlElement): readonly Check[] {
  const entity = child(authority, "superiorAssignedEntity");
  const code = child(entity, "code");
  return [
    [attribute(code, "code") !== undefined, `${missing}: authorDevice.jobRoleCode`],
    [attribute(code, "displayName") !== undefined, `${missing}: authorDevice.jobRoleName`],
    [hasNameText(elementAt(entity, "assignedPerson", "name")), `${missing}: authorDevice.assignedPersonName`],
  ];
}

function systemChecks(system: XmlElement): readonly Check[] {
  const organisation = child(system, "maintainingOrganization");
  return [
    [extensions([system], objectIdentifiers.asid).length > 0, `${missing}: authorDevice.systemID`],
    [hasExtension(organisation), `${missing}: authorDevice.orgCode`],
    [textOf(child(organisation, "name")) !== undefined, `${missing}: authorDevice.orgName`],
    ...children(system, "indirectAuthority").flatMap(responsibleChecks),
  ];
}

function contentFaults(interaction: XmlElement, event: XmlElement | undefined): readonly string[] {
  const author = child(event, "author");
  const people = author === undefined ? [] : children(author, "COCT_TP145102GB01.AssignedAuthor");
  const systems = author === undefined ? [] : children(author, "COCT_TP145104GB01.System");
  const number = elementAt(event, "queryByParameter", "person.NHSnumber", "value");
  const hasOneAuthor1 =
    elementsAt(interaction, "ControlActEvent", "author1").length === 1 &&
    hasOneAsid(interaction, "ControlActEvent", "author1", "AgentSystemSDS", "agentSystemSDS");
  return faultsOf([
    [hasOneAuthor1, `${missing}: author1`],
    [attribute(child(event, "id"), "root") !== undefined, `${missing}: Event ID`],
    [attribute(number, "extension") !== undefined, `${missing}: NHS Number`],
    [people.length + systems.length === 1, `${missing}: [authorPerson or authorDevice]`],
    ...people.flatMap(personChecks),
    ...systems.flatMap(systemChecks),
  ]);
}

/** Which form is right is not known, so each is understood: "false" as the text or as any attribute of the element. */
function isSilentRead(event: XmlElement): boolean {
  return children(event, "accessEventType").some(
    (type) => textOf(type) === "false" || type.attributes.some(({ value }) => value === "false"),
  );
}

/** Judges the interaction element of a query. Never throws. */
export function checkQuery(interaction: XmlElement): QueryAcceptance {
  const faults = wrapperFaults(interaction);
  if (faults.length > 0) return { kind: "refused", about: "wrapper", faults };
  const event = subjectElements(interaction, "CP-ISQueryStub").flatMap((stub) => children(stub, "cP-ISNHSQuery"))[0];
  const missingParts = contentFaults(interaction, event);
  if (event === undefined || missingParts.length > 0) {
    return { kind: "refused", about: "content", faults: missingParts };
  }
  const { accessId, accessedAt, author, nhsNumber } = parseQueryEvent(event, () => undefined);
  const { messageId, fromAsid, toAsid } = parseTransmission(interaction);
  if (
    accessId === undefined ||
    author === undefined ||
    nhsNumber === undefined ||
    messageId === undefined ||
    fromAsid === undefined ||
    toAsid === undefined
  ) {
    return { kind: "refused", about: "content", faults: [`${missing}: author`] };
  }
  const query = {
    hl7Id: messageId,
    fromAsid,
    toAsid,
    nhsNumber,
    eventId: accessId,
    author,
    isSilent: isSilentRead(event),
  };
  return { kind: "accepted", query: accessedAt === undefined ? query : { ...query, queriedAt: accessedAt } };
}

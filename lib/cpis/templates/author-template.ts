// Who asked: the templates COCT_TP145102GB01 (a person) and COCT_TP145104GB01 (a system).
import {
  codeNode,
  extensionOf,
  idNode,
  known,
  nameNode,
  organisationNodes,
  parseExtension,
  parseIdentifiers,
  parseName,
  parseOrganisation,
} from "../../hl7v3/data-types.js";
import { attribute, child, elementAt, elementsAt } from "../../hl7v3/elements.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import { isTemplate, templateElements, templateNodes, type Template, type Warn } from "./content-id.js";
import type { Author, PersonAuthor, ResponsiblePerson, Role, SystemAuthor } from "../model.js";
import { unknownCode } from "../vocabularies.js";

const personTemplate: Template = { id: "COCT_TP145102GB01", className: "AssignedAuthor" };
const systemTemplate: Template = { id: "COCT_TP145104GB01", className: "System" };

function roleNode(role: Role | undefined): XmlNode | undefined {
  return role === undefined ? undefined : codeNode("code", { codeSystem: objectIdentifiers.jobRole, ...role });
}

function parseRole(code: XmlElement | undefined): Role | undefined {
  const value = attribute(code, "code");
  const displayName = attribute(code, "displayName");
  const shown = displayName ?? value;
  if (shown === undefined) return undefined;
  return known<Role>({ code: value ?? unknownCode, codeSystem: attribute(code, "codeSystem"), displayName: shown });
}

function identifierNode(root: string, extension: string | undefined): XmlNode | undefined {
  return extension === undefined ? undefined : idNode({ root, extension });
}

function personNodes(author: PersonAuthor): readonly XmlNode[] {
  return templateNodes(personTemplate, [
    roleNode(author.role),
    identifierNode(objectIdentifiers.sdsUserId, author.userId),
    identifierNode(objectIdentifiers.sdsRoleProfileId, author.roleProfileId),
    element("assignedAuthorPerson", {}, [nameNode(author.name)]),
    element("representedOrganization", {}, organisationNodes(author.organisation)),
  ]);
}

function responsibleNode(person: ResponsiblePerson): XmlNode {
  const assignedPerson = element("assignedPerson", {}, [nameNode(person.name)]);
  return element("indirectAuthority", {}, [
    element("superiorAssignedEntity", {}, [roleNode(person.role), assignedPerson]),
  ]);
}

function systemNodes(author: SystemAuthor): readonly XmlNode[] {
  return templateNodes(systemTemplate, [
    identifierNode(objectIdentifiers.asid, author.asid),
    ...author.responsible.map(responsibleNode),
    element("maintainingOrganization", {}, organisationNodes(author.organisation)),
  ]);
}

/** The `author` element of a query event. */
export function authorNode(author: Author): XmlNode {
  return element("author", {}, author.kind === "person" ? personNodes(author) : systemNodes(author));
}

function parsePerson(person: XmlElement): PersonAuthor {
  const identifiers = parseIdentifiers(person);
  return known<PersonAuthor>({
    kind: "person",
    userId: extensionOf(identifiers, objectIdentifiers.sdsUserId),
    roleProfileId: extensionOf(identifiers, objectIdentifiers.sdsRoleProfileId),
    role: parseRole(child(person, "code")),
    name: parseName(elementAt(person, "assignedAuthorPerson", "name")),
    organisation: parseOrganisation(child(person, "representedOrganization")),
  });
}

function parseResponsible(entity: XmlElement): ResponsiblePerson {
  return known<ResponsiblePerson>({
    role: parseRole(child(entity, "code")),
    name: parseName(elementAt(entity, "assignedPerson", "name")),
  });
}

function parseSystem(system: XmlElement): SystemAuthor {
  return known<SystemAuthor>({
    kind: "system",
    asid: parseExtension(system, objectIdentifiers.asid),
    organisation: parseOrganisation(child(system, "maintainingOrganization")),
    responsible: elementsAt(system, "indirectAuthority", "superiorAssignedEntity").map(parseResponsible),
  });
}

/** Takes an `author` element; undefined when it holds neither template. */
export function parseAuthor(author: XmlElement | undefined, warn: Warn): Author | undefined {
  if (author === undefined) return undefined;
  for (const candidate of templateElements(author, warn)) {
    if (isTemplate(candidate, personTemplate)) return parsePerson(candidate);
    if (isTemplate(candidate, systemTemplate)) return parseSystem(candidate);
  }
  return undefined;
}

// The HL7 V3 data types as NHS England restricts them: II, TS, CV, PN, TEL, INT and organisations.
import { element, type XmlNode } from "../xml/encode-xml.js";
import type { XmlElement } from "../xml/xml-element.js";
import { attribute, child, children, textOf } from "./elements.js";
import { objectIdentifiers } from "./object-identifiers.js";
import { parseHl7Time } from "./timestamp.js";
import type { CodedText, Hl7Time, InstanceIdentifier, OrganisationRef, PersonName, Telecom } from "./values.js";

/** Drops what is undefined, so that an unknown field is absent from the model. */
export function known<Model extends object>(model: { readonly [Key in keyof Model]: Model[Key] | undefined }): Model {
  const present: Partial<Model> = {};
  for (const key in model) {
    if (model[key] !== undefined) present[key] = model[key];
  }
  // What is left has the types of Model: only undefined fields went, and Model's required fields are never undefined.
  return present as Model;
}

export function idNode(identifier: InstanceIdentifier): XmlNode {
  const { root, extension, assigningAuthorityName } = identifier;
  return element("id", { root, extension, assigningAuthorityName });
}

/** A UUID in the upper case that the schemas demand, without "uuid:". */
export function parseUuidText(text: string | undefined): string | undefined {
  return text?.replace(/^uuid:/i, "").toUpperCase();
}

/** The root of the element's `id`, upper case. */
export function parseIdRoot(parent: XmlElement | undefined): string | undefined {
  return parseUuidText(attribute(child(parent, "id"), "root"));
}

/** Takes an `id`, or a `value` that is of the same type. */
export function parseIdentifier(id: XmlElement): InstanceIdentifier {
  return known<InstanceIdentifier>({
    root: attribute(id, "root"),
    extension: attribute(id, "extension"),
    assigningAuthorityName: attribute(id, "assigningAuthorityName"),
  });
}

export function parseIdentifiers(parent: XmlElement): readonly InstanceIdentifier[] {
  return children(parent, "id").map(parseIdentifier);
}

/** The extension of an identifier whose scheme is fixed; Spine has written `value` in its place. */
export function parsePlainIdentifier(id: XmlElement | undefined): string | undefined {
  return attribute(id, "extension") ?? attribute(id, "value");
}

/** The extension of the first identifier of that scheme. */
export function extensionOf(identifiers: readonly InstanceIdentifier[], root: string): string | undefined {
  return identifiers.find((id) => id.root === root && id.extension !== undefined)?.extension;
}

/** The extension of the element's identifier of that scheme, or of its only identifier without a scheme. */
export function parseExtension(parent: XmlElement | undefined, root: string): string | undefined {
  if (parent === undefined) return undefined;
  const identifiers = parseIdentifiers(parent);
  return extensionOf(identifiers, root) ?? identifiers.find((id) => id.root === undefined)?.extension;
}

export function timeNode(name: string, time: Hl7Time): XmlNode {
  return element(name, { value: time.raw });
}

/** Undefined when there is no value; a value that is no time comes without `iso`. */
export function parseTime(time: XmlElement | undefined): Hl7Time | undefined {
  const value = attribute(time, "value");
  return value === undefined ? undefined : parseHl7Time(value);
}

export function codeNode(name: string, code: CodedText): XmlNode {
  const qualifier = code.qualifier === undefined ? undefined : element("qualifier", { code: code.qualifier });
  const { codeSystem, displayName } = code;
  return element(name, { code: code.code, codeSystem, displayName }, [qualifier]);
}

/** Undefined when there is no code. The qualifier's attributes stand on the qualifier itself. */
export function parseCode(code: XmlElement | undefined): CodedText | undefined {
  const value = attribute(code, "code");
  if (value === undefined) return undefined;
  const qualifier = child(code, "qualifier");
  return known<CodedText>({
    code: value,
    codeSystem: attribute(code, "codeSystem"),
    displayName: attribute(code, "displayName"),
    qualifier: attribute(qualifier, "code") ?? attribute(qualifier, "displayName"),
  });
}

/** Writes prefix, given, family and suffix in this order, or the plain text of a name without parts. */
export function nameNode(name: PersonName): XmlNode {
  const part = (partName: string, text: string | undefined): XmlNode | undefined =>
    text === undefined ? undefined : element(partName, {}, [text]);
  const given = name.given.map((text) => element("given", {}, [text]));
  const parts = [part("prefix", name.prefix), ...given, part("family", name.family), part("suffix", name.suffix)];
  return element("name", {}, parts.some((node) => node !== undefined) ? parts : [name.text]);
}

/** Takes parts in any order and trims them; a name without parts becomes `text`. */
export function parseName(name: XmlElement | undefined): PersonName {
  if (name === undefined) return { given: [] };
  const given = children(name, "given")
    .map(textOf)
    .filter((text) => text !== undefined);
  return known<PersonName>({
    prefix: textOf(child(name, "prefix")),
    given,
    family: textOf(child(name, "family")),
    suffix: textOf(child(name, "suffix")),
    text: textOf(name),
  });
}

/** What an INT says: a number, or that there is a value which is none. */
export type ReceivedInteger = number | "unreadable";

export function integerNode(name: string, value: number): XmlNode {
  return element(name, { value: String(value) });
}

/** Undefined when there is no value. */
export function parseInteger(integer: XmlElement | undefined): ReceivedInteger | undefined {
  const value = attribute(integer, "value");
  if (value === undefined) return undefined;
  const number = Number(value);
  return /^[+-]?[0-9]+$/.test(value) && Number.isSafeInteger(number) ? number : "unreadable";
}

export function telecomNode(telecom: Telecom): XmlNode {
  const use = telecom.uses.length === 0 ? undefined : telecom.uses.join(" ");
  return element("telecom", { value: `tel:${telecom.number}`, use });
}

/** Takes off "tel:" and blanks; undefined when nothing is left. */
export function parseTelecom(telecom: XmlElement): Telecom | undefined {
  const number = (attribute(telecom, "value") ?? "").replace(/^tel:/i, "").replace(/\s/g, "");
  if (number === "") return undefined;
  return { number, uses: (attribute(telecom, "use") ?? "").split(/\s+/).filter((use) => use !== "") };
}

const organisationSchemes = { organisation: objectIdentifiers.odsOrganisation, site: objectIdentifiers.odsSite };

/** The `id` and `name` of an organisation; without its code there is no `id`. */
export function organisationNodes(organisation: OrganisationRef): readonly (XmlNode | undefined)[] {
  const { code, codeType = "organisation", name } = organisation;
  const id = code === undefined ? undefined : idNode({ root: organisationSchemes[codeType], extension: code });
  return [id, name === undefined ? undefined : element("name", {}, [name])];
}

/** Code and name as they were sent, trimmed. */
export function parseOrganisation(organisation: XmlElement | undefined): OrganisationRef {
  if (organisation === undefined) return {};
  const identifiers = parseIdentifiers(organisation).filter((id) => id.extension !== undefined);
  const schemes: readonly (string | undefined)[] = Object.values(organisationSchemes);
  const id = identifiers.find(({ root }) => schemes.includes(root)) ?? identifiers[0];
  return known<OrganisationRef>({
    code: id?.extension,
    codeType: organisationCodeType(id?.root),
    name: textOf(child(organisation, "name")),
  });
}

function organisationCodeType(root: string | undefined): OrganisationRef["codeType"] {
  if (root === organisationSchemes.organisation) return "organisation";
  return root === organisationSchemes.site ? "site" : undefined;
}

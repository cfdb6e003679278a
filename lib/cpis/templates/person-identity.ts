// Who a person is, for CP-IS: the NHS number and the local authority's own id.
import { extensionOf, known, parseIdentifier, parsePlainIdentifier } from "../../hl7v3/data-types.js";
import { attribute, isHl7, textOf } from "../../hl7v3/elements.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { InstanceIdentifier } from "../../hl7v3/values.js";
import type { Subject } from "../model.js";
import { readNhsNumber, stripNhsNumber } from "../nhs-number.js";

export type PersonIdentity = Pick<Subject, "nhsNumber" | "localId" | "localIdAuthority">;

/** The identifiers under the name they have in their message, the NHS number first; what is not known is left out. */
export function identityNodes(name: "id" | "value", identity: PersonIdentity): readonly (XmlNode | undefined)[] {
  const { nhsNumber, localId, localIdAuthority } = identity;
  const local = { extension: localId, assigningAuthorityName: localIdAuthority };
  return [
    nhsNumber === undefined ? undefined : element(name, { root: objectIdentifiers.nhsNumber, extension: nhsNumber }),
    localId === undefined ? undefined : element(name, { root: objectIdentifiers.localPersonId, ...local }),
  ];
}

/** Takes the identifiers in any order; the root tells them apart, and one without root is an NHS number or nothing. */
export function parseIdentity(elements: readonly XmlElement[]): PersonIdentity {
  const identifiers = elements.map((element) =>
    known<InstanceIdentifier>({ ...parseIdentifier(element), extension: parsePlainIdentifier(element) }),
  );
  const local = identifiers.find((id) => id.root === objectIdentifiers.localPersonId && id.extension !== undefined);
  const nhsNumber = extensionOf(identifiers, objectIdentifiers.nhsNumber);
  const rootless = identifiers.find((id) => id.root === undefined && readNhsNumber(id.extension ?? "") !== undefined);
  const found = nhsNumber ?? rootless?.extension;
  return known({
    nhsNumber: found === undefined ? undefined : stripNhsNumber(found),
    localId: local?.extension,
    localIdAuthority: local?.assigningAuthorityName,
  });
}

const nhsNumberSchemes: readonly string[] = [objectIdentifiers.nhsNumber, objectIdentifiers.unverifiedNhsNumber];

/** What an identifier may be an NHS number by: its scheme, or its check digit under any scheme but a local one. */
function numbersOf(identifier: XmlElement): readonly string[] {
  const root = attribute(identifier, "root");
  if (root === objectIdentifiers.localPersonId) return [];
  const texts = [attribute(identifier, "extension"), attribute(identifier, "value"), textOf(identifier)];
  return texts
    .filter((found) => found !== undefined)
    .map(stripNhsNumber)
    .filter((found) =>
      root !== undefined && nhsNumberSchemes.includes(root)
        ? /^[0-9]{10}$/.test(found)
        : readNhsNumber(found) !== undefined,
    );
}

/** Every NHS number in the template of a person, in whichever form and place it stands there. */
export function findNhsNumbers(person: XmlElement): readonly string[] {
  const found = new Set<string>();
  const visit = (element: XmlElement): void => {
    if (isHl7(element) && (element.localName === "id" || element.localName === "value")) {
      for (const number of numbersOf(element)) found.add(number);
    }
    element.children.forEach(visit);
  };
  visit(person);
  return [...found];
}

// Who a person is, for CP-IS: the NHS number and the local authority's own id.
import { extensionOf, known, parseIdentifier } from "../../hl7v3/data-types.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
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
  const identifiers = elements.map(parseIdentifier);
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

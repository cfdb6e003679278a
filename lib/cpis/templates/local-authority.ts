// The responsible local authority of a record, and its telephones.
import { organisationNodes, parseOrganisation, parseTelecom, telecomNode } from "../../hl7v3/data-types.js";
import { children } from "../../hl7v3/elements.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { LocalAuthority } from "../model.js";

const emergencyDuty = "EC";
const officeHours = "WP";
/** Stands for the `use` of a telephone that came without one. */
const unspecifiedUse = "unspecified";

/** The `organisation` element. */
export function localAuthorityNode(authority: LocalAuthority): XmlNode {
  const { officeHoursTelephone, emergencyDutyTelephone, otherTelephones = [] } = authority;
  const telephone = (number: string | undefined, use: string): XmlNode | undefined =>
    number === undefined ? undefined : telecomNode({ number, uses: use === unspecifiedUse ? [] : [use] });
  return element("organisation", {}, [
    ...organisationNodes(authority),
    telephone(officeHoursTelephone, officeHours),
    telephone(emergencyDutyTelephone, emergencyDuty),
    ...otherTelephones.map(({ number, use }) => telephone(number, use)),
  ]);
}

type Telephones = Pick<LocalAuthority, "emergencyDutyTelephone" | "officeHoursTelephone" | "otherTelephones">;

/** The first number of each known use has its place; every other one is kept beside them with its use. */
function parseTelephones(organisation: XmlElement): Telephones {
  let found: Telephones = {};
  const others: { use: string; number: string }[] = [];
  for (const telecom of children(organisation, "telecom").map(parseTelecom)) {
    if (telecom === undefined) continue;
    const { number, uses } = telecom;
    const isEmergencyDuty = uses.includes(emergencyDuty) && found.emergencyDutyTelephone === undefined;
    const isOfficeHours = uses.includes(officeHours) && found.officeHoursTelephone === undefined;
    if (isEmergencyDuty) found = { ...found, emergencyDutyTelephone: number };
    if (isOfficeHours) found = { ...found, officeHoursTelephone: number };
    if (!isEmergencyDuty && !isOfficeHours) others.push({ use: uses.join(" ") || unspecifiedUse, number });
  }
  return others.length === 0 ? found : { ...found, otherTelephones: others };
}

/** Takes the `organisation` element; empty when there is none. */
export function parseLocalAuthority(organisation: XmlElement | undefined): LocalAuthority {
  if (organisation === undefined) return {};
  return { ...parseOrganisation(organisation), ...parseTelephones(organisation) };
}

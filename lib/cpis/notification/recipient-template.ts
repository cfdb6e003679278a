// Whom a notification is for: the template COCT_TP145103GB01.
import { organisationNodes, parseOrganisation } from "../../hl7v3/data-types.js";
import { child, children } from "../../hl7v3/elements.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import { isTemplate, templateElements, templateNodes, type Template, type Warn } from "../templates/content-id.js";
import type { OrganisationRef } from "../model.js";

const recipientTemplate: Template = { id: "COCT_TP145103GB01", className: "IntendedRecipient" };
const recipientName = "primaryInformationRecipient";

/** The `primaryInformationRecipient` element. */
export function recipientNode(recipient: OrganisationRef): XmlNode {
  const organisation = element("representedSourceOrganization", {}, organisationNodes(recipient));
  return element(recipientName, {}, templateNodes(recipientTemplate, [organisation]));
}

/** Takes the notification; empty, with a warning, when it names no recipient. */
export function parseRecipient(notification: XmlElement, warn: Warn): OrganisationRef {
  const templates = children(notification, recipientName).flatMap((holder) => templateElements(holder, warn));
  const recipient = templates.find((candidate) => isTemplate(candidate, recipientTemplate));
  const organisation = parseOrganisation(child(recipient, "representedSourceOrganization"));
  if (organisation.code === undefined) {
    warn({ code: "no-recipient", message: "The notification does not say which local authority it is for" });
  }
  return organisation;
}

// Templates in a CP-IS message: the contentId that announces one, and the element that follows it.
import { attribute, isHl7, localisationNamespace, localisationPrefix } from "../../hl7v3/elements.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { Warning } from "../model.js";

/** Takes what a parser finds odd. */
export type Warn = (warning: Warning) => void;

export interface Template {
  /** As in "COCT_TP145101GB01". */
  readonly id: string;
  /** As in "Child". */
  readonly className: string;
}

/** The name of the element: "COCT_TP145101GB01.Child". */
export function templateElementName(template: Template): string {
  return `${template.id}.${template.className}`;
}

/** The contentId and, directly after it, the template element. */
export function templateNodes(
  template: Template,
  content: readonly (XmlNode | undefined)[],
): readonly [XmlNode, XmlNode] {
  const contentId = element(`${localisationPrefix}:contentId`, {
    root: objectIdentifiers.contentId,
    extension: `${template.id}#${template.className}`,
  });
  return [contentId, element(templateElementName(template), {}, content)];
}

function isContentId(candidate: XmlElement): boolean {
  return candidate.localName === "contentId" && (candidate.namespace === localisationNamespace || isHl7(candidate));
}

/** What any HL7 V3 class may hold beside its own content. */
export const infrastructureNames: readonly string[] = ["realmCode", "typeId", "templateId", "seperatableInd"];

/** The children that are the element's own content. */
export function contentElements(parent: XmlElement): readonly XmlElement[] {
  return parent.children.filter((candidate) => !infrastructureNames.includes(candidate.localName));
}

/**
 * Every child that may be a template, in order. Where the contentId before it announces another template, that is
 * worth a warning and the element's name is believed.
 */
export function templateElements(parent: XmlElement, warn: Warn): readonly XmlElement[] {
  const found: XmlElement[] = [];
  let announced: string | undefined;
  for (const candidate of contentElements(parent)) {
    if (isContentId(candidate)) {
      announced = attribute(candidate, "extension");
      continue;
    }
    if (announced !== undefined && announced.replace("#", ".") !== candidate.localName) {
      warn({
        code: "content-id-mismatch",
        message: "A contentId announces another template than the one that follows",
        path: parent.localName,
      });
    }
    announced = undefined;
    found.push(candidate);
  }
  return found;
}

/** Whether the element is of that template. */
export function isTemplate(candidate: XmlElement, template: Template): boolean {
  return isHl7(candidate) && candidate.localName === templateElementName(template);
}

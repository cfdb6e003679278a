// Holds an element against the tree it must have, and reports what is not in it.
import { hl7Namespace, localisationNamespace } from "../../hl7v3/elements.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { ElementShape } from "./upload-file-shape.js";
import type { ReportFault } from "../../cpis/upload/rules/upload-rules.js";

/** The profile fixes their values, so that the schema refuses them wherever they stand. */
const prohibitedElements: readonly string[] = ["code", "templateId", "semanticsText", "keyWordText"];
const prohibitedAttributes: readonly string[] = ["classCode", "moodCode", "typeCode", "determinerCode"];
/** Every HL7 V3 class may hold these beside its own content. */
const infrastructureElements: readonly string[] = ["realmCode", "typeId"];
const infrastructureAttributes: readonly string[] = ["nullFlavor"];

function isNamedAs(element: XmlElement, shape: ElementShape): boolean {
  const namespace = shape.isContentId === true ? localisationNamespace : hl7Namespace;
  return element.namespace === namespace && element.localName === shape.name;
}

function checkAttributes(element: XmlElement, shape: ElementShape, path: string, report: ReportFault): void {
  const own = element.attributes.filter(({ namespace }) => namespace === "").map(({ localName }) => localName);
  const unknown = own.filter((name) => !shape.attributes.includes(name) && !infrastructureAttributes.includes(name));
  // A root beside an extension that stands alone is prohibited by name, too.
  const isProhibited = (name: string): boolean => prohibitedAttributes.includes(name) || name === "root";
  if (unknown.some(isProhibited)) report("upload.prohibited-item", path);
  if (unknown.some((name) => !isProhibited(name))) report("upload.schema-invalid", path);
}

function isHl7Named(element: XmlElement, names: readonly string[]): boolean {
  return element.namespace === hl7Namespace && names.includes(element.localName);
}

/** The children that are the element's own content; reports those that are prohibited everywhere. */
export function checkedContent(element: XmlElement, path: string, report: ReportFault): readonly XmlElement[] {
  if (element.children.some((child) => isHl7Named(child, prohibitedElements))) report("upload.prohibited-item", path);
  return element.children.filter(
    (child) => !isHl7Named(child, prohibitedElements) && !isHl7Named(child, infrastructureElements),
  );
}

function checkChildren(element: XmlElement, shapes: readonly ElementShape[], path: string, report: ReportFault): void {
  if (element.text.trim() !== "") report("upload.schema-invalid", path);
  const content = checkedContent(element, path, report);
  let position = 0;
  let isComplete = true;
  for (const shape of shapes) {
    let count = 0;
    for (let next = content[position]; next !== undefined && isNamedAs(next, shape); next = content[position]) {
      if (count === shape.maximum) break;
      checkElementShape(next, shape, path, report);
      count += 1;
      position += 1;
    }
    if (count < shape.minimum) isComplete = false;
  }
  if (!isComplete || position < content.length) report("upload.schema-invalid", path);
}

/** Reports under the names of the shape, never under a name that came with the element: that could be anything. */
export function checkElementShape(
  element: XmlElement,
  shape: ElementShape,
  parentPath: string,
  report: ReportFault,
): void {
  const path = parentPath === "" ? shape.name : `${parentPath}/${shape.name}`;
  if (!isNamedAs(element, shape)) {
    report("upload.schema-invalid", path);
    return;
  }
  checkAttributes(element, shape, path, report);
  if (shape.content === "text") {
    if (element.children.length > 0) report("upload.schema-invalid", path);
  } else if (shape.content !== "free") {
    checkChildren(element, shape.content, path, report);
  }
}

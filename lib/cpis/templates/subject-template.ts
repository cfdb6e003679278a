// Whom a plan is about: the templates COCT_TP145101GB01 (a child) and COCT_TP145100GB01 (an unborn child's mother).
import { known, nameNode, parseName } from "../../hl7v3/data-types.js";
import { attribute, child, children, elementsAt } from "../../hl7v3/elements.js";
import { parseHl7Time } from "../../hl7v3/timestamp.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import { isTemplate, templateElements, templateNodes, type Template, type Warn } from "./content-id.js";
import type { Subject } from "../model.js";
import { findNhsNumbers, identityNodes, parseIdentity } from "./person-identity.js";

const childTemplate: Template = { id: "COCT_TP145101GB01", className: "Child" };
const unbornChildTemplate: Template = { id: "COCT_TP145100GB01", className: "UnbornChild" };

function demographicNodes(subject: Subject): readonly (XmlNode | undefined)[] {
  const { birthDate, givenName, familyName, nameText } = subject;
  const name = { given: givenName === undefined ? [] : [givenName], family: familyName, text: nameText };
  return [
    birthDate === undefined ? undefined : element("birthTime", { value: birthDate.replaceAll("-", "") }),
    nameNode(known(name)),
  ];
}

/** The `subject` element of a record. */
export function subjectNode(subject: Subject): XmlNode {
  if (subject.kind === "child") {
    const childPerson = element("childPerson", {}, demographicNodes(subject));
    return element("subject", {}, templateNodes(childTemplate, [...identityNodes("id", subject), childPerson]));
  }
  const mother = element("parentMotherPerson", {}, [
    ...demographicNodes(subject),
    element("playedMother", {}, identityNodes("id", subject)),
  ]);
  return element("subject", {}, templateNodes(unbornChildTemplate, [mother]));
}

/** "YYYY-MM-DD", or less when the day is not given. */
function parseBirthDate(person: XmlElement | undefined, warn: Warn): string | undefined {
  const value = attribute(child(person, "birthTime"), "value");
  if (value === undefined) return undefined;
  const birthDate = parseHl7Time(value).iso?.slice(0, 10);
  if (birthDate === undefined) {
    warn({ code: "unreadable-birth-date", message: "A date of birth could not be read", path: "birthTime" });
  }
  return birthDate;
}

function parseDemographics(person: XmlElement | undefined, warn: Warn): Omit<Subject, "kind"> {
  const name = parseName(child(person, "name"));
  const isPlainText = name.given.length === 0 && name.family === undefined;
  return known({
    birthDate: parseBirthDate(person, warn),
    givenName: name.given.length === 0 ? undefined : name.given.join(" "),
    familyName: name.family,
    nameText: isPlainText ? name.text : undefined,
  });
}

/** A person with the NHS numbers that stand in it otherwise than in its place, if there are any. */
export interface ReceivedSubject extends Subject {
  readonly otherNumbers?: readonly string[];
}

/** Whether the element is of the template of a child or of an unborn child's mother. */
export function isSubjectTemplate(candidate: XmlElement): boolean {
  return isTemplate(candidate, childTemplate) || isTemplate(candidate, unbornChildTemplate);
}

/** Takes the template element of a person; undefined for any other. */
export function parseSubjectTemplate(candidate: XmlElement, warn: Warn): ReceivedSubject | undefined {
  const subject = parsePerson(candidate, warn);
  if (subject === undefined) return undefined;
  const otherNumbers = findNhsNumbers(candidate).filter((number) => number !== subject.nhsNumber);
  return otherNumbers.length === 0 ? subject : { ...subject, otherNumbers };
}

function parsePerson(candidate: XmlElement, warn: Warn): Subject | undefined {
  if (isTemplate(candidate, childTemplate)) {
    const person = child(candidate, "childPerson");
    return { kind: "child", ...parseIdentity(children(candidate, "id")), ...parseDemographics(person, warn) };
  }
  if (isTemplate(candidate, unbornChildTemplate)) {
    const person = child(candidate, "parentMotherPerson");
    const identity = parseIdentity(person === undefined ? [] : elementsAt(person, "playedMother", "id"));
    return { kind: "mother", ...identity, ...parseDemographics(person, warn) };
  }
  return undefined;
}

/** Takes a `subject` element of a record. Gives every person in it that is of a known template. */
export function parseReceivedSubjects(subject: XmlElement, warn: Warn): readonly ReceivedSubject[] {
  return templateElements(subject, warn).flatMap((candidate): readonly ReceivedSubject[] => {
    const found = parseSubjectTemplate(candidate, warn);
    if (found !== undefined) return [found];
    warn({ code: "unknown-subject", message: "A person is described in an unknown form", path: "subject" });
    return [];
  });
}

/** The same, without numbers in other places. */
export function parseSubjects(subject: XmlElement, warn: Warn): readonly Subject[] {
  return parseReceivedSubjects(subject, warn).map(withoutOtherNumbers);
}

export function withoutOtherNumbers(received: ReceivedSubject): Subject {
  const subject: Subject & { otherNumbers?: readonly string[] } = { ...received };
  delete subject.otherNumbers;
  return subject;
}

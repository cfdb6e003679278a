// How a scheduled read says that no local authority is to be told of it. No public source confirms the form, so it is stated.
import { CpisError } from "../../errors.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";

/** Where the element stands among the children of cP-ISNHSQuery. */
export const silentReadPlaces = ["first", "after-effectiveTime", "after-id", "after-author", "last"] as const;

export type SilentReadPlace = (typeof silentReadPlaces)[number];

/** The confirmed form of `accessEventType`, as an administrator states it; nothing in it has a default. */
export interface SilentReadForm {
  readonly place: SilentReadPlace;
  /** Absent: the value is the text of the element. */
  readonly attribute?: string;
  readonly value: string;
}

const elementName = "accessEventType";
const attributeName = /^(?!xml)[A-Za-z_][A-Za-z0-9._-]{0,63}$/i;
/** No white space at either end: a reader might take it as a part of the value. */
const valueForm = /^\S(?:[^\r\n\t]{0,62}\S)?$/;

function refuse(what: string): never {
  throw new CpisError("CONFIG_INVALID", { detail: `the ${what} of ${elementName}` });
}

/** Throws CONFIG_INVALID for a form that no XML could have. */
export function checkSilentReadForm(form: SilentReadForm): SilentReadForm {
  if (form.attribute !== undefined && !attributeName.test(form.attribute)) refuse("attribute");
  if (!valueForm.test(form.value)) refuse("value");
  return form;
}

function placeIn(event: XmlNode, place: SilentReadPlace): number {
  if (place === "first") return 0;
  if (place === "last") return event.children.length;
  const name = place.slice("after-".length);
  const before = event.children.findIndex((child) => typeof child !== "string" && child.name === name);
  return before === -1 ? refuse("place") : before + 1;
}

/** The event of a query with the element in its place. Throws CONFIG_INVALID. */
export function insertAccessEventType(event: XmlNode, form: SilentReadForm): XmlNode {
  const { attribute, value } = checkSilentReadForm(form);
  const node =
    attribute === undefined ? element(elementName, {}, [value]) : element(elementName, { [attribute]: value });
  return { ...event, children: event.children.toSpliced(placeIn(event, form.place), 0, node) };
}

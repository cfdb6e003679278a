// Reads msg.cpis.user, the clinician who asks, as any flow may have written it.
import type { OrganisationRef, PersonAuthor, PersonName, Role } from "../../lib/cpis/model.js";
import { definedOnly } from "../../lib/defined-only.js";
import { CpisError } from "../../lib/errors.js";
import type { OwnOrganisation } from "../adapter/transports/transport-model.js";

export interface Clinician {
  readonly author: PersonAuthor;
  /** National RBAC activities; empty when the message names none. */
  readonly activities: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(place: string): never {
  throw new CpisError("CPIS_INVALID_REQUEST", { detail: place });
}

function fieldsAt(value: unknown, place: string): Fields {
  return isFields(value) ? value : refuse(place);
}

/** Absent and empty are one; anything but text or a number is refused, because a guess would end up in an audit. */
function optionalText(value: unknown, place: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" && typeof value !== "number") return refuse(place);
  const text = value.toString().trim();
  return text === "" ? undefined : text;
}

function textList(value: unknown, place: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((item) => optionalText(item, place) ?? []);
}

/** Drops what is not there: the model has absent properties, never undefined ones. */
function present<Name extends string>(properties: Record<Name, string | undefined>): Partial<Record<Name, string>> {
  const result: Partial<Record<Name, string>> = {};
  for (const name in properties) {
    const value = properties[name];
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function readName(value: unknown): PersonName {
  const place = "msg.cpis.user.name";
  if (typeof value === "string") {
    const text = optionalText(value, place);
    return text === undefined ? refuse(place) : { given: [], text };
  }
  const name = fieldsAt(value, place);
  return {
    given: textList(name["given"], `${place}.given`),
    ...present({
      prefix: optionalText(name["prefix"], `${place}.prefix`),
      family: optionalText(name["family"], `${place}.family`),
      suffix: optionalText(name["suffix"], `${place}.suffix`),
      text: optionalText(name["text"], `${place}.text`),
    }),
  };
}

function readRole(value: unknown): Role | undefined {
  if (value === undefined || value === null) return undefined;
  const place = "msg.cpis.user.role";
  const role = fieldsAt(value, place);
  return {
    code: optionalText(role["code"], `${place}.code`) ?? refuse(`${place}.code`),
    displayName: optionalText(role["displayName"], `${place}.displayName`) ?? refuse(`${place}.displayName`),
    ...present({ codeSystem: optionalText(role["codeSystem"], `${place}.codeSystem`) }),
  };
}

/** The organisation of the transport stands in when the message names none. */
function readOrganisation(value: unknown, own: OwnOrganisation): OrganisationRef {
  if (value === undefined || value === null) return { code: own.code, name: own.name };
  const place = "msg.cpis.user.organisation";
  const organisation = fieldsAt(value, place);
  return present({
    code: optionalText(organisation["code"], `${place}.code`),
    name: optionalText(organisation["name"], `${place}.name`),
  });
}

/** Throws CPIS_INVALID_REQUEST, naming the property and never its value. */
export function readClinician(value: unknown, own: OwnOrganisation): Clinician {
  const place = "msg.cpis.user";
  const user = fieldsAt(value, place);
  const role = readRole(user["role"]);
  return {
    author: {
      kind: "person",
      name: readName(user["name"]),
      organisation: readOrganisation(user["organisation"], own),
      ...present({
        userId: optionalText(user["userId"], `${place}.userId`),
        roleProfileId: optionalText(user["roleProfileId"], `${place}.roleProfileId`),
      }),
      ...definedOnly({ role }),
    },
    activities: textList(user["activities"], `${place}.activities`),
  };
}

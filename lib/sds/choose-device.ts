// Chooses, of the accredited systems found, the one that messages are addressed to.
import { CpisError } from "../errors.js";
import { isAsid, parsePartyKey, type PartyKey } from "../identifiers.js";
import type { SdsDevice } from "./directory-model.js";
import { invalidAnswer } from "./fhir-json.js";
import { narrow, requireLoneValue } from "./lone-value.js";

export interface Addressee {
  readonly toAsid: string;
  readonly toPartyKey: PartyKey;
}

/** Printable, so that it can go into any header or question. */
export function readToken(value: string, field: string): string {
  if (!/^[\x21-\x7e]{1,100}$/.test(value)) throw invalidAnswer(`the ${field} is not in the form of one`);
  return value;
}

/** A record that is not about what was asked must not be used, whoever mixed it up. */
export function requireInteraction(interactions: readonly string[], asked: string): void {
  const isAsked = interactions.some((each) => each.toLowerCase() === asked.toLowerCase());
  if (interactions.length > 0 && !isAsked) throw invalidAnswer("a record is of another interaction than the one asked");
}

export function requireOrganisation(found: string | undefined, asked: string | undefined): void {
  if (found === undefined || asked === undefined || found.toLowerCase() === asked.toLowerCase()) return;
  throw invalidAnswer("a record is of another organisation than the one asked");
}

/**
 * `interaction` is the service interaction id that was asked for; `manual` is what the operator has set.
 * Throws SDS_NOT_FOUND for no record, SDS_AMBIGUOUS for several that differ, SDS_INCOMPLETE for one without ASID or
 * party key, SDS_RESPONSE_INVALID for one that is not about what was asked, or whose ASID has not 12 digits.
 */
export function chooseDevice(
  devices: readonly SdsDevice[],
  asked: { readonly odsCode: string; readonly interaction: string },
  manual: Partial<Addressee>,
): Addressee {
  if (devices.length === 0) {
    throw new CpisError("SDS_NOT_FOUND", {
      detail: `no accredited system of ${asked.odsCode} for ${asked.interaction}`,
    });
  }
  for (const device of devices) {
    requireInteraction(device.interactions, asked.interaction);
    requireOrganisation(device.organisation, asked.odsCode);
  }
  const byKey = narrow(devices, manual.toPartyKey, ({ partyKey }) => partyKey);
  const fitting = narrow(byKey, manual.toAsid, ({ asid }) => asid);
  const toAsid =
    manual.toAsid ??
    requireLoneValue(
      "ASID",
      fitting.map(({ asid }) => asid),
    );
  if (!isAsid(toAsid)) throw invalidAnswer("the ASID has not 12 digits");
  const found = (): string =>
    readToken(
      requireLoneValue(
        "party key",
        fitting.map(({ partyKey }) => partyKey),
      ),
      "party key",
    );
  return { toAsid, toPartyKey: manual.toPartyKey ?? parsePartyKey(found()) };
}

// Makes the messaging contract out of the endpoints found and what the operator has set.
import { CpisError } from "../errors.js";
import { parseCpaId } from "../identifiers.js";
import { readToken, requireInteraction, type Addressee } from "./choose-device.js";
import type { ContractProperties, MessagingContract } from "./contract.js";
import type { SdsContractAttributes, SdsEndpoint } from "./directory-model.js";
import { parseDuration } from "../time/duration.js";
import { invalidAnswer } from "./fhir-json.js";
import { ambiguous, narrow, requireLoneValue } from "./lone-value.js";

/** Fields that the operator has set; each stands above what the directory says. */
export type ManualContract = Partial<MessagingContract>;

function readDuration(text: string | undefined, name: string): number {
  if (text === undefined) return 0;
  try {
    return parseDuration(text);
  } catch (cause) {
    throw new CpisError("SDS_RESPONSE_INVALID", { detail: `the ${name} is not a duration that can be used`, cause });
  }
}

/** The last part of a URN decides: records write it in any case, and misspell what stands before. */
function readActor(text: string | undefined): string {
  const token = (text ?? "").slice((text ?? "").lastIndexOf(":") + 1).toLowerCase();
  if (token === "topartymsh") return "toPartyMSH";
  if (token === "nextmsh") return "nextMSH";
  if (["", "ignored", "none", "n/a"].includes(token)) return "";
  throw invalidAnswer("the actor is not one of those that ebXML has");
}

/** All records must say the same, also that they say nothing. */
function loneAttribute<Value extends string | number>(
  endpoints: readonly SdsEndpoint[],
  name: string,
  read: (attributes: SdsContractAttributes) => Value | undefined,
): Value | undefined {
  const values = new Map<string, Value | undefined>();
  for (const { attributes } of endpoints) {
    const value = read(attributes);
    values.set(String(value ?? "none").toLowerCase(), value);
  }
  if (values.size > 1) throw ambiguous(name, [...values.keys()]);
  return [...values.values()][0];
}

function chooseProperties(endpoints: readonly SdsEndpoint[], manual: ManualContract): ContractProperties {
  const lone = <Value extends string | number>(
    name: string,
    read: (attributes: SdsContractAttributes) => Value | undefined,
  ): Value | undefined => loneAttribute(endpoints, name, read);
  return {
    syncReplyMode: manual.syncReplyMode ?? lone("sync reply mode", (each) => each.syncReplyMode) ?? "",
    ackRequested: manual.ackRequested ?? lone("acknowledgement requested", (each) => each.ackRequested) ?? "",
    duplicateElimination:
      manual.duplicateElimination ?? lone("duplicate elimination", (each) => each.duplicateElimination) ?? "",
    actor: manual.actor ?? readActor(lone("actor", (each) => each.actor)),
    retries: manual.retries ?? lone("retries", (each) => each.retries) ?? 0,
    retryIntervalMilliseconds:
      manual.retryIntervalMilliseconds ??
      readDuration(
        lone("retry interval", (each) => each.retryInterval),
        "retry interval",
      ),
    persistDurationMilliseconds:
      manual.persistDurationMilliseconds ??
      readDuration(
        lone("persist duration", (each) => each.persistDuration),
        "persist duration",
      ),
  };
}

function readAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "" || url.hash !== "") {
    throw invalidAnswer("the address is no https address");
  }
  return text;
}

function usableEndpoints(
  endpoints: readonly SdsEndpoint[],
  asked: { readonly interaction: string },
  addressee: Addressee,
): readonly SdsEndpoint[] {
  for (const { interactions, partyKey } of endpoints) {
    requireInteraction(interactions, asked.interaction);
    if (partyKey !== undefined && partyKey.toLowerCase() !== addressee.toPartyKey.toLowerCase()) {
      throw invalidAnswer("a record is of another party key than the one asked");
    }
  }
  const active = endpoints.filter(({ status }) => status === undefined || status.toLowerCase() === "active");
  if (active.length > 0) return active;
  const what = endpoints.length === 0 ? "no endpoint" : "no endpoint in use";
  throw new CpisError("SDS_NOT_FOUND", { detail: `${what} of ${addressee.toPartyKey} for ${asked.interaction}` });
}

/**
 * Gives the contract. More than one different address, CPA id or attribute is an error that lists them, unless the
 * operator has set that field. Whether the attributes name a pattern is for `selectPattern`.
 * Throws SDS_NOT_FOUND, SDS_AMBIGUOUS, SDS_INCOMPLETE, or SDS_RESPONSE_INVALID for a value that is not of its form.
 */
export function chooseEndpoint(
  endpoints: readonly SdsEndpoint[],
  asked: { readonly interaction: string },
  addressee: Addressee,
  manual: ManualContract,
): MessagingContract {
  const usable = usableEndpoints(endpoints, asked, addressee);
  const byCpa = narrow(usable, manual.cpaId, ({ cpaId }) => cpaId);
  const fitting = narrow(byCpa, manual.endpointUrl, ({ address }) => address);
  const lone = (name: string, values: readonly (string | undefined)[]): string => requireLoneValue(name, values);
  return {
    ...chooseProperties(fitting, manual),
    ...addressee,
    endpointUrl:
      manual.endpointUrl ??
      readAddress(
        lone(
          "address",
          fitting.map(({ address }) => address),
        ),
      ),
    cpaId:
      manual.cpaId ??
      parseCpaId(
        readToken(
          lone(
            "CPA id",
            fitting.map(({ cpaId }) => cpaId),
          ),
          "CPA id",
        ),
      ),
  };
}

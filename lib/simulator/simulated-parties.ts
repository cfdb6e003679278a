// The parties the simulator has a contract with.
import type { SimulatedParty } from "./model.js";
import { CpisError } from "../errors.js";
import { isAsid } from "../identifiers.js";

const maximumParties = 1000;

export interface SimulatedParties {
  readonly byKey: ReadonlyMap<string, SimulatedParty>;
  /** Replaces a party of the same key. Throws CONFIG_INVALID. */
  register(party: SimulatedParty): void;
  remove(partyKey: string): void;
}

function refusal(detail: string): CpisError {
  return new CpisError("CONFIG_INVALID", { detail });
}

function requireParty(party: SimulatedParty): void {
  if (party.partyKey.trim() === "") throw refusal("the party key of a simulated party is empty");
  if (party.cpaId.trim() === "") throw refusal("the CPA id of a simulated party is empty");
  if (party.odsCode?.trim() === "") throw refusal("the ODS code of a simulated party is empty");
  if (!isAsid(party.asid)) throw refusal("the ASID of a simulated party has not 12 digits");
  if (!URL.canParse(party.answerUrl) || new URL(party.answerUrl).protocol !== "https:") {
    throw refusal("the answer address of a simulated party is no https address");
  }
}

export function createParties(): SimulatedParties {
  const byKey = new Map<string, SimulatedParty>();
  return {
    byKey,
    register: (party) => {
      requireParty(party);
      if (byKey.size >= maximumParties && !byKey.has(party.partyKey)) {
        throw refusal(`more than ${maximumParties} simulated parties`);
      }
      byKey.set(party.partyKey, party);
    },
    remove: (partyKey) => {
      byKey.delete(partyKey);
    },
  };
}

// Asks the directory in two steps for one contract: the accredited system, then its endpoint.
import { definedOnly } from "../defined-only.js";
import { chooseDevice, type Addressee } from "./choose-device.js";
import { chooseEndpoint, type ManualContract } from "./choose-endpoint.js";
import type { MessagingContract } from "./contract.js";
import type { ServiceInteraction } from "./directory-model.js";
import { formatServiceInteraction } from "./directory-query.js";
import type { SdsClient } from "./sds-client.js";

export interface ContractLookup {
  readonly client: SdsClient;
  /** Of the organisation that the messages go to. */
  readonly odsCode: string;
  readonly interaction: ServiceInteraction;
  readonly manual: ManualContract;
}

async function findAddressee({ client, odsCode, interaction, manual }: ContractLookup): Promise<Addressee> {
  const { toAsid, toPartyKey } = manual;
  if (toAsid !== undefined && toPartyKey !== undefined) return { toAsid, toPartyKey };
  const query = { odsCode, interaction, ...definedOnly({ partyKey: toPartyKey }) };
  const asked = { odsCode, interaction: formatServiceInteraction(interaction) };
  return chooseDevice(await client.findDevices(query), asked, manual);
}

/** What the operator has set is not asked for and stands. Throws all that client, device and endpoint throw. */
export async function lookupContract(lookup: ContractLookup): Promise<MessagingContract> {
  const { client, interaction, manual } = lookup;
  const addressee = await findAddressee(lookup);
  const endpoints = await client.findEndpoints({ interaction, partyKey: addressee.toPartyKey });
  return chooseEndpoint(endpoints, { interaction: formatServiceInteraction(interaction) }, addressee, manual);
}

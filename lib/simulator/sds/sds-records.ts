// What the simulated directory knows: which system of which organisation takes which interaction, by which contract.
import type { SimulatedPattern } from "../model.js";
import { contractOf, queryService, uploadAction, uploadService } from "../spine-identity.js";
import type { MessagingContract } from "../../sds/contract.js";
import type { ServiceInteraction } from "../../sds/directory-model.js";

export interface SimulatedSdsRecord extends ServiceInteraction {
  readonly odsCode: string;
  readonly contract: MessagingContract;
}

/** Of the simulated Spine. */
export const spineOdsCode = "ZSP";

/** As Spine's own records list them: answers and notifications are registered beside what is asked. */
const spineInteractions: readonly ServiceInteraction[] = [
  ...[
    "QUPC_IN000006GB01",
    "REPC_IN000007GB01",
    "QUQI_IN010000UK14",
    "MCCI_IN010000UK13",
    "REPC_IN000004GB01",
    "REPC_IN000005GB01",
  ].map((action) => ({ service: queryService, action })),
  ...[uploadAction, "REPC_IN000003GB01"].map((action) => ({ service: uploadService, action })),
];

/** Spine's own records. `messagingUrl` is that of the simulated Spine, without a path. */
export function spineRecords(
  messagingUrl: string,
  patternOf: (interaction: ServiceInteraction) => SimulatedPattern,
): readonly SimulatedSdsRecord[] {
  return spineInteractions.map((interaction) => ({
    ...interaction,
    odsCode: spineOdsCode,
    contract: contractOf(patternOf(interaction), messagingUrl),
  }));
}

/** What a question narrows down by; absent: anything. */
export interface SdsSelection {
  readonly odsCode?: string;
  /** Service interaction id. */
  readonly interaction?: string;
  readonly partyKey?: string;
}

export function interactionOf(record: ServiceInteraction): string {
  return `${record.service}:${record.action}`;
}

export function selectRecords(
  records: readonly SimulatedSdsRecord[],
  wanted: SdsSelection,
): readonly SimulatedSdsRecord[] {
  return records.filter(
    (record) =>
      (wanted.odsCode === undefined || record.odsCode === wanted.odsCode) &&
      (wanted.interaction === undefined || interactionOf(record) === wanted.interaction) &&
      (wanted.partyKey === undefined || record.contract.toPartyKey === wanted.partyKey),
  );
}

// What the directory is asked, and what it knows: plain data, free of FHIR.
import type { PartyKey } from "../identifiers.js";

/** For example urn:nhs:names:services:cpisquery and QUPC_IN000006GB01. */
export interface ServiceInteraction {
  readonly service: string;
  readonly action: string;
}

export interface DeviceQuery {
  readonly odsCode: string;
  readonly interaction: ServiceInteraction;
  readonly partyKey?: PartyKey;
  readonly manufacturerOdsCode?: string;
}

/** The directory refuses a question by one of the three only. */
export type EndpointQuery =
  | { readonly odsCode: string; readonly interaction: ServiceInteraction; readonly partyKey?: PartyKey }
  | { readonly odsCode: string; readonly interaction?: ServiceInteraction; readonly partyKey: PartyKey }
  | { readonly odsCode?: string; readonly interaction: ServiceInteraction; readonly partyKey: PartyKey };

/** An accredited system. What the record does not tell is absent. */
export interface SdsDevice {
  readonly asid?: string;
  readonly partyKey?: string;
  /** ODS code of the owner. */
  readonly organisation?: string;
  /** ODS code. */
  readonly manufacturer?: string;
  /** Service interaction ids. */
  readonly interactions: readonly string[];
}

/** The attributes of a contract as the record has them, not yet judged. */
export interface SdsContractAttributes {
  readonly syncReplyMode?: string;
  readonly ackRequested?: string;
  readonly duplicateElimination?: string;
  readonly actor?: string;
  readonly retries?: number;
  /** ISO 8601, as it came. */
  readonly retryInterval?: string;
  /** ISO 8601, as it came. */
  readonly persistDuration?: string;
}

/** Where messages of one interaction go, and by which contract. What the record does not tell is absent. */
export interface SdsEndpoint {
  readonly address?: string;
  readonly cpaId?: string;
  readonly partyKey?: string;
  readonly fqdn?: string;
  /** ODS code of the organisation that manages it. */
  readonly organisation?: string;
  /** Service interaction ids: one, as a rule. */
  readonly interactions: readonly string[];
  /** Anything but "active" is out of use. */
  readonly status?: string;
  readonly attributes: SdsContractAttributes;
}

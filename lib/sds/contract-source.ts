// Gives the contract of an interaction: from the directory, what it last said, or the operator's hand.
import { EventEmitter } from "node:events";
import { CpisError, type ErrorCode } from "../errors.js";
import { defaultCacheTimes, type CacheTimes } from "./cache-age.js";
import type { ManualContract } from "./choose-endpoint.js";
import { createContractCache } from "./contract-cache.js";
import type { MessagingContract, MessagingPattern } from "./contract.js";
import type { ServiceInteraction } from "./directory-model.js";
import { formatServiceInteraction } from "./directory-query.js";
import { lookupContract } from "./lookup-contract.js";
import { checkManualContract, completeContract } from "./manual-contract.js";
import type { SdsClient } from "./sds-client.js";
import { contradictingPath } from "./spine-path.js";

/** Spine's own, in the published data. */
export const defaultSpineOdsCode = "YES";

export interface ContractSourceOptions {
  /** Absent: every contract is made by hand. It stays the caller's: `close` of the source does not close it. */
  readonly client?: SdsClient;
  /** Default: Spine's. */
  readonly odsCode?: string;
  /** What the operator has set for an interaction; the same as long as the source lives. */
  manual?(interaction: ServiceInteraction): ManualContract | undefined;
  readonly times?: Partial<CacheTimes>;
  /** How long a message waits for the directory when an old contract is at hand. Default 2,000. */
  readonly staleWaitMilliseconds?: number;
  readonly effects: {
    /** Milliseconds since 1970. */
    now(): number;
  };
}

/** `interaction` is the service interaction id. */
export type ContractSourceEvents = {
  /** The directory has answered with a contract. */
  refreshed: [{ interaction: string }];
  /** It did not; a contract that is still usable goes on being used. */
  refreshFailed: [{ interaction: string; code: ErrorCode; message: string }];
  /** A contract is used that is older than it should be, for the directory does not answer. */
  stale: [{ interaction: string; ageMilliseconds: number; code: ErrorCode }];
  /** A contract is used of which the operator has set these fields. */
  overridden: [{ interaction: string; fields: readonly string[] }];
  /** The path of the address is Spine's for this other pattern. The contract stands. */
  pathContradicts: [{ interaction: string; pathPattern: MessagingPattern }];
};

export interface ContractSource {
  readonly events: EventEmitter<ContractSourceEvents>;
  /**
   * Throws SDS_NOT_FOUND, SDS_AMBIGUOUS or SDS_INCOMPLETE when the directory says so; what a look-up throws when it
   * fails and no contract is remembered; CONFIG_INVALID, CONFIG_MISSING or CONFIG_CLOSED.
   */
  contract(interaction: ServiceInteraction): Promise<MessagingContract>;
  /** Forgets the contract: Spine said that it does not know it, or its host shows another name. */
  forget(interaction: ServiceInteraction): void;
  close(): void;
}

const defaultStaleWaitMilliseconds = 2_000;

/** Throws CONFIG_MISSING when there is no directory to ask. */
async function askDirectory(
  options: ContractSourceOptions,
  interaction: ServiceInteraction,
  manual: ManualContract,
): Promise<MessagingContract> {
  const { client, odsCode = defaultSpineOdsCode } = options;
  if (client !== undefined) return lookupContract({ client, odsCode, interaction, manual });
  throw new CpisError("CONFIG_MISSING", { detail: "a part of the contract, which no directory can add" });
}

/** One question at a time for each interaction. */
export function createContractSource(options: ContractSourceOptions): ContractSource {
  const events = new EventEmitter<ContractSourceEvents>();
  const closing = new AbortController();
  const cache = createContractCache({
    times: { ...defaultCacheTimes, ...options.times },
    staleWaitMilliseconds: options.staleWaitMilliseconds ?? defaultStaleWaitMilliseconds,
    now: () => options.effects.now(),
    reports: {
      refreshed: (interaction) => events.emit("refreshed", { interaction }),
      refreshFailed: (interaction, { code, message }) => events.emit("refreshFailed", { interaction, code, message }),
      stale: (interaction, ageMilliseconds, { code }) => events.emit("stale", { interaction, ageMilliseconds, code }),
    },
  });
  const requireOpen = (): void => {
    if (closing.signal.aborted) throw new CpisError("CONFIG_CLOSED");
  };

  return {
    events,
    contract: async (interaction) => {
      requireOpen();
      const id = formatServiceInteraction(interaction);
      const manual = options.manual?.(interaction) ?? {};
      const fields = checkManualContract(manual);
      const contract =
        completeContract(manual) ?? (await cache.recall(id, () => askDirectory(options, interaction, manual)));
      requireOpen();
      if (fields.length > 0) events.emit("overridden", { interaction: id, fields });
      const pathPattern = contradictingPath(contract);
      if (pathPattern !== undefined) events.emit("pathContradicts", { interaction: id, pathPattern });
      return contract;
    },
    forget: (interaction) => cache.forget(formatServiceInteraction(interaction)),
    close: () => {
      closing.abort();
      cache.clear();
    },
  };
}

// Gives a session the contracts it sends by, keeps them warm, and tells what keeps them from being fresh.
import { comparableId, type PartyKey } from "../../lib/identifiers.js";
import { createContractSource, type ContractSource } from "../../lib/sds/contract-source.js";
import type { ManualContract } from "../../lib/sds/choose-endpoint.js";
import type { MessagingContract } from "../../lib/sds/contract.js";
import type { ServiceInteraction } from "../../lib/sds/directory-model.js";
import { formatServiceInteraction } from "../../lib/sds/directory-query.js";
import type { SdsClient } from "../../lib/sds/sds-client.js";
import { lookupContract } from "../../lib/sds/lookup-contract.js";
import { completeContract } from "../../lib/sds/manual-contract.js";
import type { Sender } from "../../lib/mhs/inbound/check-inbound.js";
import type { CheckedContract } from "../../lib/services/connection-check/connection-check-model.js";
import { afterDelay } from "../adapter/runtime/after-delay.js";
import type { OperatorLog } from "../adapter/runtime/operator-log.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { systemEffects } from "../adapter/runtime/this-process.js";
import type { ContractTrouble } from "../adapter/transports/transport-state.js";
import { followContracts } from "./contract-log.js";

/** The directory as a session asks it; the desk closes the client. */
export interface OpenDirectory {
  readonly client: SdsClient;
  readonly odsCode: string;
  readonly freshMilliseconds: number;
}

export interface ContractDeskOptions {
  /** Absent: every contract is made by hand. */
  readonly directory?: OpenDirectory;
  /** What is sent. */
  readonly interactions: readonly ServiceInteraction[];
  /** What the operator has typed in for an interaction. */
  typedFor(interaction: ServiceInteraction): ManualContract;
  readonly log: OperatorLog;
}

export interface ContractDesk {
  /** Throws what a contract source throws. */
  contract(interaction: ServiceInteraction): Promise<MessagingContract>;
  /** For a connection check: asks the directory itself, unless all was typed in. */
  checked(interaction: ServiceInteraction): CheckedContract;
  /** Whether a contract names this party. While one is missing it might, so nobody is a stranger. */
  senderOf(partyKey: PartyKey): Sender;
  /** Spine said that it does not know the contract of this action, or its host shows another name. */
  doubt(action: string): void;
  /** Calls the watcher at once, and at every change. */
  watch(watcher: (trouble: ContractTrouble | undefined) => void): void;
  /** Asks for all contracts, and again before they are too old, or while one is missing. */
  start(): void;
  close(): void;
}

const firstRetryMilliseconds = 2_000;
const longestRetryMilliseconds = 60_000;

/** What is wrong with each interaction's contract; one that is missing is worse than one that is old. */
function createTroubleBoard() {
  const troubles = new Map<string, ContractTrouble>();
  let watcher: (trouble: ContractTrouble | undefined) => void = () => undefined;
  const worst = (): ContractTrouble | undefined => {
    const all = [...troubles.values()];
    return all.find(({ kind }) => kind === "missing") ?? all[0];
  };
  return {
    worst,
    set(interaction: string, trouble: ContractTrouble | undefined): void {
      if (trouble !== undefined) troubles.set(interaction, trouble);
      else if (!troubles.delete(interaction)) return;
      watcher(worst());
    },
    watch(next: (trouble: ContractTrouble | undefined) => void): void {
      watcher = next;
      next(worst());
    },
  };
}

/** Refreshed as soon as it is no longer fresh: then one that is needed while the directory is away is never very old. */
function createWarming(askAll: () => Promise<boolean>, freshMilliseconds: number) {
  let cancel: (() => void) | undefined;
  let retryMilliseconds = firstRetryMilliseconds;
  let isClosed = false;
  const next = (isComplete: boolean): void => {
    if (isClosed) return;
    const delay = isComplete ? freshMilliseconds : retryMilliseconds;
    retryMilliseconds = isComplete ? firstRetryMilliseconds : Math.min(retryMilliseconds * 2, longestRetryMilliseconds);
    cancel = afterDelay(delay, start);
  };
  const start = (): void => {
    void askAll().then(next);
  };
  return {
    start,
    close: () => {
      isClosed = true;
      cancel?.();
    },
  };
}

function createSource({ directory, ...options }: ContractDeskOptions): ContractSource {
  const typedFor = (interaction: ServiceInteraction): ManualContract => options.typedFor(interaction);
  if (directory === undefined) return createContractSource({ manual: typedFor, effects: systemEffects });
  const { client, odsCode, freshMilliseconds } = directory;
  const refreshAheadMilliseconds = freshMilliseconds / 5;
  const times = { freshMilliseconds, refreshAheadMilliseconds };
  return createContractSource({ client, odsCode, times, manual: typedFor, effects: systemEffects });
}

/** Throws nothing: what is wrong is said when a contract is asked for. */
export function openContractDesk(options: ContractDeskOptions): ContractDesk {
  const { directory, interactions, log } = options;
  const source = createSource(options);
  const board = createTroubleBoard();
  /** By interaction: the parties that its contracts have named. What is on its way answers the one before, too. */
  const peers = new Map<string, Set<string>>();
  const addPeer = (interaction: ServiceInteraction, partyKey: PartyKey | undefined): void => {
    if (partyKey === undefined) return;
    const key = formatServiceInteraction(interaction);
    peers.set(key, new Set([...(peers.get(key) ?? []), comparableId(partyKey)]));
  };
  for (const interaction of interactions) addPeer(interaction, options.typedFor(interaction).toPartyKey);
  const stopFollowing = followContracts(source, log);
  let isClosed = false;

  source.events.on("refreshed", ({ interaction }) => board.set(interaction, undefined));
  source.events.on("stale", ({ interaction, ageMilliseconds, code }) =>
    board.set(interaction, { kind: "old", ageMilliseconds, code }),
  );

  const ask = async (interaction: ServiceInteraction): Promise<MessagingContract> => {
    try {
      const contract = await source.contract(interaction);
      addPeer(interaction, contract.toPartyKey);
      return contract;
    } catch (error) {
      const { code } = toCpisError(error);
      if (!isClosed) board.set(formatServiceInteraction(interaction), { kind: "missing", code });
      throw error;
    }
  };
  /** True when each contract is as fresh as it should be. */
  const askAll = async (): Promise<boolean> => {
    await Promise.allSettled(interactions.map((interaction) => ask(interaction)));
    return board.worst() === undefined;
  };
  const warming = directory === undefined ? undefined : createWarming(askAll, directory.freshMilliseconds);

  return {
    contract: async (interaction) => {
      const contract = await ask(interaction);
      const typed = Object.keys(options.typedFor(interaction));
      const what = directory === undefined ? "all of it" : typed.join(", ");
      if (typed.length > 0) log.info(`contract by hand: ${interaction.action}, ${what}`);
      return contract;
    },
    checked: (interaction) => {
      const manual = options.typedFor(interaction);
      const contract = completeContract(manual);
      if (contract !== undefined) return { kind: "given", contract };
      const current = (): Promise<MessagingContract> => ask(interaction);
      if (directory === undefined) return { kind: "directory", ask: current, current };
      const { client, odsCode } = directory;
      return { kind: "directory", ask: () => lookupContract({ client, odsCode, interaction, manual }), current };
    },
    senderOf: (partyKey) => {
      const key = comparableId(partyKey);
      if ([...peers.values()].some((named) => named.has(key))) return "peer";
      return peers.size < interactions.length ? "unknown" : "stranger";
    },
    doubt: (action) => {
      for (const interaction of interactions) {
        if (interaction.action === action) source.forget(interaction);
      }
    },
    watch: (watcher) => board.watch(watcher),
    start: () => warming?.start(),
    close: () => {
      isClosed = true;
      warming?.close();
      stopFollowing();
      source.close();
      directory?.client.close();
    },
  };
}

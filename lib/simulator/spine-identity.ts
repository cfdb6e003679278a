// Who the simulated Spine is: invented identifiers, and the contracts a client needs to ask it.
import type { SimulatedPattern } from "./model.js";
import { parseCpaId, parsePartyKey, type CpaId } from "../identifiers.js";
import type { MessagingContract } from "../sds/contract.js";

export const spinePartyKey = parsePartyKey("ZSP-0000001");
export const spineAsid = "990000000001";
export const queryService = "urn:nhs:names:services:cpisquery";

interface SimulatedContract {
  readonly path: string;
  readonly cpaId: CpaId;
}

export const simulatedContracts: Readonly<Record<SimulatedPattern, SimulatedContract>> = {
  express: { path: "/reliablemessaging/queryrequest", cpaId: parseCpaId("S9000001A9000101") },
  reliable: { path: "/reliablemessaging/reliablerequest", cpaId: parseCpaId("S9000001A9000102") },
};

/** The pattern of an address; undefined for a path that takes no messages. */
export function patternOfPath(path: string): SimulatedPattern | undefined {
  if (path === simulatedContracts.express.path) return "express";
  return path === simulatedContracts.reliable.path ? "reliable" : undefined;
}

/** The contract as a directory would give it. `url` is that of the simulator, without a path. */
export function contractOf(pattern: SimulatedPattern, url: string): MessagingContract {
  const { path, cpaId } = simulatedContracts[pattern];
  const isReliable = pattern === "reliable";
  return {
    endpointUrl: `${url}${path}`,
    cpaId,
    toPartyKey: spinePartyKey,
    toAsid: spineAsid,
    syncReplyMode: "MSHSignalsOnly",
    ackRequested: isReliable ? "always" : "never",
    duplicateElimination: isReliable ? "always" : "never",
    actor: isReliable ? "urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH" : "",
    retries: isReliable ? 2 : 0,
    retryIntervalMilliseconds: isReliable ? 2000 : 0,
    persistDurationMilliseconds: isReliable ? 30_000 : 0,
  };
}

// Who the simulated Spine is: invented identifiers, and the contracts a client needs to ask it.
import type { BusinessInteraction, SimulatedEbxmlPattern, SimulatedPattern } from "./model.js";
import type { EbxmlPattern } from "../ebxml/reliability.js";
import { parseCpaId, parsePartyKey, type CpaId } from "../identifiers.js";
import type { MessagingContract } from "../sds/contract.js";

export const spinePartyKey = parsePartyKey("ZSP-0000001");
export const spineAsid = "990000000001";
export const queryService = "urn:nhs:names:services:cpisquery";
export const uploadService = "urn:nhs:names:services:cpisupload";
export const uploadAction = "REPC_IN000002SM01";
/** Uploads of local authorities over ebXML; which pattern is real is not known. */
export const uploadInteraction: BusinessInteraction = {
  service: uploadService,
  action: uploadAction,
  isExpressToo: true,
};

interface SimulatedContract {
  readonly path: string;
  readonly cpaId: CpaId;
}

export const simulatedContracts: Readonly<Record<SimulatedPattern, SimulatedContract>> = {
  express: { path: "/reliablemessaging/queryrequest", cpaId: parseCpaId("S9000001A9000101") },
  reliable: { path: "/reliablemessaging/reliablerequest", cpaId: parseCpaId("S9000001A9000102") },
  forwardReliable: { path: "/reliablemessaging/forwardreliable", cpaId: parseCpaId("S9000001A9000103") },
  syncSoap: { path: "/sync-service", cpaId: parseCpaId("S9000001A9000104") },
};

const simulatedPatterns: readonly SimulatedPattern[] = ["express", "reliable", "forwardReliable", "syncSoap"];

/** The pattern of an address; undefined for a path that takes no messages. */
export function patternOfPath(path: string): SimulatedPattern | undefined {
  return simulatedPatterns.find((pattern) => simulatedContracts[pattern].path === path);
}

/** Messages of the pattern carry these reliability elements. */
export function ebxmlPatternOf(pattern: SimulatedEbxmlPattern): EbxmlPattern {
  return pattern === "forwardReliable" ? "forward-reliable" : pattern;
}

const actors: Readonly<Record<SimulatedPattern, string>> = {
  express: "",
  reliable: "urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH",
  forwardReliable: "urn:oasis:names:tc:ebxml-msg:actor:nextMSH",
  syncSoap: "",
};

const syncReplyModes: Readonly<Record<SimulatedPattern, string>> = {
  express: "MSHSignalsOnly",
  reliable: "MSHSignalsOnly",
  forwardReliable: "None",
  syncSoap: "None",
};

/** The contract as a directory would give it. `url` is that of the simulator, without a path. */
export function contractOf(pattern: SimulatedPattern, url: string): MessagingContract {
  const { path, cpaId } = simulatedContracts[pattern];
  const isSentOnce = pattern === "express" || pattern === "syncSoap";
  return {
    endpointUrl: `${url}${path}`,
    cpaId,
    toPartyKey: spinePartyKey,
    toAsid: spineAsid,
    syncReplyMode: syncReplyModes[pattern],
    ackRequested: isSentOnce ? "never" : "always",
    duplicateElimination: isSentOnce ? "never" : "always",
    actor: actors[pattern],
    retries: isSentOnce ? 0 : 2,
    retryIntervalMilliseconds: isSentOnce ? 0 : 2000,
    persistDurationMilliseconds: isSentOnce ? 0 : 30_000,
  };
}

/** The contracts of all patterns. */
export function contractsOf(url: string): Readonly<Record<SimulatedPattern, MessagingContract>> {
  return {
    express: contractOf("express", url),
    reliable: contractOf("reliable", url),
    forwardReliable: contractOf("forwardReliable", url),
    syncSoap: contractOf("syncSoap", url),
  };
}

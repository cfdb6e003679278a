// What an `ebxml transport` shows: whether it listens, and what is wrong with the contract it sends by.
import type { ErrorCode } from "../../lib/errors.js";
import type { StatusShape } from "../adapter/runtime/node-status.js";
import type { ContractTrouble, ListeningState, UnopenedState } from "../adapter/transports/transport-state.js";
import { commonStatus } from "../adapter/transports/transport-status.js";
import type { Words } from "../adapter/runtime/words.js";
import { ageText } from "./contract-log.js";

function isUnreached(code: ErrorCode): boolean {
  return ["SDS_CONNECT_FAILED", "SDS_TIMEOUT", "SDS_UNAVAILABLE"].includes(code);
}

function troubleStatus(trouble: ContractTrouble, words: Words): StatusShape {
  if (trouble.kind === "old") {
    const age = ageText(trouble.ageMilliseconds);
    return { fill: "yellow", shape: "dot", text: words("status.contractOld", { age }) };
  }
  const { code } = trouble;
  if (isUnreached(code)) return { fill: "yellow", shape: "ring", text: words("status.directoryUnreached") };
  return { fill: "yellow", shape: "ring", text: words("status.noContract", { code }) };
}

export function transportStatus(state: UnopenedState | ListeningState, words: Words): StatusShape {
  if (state.kind === "listening") {
    const { port, trouble } = state;
    if (trouble !== undefined) return troubleStatus(trouble, words);
    return { fill: "green", shape: "dot", text: words("status.listening", { port }) };
  }
  if (state.kind === "failed" && state.error.code === "CONFIG_PORT_IN_USE") {
    return { fill: "red", shape: "ring", text: words("status.portInUse") };
  }
  if (state.kind === "failed" && state.error.code === "CONFIG_CLIENT_NAMES") {
    return { fill: "red", shape: "ring", text: words("status.clientNames") };
  }
  if (state.kind === "failed" && state.error.code === "CONFIG_IDENTITY_IN_USE") {
    return { fill: "red", shape: "ring", text: words("status.identityInUse") };
  }
  return commonStatus(state, words);
}

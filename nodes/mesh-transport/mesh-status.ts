// What a `mesh transport` shows: how often it collects, when it last could, or why it cannot.
import type { ErrorCode } from "../../lib/errors.js";
import { clockTime, dayAndTime, type StatusShape } from "../adapter/runtime/node-status.js";
import { commonStatus } from "../adapter/transports/transport-status.js";
import type { CollectingState, UnopenedState } from "../adapter/transports/transport-state.js";
import type { Words } from "../adapter/runtime/words.js";

/** "every 5 min", or in seconds what is no whole minute. */
function collects(milliseconds: number, words: Words): string {
  const minutes = milliseconds / 60_000;
  return Number.isInteger(minutes)
    ? words("status.collectsMinutes", { number: minutes })
    : words("status.collectsSeconds", { number: milliseconds / 1000 });
}

function obstacle(code: ErrorCode, words: Words): string {
  if (code === "MESH_UNAUTHORISED") return words("status.refused");
  if (code === "MESH_CONNECT_FAILED" || code === "MESH_UNAVAILABLE") return words("status.unreachable");
  return words("status.failed", { code });
}

export interface CollectingStatus {
  readonly collectMilliseconds: number;
  /** Somebody has said whether the mailbox is ours alone; a flow from before that could be said has nobody. */
  readonly isScopeChosen: boolean;
}

export function meshStatus(
  state: UnopenedState | CollectingState,
  { collectMilliseconds, isScopeChosen }: CollectingStatus,
  words: Words,
): StatusShape {
  if (state.kind === "connecting") return { fill: "yellow", shape: "ring", text: words("status.connecting") };
  if (state.kind === "collecting") {
    const text = collects(collectMilliseconds, words);
    const time = state.lastAt;
    const shown = time === undefined ? text : words("status.lastSuccess", { text, time: clockTime(time) });
    if (state.foreign === undefined) return { fill: "green", shape: "dot", text: shown };
    const number = state.foreign;
    return isScopeChosen
      ? { fill: "green", shape: "dot", text: words("status.foreignLeft", { text: shown, number }) }
      : { fill: "yellow", shape: "dot", text: words("status.foreignUnsettled", { number }) };
  }
  if (state.kind === "peer-unavailable") {
    const text = obstacle(state.error.code, words);
    const time = state.lastAt;
    const shown = time === undefined ? text : words("status.lastSuccess", { text, time: dayAndTime(time) });
    return { fill: "red", shape: "ring", text: shown };
  }
  if (state.kind === "failed" && state.error.code === "CONFIG_IDENTITY_IN_USE") {
    return { fill: "red", shape: "ring", text: words("status.identityInUse") };
  }
  return commonStatus(state, words);
}

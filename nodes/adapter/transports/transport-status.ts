// The words for those states that every transport has.
import type { CpisError } from "../../../lib/errors.js";
import type { StatusShape } from "../runtime/node-status.js";
import type { StoreUnavailableState, UnopenedState } from "./transport-state.js";
import type { Words } from "../runtime/words.js";

export function failedStatus({ code }: CpisError, words: Words): StatusShape {
  return { fill: "red", shape: "ring", text: words("status.failed", { code }) };
}

export function commonStatus(state: UnopenedState | StoreUnavailableState, words: Words): StatusShape {
  switch (state.kind) {
    case "closed":
      return { fill: "grey", shape: "ring", text: words("status.closed") };
    case "opening":
      return { fill: "yellow", shape: "ring", text: words("status.opening") };
    case "waiting-for-simulator":
      return { fill: "yellow", shape: "ring", text: words("status.waitingForSimulator") };
    case "store-unavailable":
    case "failed":
      return failedStatus(state.error, words);
  }
}

// What a simulator tells, as messages of a flow.
import type { NodeMessage } from "node-red";
import type { SpineSimulator } from "../../lib/simulator/index.js";

/** An Error has nothing of its own that survives the copying of a message. */
function plain(error: { readonly code: string; readonly message: string }): object {
  return { code: error.code, message: error.message };
}

/** One message an event: its kind as topic, the event as payload. */
export function followSimulator({ events }: SpineSimulator, send: (message: NodeMessage) => void): void {
  events.on("exchange", (event) => send({ topic: "exchange", payload: event }));
  events.on("access", (event) => send({ topic: "access", payload: event }));
  events.on("refused", (event) => send({ topic: "refused", payload: event }));
  events.on("acknowledged", (event) => send({ topic: "acknowledged", payload: event }));
  events.on("effect", (event) => send({ topic: "effect", payload: event }));
  events.on("upload", (event) => send({ topic: "upload", payload: event }));
  events.on("notification", (event) => send({ topic: "notification", payload: event }));
  events.on("error", (error) => send({ topic: "error", payload: plain(error) }));
}

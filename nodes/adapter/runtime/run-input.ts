// The one road of a message through a node: nothing thrown escapes, and done is called exactly once.
import type { NodeMessage } from "node-red";
import { CpisError, errorClass, isCpisError } from "../../../lib/errors.js";

export type Outputs = NodeMessage | (NodeMessage | NodeMessage[] | null)[];
export type Send = (outputs: Outputs) => void;
type Done = (error?: Error) => void;

/** Frames tell a place in the code and never a value, unlike the text of an error that is not ours. */
function firstFrame(error: Error): string {
  const frame = (error.stack ?? "").split("\n").find((line) => /^\s+at /.test(line));
  const place = frame?.match(/([^/\\\s(]+:\d+:\d+)\)?$/)?.[1];
  return place === undefined ? "" : ` at ${place}`;
}

/**
 * Gives what a Catch node may see. An error of this package passes as it is; of any other only its class and the place
 * in the code are told, as CPIS_INTERNAL, because its text may quote the message.
 */
export function toCpisError(error: unknown): CpisError {
  if (isCpisError(error)) return error;
  const detail = `${errorClass(error)}${error instanceof Error ? firstFrame(error) : ""}`;
  return new CpisError("CPIS_INTERNAL", { detail });
}

/**
 * Runs the work of one message. What it resolves to is sent, `undefined` sends nothing; what it throws goes to `done`.
 * Never throws and never leaves a rejected promise: Node-RED would end the process for one.
 */
export function runInput(send: Send, done: Done, work: () => Promise<Outputs | undefined>): Promise<void> {
  return Promise.resolve()
    .then(work)
    .then((outputs) => {
      if (outputs !== undefined) send(outputs);
    })
    .then(
      () => done(),
      (error: unknown) => done(toCpisError(error)),
    )
    .catch(() => {
      // Only `done` itself can have thrown, and there is nobody left to tell.
    });
}

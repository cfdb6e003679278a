// Knows whether MESH can be used, tells of each change once, and says when it may be tried again.
import { backOff } from "../../time/back-off.js";
import type { EventEmitter } from "node:events";
import type { CpisError } from "../../errors.js";
import type { MeshEvents } from "../model.js";

export interface ReachabilityOptions {
  readonly events: EventEmitter<MeshEvents>;
  /** After the first failure; twice as long after each further one, up to five minutes. */
  readonly retryMilliseconds: number;
  /** After refused credentials; up to an hour: more tries would not help, and are looked at by MESH as an attack. */
  readonly unauthorisedMilliseconds: number;
  now(): number;
}

export interface Reachability {
  reached(): void;
  failed(error: CpisError): void;
  /** 0 when it may be used at once. */
  waitMilliseconds(): number;
}

const longestRetryMilliseconds = 300_000;
const longestUnauthorisedMilliseconds = 3_600_000;

export function createReachability(options: ReachabilityOptions): Reachability {
  const { events } = options;
  let failures = 0;
  let retryAt = 0;

  function pauseAfter(error: CpisError): number {
    return error.code === "MESH_UNAUTHORISED"
      ? backOff(options.unauthorisedMilliseconds, failures + 1, longestUnauthorisedMilliseconds)
      : backOff(options.retryMilliseconds, failures + 1, longestRetryMilliseconds);
  }

  return {
    reached(): void {
      const wasUnreachable = failures > 0;
      failures = 0;
      retryAt = 0;
      if (wasUnreachable) events.emit("reachable");
    },
    failed(error): void {
      // What our own closing ends says nothing of MESH; of requests that fail together the first one counts.
      if (error.code === "CONFIG_CLOSED") return;
      if (failures > 0 && options.now() < retryAt) return;
      retryAt = options.now() + pauseAfter(error);
      failures += 1;
      if (failures === 1) events.emit("unreachable", { code: error.code, message: error.message });
    },
    waitMilliseconds: () => Math.max(0, retryAt - options.now()),
  };
}

// The clock, the ids and the name of this process.
import { randomUUID } from "node:crypto";

export interface SystemEffects {
  /** Milliseconds since 1970. */
  now(): number;
  /** A fresh UUID in upper case. */
  newUuid(): string;
}

export const systemEffects: SystemEffects = {
  now: () => Date.now(),
  newUuid: () => randomUUID().toUpperCase(),
};

/** Names this process among those that share a store: what another one had under way is not ours. */
export const processOwner = randomUUID();

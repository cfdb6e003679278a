// Leaves endpoints alone that cannot be reached, but for one probe at a time. Without timers: the caller has the clock.
import { backOff } from "../../time/back-off.js";
import type { BreakerSettings } from "../model.js";

export const defaultBreakerSettings: BreakerSettings = {
  threshold: 3,
  retryMilliseconds: 100,
  probeMilliseconds: 1_000,
  maximumProbeMilliseconds: 60_000,
};

export type Admission =
  { readonly kind: "send"; readonly isProbe: boolean } | { readonly kind: "wait"; readonly until: number };

export interface EndpointBreakers {
  /** Whether a message may be sent there now; else when to ask again. */
  admit(endpoint: string, now: number): Admission;
  /** Nobody was reached. `isOpened`: the endpoint is left alone from now on. */
  failed(endpoint: string, isProbe: boolean, now: number): { readonly retryAt: number; readonly isOpened: boolean };
  /** Somebody was reached, whatever they said. `isClosed`: the endpoint had been left alone. */
  reached(endpoint: string): { readonly isClosed: boolean };
}

type Endpoint =
  | { readonly kind: "failing"; readonly count: number }
  | { readonly kind: "left-alone"; readonly interval: number; readonly probeAt: number };

export function createEndpointBreakers(settings: BreakerSettings): EndpointBreakers {
  const endpoints = new Map<string, Endpoint>();

  return {
    admit(key, now): Admission {
      const endpoint = endpoints.get(key);
      if (endpoint?.kind !== "left-alone") return { kind: "send", isProbe: false };
      if (now < endpoint.probeAt) return { kind: "wait", until: endpoint.probeAt };
      // The next probe waits until this one has had its time.
      endpoints.set(key, { ...endpoint, probeAt: now + endpoint.interval });
      return { kind: "send", isProbe: true };
    },
    failed(key, isProbe, now): { readonly retryAt: number; readonly isOpened: boolean } {
      const endpoint = endpoints.get(key) ?? { kind: "failing", count: 0 };
      if (endpoint.kind === "left-alone") {
        // Sendings that began before the endpoint was left alone say nothing new.
        if (!isProbe) return { retryAt: endpoint.probeAt, isOpened: false };
        const interval = Math.min(endpoint.interval * 2, settings.maximumProbeMilliseconds);
        endpoints.set(key, { kind: "left-alone", interval, probeAt: now + interval });
        return { retryAt: now + interval, isOpened: false };
      }
      const count = endpoint.count + 1;
      if (count < settings.threshold) {
        endpoints.set(key, { kind: "failing", count });
        return { retryAt: now + backOff(settings.retryMilliseconds, count), isOpened: false };
      }
      const probeAt = now + settings.probeMilliseconds;
      endpoints.set(key, { kind: "left-alone", interval: settings.probeMilliseconds, probeAt });
      return { retryAt: probeAt, isOpened: true };
    },
    reached(key): { readonly isClosed: boolean } {
      const isClosed = endpoints.get(key)?.kind === "left-alone";
      endpoints.delete(key);
      return { isClosed };
    },
  };
}

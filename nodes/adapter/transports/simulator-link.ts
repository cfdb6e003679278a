// Where a `spine simulator` node and the transports that want one meet, within one process and in any order.
import type { SpineSimulator } from "../../../lib/simulator/index.js";

export type { SpineSimulator };

type Watcher = (simulator: SpineSimulator | undefined) => void;

interface Place {
  readonly granted: () => void;
}

/** The first holds the only place; the others wait for it in order. */
const places: Place[] = [];
const watchers = new Set<Watcher>();
const resetListeners = new Set<() => void>();
let offered: SpineSimulator | undefined;

function tellAll(): void {
  for (const watcher of [...watchers]) watcher(offered);
}

export interface SimulatorPlace {
  /** False while another node holds the place: then `granted` is called when it becomes free. */
  readonly isFirst: boolean;
  /** Only the holder of the place may offer, once its simulator listens. */
  offer(simulator: SpineSimulator): void;
  /** Withdraws the offer and passes the place on. */
  leave(): void;
}

/** One simulator at a time: with two, nobody could say which register a transport asks. */
export function takeSimulatorPlace(granted: () => void): SimulatorPlace {
  const place: Place = { granted };
  places.push(place);
  return {
    isFirst: places[0] === place,
    offer(simulator) {
      if (places[0] !== place) return;
      offered = simulator;
      tellAll();
    },
    leave() {
      const index = places.indexOf(place);
      if (index === -1) return;
      places.splice(index, 1);
      if (index !== 0) return;
      if (offered !== undefined) {
        offered = undefined;
        tellAll();
      }
      places[0]?.granted();
    },
  };
}

/** Called by the node whose simulator has just forgotten everything. */
export function simulatorWasReset(): void {
  for (const listener of [...resetListeners]) listener();
}

/** What was shown of an answer holds no longer; returns what stops the listening. */
export function onSimulatorReset(listener: () => void): () => void {
  resetListeners.add(listener);
  return () => {
    resetListeners.delete(listener);
  };
}

/** The one that is offered now. */
export function currentSimulator(): SpineSimulator | undefined {
  return offered;
}

/** Calls the watcher at once with the simulator offered now, if any, and at every change; returns what stops that. */
export function watchSimulator(watcher: Watcher): () => void {
  watchers.add(watcher);
  watcher(offered);
  return () => {
    watchers.delete(watcher);
  };
}

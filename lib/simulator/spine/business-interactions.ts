// The interactions beside the query that the simulator takes, and a count of what they did.
import type { BusinessInteraction, RecordedEffect, SimulatedEbxmlPattern } from "../model.js";
import { createRecentMap } from "../recent-map.js";
import { CpisError } from "../../errors.js";
import { comparableId } from "../../identifiers.js";

export interface EffectRecord {
  /** Of different ids; the oldest are forgotten beyond the simulator's limit. */
  readonly size: number;
  /** By HL7 id, or by MessageId for a payload that has none. */
  find(id: string): RecordedEffect | undefined;
  /** In the order of their first effect. */
  list(): readonly RecordedEffect[];
}

export interface BusinessInteractions extends EffectRecord {
  /** Throws CONFIG_INVALID. */
  register(interaction: BusinessInteraction): void;
  isRegistered(service: string, action: string, pattern: SimulatedEbxmlPattern): boolean;
  /** Gives the effect with its count. */
  takeEffect(effect: Omit<RecordedEffect, "count">): RecordedEffect;
  clear(): void;
}

const maximumInteractions = 1000;

function keyOf({ service, action }: Pick<BusinessInteraction, "service" | "action">): string {
  return `${service}/${action}`;
}

export function createBusinessInteractions(maximumIds: number): BusinessInteractions {
  const registered = new Map<string, BusinessInteraction>();
  const effects = createRecentMap<RecordedEffect>(maximumIds);
  return {
    register: (interaction) => {
      if (interaction.service.trim() === "" || interaction.action.trim() === "") {
        throw new CpisError("CONFIG_INVALID", { detail: "service or action of a simulated interaction is empty" });
      }
      if (registered.size >= maximumInteractions) {
        throw new CpisError("CONFIG_INVALID", { detail: `more than ${maximumInteractions} simulated interactions` });
      }
      registered.set(keyOf(interaction), interaction);
    },
    isRegistered: (service, action, pattern) => {
      const interaction = registered.get(keyOf({ service, action }));
      return interaction !== undefined && (pattern !== "express" || interaction.isExpressToo === true);
    },
    takeEffect: (effect) => {
      const key = comparableId(effect.id);
      const earlier = effects.get(key);
      const counted = { ...(earlier ?? effect), count: (earlier?.count ?? 0) + 1 };
      effects.set(key, counted);
      return counted;
    },
    get size() {
      return effects.size;
    },
    find: (id) => effects.get(comparableId(id)),
    list: () => effects.list(),
    clear: () => effects.clear(),
  };
}

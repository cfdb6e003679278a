// The interactions beside the query that the simulator takes, and a count of what they did.
import type { SimulatedEbxmlPattern } from "../model.js";
import { createRecentMap } from "../recent-map.js";
import { CpisError } from "../../errors.js";
import { comparableId } from "../../identifiers.js";

/** Named as in the ebXML header. */
export interface BusinessInteraction {
  readonly service: string;
  readonly action: string;
  /** Also taken without acknowledgment, in the express pattern. Default false. */
  readonly isExpressToo?: boolean;
}

/** What one business message did. */
export interface RecordedEffect {
  /** Of the HL7 message; that of the ebXML message when the payload has none. */
  readonly id: string;
  /** Of the ebXML message that was taken first. */
  readonly messageId: string;
  readonly service: string;
  readonly action: string;
  readonly fromPartyKey: string;
  /** How often it took effect: more than once shows a sender that gives a message a second MessageId. */
  readonly count: number;
}

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

// The settings of a `spine simulator` node, read from a flow and checked.
import { FieldReader } from "../adapter/runtime/field-rules.js";
import type { Words } from "../adapter/runtime/words.js";

export interface SimulatorSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly answerDelayMilliseconds: number;
  /** Of the simulated MESH; 0 takes any free port. */
  readonly meshPort: number;
}

/** Throws CONFIG_INVALID, also for a host that others than this computer could reach. */
export function readSimulatorSettings(config: object, words: Words): SimulatorSettings {
  const fields = new FieldReader(config, (property) => words(`field.${property}`));
  return {
    host: fields.optional("host", "loopbackHost", "127.0.0.1"),
    port: fields.number("port", "port", 0),
    answerDelayMilliseconds: fields.number("answerDelay", "wholeNumber", 200),
    meshPort: fields.number("meshPort", "port", 0),
  };
}

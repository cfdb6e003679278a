// Puts the simulator together: listener, checks, register, answers.
import type { SpineSimulator, SpineSimulatorOptions } from "./model.js";

export async function createSpineSimulator(options: SpineSimulatorOptions): Promise<SpineSimulator> {
  await Promise.resolve(options);
  throw new Error("stub");
}

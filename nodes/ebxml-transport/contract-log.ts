// What a transport tells the operator of its contracts: each trouble once, and its end.
import type { ContractSource } from "../../lib/sds/contract-source.js";
import type { OperatorLog } from "../adapter/runtime/operator-log.js";

const hourMilliseconds = 3_600_000;
const minuteMilliseconds = 60_000;

/** "25 min" or "3 h", never more than it is. */
export function ageText(milliseconds: number): string {
  if (milliseconds < hourMilliseconds) return `${Math.floor(milliseconds / minuteMilliseconds)} min`;
  return `${Math.floor(milliseconds / hourMilliseconds)} h`;
}

/** Follows the source until the function it gives is called. */
export function followContracts({ events }: Pick<ContractSource, "events">, log: OperatorLog): () => void {
  /** By interaction: what was told last. */
  const failures = new Map<string, string>();
  const hours = new Map<string, number>();
  const contradictions = new Set<string>();
  events.on("refreshFailed", ({ interaction, message }) => {
    if (failures.get(interaction) === message) return;
    failures.set(interaction, message);
    log.warn(`no contract from the directory: ${interaction} ${message}`);
  });
  events.on("refreshed", ({ interaction }) => {
    hours.delete(interaction);
    if (failures.delete(interaction)) log.info(`contract from the directory again: ${interaction}`);
    else log.debug(`contract from the directory: ${interaction}`);
  });
  events.on("stale", ({ interaction, ageMilliseconds, code }) => {
    const hour = Math.floor(ageMilliseconds / hourMilliseconds);
    if (hours.get(interaction) === hour) return;
    hours.set(interaction, hour);
    log.warn(`contract in use that is ${ageText(ageMilliseconds)} old: ${interaction} ${code}`);
  });
  events.on("pathContradicts", ({ interaction, pathPattern }) => {
    if (contradictions.has(interaction + pathPattern)) return;
    contradictions.add(interaction + pathPattern);
    log.warn(`the address is one for ${pathPattern}, the contract says another pattern and counts: ${interaction}`);
  });
  return () => {
    events.removeAllListeners();
  };
}

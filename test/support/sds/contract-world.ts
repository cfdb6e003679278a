// A contract source with a simulated directory behind it, and a clock that the test sets.
import type { ErrorCode } from "../../../lib/errors.js";
import {
  createContractSource,
  type ContractSource,
  type ContractSourceOptions,
} from "../../../lib/sds/contract-source.js";
import type { SdsServer, SdsServerOptions } from "../../../lib/simulator/sds/sds-server.js";
import type { SimulatedDirectory } from "./simulated-directory.js";

export const minute = 60_000;
export const hour = 60 * minute;

/** An event by its name, with what it tells beside the interaction. */
export type Told =
  | "refreshed"
  | readonly ["refreshFailed", ErrorCode]
  /** Minutes. */
  | readonly ["stale", readonly [number, ErrorCode]]
  | readonly ["overridden", readonly string[]]
  | readonly ["pathContradicts", string];

export interface ContractWorld {
  readonly server: SdsServer;
  readonly source: ContractSource;
  readonly told: readonly Told[];
  /** Milliseconds. */
  readonly advance: (by: number) => void;
}

export interface ContractWish {
  readonly source?: Partial<ContractSourceOptions>;
  readonly server?: Partial<SdsServerOptions>;
  readonly lookupMilliseconds?: number;
}

function watch({ events }: ContractSource): readonly Told[] {
  const told: Told[] = [];
  events.on("refreshed", () => told.push("refreshed"));
  events.on("refreshFailed", ({ code }) => told.push(["refreshFailed", code]));
  events.on("stale", ({ ageMilliseconds, code }) => told.push(["stale", [ageMilliseconds / minute, code]]));
  events.on("overridden", ({ fields }) => told.push(["overridden", fields]));
  events.on("pathContradicts", ({ pathPattern }) => told.push(["pathContradicts", pathPattern]));
  return told;
}

/** The directory closes what is made here. */
export async function startContractWorld(
  directory: SimulatedDirectory,
  { source: wanted = {}, server: served = {}, ...timeouts }: ContractWish = {},
): Promise<ContractWorld> {
  let time = Date.UTC(2026, 10, 22);
  const server = await directory.start(served);
  const source = createContractSource({
    client: directory.client(server, { timeouts }),
    odsCode: "ZSP",
    effects: { now: () => time },
    staleWaitMilliseconds: 20_000,
    ...wanted,
  });
  directory.closeLater(() => source.close());
  return {
    server,
    source,
    told: watch(source),
    advance: (by) => {
      time += by;
    },
  };
}

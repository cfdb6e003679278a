// One seed for all properties of a run, printed, so that any run can be had again.
import fc from "fast-check";

/** As pinned, a run shows what the one before it showed. `PROPERTY_SEED=random` looks further, and prints where. */
const pinnedSeed = 20_251_103;
const asked = process.env["PROPERTY_SEED"];
const seed =
  asked === undefined || asked === "" ? pinnedSeed : asked === "random" ? Date.now() % 2_147_483_647 : Number(asked);
if (!Number.isSafeInteger(seed)) throw new Error(`PROPERTY_SEED is no whole number: ${String(asked)}`);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
process.stdout.write(`Properties are tried with PROPERTY_SEED=${seed}\n`);

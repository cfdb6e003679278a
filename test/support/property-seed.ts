// One seed for all properties of a run, printed, so that any run can be had again; and how many inputs each is tried with.
import fc from "fast-check";

/** As pinned, a run shows what the one before it showed. `PROPERTY_SEED=random` looks further, and prints where. */
const pinnedSeed = 20_251_103;
const asked = process.env["PROPERTY_SEED"];
const seed =
  asked === undefined || asked === "" ? pinnedSeed : asked === "random" ? Date.now() % 2_147_483_647 : Number(asked);
if (!Number.isSafeInteger(seed)) throw new Error(`PROPERTY_SEED is no whole number: ${String(asked)}`);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
process.stdout.write(`Properties are tried with PROPERTY_SEED=${seed}\n`);

/** The long form: each property with so many times its inputs. It wants mocha's --timeout 0. */
const times = Number(process.env["PROPERTY_RUNS"] ?? "1");
if (!Number.isSafeInteger(times) || times < 1) throw new Error("PROPERTY_RUNS is no whole number above 0");

const defaultRuns = 100;

if (times > 1) {
  const assertAll = fc.assert;
  let inputs = 0;
  const assertMore = (property: fc.IRawProperty<unknown>, parameters: fc.Parameters<unknown> = {}): unknown => {
    const numRuns = (parameters.numRuns ?? defaultRuns) * times;
    inputs += numRuns;
    return assertAll(property, { ...parameters, numRuns });
  };
  // The module itself cannot be changed, so its place is taken by one that differs in this function alone.
  const loaded = require.cache[require.resolve("fast-check")];
  if (loaded === undefined) throw new Error("the number of inputs cannot be changed");
  loaded.exports = { ...fc, __esModule: true, default: { ...fc, assert: assertMore }, assert: assertMore };
  process.on("exit", () => process.stdout.write(`Properties were tried with ${inputs} inputs\n`));
}

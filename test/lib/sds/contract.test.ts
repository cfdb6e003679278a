import assert from "node:assert/strict";
import { selectPattern, type ContractProperties } from "../../../lib/sds/contract.js";

function contract(syncReplyMode: string, ackRequested: string, duplicateElimination: string): ContractProperties {
  return {
    syncReplyMode,
    ackRequested,
    duplicateElimination,
    actor: "",
    retries: 0,
    retryIntervalMilliseconds: 0,
    persistDurationMilliseconds: 0,
  };
}

const chosen: readonly (readonly [string, string, string, string])[] = [
  ["MSHSignalsOnly", "never", "never", "express"],
  ["MSHSignalsOnly", "", "", "express"],
  ["MSHSignalsOnly", "never", "", "express"],
  ["MSHSignalsOnly", "", "never", "express"],
  ["mshsignalsonly", "NEVER", "Never", "express"],
  ["MSHSignalsOnly", "always", "always", "reliable"],
  [" MSHSIGNALSONLY ", " Always ", "ALWAYS", "reliable"],
  ["None", "always", "always", "forward-reliable"],
  ["Never", "always", "always", "forward-reliable"],
  ["none", "never", "never", "sync-soap"],
  ["Never", "Never", "never", "sync-soap"],
];

const refused: readonly (readonly [string, string, string, string])[] = [
  ["MSHSignalsOnly", "always", "never", "acknowledgment without duplicate elimination"],
  ["MSHSignalsOnly", "never", "always", "duplicate elimination without acknowledgment"],
  ["MSHSignalsOnly", "always", "", "acknowledgment with nothing said of duplicates"],
  ["MSHSignalsOnly", "", "always", "duplicate elimination with nothing said of acknowledgment"],
  ["None", "always", "never", "a mixture without signals"],
  ["None", "", "", "no signals and nothing else said"],
  ["None", "never", "", "no signals and one property missing"],
  ["SignalsAndResponse", "never", "never", "signals and response together"],
  ["", "", "", "an empty record"],
  ["", "never", "never", "a missing sync reply mode"],
  ["MSHSignalsOnly", "perhaps", "never", "a value that is neither always nor never"],
  ["ResponseOnly", "never", "never", "an unknown sync reply mode"],
];

describe("selectPattern", () => {
  for (const [mode, ack, elimination, pattern] of chosen) {
    it(`chooses ${pattern} for "${mode}", "${ack}", "${elimination}"`, () => {
      assert.equal(selectPattern(contract(mode, ack, elimination)), pattern);
    });
  }

  for (const [mode, ack, elimination, what] of refused) {
    it(`refuses ${what}: "${mode}", "${ack}", "${elimination}"`, () => {
      assert.throws(() => selectPattern(contract(mode, ack, elimination)), { code: "CONFIG_CONTRACT" });
    });
  }
});

// What every message store promises, whatever it keeps its messages in.
import { describeAccepting } from "./accepting.conformance.js";
import { describeAuditing } from "./auditing.conformance.js";
import { describeContinuity } from "./continuity.conformance.js";
import { describeFinding } from "./finding.conformance.js";
import { describeMeasuring } from "./measuring.conformance.js";
import type { StorePlace } from "../../support/store/sample-messages.js";
import { describeWorking } from "./working.conformance.js";

/** Describes the suite for one kind of store; `createPlace` gives an empty place for each test. */
export function describeMessageStore(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`${name} as a message store`, () => {
    describeAccepting(createPlace);
    describeWorking(createPlace);
    describeFinding(createPlace);
    describeMeasuring(createPlace);
    describeAuditing(createPlace);
    describeContinuity(createPlace);
  });
}

// When an endpoint is left alone and when it is tried, by a clock that the test moves.
import assert from "node:assert/strict";
import { createEndpointBreakers } from "../../../../lib/mhs/outbound/circuit-breaker.js";

const settings = { threshold: 3, retryMilliseconds: 100, probeMilliseconds: 1_000, maximumProbeMilliseconds: 4_000 };

describe("an endpoint that cannot be reached", () => {
  const open = () => {
    const breakers = createEndpointBreakers(settings);
    for (let count = 0; count < 3; count += 1) breakers.failed("peer", false, 0);
    return breakers;
  };

  it("is tried again soon, and with growing distance, before it is left alone", () => {
    const breakers = createEndpointBreakers(settings);
    assert.deepEqual(breakers.failed("peer", false, 0), { retryAt: 100, isOpened: false });
    assert.deepEqual(breakers.failed("peer", false, 100), { retryAt: 300, isOpened: false });
    assert.deepEqual(breakers.admit("peer", 300), { kind: "send", isProbe: false });
    assert.deepEqual(breakers.failed("peer", false, 300), { retryAt: 1_300, isOpened: true });
  });

  it("is left alone, and takes one probe at a time", () => {
    const breakers = open();
    assert.deepEqual(breakers.admit("peer", 999), { kind: "wait", until: 1_000 });
    assert.deepEqual(breakers.admit("peer", 1_000), { kind: "send", isProbe: true });
    assert.deepEqual(breakers.admit("peer", 1_000), { kind: "wait", until: 2_000 });
  });

  it("is probed with growing distance up to the longest, and reported once", () => {
    const breakers = open();
    const distances = [0, 0, 0, 0].map(() => breakers.failed("peer", true, 10_000));
    assert.deepEqual(
      distances.map(({ retryAt }) => retryAt - 10_000),
      [2_000, 4_000, 4_000, 4_000],
    );
    assert.ok(distances.every(({ isOpened }) => !isOpened));
  });

  it("is not probed later for sendings that began before it was left alone", () => {
    const breakers = open();
    assert.deepEqual(breakers.failed("peer", false, 5), { retryAt: 1_000, isOpened: false });
  });

  it("is as any other once somebody was reached, which is reported once", () => {
    const breakers = open();
    assert.deepEqual(breakers.reached("peer"), { isClosed: true });
    assert.deepEqual(breakers.reached("peer"), { isClosed: false });
    assert.deepEqual(breakers.admit("peer", 0), { kind: "send", isProbe: false });
    assert.equal(breakers.failed("peer", false, 0).isOpened, false);
  });

  it("does not keep messages from another endpoint", () => {
    assert.deepEqual(open().admit("other", 0), { kind: "send", isProbe: false });
  });
});

// What no row of events may lead to, whatever happens to a stored message.
import assert from "node:assert/strict";
import fc from "fast-check";
import { decideDelivery, type DeliveryState } from "../../../../lib/mhs/outbound/delivery-policy.js";
import {
  accepted,
  ackInReply,
  due,
  express,
  fault,
  forward,
  http,
  minute,
  noAckInReply,
  noReply,
  now,
  query,
  refusedConnection,
  reliable,
  reliableQuery,
} from "../../../support/mhs/delivery-cases.js";

describe("a stored message", () => {
  it("no row of events sends a query or an express message twice, or any message more often than agreed", () => {
    const events = [
      noReply,
      refusedConnection,
      ackInReply,
      accepted,
      noAckInReply,
      http(503),
      http(500),
      fault("206"),
      due,
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(
          reliable,
          forward,
          express,
          query,
          reliableQuery,
          { ...forward, resendable: "never" as const },
          {
            ...express,
            completedBy: "response" as const,
          },
        ),
        fc.array(fc.tuple(fc.constantFrom(...events), fc.nat(minute)), { maxLength: 30 }),
        (policy, happenings) => {
          let state: DeliveryState = { state: "queued", attempts: 0 };
          let clock = now;
          let mayHaveArrived = 0;
          let firstAt = Number.POSITIVE_INFINITY;
          for (const [event, milliseconds] of happenings) {
            clock += milliseconds;
            if (event.kind !== "due" && state.state !== "sending") continue;
            const decision = decideDelivery(state, event, policy, clock);
            if (decision.kind === "send") {
              mayHaveArrived += 1;
              firstAt = Math.min(firstAt, clock);
              assert.ok(clock - firstAt < 5 * minute);
              state = { state: "sending", attempts: decision.attempts, deadline: decision.deadline };
            } else if (decision.kind === "transition") {
              if (event.kind === "not-sent") mayHaveArrived -= 1;
              if (mayHaveArrived === 0) firstAt = Number.POSITIVE_INFINITY;
              const { attempts = state.attempts, deadline: changed } = decision.changes ?? {};
              const kept = changed === null ? undefined : (changed ?? state.deadline);
              state = { state: decision.to, attempts, ...(kept === undefined ? {} : { deadline: kept }) };
            }
            assert.ok(
              mayHaveArrived <=
                (policy.pattern === "express" || policy.resendable === "never" ? 1 : 1 + policy.retries),
            );
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

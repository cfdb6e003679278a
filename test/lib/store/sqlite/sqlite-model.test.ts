// Compares the embedded store with a list in memory, over random sequences of operations.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { MessageRowId, MessageState } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { createModelStore, modelLease, type ModelStore } from "../../../support/store/model-store.js";
import { inbound, outbound } from "../../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";

/** Does the same to the store and to the model, and gives what each said. */
type Act = (store: MessageStore, model: ModelStore, now: number) => Promise<readonly [unknown, unknown]>;

interface NamedAct {
  readonly text: string;
  readonly act: Act;
}

const id = fc.integer({ min: 1, max: 12 });
const owner = fc.constantFrom("one", "two");
const outboundState = fc.constantFrom<MessageState>(
  "queued",
  "sending",
  "awaiting-response",
  "completed",
  "failed",
  "held",
);
const inboundState = fc.constantFrom<MessageState>("received", "delivered", "confirmed");
const destination = fc.constantFrom("a", "b");
const asRowId = (number: number): MessageRowId => number as MessageRowId;

function named<Values extends readonly unknown[]>(
  name: string,
  values: fc.Arbitrary<Values>,
  act: (...values: Values) => Act,
): fc.Arbitrary<NamedAct> {
  return values.map((chosen) => ({ text: `${name} ${JSON.stringify(chosen)}`, act: act(...chosen) }));
}

const acceptOutbound = named(
  "accept",
  fc.tuple(destination, fc.boolean()),
  (place, isOrdered) => async (store, model, now) => {
    const message = outbound({ destination: place, isOrdered, acceptedAt: now });
    const { messageId } = message;
    const [given] = await store.acceptOutbound([message]);
    return [given, model.accept({ messageId, direction: "outbound", destination: place, isOrdered }, now)];
  },
);

const acceptInbound = named(
  "accept inbound",
  fc.tuple(fc.integer({ min: 1, max: 6 }), fc.option(id, { nil: undefined })),
  (number, answers) => async (store, model, now) => {
    const messageId = `ANSWER-${number}`;
    const answered = answers === undefined ? {} : { answers: { id: asRowId(answers) } };
    const message = inbound({ messageId, isOrdered: true, acceptedAt: now, duplicateUntil: 1e9, ...answered });
    const acceptance = await store.acceptInbound(message);
    const said = acceptance.kind === "accepted" ? (acceptance.answer ?? "accepted") : "duplicate";
    return [said, model.acceptInbound(messageId, answers, now)];
  },
);

const claim = named(
  "claim",
  fc.tuple(fc.constantFrom("outbound", "inbound"), owner, fc.integer({ min: 1, max: 3 })),
  (direction, by, limit) => async (store, model, now) => {
    const states = direction === "outbound" ? (["queued", "sending"] as const) : (["received", "delivered"] as const);
    const request = { channel: "transport", direction, states, owner: by, limit, now, leaseMilliseconds: modelLease };
    const claimed = await store.claim(request);
    return [claimed.map((row) => row.id), model.claim(direction, states, by, now, limit)];
  },
);

const transition = named(
  "transition",
  fc.oneof(
    fc.tuple(id, outboundState, outboundState, fc.option(owner, { nil: undefined })),
    fc.tuple(id, inboundState, inboundState, fc.option(owner, { nil: undefined })),
  ),
  (number, from, to, by) => async (store, model, now) => {
    const held = by === undefined ? {} : { owner: by };
    const outcome = await store.transition({ id: asRowId(number), from: [from], to, at: now, ...held });
    return [outcome, model.transition(number, from, to, now, by)];
  },
);

const release = named(
  "release",
  fc.tuple(id, owner, fc.integer({ max: 60, min: 0 })),
  (number, by, wait) => async (store, model, now) => {
    const outcome = await store.releaseLease({ id: asRowId(number), owner: by, nextAttemptAt: now + wait });
    return [outcome, model.release(number, by, now + wait)];
  },
);

const renew = named("renew", fc.tuple(id, owner), (number, by) => async (store, model, now) => {
  const outcome = await store.renewLease({ id: asRowId(number), owner: by, until: now + modelLease });
  return [outcome, model.renew(number, by, now + modelLease)];
});

const prune = named(
  "prune",
  fc.tuple(fc.constantFrom("completed", "confirmed")),
  (state) => async (store, model, now) => {
    const { count } = await store.prune([{ state, keepMilliseconds: 30 }], now, 100);
    return [count, model.prune(state, now - 30)];
  },
);

const acts = fc.array(
  fc.oneof(
    { arbitrary: acceptOutbound, weight: 4 },
    { arbitrary: acceptInbound, weight: 3 },
    { arbitrary: claim, weight: 5 },
    { arbitrary: transition, weight: 6 },
    { arbitrary: release, weight: 2 },
    { arbitrary: renew, weight: 1 },
    { arbitrary: prune, weight: 1 },
  ),
  { minLength: 5, maxLength: 60, size: "max" },
);

async function stateOfStore(store: MessageStore): Promise<unknown> {
  const { messages } = await store.list({}, 1000);
  return messages
    .map((row) => [row.id, row.messageId, row.state, row.leaseOwner, row.leaseUntil ?? 0, row.answeredBy])
    .sort((one, other) => Number(one[0]) - Number(other[0]));
}

function stateOfModel({ messages }: ModelStore): unknown {
  return messages.map((message) => [
    message.id,
    message.messageId,
    message.state,
    message.owner,
    message.leaseUntil,
    message.answeredBy,
  ]);
}

describe("the embedded store, compared with a list in memory", () => {
  it("says and holds the same after any sequence of operations", async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (sequence) => {
        const place = await createSqlitePlace();
        const store = await place.open();
        const model = createModelStore();
        try {
          for (const [step, { text, act }] of sequence.entries()) {
            const [said, expected] = await act(store, model, step * 11);
            assert.deepEqual(said, expected, `step ${step}: ${text}`);
          }
          assert.deepEqual(await stateOfStore(store), stateOfModel(model));
        } finally {
          await store.close();
          await place.remove();
        }
      }),
      { numRuns: 60 },
    );
  });
});

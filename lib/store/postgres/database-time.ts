// Lets instances whose clocks differ share one database: every time in it is the database's own.
import { CpisError } from "../../errors.js";
import type { NewAuditEntry } from "../audit-model.js";
import type { AnsweredMessage, NewInboundMessage, NewOutboundMessage, StoredMessage } from "../message-model.js";
import type {
  InstanceClock,
  MessageChanges,
  MessageFilter,
  MessageStore,
  StoreEvent,
  TimeSpan,
} from "../message-store.js";

export interface ClockReport {
  /** How far this program's clock is ahead of the database's; negative when it is behind. */
  readonly skewMilliseconds: number;
  /** Between the instance whose clock is furthest ahead and the one whose is furthest behind. */
  readonly spreadMilliseconds: number;
}

export interface DatabaseTimeOptions {
  /** Names this instance among those that share the database. */
  readonly owner: string;
  /** The program's clock, in milliseconds since 1970. It may be wrong, and it may be set. */
  now(): number;
  /** Milliseconds of a clock that is never set. */
  monotonic(): number;
  /** Reads the database's clock. */
  readClock(): Promise<number>;
  /** Each time that the clocks were compared. */
  measured?(report: ClockReport): void;
}

/** From here on a difference is worth a person's attention. */
export const alarmingSkewMilliseconds = 2000;
/** Beyond it an instance takes no work of others: what it writes in messages is too far from the truth. */
export const intolerableSkewMilliseconds = 10_000;

const compareMilliseconds = 10_000;
const forgottenMilliseconds = 60_000;
/** Differences below it are those of the measuring. */
const noiseMilliseconds = 100;

interface Comparison {
  readonly databaseAt: number;
  readonly monotonicAt: number;
}

type NewMessage = NewInboundMessage | NewOutboundMessage;

function present<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Value;
}

function movedAudit({ audit }: { readonly audit?: NewAuditEntry }, move: Mover): { readonly audit?: NewAuditEntry } {
  return audit === undefined ? {} : { audit: { ...audit, at: move(audit.at) } };
}

function movedAnswer(answers: AnsweredMessage, move: Mover): AnsweredMessage {
  const { acknowledgedAt } = answers;
  return {
    ...answers,
    ...(acknowledgedAt === undefined ? {} : { acknowledgedAt: move(acknowledgedAt) }),
    ...movedAudit(answers, move),
  };
}

function movedEvent(event: StoreEvent, move: Mover): StoreEvent {
  return event.kind === "work" && event.dueAt !== undefined ? { ...event, dueAt: move(event.dueAt) } : event;
}

function movedMessage<Message extends NewMessage>(message: Message, move: Mover): Message {
  const { acceptedAt, nextAttemptAt, deadline, lease } = message;
  return present({
    ...message,
    acceptedAt: move(acceptedAt),
    nextAttemptAt: nextAttemptAt === undefined ? undefined : move(nextAttemptAt),
    deadline: deadline === undefined ? undefined : move(deadline),
    lease: lease === undefined ? undefined : { ...lease, until: move(lease.until) },
  });
}

type Mover = (time: number) => number;

function movedChanges(changes: MessageChanges, move: Mover): MessageChanges {
  const { nextAttemptAt, deadline, acknowledgedAt } = changes;
  const moved = (time: number | null | undefined): number | null | undefined =>
    typeof time === "number" ? move(time) : time;
  return present<{ -readonly [Name in keyof MessageChanges]: MessageChanges[Name] | undefined }>({
    ...changes,
    nextAttemptAt: moved(nextAttemptAt),
    deadline: moved(deadline),
    acknowledgedAt: acknowledgedAt === undefined ? undefined : move(acknowledgedAt),
  }) as MessageChanges;
}

const storedTimes = [
  "createdAt",
  "updatedAt",
  "nextAttemptAt",
  "deadline",
  "leaseUntil",
  "acknowledgedAt",
  "answeredAt",
  "dealtWithAt",
] as const satisfies readonly (keyof StoredMessage)[];

function movedStored<Message extends StoredMessage>(message: Message, move: Mover): Message {
  const times: Partial<Record<(typeof storedTimes)[number], number>> = {};
  for (const name of storedTimes) {
    const time = message[name];
    if (time !== undefined) times[name] = move(time);
  }
  return { ...message, ...times };
}

function movedSpan({ from, before }: TimeSpan, move: Mover): TimeSpan {
  return { from: move(from), before: move(before) };
}

function movedFilter(filter: MessageFilter, move: Mover): MessageFilter {
  const { from, before } = filter;
  return {
    ...filter,
    ...(from === undefined ? {} : { from: move(from) }),
    ...(before === undefined ? {} : { before: move(before) }),
  };
}

/**
 * A store whose callers give and get times of their own clock, whatever that says, and whose database holds its own
 * time. What a caller wants done in a minute is due in a minute, on every instance, also when a clock was set meanwhile:
 * between two comparisons the database's time is counted by the clock that is never set. The number of a page's end, and
 * the times of the audit, are the database's. `claim` throws STORE_CLOCK_SKEW while the clocks are too far apart.
 */
export function inDatabaseTime(store: MessageStore, options: DatabaseTimeOptions): MessageStore {
  const { owner } = options;
  let comparison: Comparison | undefined;
  let comparing: Promise<void> | undefined;
  let skew = 0;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  function currentSkew(): number {
    if (comparison === undefined) return skew;
    const { databaseAt, monotonicAt } = comparison;
    const found = Math.round(options.now() - (databaseAt + options.monotonic() - monotonicAt));
    // Kept while it is nearly the same, so that a row is read alike each time.
    if (Math.abs(found - skew) > noiseMilliseconds) skew = Math.abs(found) <= noiseMilliseconds ? 0 : found;
    return skew;
  }

  async function compare(): Promise<void> {
    const before = options.monotonic();
    const databaseAt = await options.readClock();
    const after = options.monotonic();
    comparison = { databaseAt, monotonicAt: (before + after) / 2 };
  }

  async function ensureCompared(): Promise<void> {
    if (comparison !== undefined) return;
    comparing ??= compare().finally(() => (comparing = undefined));
    await comparing;
  }

  async function report(): Promise<void> {
    await compare();
    const own = currentSkew();
    const note = { owner, skewMilliseconds: own, withinMilliseconds: forgottenMilliseconds, now: options.now() };
    const clocks: readonly InstanceClock[] = await store.noteClock(note);
    const skews = [0, ...clocks.map(({ skewMilliseconds }) => skewMilliseconds)];
    options.measured?.({ skewMilliseconds: own, spreadMilliseconds: Math.max(...skews) - Math.min(...skews) });
  }

  function reportLater(): void {
    if (isClosed) return;
    // A database that is away is told of by the operations that need it.
    const next = (): void =>
      void report()
        .catch(() => undefined)
        .finally(reportLater);
    timer = setTimeout(next, comparison === undefined ? 0 : compareMilliseconds);
    timer.unref();
  }

  const to: Mover = (time) => time - currentSkew();
  const from: Mover = (time) => time + currentSkew();

  async function timed<Result>(work: () => Promise<Result>): Promise<Result> {
    await ensureCompared();
    return work();
  }

  const read = (work: () => Promise<StoredMessage | undefined>): Promise<StoredMessage | undefined> =>
    timed(async () => {
      const message = await work();
      return message === undefined ? undefined : movedStored(message, from);
    });

  function refuseSkewed(): void {
    const found = currentSkew();
    if (Math.abs(found) <= intolerableSkewMilliseconds) return;
    throw new CpisError("STORE_CLOCK_SKEW", {
      detail: `${Math.round(Math.abs(found) / 1000)} s ${found > 0 ? "ahead of" : "behind"} the database's`,
    });
  }

  reportLater();
  return {
    acceptOutbound: (messages) => timed(() => store.acceptOutbound(messages.map((one) => movedMessage(one, to)))),
    acceptRequest: (message, audit) =>
      timed(() =>
        store.acceptRequest(
          movedMessage(message, to),
          ...(audit === undefined ? [] : [{ ...audit, at: to(audit.at) }]),
        ),
      ),
    acceptInbound: (message) =>
      timed(() => {
        const { answers, duplicateUntil } = message;
        return store.acceptInbound({
          ...movedMessage(message, to),
          duplicateUntil: to(duplicateUntil),
          ...(answers === undefined ? {} : { answers: movedAnswer(answers, to) }),
        });
      }),
    claim: (request) =>
      timed(async () => {
        refuseSkewed();
        const claimed = await store.claim({ ...request, now: to(request.now) });
        return claimed.map((message) => movedStored(message, from));
      }),
    nextDueAt: (request) =>
      timed(async () => {
        const dueAt = await store.nextDueAt(request);
        return dueAt === undefined ? undefined : from(dueAt);
      }),
    renewLease: (request) => timed(() => store.renewLease({ ...request, until: to(request.until) })),
    releaseLease: (request) =>
      timed(() => {
        const { nextAttemptAt } = request;
        return store.releaseLease(
          nextAttemptAt === undefined ? request : { ...request, nextAttemptAt: to(nextAttemptAt) },
        );
      }),
    transition: (transition) =>
      timed(() => {
        const { changes, at } = transition;
        return store.transition({
          ...transition,
          at: to(at),
          ...movedAudit(transition, to),
          ...(changes === undefined ? {} : { changes: movedChanges(changes, to) }),
        });
      }),
    dealWith: (dealtWith) => timed(() => store.dealWith({ ...dealtWith, at: to(dealtWith.at) })),
    findById: (id) => read(() => store.findById(id)),
    findByMessageId: (direction, messageId) => read(() => store.findByMessageId(direction, messageId)),
    findByConversation: (conversationId) =>
      timed(async () => (await store.findByConversation(conversationId)).map((one) => movedStored(one, from))),
    list: (filter, limit, after) =>
      timed(async () => {
        const page = await store.list(movedFilter(filter, to), limit, after);
        return { ...page, messages: page.messages.map((one) => movedStored(one, from)) };
      }),
    oldestUnfinished: () =>
      timed(async () => (await store.oldestUnfinished()).map((one) => ({ ...one, createdAt: from(one.createdAt) }))),
    countUnfinished: () =>
      timed(async () => (await store.countUnfinished()).map((one) => ({ ...one, oldestAt: from(one.oldestAt) }))),
    countAccepted: (span, state, limit) => timed(() => store.countAccepted(movedSpan(span, to), state, limit)),
    countFailed: (span, limit) => timed(() => store.countFailed(movedSpan(span, to), limit)),
    countOutcomes: (span, limit) => timed(() => store.countOutcomes(movedSpan(span, to), limit)),
    countErrors: (span, limit) => timed(() => store.countErrors(movedSpan(span, to), limit)),
    readTimes: (span, limit) =>
      timed(async () =>
        (await store.readTimes(movedSpan(span, to), limit)).map(({ interaction, messages }) => ({
          interaction,
          messages: messages.map(({ createdAt, acknowledgedAt, answeredAt, ...rest }) => ({
            ...rest,
            createdAt: from(createdAt),
            ...(acknowledgedAt === undefined ? {} : { acknowledgedAt: from(acknowledgedAt) }),
            ...(answeredAt === undefined ? {} : { answeredAt: from(answeredAt) }),
          })),
        })),
      ),
    history: (id) => timed(async () => (await store.history(id)).map((entry) => ({ ...entry, at: from(entry.at) }))),
    appendAudit: (entry) => timed(() => store.appendAudit({ ...entry, at: to(entry.at) })),
    countOwners: () =>
      timed(async () => (await store.countOwners()).map((owner) => ({ ...owner, oldestAt: from(owner.oldestAt) }))),
    reassign: (reassignment) => timed(() => store.reassign(reassignment)),
    prune: (rules, now, limit) => timed(() => store.prune(rules, to(now), limit)),
    subscribe: (listener) => store.subscribe((event) => listener(movedEvent(event, from))),
    // No times are in what these take or give.
    countByState: () => store.countByState(),
    countDeadLetters: () => store.countDeadLetters(),
    readContent: (id) => store.readContent(id),
    readContext: (id) => store.readContext(id),
    readAudit: (after, limit) => store.readAudit(after, limit),
    readAuditHead: () => store.readAuditHead(),
    nextNumber: (name) => store.nextNumber(name),
    takeNumber: (name, number) => store.takeNumber(name, number),
    lastNumber: (name) => store.lastNumber(name),
    readIdentity: () => store.readIdentity(),
    readProgress: () => store.readProgress(),
    beginGeneration: (generation) => timed(() => store.beginGeneration({ ...generation, at: to(generation.at) })),
    holdLease: (lease) => store.holdLease(lease),
    endLease: (lease) => store.endLease(lease),
    noteClock: (clock) => store.noteClock(clock),
    reseal: (limit) => store.reseal(limit),
    health: () => store.health(),
    setAsideUnclaimed: ({ acceptedBefore, now, limit }) =>
      timed(() => store.setAsideUnclaimed({ acceptedBefore: to(acceptedBefore), now: to(now), limit })),
    close(): Promise<void> {
      isClosed = true;
      clearTimeout(timer);
      return store.close();
    },
  };
}

// Claims due work of a store with a lease and gives it to a worker, woken by the store's events and by the clock.
import { longestTimerMilliseconds } from "../time/back-off.js";
import { isCpisError } from "../errors.js";
import type { Direction, MessageRowId, MessageState, StoredMessage } from "../store/message-model.js";
import type { MessageStore, StoreEvent } from "../store/message-store.js";
import type { DeliveryReports } from "./model.js";
import { isStoreOutage, type StoreWatch } from "./store-watch.js";

export interface LeaseWorkerOptions {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  readonly owner: string;
  readonly direction: Direction;
  readonly states: readonly MessageState[];
  readonly leaseMilliseconds: number;
  readonly maximumParallel: number;
  readonly reports: Pick<DeliveryReports, "warning">;
  now(): number;
  /** Ends the lease by a transition or gives it back. What it throws is warned of; the lease then runs out. */
  work(message: StoredMessage): Promise<void>;
}

export interface LeaseWorker {
  start(): void;
  /** Looks for due work now. */
  wake(): void;
  /** Claims no more, and waits a while for what is under way. */
  close(): Promise<void>;
}

/** A message that is due and cannot be claimed is in the hands of another instance at this moment. */
const shortestTimerMilliseconds = 20;
/** Until the next try after an error that no waiting mends by itself, but a person may. */
const hopelessMilliseconds = 10_000;
/** What does not end by then is left to its lease. */
const closeGraceMilliseconds = 5_000;

export function createLeaseWorker(options: LeaseWorkerOptions): LeaseWorker {
  const { store, watch, channel, direction, states, owner, leaseMilliseconds, reports } = options;
  const underWay = new Map<MessageRowId, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let renewal: NodeJS.Timeout | undefined;
  let unsubscribe = (): void => undefined;
  let isOpen = false;
  let isLooking = false;
  let isWoken = false;
  let looking = Promise.resolve();
  /** When the timer ends, and the earliest time told while the clock was being set. */
  let nextLookAt = Number.POSITIVE_INFINITY;
  let toldDueAt = Number.POSITIVE_INFINITY;

  function warn(error: unknown, message: string): void {
    const code = isCpisError(error) ? error.code : "an unexpected error";
    reports.warning({ code: "INTERNAL", message: `${message}: ${code}` });
  }

  async function workOn(message: StoredMessage): Promise<void> {
    try {
      await options.work(message);
    } catch (error) {
      // An outage has its own event, and what was not written down is done again when the lease has run out.
      if (!isStoreOutage(error)) warn(error, "A stored message could not be worked on");
    }
  }

  function begin(message: StoredMessage): void {
    const work = workOn(message).finally(() => {
      underWay.delete(message.id);
      wake();
    });
    underWay.set(message.id, work);
  }

  async function claimAll(): Promise<void> {
    for (let room = options.maximumParallel - underWay.size; isOpen && room > 0;) {
      const request = { channel, direction, states, owner, leaseMilliseconds, limit: room, now: options.now() };
      const claimed = await watch.run(() => store.claim(request));
      for (const message of claimed) begin(message);
      if (claimed.length < room) return;
      room = options.maximumParallel - underWay.size;
    }
  }

  /** A worker that ends wakes the loop, so without room there is nothing to set the clock for. */
  async function untilNextDue(): Promise<number | undefined> {
    if (underWay.size >= options.maximumParallel) return undefined;
    const dueAt = await watch.run(() => store.nextDueAt({ channel, direction, states }));
    return dueAt === undefined ? undefined : Math.max(dueAt - options.now(), shortestTimerMilliseconds);
  }

  async function lookOnce(): Promise<number | undefined> {
    try {
      await claimAll();
      return await untilNextDue();
    } catch (error) {
      if (isStoreOutage(error)) return watch.retryMilliseconds();
      warn(error, "Stored messages could not be claimed");
      return hopelessMilliseconds;
    }
  }

  const isWanted = (): boolean => isWoken && isOpen;

  function setTimer(dueAt: number): void {
    nextLookAt = dueAt;
    clearTimeout(timer);
    if (!isOpen || !Number.isFinite(dueAt)) return;
    const delay = Math.max(dueAt - options.now(), shortestTimerMilliseconds);
    timer = setTimeout(wake, Math.min(delay, longestTimerMilliseconds));
  }

  async function look(): Promise<void> {
    let delay: number | undefined;
    do {
      isWoken = false;
      toldDueAt = Number.POSITIVE_INFINITY;
      delay = await lookOnce();
    } while (isWanted());
    isLooking = false;
    setTimer(Math.min(delay === undefined ? Number.POSITIVE_INFINITY : options.now() + delay, toldDueAt));
  }

  function wake(): void {
    if (!isOpen) return;
    isWoken = true;
    if (isLooking) return;
    isLooking = true;
    clearTimeout(timer);
    looking = look();
  }

  /** For work that is not due yet the clock is set, and the store is not asked. */
  function lookBy(dueAt: number): void {
    if (dueAt <= options.now()) wake();
    else if (isLooking) toldDueAt = Math.min(toldDueAt, dueAt);
    else if (dueAt < nextLookAt) setTimer(dueAt);
  }

  function onStoreEvent(event: StoreEvent): void {
    if (event.kind === "resumed") wake();
    if (event.kind !== "work" || event.channel !== channel || event.direction !== direction) return;
    lookBy(event.dueAt ?? 0);
  }

  async function renewLeases(): Promise<void> {
    for (const id of [...underWay.keys()]) {
      try {
        await store.renewLease({ id, owner, until: options.now() + leaseMilliseconds });
      } catch (error) {
        if (!isStoreOutage(error)) warn(error, "A lease could not be renewed");
        return;
      }
    }
  }

  return {
    start(): void {
      isOpen = true;
      unsubscribe = store.subscribe(onStoreEvent);
      renewal = setInterval(() => void renewLeases(), leaseMilliseconds / 3);
      wake();
    },
    wake,
    async close(): Promise<void> {
      isOpen = false;
      clearTimeout(timer);
      unsubscribe();
      await looking;
      const { promise: isOverdue, resolve } = Promise.withResolvers<undefined>();
      const grace = setTimeout(resolve, closeGraceMilliseconds, undefined);
      await Promise.race([Promise.all(underWay.values()), isOverdue]);
      clearTimeout(grace);
      clearInterval(renewal);
    },
  };
}

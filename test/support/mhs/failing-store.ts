// A real store whose disk or database can be taken away and given back by a test.
import { CpisError, type ErrorCode } from "../../../lib/errors.js";
import type { MessageStore } from "../../../lib/store/message-store.js";

export type StoreOperation = Exclude<keyof MessageStore, "subscribe" | "close" | "health">;

export interface FailingStore {
  readonly store: MessageStore;
  /** From now on these operations, or all, throw this code before anything is done. */
  fail(code: ErrorCode, operations?: readonly StoreOperation[]): void;
  recover(): void;
  /** Operations that were refused. */
  refusals(): number;
}

export function createFailingStore(real: MessageStore): FailingStore {
  let code: ErrorCode | undefined;
  let failing: readonly StoreOperation[] | undefined;
  let count = 0;

  function through<Result>(operation: StoreOperation, work: () => Promise<Result>): Promise<Result> {
    if (code === undefined || failing?.includes(operation) === false) return work();
    count += 1;
    return Promise.reject(new CpisError(code));
  }

  return {
    store: {
      acceptOutbound: (messages) => through("acceptOutbound", () => real.acceptOutbound(messages)),
      acceptInbound: (message) => through("acceptInbound", () => real.acceptInbound(message)),
      claim: (request) => through("claim", () => real.claim(request)),
      nextDueAt: (request) => through("nextDueAt", () => real.nextDueAt(request)),
      renewLease: (request) => through("renewLease", () => real.renewLease(request)),
      releaseLease: (request) => through("releaseLease", () => real.releaseLease(request)),
      transition: (transition) => through("transition", () => real.transition(transition)),
      dealWith: (dealtWith) => through("dealWith", () => real.dealWith(dealtWith)),
      findById: (id) => through("findById", () => real.findById(id)),
      findByMessageId: (direction, id) => through("findByMessageId", () => real.findByMessageId(direction, id)),
      findByConversation: (id) => through("findByConversation", () => real.findByConversation(id)),
      list: (filter, limit, after) => through("list", () => real.list(filter, limit, after)),
      countByState: () => through("countByState", () => real.countByState()),
      oldestUnfinished: () => through("oldestUnfinished", () => real.oldestUnfinished()),
      countUnfinished: () => through("countUnfinished", () => real.countUnfinished()),
      countDeadLetters: () => through("countDeadLetters", () => real.countDeadLetters()),
      countAccepted: (span, state, limit) => through("countAccepted", () => real.countAccepted(span, state, limit)),
      countErrors: (span, limit) => through("countErrors", () => real.countErrors(span, limit)),
      readTimes: (span, limit) => through("readTimes", () => real.readTimes(span, limit)),
      appendAudit: (entry) => through("appendAudit", () => real.appendAudit(entry)),
      readAudit: (after, limit) => through("readAudit", () => real.readAudit(after, limit)),
      readContent: (id) => through("readContent", () => real.readContent(id)),
      readContext: (id) => through("readContext", () => real.readContext(id)),
      history: (id) => through("history", () => real.history(id)),
      nextNumber: (name) => through("nextNumber", () => real.nextNumber(name)),
      takeNumber: (name, number) => through("takeNumber", () => real.takeNumber(name, number)),
      lastNumber: (name) => through("lastNumber", () => real.lastNumber(name)),
      prune: (rules, now, limit) => through("prune", () => real.prune(rules, now, limit)),
      reseal: (limit) => through("reseal", () => real.reseal(limit)),
      subscribe: (listener) => real.subscribe(listener),
      health: () =>
        code === undefined
          ? real.health()
          : Promise.resolve({ kind: "unavailable", code, message: "taken away by the test" }),
      close: () => real.close(),
    },
    fail(failure, operations): void {
      code = failure;
      failing = operations;
    },
    recover(): void {
      code = undefined;
    },
    refusals: () => count,
  };
}

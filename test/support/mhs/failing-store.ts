// A real store whose disk or database can be taken away and given back by a test.
import { CpisError, type ErrorCode } from "../../../lib/errors.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { aroundOperations, type StoreOperation } from "../../../lib/store/store-layer.js";

export type { StoreOperation };

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
      ...aroundOperations(real, through),
      health: () =>
        code === undefined
          ? real.health()
          : Promise.resolve({ kind: "unavailable", code, message: "taken away by the test" }),
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

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
  /** From now on these operations do not come back, until they are let go; then they are done. */
  hang(operations: readonly StoreOperation[]): void;
  letGo(): void;
  /** Operations that were refused. */
  refusals(): number;
}

export function createFailingStore(real: MessageStore): FailingStore {
  let code: ErrorCode | undefined;
  let failing: readonly StoreOperation[] | undefined;
  let count = 0;
  let hanging: readonly StoreOperation[] = [];
  let freed = Promise.withResolvers<undefined>();

  function through<Result>(operation: StoreOperation, work: () => Promise<Result>): Promise<Result> {
    if (hanging.includes(operation)) return freed.promise.then(work);
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
    hang(operations): void {
      hanging = operations;
      freed = Promise.withResolvers();
    },
    letGo(): void {
      hanging = [];
      freed.resolve(undefined);
    },
    refusals: () => count,
  };
}

// Tells when the messages of a store have changed: by this process, or by another one that shares the store.
import type { MessageStore } from "../../../lib/store/message-store.js";

export interface ObservedStore {
  /** The store, whose writes are noticed. */
  readonly store: MessageStore;
  close(): void;
}

/** `changed` is called after the change is on disk, at most once for each operation. It must not throw. */
export function observeStore(store: MessageStore, changed: () => void): ObservedStore {
  async function noticed<Result>(operation: Promise<Result>): Promise<Result> {
    const result = await operation;
    changed();
    return result;
  }

  return {
    store: {
      ...store,
      acceptOutbound: (messages) => noticed(store.acceptOutbound(messages)),
      acceptRequest: (message, audit) => noticed(store.acceptRequest(message, audit)),
      acceptInbound: (message) => noticed(store.acceptInbound(message)),
      transition: (transition) => noticed(store.transition(transition)),
      // The outcome of a query is kept with its message.
      appendAudit: (entry) =>
        entry.event === "query-ended" ? noticed(store.appendAudit(entry)) : store.appendAudit(entry),
      dealWith: (dealtWith) => noticed(store.dealWith(dealtWith)),
    },
    close: store.subscribe(changed),
  };
}

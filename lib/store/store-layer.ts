// Puts something around every operation of a store: a check before it, or a note after it.
import type { MessageStore } from "./message-store.js";

/** What works with the store's data; the others look at the store itself. */
export type StoreOperation = Exclude<keyof MessageStore, "subscribe" | "close" | "health">;

/** `work` does the operation, when and if it is called. */
export type AroundOperation = <Result>(operation: StoreOperation, work: () => Promise<Result>) => Promise<Result>;

export function aroundOperations(store: MessageStore, around: AroundOperation): MessageStore {
  return {
    ...store,
    acceptOutbound: (messages) => around("acceptOutbound", () => store.acceptOutbound(messages)),
    acceptRequest: (message, audit) => around("acceptRequest", () => store.acceptRequest(message, audit)),
    acceptInbound: (message) => around("acceptInbound", () => store.acceptInbound(message)),
    claim: (request) => around("claim", () => store.claim(request)),
    nextDueAt: (request) => around("nextDueAt", () => store.nextDueAt(request)),
    renewLease: (request) => around("renewLease", () => store.renewLease(request)),
    releaseLease: (request) => around("releaseLease", () => store.releaseLease(request)),
    transition: (transition) => around("transition", () => store.transition(transition)),
    dealWith: (dealtWith) => around("dealWith", () => store.dealWith(dealtWith)),
    findById: (id) => around("findById", () => store.findById(id)),
    findByMessageId: (direction, id) => around("findByMessageId", () => store.findByMessageId(direction, id)),
    findByConversation: (id) => around("findByConversation", () => store.findByConversation(id)),
    list: (filter, limit, after) => around("list", () => store.list(filter, limit, after)),
    countByState: () => around("countByState", () => store.countByState()),
    oldestUnfinished: () => around("oldestUnfinished", () => store.oldestUnfinished()),
    countUnfinished: () => around("countUnfinished", () => store.countUnfinished()),
    countDeadLetters: () => around("countDeadLetters", () => store.countDeadLetters()),
    countAccepted: (span, state, limit) => around("countAccepted", () => store.countAccepted(span, state, limit)),
    countFailed: (span, limit) => around("countFailed", () => store.countFailed(span, limit)),
    countOutcomes: (span, limit) => around("countOutcomes", () => store.countOutcomes(span, limit)),
    countErrors: (span, limit) => around("countErrors", () => store.countErrors(span, limit)),
    readTimes: (span, limit) => around("readTimes", () => store.readTimes(span, limit)),
    appendAudit: (entry) => around("appendAudit", () => store.appendAudit(entry)),
    readAudit: (after, limit) => around("readAudit", () => store.readAudit(after, limit)),
    readContent: (id) => around("readContent", () => store.readContent(id)),
    readContext: (id) => around("readContext", () => store.readContext(id)),
    history: (id) => around("history", () => store.history(id)),
    nextNumber: (name) => around("nextNumber", () => store.nextNumber(name)),
    takeNumber: (name, number) => around("takeNumber", () => store.takeNumber(name, number)),
    lastNumber: (name) => around("lastNumber", () => store.lastNumber(name)),
    countOwners: () => around("countOwners", () => store.countOwners()),
    reassign: (reassignment) => around("reassign", () => store.reassign(reassignment)),
    prune: (rules, now, limit) => around("prune", () => store.prune(rules, now, limit)),
    setAsideUnclaimed: (request) => around("setAsideUnclaimed", () => store.setAsideUnclaimed(request)),
    reseal: (limit) => around("reseal", () => store.reseal(limit)),
    readAuditHead: () => around("readAuditHead", () => store.readAuditHead()),
    readIdentity: () => around("readIdentity", () => store.readIdentity()),
    readProgress: () => around("readProgress", () => store.readProgress()),
    beginGeneration: (generation) => around("beginGeneration", () => store.beginGeneration(generation)),
    holdLease: (lease) => around("holdLease", () => store.holdLease(lease)),
    endLease: (lease) => around("endLease", () => store.endLease(lease)),
    noteClock: (clock) => around("noteClock", () => store.noteClock(clock)),
  };
}

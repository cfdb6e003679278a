// The message store over any database that can run its operations.
import { CpisError, isCpisError } from "../../errors.js";
import { createAcceptOperations } from "./accept-operations.js";
import { createAuditOperations } from "./audit-operations.js";
import { createContinuityOperations } from "./continuity-operations.js";
import { createExchangeOperations } from "./exchange-operations.js";
import { createFindOperations } from "./find-operations.js";
import { createInstanceOperations } from "./instance-operations.js";
import { createMeasureOperations } from "./measure-operations.js";
import type { MessageStore, StoreEvent } from "../message-store.js";
import type { SqlRunner, StoreContext } from "./sql-operation.js";
import { createUpkeepOperations } from "./upkeep-operations.js";
import { createWorkOperations } from "./work-operations.js";

/** Those who asked to be told. */
export interface StoreListeners {
  add(listener: (event: StoreEvent) => void): () => void;
  readonly tell: (event: StoreEvent) => void;
}

export function createStoreListeners(): StoreListeners {
  const listeners = new Set<{ tell(event: StoreEvent): void }>();
  return {
    add(listener): () => void {
      const entry = { tell: listener };
      listeners.add(entry);
      return (): void => void listeners.delete(entry);
    },
    tell(event): void {
      for (const listener of [...listeners]) listener.tell(event);
    },
  };
}

export interface SqlStoreParts extends StoreContext {
  readonly runner: SqlRunner;
  readonly listeners: StoreListeners;
  /** Called once, when no operation is under way. */
  close(): Promise<void>;
}

export function createSqlMessageStore(parts: SqlStoreParts): MessageStore {
  const { runner, listeners } = parts;
  const work = createWorkOperations(parts);
  const find = createFindOperations(parts);
  const upkeep = createUpkeepOperations(parts);
  const audit = createAuditOperations(parts);
  const continuity = createContinuityOperations(parts, audit);
  const instances = createInstanceOperations(parts);
  const exchange = createExchangeOperations(parts, audit, work);
  const accept = createAcceptOperations(parts, audit, exchange);
  const measure = createMeasureOperations(parts);
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  const run: SqlRunner["run"] = async (mode, operation) => {
    if (closing !== undefined) throw new CpisError("STORE_CLOSED");
    const result = runner.run(mode, operation);
    underWay.add(result);
    try {
      return await result;
    } finally {
      underWay.delete(result);
    }
  };

  return {
    acceptOutbound: (messages) => run("write", () => accept.outbound(messages)),
    acceptRequest: (message, entry) => run("write", () => accept.request(message, entry)),
    acceptInbound: (message) => run("write", () => accept.inbound(message)),
    claim: (request) => run("single", () => work.claim(request)),
    nextDueAt: (request) => run("read", () => work.nextDueAt(request)),
    renewLease: (request) => run("single", () => work.renew(request)),
    releaseLease: (request) => run("write", () => work.release(request)),
    transition: (transition) => run("write", () => exchange.transition(transition)),
    dealWith: (dealtWith) => run("write", () => work.dealWith(dealtWith)),
    findById: (id) => run("read", () => find.byId(id)),
    findByMessageId: (direction, messageId) => run("read", () => find.byMessageId(direction, messageId)),
    findByConversation: (conversationId) => run("read", () => find.byConversation(conversationId)),
    list: (filter, limit, after) => run("read", () => find.list(filter, limit, after)),
    countByState: () => run("read", () => find.countByState()),
    oldestUnfinished: () => run("read", () => find.oldestUnfinished()),
    countUnfinished: () => run("read", () => measure.unfinished()),
    countDeadLetters: () => run("read", () => measure.deadLetters()),
    countAccepted: (span, state, limit) => run("read", () => measure.count(span, state, limit)),
    countFailed: (span, limit) => run("read", () => measure.failed(span, limit)),
    countOutcomes: (span, limit) => run("read", () => measure.outcomes(span, limit)),
    countErrors: (span, limit) => run("read", () => measure.errors(span, limit)),
    readTimes: (span, limit) => run("read", () => measure.times(span, limit)),
    readContent: (id) => run("read", () => find.content(id)),
    readContext: (id) => run("read", () => find.context(id)),
    history: (id) => run("read", () => find.history(id)),
    appendAudit: (entry) => run("write", () => audit.append(entry)),
    readAuditHead: () => run("read", () => audit.readHead()),
    readAudit: (after, limit) => run("read", () => audit.read(after, limit)),
    nextNumber: (name) => run("single", () => continuity.nextNumber(name)),
    takeNumber: (name, number) => run("single", () => continuity.takeNumber(name, number)),
    lastNumber: (name) => run("read", () => continuity.lastNumber(name)),
    readIdentity: () => run("read", () => continuity.identity()),
    readProgress: () => run("read", () => continuity.progress()),
    beginGeneration: (generation) => run("write", () => continuity.beginGeneration(generation)),
    holdLease: (lease) => run("single", () => instances.hold(lease)),
    endLease: (lease) => run("single", () => instances.end(lease)),
    noteClock: (clock) => run("write", () => instances.noteClock(clock)),
    countOwners: () => run("read", () => instances.owners()),
    reassign: (reassignment) => run("write", () => instances.reassign(reassignment)),
    prune: (rules, now, limit) => run("write", () => upkeep.prune(rules, now, limit)),
    setAsideUnclaimed: (request) => run("write", () => upkeep.setAsideUnclaimed(request)),
    reseal: (limit) => run("write", () => upkeep.reseal(limit)),
    subscribe: (listener) => listeners.add(listener),
    async health() {
      try {
        await run("single", () => upkeep.probe());
        return { kind: "ready" };
      } catch (error) {
        const coded = isCpisError(error) ? error : new CpisError("STORE_INTERNAL", { cause: error });
        return { kind: "unavailable", code: coded.code, message: coded.message };
      }
    },
    close(): Promise<void> {
      closing ??= Promise.allSettled([...underWay]).then(() => parts.close());
      return closing;
    },
  };
}

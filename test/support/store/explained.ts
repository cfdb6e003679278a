// Every statement of the store's daily operations, to ask a database how it would run them.
import { createAcceptOperations } from "../../../lib/store/sql/accept-operations.js";
import { createAuditOperations } from "../../../lib/store/sql/audit-operations.js";
import { createContinuityOperations } from "../../../lib/store/sql/continuity-operations.js";
import { createExchangeOperations } from "../../../lib/store/sql/exchange-operations.js";
import { createFindOperations } from "../../../lib/store/sql/find-operations.js";
import { createInstanceOperations } from "../../../lib/store/sql/instance-operations.js";
import { createMeasureOperations } from "../../../lib/store/sql/measure-operations.js";
import type { MessageRowId } from "../../../lib/store/message-model.js";
import type { Dialect, Operation, SqlRow, SqlValue, StoreContext } from "../../../lib/store/sql/sql-operation.js";
import { createUpkeepOperations } from "../../../lib/store/sql/upkeep-operations.js";
import { createWorkOperations } from "../../../lib/store/sql/work-operations.js";
import { createTestProtection, inbound, outbound } from "./sample-messages.js";

/** What an operation asked the database. */
export interface AskedStatement {
  readonly operation: string;
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** Rows that are enough for an operation to go on to its last statement. */
const answer: SqlRow = {
  id: 1,
  message_id: "1",
  from_party: "ZSP-0000001",
  state: "queued",
  channel: "transport",
  direction: "outbound",
  destination: "spine",
  is_ordered: 1,
  is_blocked: 1,
  due_at: 0,
  lease_owner: null,
  answered_at: null,
  value: 1,
  store_id: "0123456789ab",
  generation: 1,
  name: "x",
  number: 1,
  hash: "X",
  seal: "X",
  owner: "one",
  skew: 0,
};

function asked(name: string, operation: Operation<unknown>, rows: readonly SqlRow[]): readonly AskedStatement[] {
  const statements: AskedStatement[] = [];
  let next = operation.next([]);
  while (next.done !== true) {
    const step = next.value;
    if (step.kind === "statement") statements.push({ operation: name, sql: step.sql, parameters: step.parameters });
    next = operation.next(rows);
  }
  return statements;
}

/** The operations of workers, of the listener and of lists; those that count or prune on purpose are named so. */
export function askedStatements(dialect: Dialect): readonly AskedStatement[] {
  const context: StoreContext = { dialect, protection: createTestProtection(), mode: "metadata-only" };
  const work = createWorkOperations(context);
  const find = createFindOperations(context);
  const upkeep = createUpkeepOperations(context);
  const audit = createAuditOperations(context);
  const exchange = createExchangeOperations(context, audit, work);
  const accept = createAcceptOperations(context, audit, exchange);
  const measure = createMeasureOperations(context);
  const continuity = createContinuityOperations(context, audit);
  const instances = createInstanceOperations(context);
  const clock = { owner: "one", skewMilliseconds: 0 };
  const span = { from: 100, before: 200 };
  const id = 1 as MessageRowId;
  const due = { channel: "transport", direction: "outbound", states: ["queued", "sending"] } as const;
  const after = { createdAt: 5, id };
  const filters = [
    { direction: "outbound" },
    { states: ["queued", "failed"] },
    { interaction: "X" },
    { channel: "transport" },
    { channel: "transport", states: ["failed"] },
    { errorCode: "X" },
    { errorCode: "X", states: ["failed"], channel: "transport" },
    { outcomes: ["found", "failed"] },
    { needsPerson: true },
    { needsPerson: true, channel: "transport" },
    { outcomes: ["found"], errorCode: "X" },
    { subject: "9449305552" },
    { subject: "9449305552", states: ["failed"], channel: "transport" },
    { conversationId: "X" },
    { conversationId: "X", states: ["failed"], subject: "9449305552" },
    { from: 100, before: 200 },
  ] as const;
  return [
    ...asked("accept outbound", accept.outbound([outbound({ isOrdered: true })]), [answer]),
    ...asked("accept inbound", accept.inbound(inbound({ isOrdered: true, answers: { id } })), [answer]),
    ...asked("claim", work.claim({ ...due, owner: "one", leaseMilliseconds: 1, limit: 10, now: 1 }), []),
    ...asked("next due", work.nextDueAt(due), []),
    ...asked("renew", work.renew({ id, owner: "one", until: 1 }), []),
    ...asked("release", work.release({ id, owner: "one" }), [answer]),
    ...asked("transition", work.transition({ id, from: ["queued"], to: "completed", at: 1 }), [answer]),
    ...asked("deal with", work.dealWith({ id, states: ["failed"], at: 1, by: "anna" }), [answer]),
    ...asked("find by id", find.byId(id), []),
    ...asked("find outbound", find.byMessageId("outbound", "X"), []),
    ...asked("find inbound", find.byMessageId("inbound", "X"), []),
    ...asked("find conversation", find.byConversation("X"), []),
    ...asked("content", find.content(id), []),
    ...asked("context", find.context(id), []),
    ...asked("history", find.history(id), []),
    ...asked("append to the audit", audit.append({ at: 1, event: "query-asked" }), []),
    ...asked(
      "append an outcome to the audit",
      audit.append({ at: 1, event: "query-ended", messageId: "X", outcome: "found" }),
      [],
    ),
    ...asked("read the audit", audit.read(5, 10), []),
    ...asked("count unfinished", measure.unfinished(), []),
    ...asked("count dead letters", measure.deadLetters(), []),
    ...asked("count", measure.count(span, undefined, 10), []),
    ...asked("count a state", measure.count(span, "failed", 10), []),
    ...asked("count failed", measure.failed(span, 10), []),
    ...asked("count outcomes", measure.outcomes(span, 10), [{ value: "X", count: 1 }]),
    ...asked("count errors", measure.errors(span, 10), [{ value: "X", count: 1 }]),
    ...asked("read times", measure.times(span, 10), [{ ...answer, value: "X", created_at: 1 }]),
    ...asked("oldest unfinished", find.oldestUnfinished(), []),
    ...asked("next number", continuity.nextNumber("x"), [answer]),
    ...asked("take number", continuity.takeNumber("x", 1), []),
    ...asked("last number", continuity.lastNumber("x"), []),
    ...asked("progress", continuity.progress(), [answer]),
    ...asked("hold a lease", instances.hold({ name: "x", owner: "one", milliseconds: 1, now: 1 }), []),
    ...asked("note a clock", instances.noteClock({ ...clock, withinMilliseconds: 1, now: 1 }), []),
    ...asked("prune", upkeep.prune([{ state: "completed", keepMilliseconds: 1 }], 1000, 10), []),
    ...asked("set aside", upkeep.setAsideUnclaimed({ acceptedBefore: 1, now: 2, limit: 10 }), [answer]),
    ...asked("reseal", upkeep.reseal(10), []),
    ...filters.flatMap((filter) => asked(`list ${JSON.stringify(filter)}`, find.list(filter, 20), [])),
    ...asked("list, next page", find.list({}, 20, after), []),
  ];
}

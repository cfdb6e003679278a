// Leases work to owners and moves messages from state to state.
import { isFinished, type StoredMessage } from "../message-model.js";
import type {
  ClaimRequest,
  DealtWith,
  LeaseRequest,
  MessageChanges,
  Transition,
  TransitionOutcome,
} from "../message-store.js";
import { createFinishing, readDirection } from "./finish-operations.js";
import {
  isAbsent,
  type Operation,
  readNumber,
  readText,
  type SqlRow,
  type SqlValue,
  type Step,
  statement,
  type StoreContext,
} from "./sql-operation.js";
import { readMessage, readState } from "./sql-rows.js";

type DueRequest = Pick<ClaimRequest, "channel" | "direction" | "states">;

export interface WorkOperations {
  claim(request: ClaimRequest): Operation<readonly StoredMessage[]>;
  nextDueAt(request: DueRequest): Operation<number | undefined>;
  renew(request: LeaseRequest & { readonly until: number }): Operation<"done" | "lease-lost">;
  release(request: LeaseRequest & { readonly nextAttemptAt?: number }): Operation<"done" | "lease-lost">;
  transition(transition: Transition): Operation<TransitionOutcome>;
  dealWith(dealtWith: DealtWith): Operation<"done" | "already-done" | "not-in-state" | "unknown">;
}

/** "$3, $4" for two values from the third on. */
function numbered(first: number, count: number): string {
  return Array.from({ length: count }, (_, index) => `$${first + index}`).join(", ");
}

export function createWorkOperations({ dialect, mode }: StoreContext): WorkOperations {
  const message = dialect.table("message");
  const history = dialect.table("history");
  const finishing = createFinishing(dialect, mode);
  const unblocked = "is_finished = 0 AND is_blocked = 0";

  /**
   * The states are searched one by one, each in the order of its index up to the limit, so that the cost does not grow
   * with the work that waits.
   */
  function claimStatement(request: ClaimRequest): Step {
    const { states, limit } = request;
    const isByClock = dialect.claimsByClock === true && dialect.clock !== undefined;
    const claimedAt = isByClock ? dialect.clock : "CAST($6 AS BIGINT)";
    const firstState = isByClock ? 6 : 7;
    const due = states.map(
      (_, index) => `due_${index} AS (SELECT id, due_at FROM ${message} ${dialect.indexedBy("message_due")}
        WHERE channel = $1 AND direction = $2 AND state = $${firstState + index} AND due_at <= ${claimedAt} AND ${unblocked}
        ORDER BY due_at, id LIMIT $3 ${dialect.claimLock})`,
    );
    const all = states.map((_, index) => `SELECT id, due_at FROM due_${index}`).join(" UNION ALL ");
    const picked = `picked AS (SELECT id FROM (${all}) AS due ORDER BY due_at, id LIMIT $3)`;
    return statement(
      `WITH ${[...due, picked].join(", ")} UPDATE ${message} SET lease_owner = $4, lease_until = ${claimedAt} + $5
        WHERE ${dialect.isOneOf("id", "SELECT id FROM picked")} RETURNING *`,
      request.channel,
      request.direction,
      limit,
      request.owner,
      request.leaseMilliseconds,
      ...(isByClock ? [] : [request.now]),
      ...states,
    );
  }

  function nextDueStatement({ channel, direction, states }: DueRequest): Step {
    const nearest = states.map(
      (_, index) => `SELECT * FROM (SELECT due_at FROM ${message} ${dialect.indexedBy("message_due")}
        WHERE channel = $1 AND direction = $2 AND state = $${3 + index} AND ${unblocked}
        ORDER BY due_at, id LIMIT 1) AS nearest_${index}`,
    );
    return statement(
      `SELECT due_at FROM (${nearest.join(" UNION ALL ")}) AS nearest ORDER BY due_at LIMIT 1`,
      channel,
      direction,
      ...states,
    );
  }

  const renewLease = `UPDATE ${message} SET lease_until = $3
    WHERE id = $1 AND lease_owner = $2 AND is_finished = 0 RETURNING id`;
  const releaseLease = `UPDATE ${message} SET lease_owner = NULL, lease_until = NULL,
      next_attempt_at = coalesce($3, next_attempt_at)
    WHERE id = $1 AND lease_owner = $2 AND is_finished = 0 RETURNING channel, direction`;
  const findRow = `SELECT state, channel, direction, destination, is_ordered, lease_owner FROM ${message} WHERE id = $1`;
  const insertHistory = `INSERT INTO ${history} (message_id, at, state, code, by_user) VALUES ($1, $2, $3, $4, $5)`;
  const findDealtWith = `SELECT dealt_with_at FROM ${message} WHERE id = $1`;

  function changeStatement(transition: Transition): Step {
    const { id, from, to, at, owner, keepLease = false, changes = {} } = transition;
    const parameters: SqlValue[] = [id, to, at];
    const bind = (value: SqlValue): string => `$${parameters.push(value)}`;
    const assignments = ["state = $2", "updated_at = $3"];
    for (const [column, value] of changedColumns(changes)) assignments.push(`${column} = ${bind(value)}`);
    if (!keepLease || isFinished(to)) assignments.push("lease_owner = NULL", "lease_until = NULL");
    const conditions = ["id = $1", `state IN (${numbered(parameters.length + 1, from.length)})`];
    parameters.push(...from);
    if (owner !== undefined) conditions.push(`lease_owner = ${bind(owner)}`);
    return statement(
      `UPDATE ${message} SET ${assignments.join(", ")} WHERE ${conditions.join(" AND ")}
        RETURNING due_at, is_blocked`,
      ...parameters,
    );
  }

  function refusal({ from, to, owner }: Transition, row: SqlRow): TransitionOutcome | undefined {
    const state = readState(row);
    if (!from.includes(state) || (isFinished(state) && !isFinished(to))) return "not-in-state";
    return owner !== undefined && row["lease_owner"] !== owner ? "lease-lost" : undefined;
  }

  function* transit(transition: Transition): Operation<TransitionOutcome> {
    const { id, to, at, code, by } = transition;
    const [row] = yield statement(findRow, id);
    if (row === undefined) return "unknown";
    const refused = refusal(transition, row);
    if (refused !== undefined) return refused;
    const before = readState(row);
    const finishes = isFinished(to) && !isFinished(before);
    const frees = to === "awaiting-response" && before !== to;
    if (finishes || frees) yield* finishing.lock(row);
    const [changed] = yield changeStatement(transition);
    // Another instance moved the row after it was read: what it is now decides.
    if (changed === undefined) return yield* transit(transition);
    yield statement(insertHistory, id, at, to, code ?? null, by ?? null);
    if (frees) yield* finishing.free(row);
    if (finishes) yield* finishing.finish(id, row);
    else if (!isFinished(to) && readNumber(changed, "is_blocked") === 0 && readNumber(changed, "due_at") <= at) {
      yield {
        kind: "event",
        event: { kind: "work", channel: readText(row, "channel"), direction: readDirection(row) },
      };
    }
    return "done";
  }

  return {
    *claim(request): Operation<readonly StoredMessage[]> {
      if (request.states.length === 0) return [];
      const rows = yield claimStatement(request);
      return rows.map(readMessage).sort((one, other) => one.id - other.id);
    },
    *nextDueAt(request): Operation<number | undefined> {
      if (request.states.length === 0) return undefined;
      const [row] = yield nextDueStatement(request);
      return row === undefined ? undefined : readNumber(row, "due_at");
    },
    *renew({ id, owner, until }): Operation<"done" | "lease-lost"> {
      const rows = yield statement(renewLease, id, owner, until);
      return rows.length > 0 ? "done" : "lease-lost";
    },
    *release({ id, owner, nextAttemptAt }): Operation<"done" | "lease-lost"> {
      const [row] = yield statement(releaseLease, id, owner, nextAttemptAt ?? null);
      if (row === undefined) return "lease-lost";
      yield {
        kind: "event",
        event: { kind: "work", channel: readText(row, "channel"), direction: readDirection(row) },
      };
      return "done";
    },
    transition: transit,
    *dealWith({ id, states, at, by }): ReturnType<WorkOperations["dealWith"]> {
      const [changed] = yield statement(
        `UPDATE ${message} SET dealt_with_at = $2 WHERE id = $1 AND dealt_with_at IS NULL
          AND state IN (${numbered(3, states.length)}) RETURNING state`,
        id,
        at,
        ...states,
      );
      if (changed !== undefined) {
        yield statement(insertHistory, id, at, readText(changed, "state"), "dealt-with", by);
        return "done";
      }
      const [row] = yield statement(findDealtWith, id);
      if (row === undefined) return "unknown";
      return isAbsent(row, "dealt_with_at") ? "not-in-state" : "already-done";
    },
  };
}

/** The columns that a transition sets beside the state. Closed, so no name of a caller reaches the statement. */
function changedColumns(changes: MessageChanges): readonly (readonly [string, SqlValue])[] {
  const { attributes, outcome } = changes;
  const values: readonly (readonly [string, SqlValue | undefined])[] = [
    ["attempts", changes.attempts],
    ["next_attempt_at", changes.nextAttemptAt],
    ["deadline", changes.deadline],
    ["acknowledged_at", changes.acknowledgedAt],
    ["error_code", changes.errorCode],
    ["outcome", outcome?.outcome],
    ["outcome_code", outcome === undefined ? undefined : (outcome.outcomeCode ?? null)],
    ["attributes", attributes === undefined ? undefined : JSON.stringify(attributes)],
  ];
  return values.flatMap(([column, value]) => (value === undefined ? [] : [[column, value] as const]));
}

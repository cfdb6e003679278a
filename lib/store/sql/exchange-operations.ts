// What joins a question and its answer: each is one transaction, with the entry of the audit that belongs to it.
import type { AnsweredMessage, AnswerOutcome, MessageRowId } from "../message-model.js";
import { isFinished } from "../message-model.js";
import type { Transition, TransitionOutcome } from "../message-store.js";
import type { AuditOperations } from "./audit-operations.js";
import { createFinishing } from "./finish-operations.js";
import { isAbsent, type Operation, readText, statement, type StoreContext } from "./sql-operation.js";
import { readState } from "./sql-rows.js";
import type { WorkOperations } from "./work-operations.js";

export interface ExchangeOperations {
  /** Notes an accepted inbound message on the outbound one that it answers; one that comes too late is rejected. */
  answer(answered: AnsweredMessage, by: MessageRowId, at: number): Operation<AnswerOutcome>;
  /** A transition, with its entry in the audit when it is done. */
  transition(transition: Transition): Operation<TransitionOutcome>;
}

export function createExchangeOperations(
  { dialect, mode }: StoreContext,
  audit: AuditOperations,
  work: WorkOperations,
): ExchangeOperations {
  const message = dialect.table("message");
  const finishing = createFinishing(dialect, mode);
  const insertHistory = `INSERT INTO ${dialect.table("history")} (message_id, at, state, code) VALUES ($1, $2, $3, $4)`;
  /** One that is in no order holds up no other, so nothing has to be looked at before. */
  const answerUnordered = `UPDATE ${message} SET state = $2, answered_at = $3, answered_by = $4,
      error_code = coalesce($5, error_code), acknowledged_at = coalesce(acknowledged_at, $6), updated_at = $3,
      outcome = coalesce($7, outcome), outcome_code = coalesce($8, outcome_code), lease_owner = NULL, lease_until = NULL
    WHERE id = $1 AND direction = 'outbound' AND is_ordered = 0 AND answered_at IS NULL AND is_finished = 0
    RETURNING channel, message_id`;
  const findAnswered = `SELECT state, channel, direction, destination, is_ordered, message_id, answered_at
    FROM ${message} WHERE id = $1 AND direction = 'outbound'`;
  const noteAnswer = `UPDATE ${message} SET state = $2, answered_at = $3, answered_by = $4,
      error_code = coalesce($5, error_code), acknowledged_at = coalesce(acknowledged_at, $6), updated_at = $3,
      lease_owner = NULL, lease_until = NULL
    WHERE id = $1 AND answered_at IS NULL AND is_finished = $7 RETURNING id`;
  const rejectInbound = `UPDATE ${message} SET state = 'rejected', error_code = $2, lease_owner = NULL, lease_until = NULL
    WHERE id = $1`;
  const dropContent = `DELETE FROM ${dialect.table("content")} WHERE message_id = $1`;

  function* answerInOrder(answered: AnsweredMessage, by: MessageRowId, at: number): Operation<AnswerOutcome> {
    const [row] = yield statement(findAnswered, answered.id);
    if (row === undefined) return "unknown";
    const before = readState(row);
    const isLate = isFinished(before);
    const state = isLate ? before : (answered.state ?? "completed");
    if (!isAbsent(row, "answered_at")) return "conflicting";
    if (!isLate) yield* finishing.lock(row);
    const code = isLate ? null : (answered.code ?? null);
    const acknowledgedAt = answered.acknowledgedAt ?? null;
    const noted = yield statement(noteAnswer, answered.id, state, at, by, code, acknowledgedAt, isLate ? 1 : 0);
    // Another instance moved the row after it was read: what it is now decides.
    if (noted.length === 0) return yield* answerInOrder(answered, by, at);
    yield statement(insertHistory, answered.id, at, state, isLate ? "answered-late" : "answered");
    if (!isLate) {
      yield* finishing.finish(answered.id, row);
      if (answered.audit !== undefined) yield* audit.append(answered.audit);
    }
    const messageId = readText(row, "message_id");
    yield { kind: "event", event: { kind: "answered", channel: readText(row, "channel"), messageId, id: answered.id } };
    return isLate ? "late" : "answered";
  }

  function* answer(answered: AnsweredMessage, by: MessageRowId, at: number): Operation<AnswerOutcome> {
    const { id, state = "completed", code, acknowledgedAt, audit: entry } = answered;
    const [row] = yield statement(
      answerUnordered,
      id,
      state,
      at,
      by,
      code ?? null,
      acknowledgedAt ?? null,
      entry?.outcome ?? null,
      entry?.code ?? null,
    );
    if (row === undefined) return yield* answerInOrder(answered, by, at);
    yield statement(insertHistory, id, at, state, "answered");
    if (mode === "metadata-only") yield statement(dropContent, id);
    if (entry !== undefined) yield* audit.append(entry, true);
    const channel = readText(row, "channel");
    yield { kind: "event", event: { kind: "answered", channel, messageId: readText(row, "message_id"), id } };
    return "answered";
  }

  /** What is too late is not delivered as an answer, by nobody: who asked may have moved to another patient. */
  function* reject(id: MessageRowId, code: string, at: number): Operation<void> {
    yield statement(rejectInbound, id, code);
    yield statement(insertHistory, id, at, "rejected", code);
    if (mode === "metadata-only") yield statement(dropContent, id);
  }

  return {
    *answer(answered, by, at): Operation<AnswerOutcome> {
      const outcome = yield* answer(answered, by, at);
      if (outcome === "answered") return outcome;
      const code = answered.refusals?.[outcome === "conflicting" ? "conflicting" : "late"];
      if (code !== undefined) yield* reject(by, code, at);
      return outcome;
    },
    *transition(transition): Operation<TransitionOutcome> {
      const outcome = yield* work.transition(transition);
      if (outcome !== "done") return outcome;
      const { announced, id } = transition;
      if (announced !== undefined) yield { kind: "event", event: { kind: "ended", ...announced, id } };
      if (transition.audit !== undefined) yield* audit.append(transition.audit);
      return outcome;
    },
  };
}

// Measures what went through the store, each number from an index and up to a limit: none costs more with more messages.
import { readDirection } from "./finish-operations.js";
import type { MessageState } from "../message-model.js";
import type {
  DeadLetterCount,
  ErrorCount,
  InteractionTimes,
  MessageTimes,
  OutcomeCount,
  TimeSpan,
  UnfinishedCount,
} from "../message-store.js";
import { readState } from "./sql-rows.js";
import {
  isAbsent,
  readNumber,
  readText,
  statement,
  type Operation,
  type SqlRow,
  type StoreContext,
} from "./sql-operation.js";

export interface MeasureOperations {
  unfinished(): Operation<readonly UnfinishedCount[]>;
  deadLetters(): Operation<readonly DeadLetterCount[]>;
  count(span: TimeSpan, state: MessageState | undefined, limit: number): Operation<number>;
  failed(span: TimeSpan, limit: number): Operation<number>;
  outcomes(span: TimeSpan, limit: number): Operation<readonly OutcomeCount[]>;
  errors(span: TimeSpan, limit: number): Operation<readonly ErrorCount[]>;
  times(span: TimeSpan, limit: number): Operation<readonly InteractionTimes[]>;
}

function readUnfinished(row: SqlRow): UnfinishedCount {
  return {
    channel: readText(row, "channel"),
    direction: readDirection(row),
    state: readState(row),
    count: readNumber(row, "count"),
    oldestAt: readNumber(row, "oldest_at"),
  };
}

/** Different values of one column that are looked at; there are fewer error codes and interactions than this. */
const maximumValues = 100;

function readTimes(row: SqlRow): MessageTimes {
  return {
    direction: readDirection(row),
    createdAt: readNumber(row, "created_at"),
    ...(isAbsent(row, "acknowledged_at") ? {} : { acknowledgedAt: readNumber(row, "acknowledged_at") }),
    ...(isAbsent(row, "answered_at") ? {} : { answeredAt: readNumber(row, "answered_at") }),
  };
}

export function createMeasureOperations({ dialect }: StoreContext): MeasureOperations {
  const message = dialect.table("message");
  const unfinished = (index: string, condition: string): string =>
    `SELECT channel, direction, state, count(*) AS count, min(created_at) AS oldest_at
    FROM ${message} ${dialect.indexedBy(index)} WHERE is_finished = 0 AND ${condition}
    GROUP BY channel, direction, state`;
  // Each has an index of its own: blocked messages are ordered ones.
  const countFree = unfinished("message_due", "is_blocked = 0");
  const countBlocked = unfinished("message_ordered", "is_ordered = 1 AND is_blocked = 1");
  const countDead = `SELECT channel, interaction, count(*) AS count FROM ${message} ${dialect.indexedBy("message_dead")}
    WHERE state IN ('failed', 'expired') AND dealt_with_at IS NULL GROUP BY channel, interaction`;
  const within = "created_at >= $1 AND created_at < $2";
  const countAll = `SELECT count(*) AS count FROM (SELECT 1 AS one FROM ${message} ${dialect.indexedBy("message_time")}
    WHERE ${within} LIMIT $3) AS found`;
  const countState = `SELECT count(*) AS count FROM (SELECT 1 AS one FROM ${message} ${dialect.indexedBy("message_state")}
    WHERE state = $4 AND ${within} LIMIT $3) AS found`;
  /** Jumps from value to value: reading all rows to tell their different values apart would cost as much as they are. */
  const valuesOf = (column: string, index: string): string => `WITH RECURSIVE different (value) AS (
      SELECT min(${column}) FROM ${message} ${dialect.indexedBy(index)} WHERE ${column} IS NOT NULL
      UNION ALL SELECT (SELECT min(${column}) FROM ${message} ${dialect.indexedBy(index)} WHERE ${column} > value)
        FROM different WHERE value IS NOT NULL)
    SELECT value FROM different WHERE value IS NOT NULL LIMIT ${maximumValues}`;
  const countError = `SELECT count(*) AS count FROM (SELECT 1 AS one FROM ${message} ${dialect.indexedBy("message_error")}
    WHERE error_code = $4 AND outcome_code IS NULL AND ${within} LIMIT $3) AS found`;
  const countBy = (column: string, index: string): string =>
    `SELECT count(*) AS count FROM (SELECT 1 AS one FROM ${message} ${dialect.indexedBy(index)}
      WHERE ${column} = $4 AND ${within} LIMIT $3) AS found`;
  /** A message may have failed in both ways, and counts once. */
  const failures = [
    ...["failed", "expired", "rejected"].map((state) => ["message_state", `state = '${state}'`] as const),
    ...["failed", "refused", "file-refused", "unclear"].map(
      (word) => ["message_outcome", `outcome = '${word}'`] as const,
    ),
  ].map(
    ([index, condition]) => `SELECT id FROM ${message} ${dialect.indexedBy(index)} WHERE ${condition} AND ${within}`,
  );
  const countFailed = `SELECT count(*) AS count FROM (SELECT id FROM (${failures.join(" UNION ")}) AS each LIMIT $3) AS found`;
  const countOutcome = countBy("outcome", "message_outcome");
  const countOutcomeCode = countBy("outcome_code", "message_outcome_code");
  const findTimes = `SELECT direction, created_at, acknowledged_at, answered_at
    FROM ${message} ${dialect.indexedBy("message_interaction")}
    WHERE interaction = $4 AND ${within} ORDER BY created_at DESC, id DESC LIMIT $3`;

  function* counted(sql: string, { from, before }: TimeSpan, limit: number, value?: string): Operation<number> {
    const [row] = yield statement(sql, from, before, limit, ...(value === undefined ? [] : [value]));
    return row === undefined ? 0 : readNumber(row, "count");
  }

  function* values(column: string, index: string): Operation<readonly string[]> {
    return (yield statement(valuesOf(column, index))).map((row) => readText(row, "value"));
  }

  return {
    *unfinished(): Operation<readonly UnfinishedCount[]> {
      const free = (yield statement(countFree)).map(readUnfinished);
      const blocked = (yield statement(countBlocked)).map(readUnfinished);
      return [...free, ...blocked];
    },

    *deadLetters(): Operation<readonly DeadLetterCount[]> {
      return (yield statement(countDead)).map((row) => ({
        channel: readText(row, "channel"),
        interaction: readText(row, "interaction"),
        count: readNumber(row, "count"),
      }));
    },

    *count(span, state, limit): Operation<number> {
      return state === undefined
        ? yield* counted(countAll, span, limit)
        : yield* counted(countState, span, limit, state);
    },

    *failed(span, limit): Operation<number> {
      return yield* counted(countFailed, span, limit);
    },

    *outcomes(span, limit): Operation<readonly OutcomeCount[]> {
      const found: OutcomeCount[] = [];
      for (const outcome of yield* values("outcome", "message_outcome")) {
        const count = yield* counted(countOutcome, span, limit, outcome);
        if (count > 0) found.push({ outcome, count });
      }
      return found;
    },

    *errors(span, limit): Operation<readonly ErrorCount[]> {
      const found = new Map<string, number>();
      const add = (code: string, count: number): void => {
        if (count > 0) found.set(code, Math.min(limit, (found.get(code) ?? 0) + count));
      };
      for (const code of yield* values("error_code", "message_error")) {
        add(code, yield* counted(countError, span, limit, code));
      }
      for (const code of yield* values("outcome_code", "message_outcome_code")) {
        add(code, yield* counted(countOutcomeCode, span, limit, code));
      }
      return [...found].map(([code, count]) => ({ code, count }));
    },

    *times(span, limit): Operation<readonly InteractionTimes[]> {
      const found: InteractionTimes[] = [];
      for (const interaction of yield* values("interaction", "message_interaction")) {
        const rows = yield statement(findTimes, span.from, span.before, limit, interaction);
        if (rows.length > 0) found.push({ interaction, messages: rows.map(readTimes) });
      }
      return found;
    },
  };
}

// Accepts messages: each with its bytes, its first line of history and, inbound, its duplicate elimination.
import { CpisError } from "../../errors.js";
import { comparableId } from "../../identifiers.js";
import {
  type AcceptedRequest,
  type Direction,
  type InboundAcceptance,
  isFinished,
  type MessageRowId,
  type MessageState,
  type NewInboundMessage,
  type NewOutboundMessage,
} from "../message-model.js";
import type { NewAuditEntry } from "../audit-model.js";
import type { StoreEvent } from "../message-store.js";
import {
  corrupt,
  isAbsent,
  type Operation,
  readBytes,
  readNumber,
  readText,
  type StoreContext,
  statement,
} from "./sql-operation.js";
import { readInboundState, readRowId } from "./sql-rows.js";
import type { AuditOperations } from "./audit-operations.js";
import type { ExchangeOperations } from "./exchange-operations.js";
import { destinationKey, holdsUpOthers } from "./finish-operations.js";

type NewMessage = NewInboundMessage | NewOutboundMessage;

interface Acceptance {
  readonly direction: Direction;
  readonly state: MessageState;
  readonly originalId?: MessageRowId;
  readonly attempts?: number;
}

/** What sealed bytes are bound to. */
export function contentIdentity(id: MessageRowId): string {
  return `content:${id}`;
}

export function contextIdentity(id: MessageRowId): string {
  return `context:${id}`;
}

/** The parts are counted, so that no two pairs read the same when joined. */
export function replyIdentity(fromParty: string, messageId: string): string {
  return `reply:${fromParty.length}:${fromParty}:${messageId}`;
}

const columns = [
  "direction",
  "state",
  "channel",
  "destination",
  "is_ordered",
  "interaction",
  "service",
  "message_id",
  "conversation_id",
  "ref_to_message_id",
  "application_id",
  "from_party",
  "to_party",
  "subject_hash",
  "created_at",
  "updated_at",
  "next_attempt_at",
  "deadline",
  "attempts",
  "lease_owner",
  "lease_until",
  "error_code",
  "original_id",
  "attributes",
  "content_bytes",
] as const;

const placeholders = columns.map((_, index) => `$${index + 1}`).join(", ");

export interface AcceptOperations {
  outbound(messages: readonly NewOutboundMessage[]): Operation<readonly MessageRowId[]>;
  request(message: NewOutboundMessage, audit: NewAuditEntry | undefined): Operation<AcceptedRequest>;
  inbound(message: NewInboundMessage): Operation<InboundAcceptance>;
}

export function createAcceptOperations(
  context: StoreContext,
  audit: AuditOperations,
  exchange: Pick<ExchangeOperations, "answer">,
): AcceptOperations {
  const { dialect, protection, mode } = context;
  const message = dialect.table("message");
  const content = dialect.table("content");
  const history = dialect.table("history");
  const inboundReply = dialect.table("inbound_reply");

  /** An ordered message is blocked from birth while an earlier one of its destination is unfinished. */
  const insertUnordered = `INSERT INTO ${message} (${columns.join(", ")}, is_blocked)
    VALUES (${placeholders}, 0) RETURNING id`;
  const insertOrdered = `INSERT INTO ${message} (${columns.join(", ")}, is_blocked)
    VALUES (${placeholders}, CASE WHEN EXISTS (
      SELECT 1 FROM ${message} WHERE channel = $3 AND direction = $1 AND destination = $4
        AND ${holdsUpOthers}) THEN 1 ELSE 0 END) RETURNING id`;
  const insertContent = `INSERT INTO ${content} (message_id, key_id, sealed, sealed_context) VALUES ($1, $2, $3, $4)`;
  const insertHistory = `INSERT INTO ${history} (message_id, at, state, code, by_user)
    VALUES ($1, $2, $3, $4, $5)`;
  const insertReply = `INSERT INTO ${inboundReply} AS known (from_party, message_id, accepted_id, body_digest, status,
      content_type, key_id, sealed, duplicate_until) VALUES ($1, $2, 0, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (from_party, message_id) DO UPDATE SET body_digest = excluded.body_digest, status = excluded.status,
      content_type = excluded.content_type, key_id = excluded.key_id, sealed = excluded.sealed,
      duplicate_until = excluded.duplicate_until
    WHERE known.duplicate_until <= $9 RETURNING message_id`;
  const nameAccepted = `UPDATE ${inboundReply} SET accepted_id = $1 WHERE from_party = $2 AND message_id = $3`;
  const findReply = `SELECT known.*, first.id, first.state FROM ${inboundReply} AS known
    LEFT JOIN ${message} AS first ON first.id = known.accepted_id
    WHERE known.from_party = $1 AND known.message_id = $2`;

  function* insert(
    entry: NewMessage,
    { direction, state, originalId, attempts = 0 }: Acceptance,
  ): Operation<MessageRowId> {
    const isWaiting = entry.isOrdered && !isFinished(state);
    if (isWaiting) yield { kind: "lock", key: destinationKey(entry.channel, direction, entry.destination) };
    const [row] = yield statement(
      isWaiting ? insertOrdered : insertUnordered,
      direction,
      state,
      entry.channel,
      entry.destination,
      entry.isOrdered ? 1 : 0,
      entry.interaction,
      entry.service,
      comparableId(entry.messageId),
      entry.conversationId,
      entry.refToMessageId === undefined ? null : comparableId(entry.refToMessageId),
      entry.applicationId ?? null,
      entry.fromParty,
      entry.toParty,
      entry.subject === undefined ? null : protection.hash(entry.subject),
      entry.acceptedAt,
      entry.acceptedAt,
      entry.nextAttemptAt ?? null,
      entry.deadline ?? null,
      attempts,
      entry.lease?.owner ?? null,
      entry.lease?.until ?? null,
      entry.errorCode ?? null,
      originalId ?? null,
      JSON.stringify(entry.attributes ?? {}),
      entry.content.byteLength,
    );
    if (row === undefined) throw new CpisError("STORE_INTERNAL", { detail: "no row number was given" });
    const id = readRowId(row);
    if (mode === "full" || !isFinished(state)) {
      const { context } = entry;
      const sealed = protection.seal(entry.content, contentIdentity(id));
      const sealedContext = context === undefined ? null : protection.seal(context, contextIdentity(id));
      yield statement(insertContent, id, protection.keyId, sealed, sealedContext);
    }
    yield statement(insertHistory, id, entry.acceptedAt, state, entry.errorCode ?? null, entry.by ?? null);
    if (!isFinished(state)) yield { kind: "event", event: workEvent(entry, direction) };
    return id;
  }

  function* duplicate(entry: NewInboundMessage, messageId: string): Operation<InboundAcceptance> {
    const [row] = yield statement(findReply, entry.fromParty, messageId);
    if (row === undefined) throw corrupt("inbound_reply");
    return {
      kind: "duplicate",
      reply: {
        status: readNumber(row, "status"),
        contentType: readText(row, "content_type"),
        body: protection.open(readBytes(row, "sealed"), replyIdentity(entry.fromParty, messageId)),
      },
      isSameBody: readText(row, "body_digest") === entry.bodyDigest,
      ...(isAbsent(row, "id") ? {} : { id: readRowId(row), state: readInboundState(row) }),
    };
  }

  return {
    *outbound(messages): Operation<readonly MessageRowId[]> {
      yield* lockAll(messages);
      const ids: MessageRowId[] = [];
      for (const entry of messages) {
        const { originalId, state = "queued" } = entry;
        const original = originalId === undefined ? {} : { originalId };
        ids.push(yield* insert(entry, { direction: "outbound", state, ...original }));
      }
      return ids;
    },

    *request(entry, asked): Operation<AcceptedRequest> {
      const { state = "queued", attempts = 0 } = entry;
      const id = yield* insert(entry, { direction: "outbound", state, attempts });
      // Last, since the audit is held for one transaction at a time.
      return asked === undefined ? { id } : { id, auditNumber: yield* audit.append(asked) };
    },

    *inbound(entry): Operation<InboundAcceptance> {
      const messageId = comparableId(entry.messageId);
      const { reply, fromParty, state = "received" } = entry;
      const sealedReply = protection.seal(reply.body, replyIdentity(fromParty, messageId));
      const [claimed] = yield statement(
        insertReply,
        fromParty,
        messageId,
        entry.bodyDigest,
        reply.status,
        reply.contentType,
        protection.keyId,
        sealedReply,
        entry.duplicateUntil,
        entry.acceptedAt,
      );
      if (claimed === undefined) return yield* duplicate(entry, messageId);
      const id = yield* insert(entry, { direction: "inbound", state });
      yield statement(nameAccepted, id, fromParty, messageId);
      if (entry.answers === undefined) return { kind: "accepted", id };
      return { kind: "accepted", id, answer: yield* exchange.answer(entry.answers, id, entry.acceptedAt) };
    },
  };
}

/** A message that its acceptor works on is nobody's work before its lease ends. */
function workEvent({ channel, lease, nextAttemptAt = 0 }: NewMessage, direction: Direction): StoreEvent {
  const dueAt = lease === undefined ? {} : { dueAt: Math.max(lease.until, nextAttemptAt) };
  return { kind: "work", channel, direction, ...dueAt };
}

/** In one order everywhere, so that two transactions never wait for each other. */
function* lockAll(messages: readonly NewOutboundMessage[]): Operation<void> {
  if (messages.length < 2) return;
  const ordered = messages.filter(({ isOrdered }) => isOrdered);
  const keys = new Set(ordered.map(({ channel, destination }) => destinationKey(channel, "outbound", destination)));
  for (const key of [...keys].sort()) yield { kind: "lock", key };
}

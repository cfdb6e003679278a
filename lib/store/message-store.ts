// Keeps messages so that nothing accepted is ever lost: what every message store promises.
import type { AuditEntry, AuditHead, NewAuditEntry, StoredAuditHead } from "./audit-model.js";
import type {
  AcceptedRequest,
  ContentReading,
  Direction,
  FinishedState,
  HistoryEntry,
  InboundAcceptance,
  MessageAttributes,
  MessageOutcome,
  MessageRowId,
  MessageState,
  NewInboundMessage,
  NewOutboundMessage,
  StoredMessage,
} from "./message-model.js";

/**
 * How content is protected at rest. Bytes are bound to the identity they were sealed for: opening them for another
 * throws.
 */
export interface ContentProtection {
  /** Names the key that `seal` uses now. */
  readonly keyId: string;
  seal(content: Uint8Array, identity: string): Buffer;
  /** Throws STORE_KEY_UNKNOWN or STORE_CONTENT_TAMPERED. */
  open(sealed: Uint8Array, identity: string): Buffer;
  /** The same text for the same subject, also after a change of the key. */
  hash(subject: string): string;
  /** Hexadecimal. A key of its own for each purpose, all of them the same after a change of the key. */
  authenticate(purpose: "audit head" | "decision", text: string): string;
}

/** "metadata-only": the bytes of a message are dropped when it is finished, never before. */
export type StorageMode = "full" | "metadata-only";

export interface ClaimRequest {
  readonly channel: string;
  readonly direction: Direction;
  readonly states: readonly MessageState[];
  readonly owner: string;
  readonly leaseMilliseconds: number;
  readonly limit: number;
  readonly now: number;
}

export interface LeaseRequest {
  readonly id: MessageRowId;
  readonly owner: string;
}

/** null clears a value; absent leaves it. */
export interface MessageChanges {
  readonly attempts?: number;
  readonly nextAttemptAt?: number | null;
  readonly deadline?: number | null;
  readonly acknowledgedAt?: number;
  readonly errorCode?: string | null;
  /** Replaces all attributes. */
  readonly attributes?: MessageAttributes;
  readonly outcome?: MessageOutcome;
}

export interface Transition {
  readonly id: MessageRowId;
  readonly from: readonly MessageState[];
  /** May be one of `from`: the history gets its line all the same. */
  readonly to: MessageState;
  readonly at: number;
  /** If given, this owner must hold the lease. */
  readonly owner?: string;
  /** Default false: a transition ends the lease. That of a finished message always ends. */
  readonly keepLease?: boolean;
  /** For the history. */
  readonly code?: string;
  /** The user whose act it is, for the history. */
  readonly by?: string;
  readonly changes?: MessageChanges;
  /** Appended to the audit in the same transaction if it is done. */
  readonly audit?: NewAuditEntry;
  /** Tells those who wait for the message, wherever they are, that it has ended without an answer. */
  readonly announced?: { readonly channel: string; readonly messageId: string };
}

/** That a person has dealt with a dead letter. Nothing else of the message changes, not even `updatedAt`. */
export interface DealtWith {
  readonly id: MessageRowId;
  /** In which of these states it must be. */
  readonly states: readonly FinishedState[];
  readonly at: number;
  readonly by: string;
}

/** "not-in-state" is also the outcome when a finished message would become unfinished. */
export type TransitionOutcome = "done" | "not-in-state" | "lease-lost" | "unknown";

/** All that are given must hold. Times are of acceptance: from inclusive, before exclusive. */
export interface MessageFilter {
  readonly from?: number;
  readonly before?: number;
  readonly direction?: Direction;
  readonly states?: readonly MessageState[];
  readonly interaction?: string;
  readonly channel?: string;
  /** Of the message, or of its outcome. */
  readonly errorCode?: string;
  /** One of these; "failed" is also that of a message that failed or expired without another one. */
  readonly outcomes?: readonly string[];
  /** Of what ended badly, by its state or by its outcome, or is held: what nobody has dealt with. */
  readonly needsPerson?: boolean;
  readonly subject?: string;
  readonly conversationId?: string;
}

/** Where a page ended; opaque. */
export interface PagePosition {
  readonly createdAt: number;
  readonly id: MessageRowId;
}

export interface MessagePage {
  /** Newest first. */
  readonly messages: readonly StoredMessage[];
  /** Absent on the last page. */
  readonly next?: PagePosition;
}

export interface StateCount {
  readonly channel: string;
  readonly state: MessageState;
  readonly count: number;
}

export interface OldestUnfinished {
  readonly channel: string;
  readonly direction: Direction;
  readonly createdAt: number;
}

/** What is not finished, of one state. One state may be told twice: of messages that wait for others, and of the rest. */
export interface UnfinishedCount {
  readonly channel: string;
  readonly direction: Direction;
  readonly state: MessageState;
  readonly count: number;
  /** Of acceptance. */
  readonly oldestAt: number;
}

/** Outbound messages that have failed or expired, and that nobody has dealt with. */
export interface DeadLetterCount {
  readonly channel: string;
  readonly interaction: string;
  readonly count: number;
}

/** Of acceptance, in milliseconds since 1970: from inclusive, before exclusive. */
export interface TimeSpan {
  readonly from: number;
  readonly before: number;
}

export interface OutcomeCount {
  readonly outcome: string;
  readonly count: number;
}

export interface ErrorCount {
  readonly code: string;
  readonly count: number;
}

export interface MessageTimes {
  readonly direction: Direction;
  readonly createdAt: number;
  readonly acknowledgedAt?: number;
  readonly answeredAt?: number;
}

export interface InteractionTimes {
  readonly interaction: string;
  /** The newest of the span. */
  readonly messages: readonly MessageTimes[];
}

/** A finished message of this state is removed once its last transition is older than this. */
export interface RetentionRule {
  readonly state: FinishedState;
  readonly keepMilliseconds: number;
}

export interface UnclaimedRequest {
  readonly acceptedBefore: number;
  readonly now: number;
  readonly limit: number;
}

export interface BatchOutcome {
  readonly count: number;
  /** Whether another batch would find more. */
  readonly hasMore: boolean;
}

/** Which life of which store this is. */
export interface StoreIdentity {
  /** Twelve hexadecimal digits, other ones for each store and each generation. */
  readonly id: string;
  /** 1 at first; one more each time that a person decides to go on with an older copy of the store. */
  readonly generation: number;
}

/** How far the store has come. None of it ever goes back, so a store that is behind is an older copy. */
export interface StoreProgress {
  readonly identity: StoreIdentity;
  /** The number given last, by its name. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Of messages; 0 before the first. */
  readonly lastRowId: number;
  readonly auditHead: AuditHead;
}

export interface NewGeneration {
  /** By name: the number after which it goes on, unless the store itself knows a higher one. */
  readonly numbers: Readonly<Record<string, number>>;
  /** For names that are not known yet: the number after which they begin. Default 0. */
  readonly numberFloor?: number;
  /** The generation that came before, where that is not the store's own. */
  readonly after?: number;
  readonly at: number;
}

/** Whose unfinished work a store holds: a channel, with the name of its own under which it is or was a party. */
export interface WorkOwner {
  readonly channel: string;
  /** The sender of what goes out, the receiver of what comes in. */
  readonly party: string;
  readonly count: number;
  /** Of acceptance. */
  readonly oldestAt: number;
}

export interface Reassignment {
  readonly from: string;
  readonly to: string;
  /** Only the messages of this party of our own. */
  readonly party: string;
  readonly isFinished: boolean;
  readonly limit: number;
}

/** A right that one of several instances has at a time. */
export interface NamedLease {
  readonly name: string;
  readonly owner: string;
}

/** How far the clock of an instance is ahead of the database's; negative when it is behind. */
export interface InstanceClock {
  readonly owner: string;
  readonly skewMilliseconds: number;
}

export type StoreEvent =
  /** A message of this channel may be claimable: at once, or from `dueAt` on. */
  | { readonly kind: "work"; readonly channel: string; readonly direction: Direction; readonly dueAt?: number }
  /** An outbound message was answered; its row's `answeredBy` is the answer. */
  | { readonly kind: "answered"; readonly channel: string; readonly messageId: string; readonly id: MessageRowId }
  /** An outbound message that somebody waits for has ended without an answer. */
  | { readonly kind: "ended"; readonly channel: string; readonly messageId: string; readonly id: MessageRowId }
  /** The connection that carries these events was lost and is back: some may have been missed. */
  | { readonly kind: "resumed" };

export type StoreHealth =
  | { readonly kind: "ready" }
  /** `code` is one of STORE_*. */
  | { readonly kind: "unavailable"; readonly code: string; readonly message: string };

/**
 * Every promise is settled only after what it did is on disk, or will not be. Any operation may throw
 * STORE_UNAVAILABLE or STORE_FULL (nothing was done; try again later), STORE_OUTCOME_UNKNOWN (the connection broke
 * while committing: look the message up by its id), STORE_CLOSED, STORE_CORRUPT or STORE_INTERNAL.
 */
export interface MessageStore {
  /** All or none; ids in the order given. Throws STORE_MESSAGE_ID_TAKEN. */
  acceptOutbound(messages: readonly NewOutboundMessage[]): Promise<readonly MessageRowId[]>;
  /** One outbound message and its entry in the audit, in one transaction. Throws STORE_MESSAGE_ID_TAKEN. */
  acceptRequest(message: NewOutboundMessage, audit?: NewAuditEntry): Promise<AcceptedRequest>;
  /**
   * Duplicate elimination by sender and MessageId, message, reply, and the outbound message it answers, in one
   * transaction. Of copies that arrive together one is accepted; the others wait for it.
   */
  acceptInbound(message: NewInboundMessage): Promise<InboundAcceptance>;

  /**
   * Leases due work to `owner`, oldest due first; no two owners ever hold one message. States are left as they are: a
   * message claimed in "sending" was abandoned there.
   */
  claim(request: ClaimRequest): Promise<readonly StoredMessage[]>;
  /** When the next of these becomes claimable; undefined when none is waiting. Leased ones count by their lease's end. */
  nextDueAt(request: Pick<ClaimRequest, "channel" | "direction" | "states">): Promise<number | undefined>;
  renewLease(request: LeaseRequest & { readonly until: number }): Promise<"done" | "lease-lost">;
  /** Gives the work back untouched, for any owner at once, or from `nextAttemptAt`. */
  releaseLease(request: LeaseRequest & { readonly nextAttemptAt?: number }): Promise<"done" | "lease-lost">;
  /** Compare and set; appends to the history in the same transaction. */
  transition(transition: Transition): Promise<TransitionOutcome>;
  /** Once: of several at a time one is "done". Its line in the history has the code "dealt-with". */
  dealWith(dealtWith: DealtWith): Promise<"done" | "already-done" | "not-in-state" | "unknown">;

  findById(id: MessageRowId): Promise<StoredMessage | undefined>;
  /** The newest, since a peer may use an id again after its window. */
  findByMessageId(direction: Direction, messageId: string): Promise<StoredMessage | undefined>;
  /** Oldest first, at most 1,000. */
  findByConversation(conversationId: string): Promise<readonly StoredMessage[]>;
  list(filter: MessageFilter, limit: number, after?: PagePosition): Promise<MessagePage>;
  countByState(): Promise<readonly StateCount[]>;
  oldestUnfinished(): Promise<readonly OldestUnfinished[]>;
  /** Costs as much as there is unfinished work, whatever else is stored; so does the next for dead letters. */
  countUnfinished(): Promise<readonly UnfinishedCount[]>;
  countDeadLetters(): Promise<readonly DeadLetterCount[]>;
  /** How many messages were accepted in the span, and are in the state if one is given. Counts no further than `limit`. */
  countAccepted(span: TimeSpan, state: MessageState | undefined, limit: number): Promise<number>;
  /** Accepted in the span, and ended badly: by their state, or by their outcome. Counts no further than `limit`. */
  countFailed(span: TimeSpan, limit: number): Promise<number>;
  /** Of the messages accepted in the span; each outcome is counted no further than `limit`. In no order. */
  countOutcomes(span: TimeSpan, limit: number): Promise<readonly OutcomeCount[]>;
  /**
   * Of the messages accepted in the span: the code of the outcome, else that of the message. Each code is counted no
   * further than `limit`. In no order.
   */
  countErrors(span: TimeSpan, limit: number): Promise<readonly ErrorCount[]>;
  /** For each interaction of the span the times of its newest messages, at most `limit`. */
  readTimes(span: TimeSpan, limit: number): Promise<readonly InteractionTimes[]>;
  /** Also throws STORE_KEY_UNKNOWN or STORE_CONTENT_TAMPERED. */
  readContent(id: MessageRowId): Promise<ContentReading>;
  /** Undefined when there is none, or none any more. Also throws STORE_KEY_UNKNOWN or STORE_CONTENT_TAMPERED. */
  readContext(id: MessageRowId): Promise<Buffer | undefined>;
  /** Oldest first; empty for an unknown message. */
  history(id: MessageRowId): Promise<readonly HistoryEntry[]>;

  /**
   * The outcome of a query ("query-ended") is kept with its message, too, in the same transaction.
   * Appends to the audit, whose entries are chained by their hashes and are never changed or removed, by retention
   * neither. Gives the entry's number. Instances that share a database share one chain.
   */
  appendAudit(entry: NewAuditEntry): Promise<number>;
  /** Undefined only where another hand has removed it. */
  readAuditHead(): Promise<StoredAuditHead | undefined>;
  /** Entries with a greater number than `after` (0: from the first), in order. */
  readAudit(after: number, limit: number): Promise<readonly AuditEntry[]>;

  /** 1, 2, 3 ... per name; durable before it is given, so never given twice. Numbers may be skipped. */
  nextNumber(name: string): Promise<number>;
  /** Takes this very number: `nextNumber` goes on after it. False when it, or a higher one, was given before. */
  takeNumber(name: string, number: number): Promise<boolean>;
  /** The number given last; 0 when none was. */
  lastNumber(name: string): Promise<number>;
  readIdentity(): Promise<StoreIdentity>;
  readProgress(): Promise<StoreProgress>;
  /**
   * Goes on with an older copy of a store: a new identity, numbers that were never given, and every outbound message
   * that may have left is held for a person. Gives how many are held.
   */
  beginGeneration(generation: NewGeneration): Promise<number>;
  /**
   * Takes or renews the lease. True for the one who holds it from now on. Its time is measured by the database's clock
   * where there is one; `now` serves where there is none.
   */
  holdLease(lease: NamedLease & { readonly milliseconds: number; readonly now: number }): Promise<boolean>;
  endLease(lease: NamedLease): Promise<void>;
  /** Notes the clock of one instance, and gives those of all that were noted within the time. */
  noteClock(
    clock: InstanceClock & { readonly withinMilliseconds: number; readonly now: number },
  ): Promise<readonly InstanceClock[]>;
  /** Costs as much as there is unfinished work. */
  countOwners(): Promise<readonly WorkOwner[]>;
  /** Gives one batch of a channel's messages to another channel. Nothing else of them changes. */
  reassign(reassignment: Reassignment): Promise<BatchOutcome>;
  /** Removes one batch of what the rules have outlived, and of replies past their duplicate window. */
  prune(rules: readonly RetentionRule[], now: number, limit: number): Promise<BatchOutcome>;
  /**
   * Rejects, with the code STORE_UNCLAIMED, one batch of the inbound messages that were accepted before this time, that
   * nobody has taken since, and that wait for no other.
   */
  setAsideUnclaimed(request: UnclaimedRequest): Promise<BatchOutcome>;
  /** Seals one batch of contents again that are under another key than the current one. */
  reseal(limit: number): Promise<BatchOutcome>;

  /** Gives a function that ends the subscription. A listener must not throw. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  /** Tries a real write. Never throws. */
  health(): Promise<StoreHealth>;
  /** Waits for the operations under way; later ones throw STORE_CLOSED. */
  close(): Promise<void>;
}

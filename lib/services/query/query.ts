// Asks CP-IS about one NHS number: checks, encodes, sends, waits, and judges the answer.
import type { QueryFailed, QueryResult } from "../../cpis/model.js";
import { parseNhsNumber, type NhsNumber } from "../../cpis/nhs-number.js";
import {
  createQueryFailed,
  queryEbxmlError,
  queryHttpError,
  queryMismatchedReply,
  queryNotSent,
  querySoapFault,
  queryTimedOut,
  queryUnexpectedReply,
  queryUnparseableReply,
  type QueryContext,
} from "../../cpis/query/query-failed.js";
import { decideAnswerOutcome } from "../../cpis/query/answer-parts.js";
import { decideSynchronousOutcome } from "../../cpis/query/query-outcome.js";
import { encodeQueryRequest, queryRequestInteraction } from "../../cpis/query/query-request.js";
import type { QueryStub } from "../../cpis/query/query-stub.js";
import type { SilentReadForm } from "../../cpis/query/silent-read.js";
import { definedOnly } from "../../defined-only.js";
import type { CpisError } from "../../errors.js";
import { longestTimerMilliseconds } from "../../time/back-off.js";
import { hl7TimeAt } from "../../hl7v3/timestamp.js";
import type { ProcessingCode } from "../../hl7v3/transmission-wrapper.js";
import { parseConversationId, parseMessageId, type ConversationId, type MessageId } from "../../identifiers.js";
import type { MessageHandlingService } from "../../mhs/message-handling-service.js";
import type {
  AnswerDecision,
  AskedRequest,
  InboundAnswer,
  MhsEffects,
  RequestAudit,
  RequestFailure,
  RequestOutcome,
} from "../../mhs/model.js";
import { selectPattern, type MessagingContract } from "../../sds/contract.js";
import { failedBefore, findRefusal, unexpected, type AccessRequest } from "./preflight.js";
import { readParts } from "./read-parts.js";
import { auditRefusal, endEntryOf, entryOf, openAudit, type OpenedAudit, type QueryAudit } from "./query-audit.js";

/** The service name under which Spine registers the query. */
export const queryServiceName = "urn:nhs:names:services:cpisquery";

export interface QueryServiceSettings {
  /** Our own ASID, the sender in the HL7 wrapper. */
  readonly fromAsid: string;
  /** The contract in force now; asked for every query. Rejects with a CpisError when there is none. */
  contract(): Promise<MessagingContract>;
  /** Whether the user's activities must contain B0107 (B0170 for scheduled access) before anything is sent. */
  readonly checkActivities: boolean;
  readonly timeoutMilliseconds: number;
  /** An empty response with an explicit OK and a total of 0: Spine is not known to send it. */
  readonly emptyResponse: "not-found" | "failed";
  /** The confirmed form of a scheduled read. Absent: scheduled access is refused. */
  readonly silentRead?: SilentReadForm;
  readonly versionCode?: string;
  readonly processingCode?: ProcessingCode;
}

export interface ChildQuery extends AccessRequest {
  /** Spaces and hyphens are tolerated. */
  readonly nhsNumber: string;
  /** The SDS role code for the control act; the author's role code when absent. */
  readonly sdsRole?: string;
  readonly signal?: AbortSignal;
}

/** What the messages themselves were; safe to log. */
export interface Exchange {
  readonly interaction: string;
  readonly messageId: string;
  readonly conversationId: string;
  readonly hl7Id: string;
  readonly startedAt: string;
  readonly durationMilliseconds: number;
}

export interface QueryAnswer {
  readonly result: QueryResult;
  /** Absent when a local check failed and nothing was sent. */
  readonly exchange?: Exchange;
  /** What made a failed result fail, where it was an error of a room below. */
  readonly cause?: CpisError;
}

export interface QueryService {
  /** Never rejects for anything that can happen to a query: each failure is a result with outcome "failed". */
  ask(query: ChildQuery): Promise<QueryAnswer>;
}

export interface QueryServiceParts {
  readonly mhs: Pick<MessageHandlingService, "request">;
  readonly effects: MhsEffects;
  readonly settings: QueryServiceSettings;
  /** When it is given, a query that cannot be recorded is not sent: it fails with CPIS_NOT_AUDITED as its cause. */
  readonly audit?: QueryAudit;
}

/** What is known of a query once its local checks have passed. */
interface PreparedQuery {
  readonly context: QueryContext;
  readonly contract: MessagingContract;
  readonly payload: Buffer;
  /** Of the transport. */
  readonly messageId: MessageId;
}

interface SendableQuery extends PreparedQuery {
  readonly conversationId: ConversationId;
}

interface RefusedQuery {
  readonly context: QueryContext;
  readonly result: QueryFailed;
  readonly cause: CpisError;
}

type Preparation = ({ readonly kind: "prepared" } & PreparedQuery) | ({ readonly kind: "refused" } & RefusedQuery);

function refused(context: QueryContext, error: unknown): Preparation & { readonly kind: "refused" } {
  const cause = unexpected(error);
  return { kind: "refused", context, result: failedBefore(context, cause), cause };
}

async function prepare(query: ChildQuery, parts: QueryServiceParts): Promise<Preparation> {
  const { effects, settings } = parts;
  let context: QueryContext = { nhsNumber: "", messageId: effects.newUuid(), eventId: effects.newUuid() };
  try {
    const nhsNumber = parseNhsNumber(query.nhsNumber);
    context = { ...context, nhsNumber };
    const refusal = findRefusal(query, settings.checkActivities, settings.silentRead !== undefined);
    if (refusal !== undefined) throw refusal;
    const contract = await settings.contract();
    const messageId = transportIdOf(context, contract, effects);
    const payload = encodePayload(query, context, nhsNumber, contract, parts);
    return { kind: "prepared", context, contract, payload, messageId };
  } catch (error) {
    return refused(context, error);
  }
}

/**
 * In the synchronous form the id of the HL7 message serves for both: whichever of the two a reply refers to, it fits.
 * Throws CONFIG_CONTRACT.
 */
function transportIdOf(context: QueryContext, contract: MessagingContract, effects: MhsEffects): MessageId {
  return parseMessageId(selectPattern(contract) === "sync-soap" ? context.messageId : effects.newUuid());
}

/** Of a scheduled read only: it is not there in an unscheduled one, whatever is set. */
function silentReadOf({ accessType }: ChildQuery, { silentRead }: QueryServiceSettings): Pick<QueryStub, "silentRead"> {
  return accessType === "scheduled" && silentRead !== undefined ? { silentRead } : {};
}

function encodePayload(
  query: ChildQuery,
  context: QueryContext,
  nhsNumber: NhsNumber,
  contract: MessagingContract,
  { effects, settings }: QueryServiceParts,
): Buffer {
  const text = encodeQueryRequest({
    nhsNumber,
    author: query.author,
    fromAsid: settings.fromAsid,
    toAsid: contract.toAsid,
    messageId: context.messageId,
    eventId: context.eventId,
    queriedAt: hl7TimeAt(effects.now()),
    ...silentReadOf(query, settings),
    ...definedOnly({
      sdsRole: query.sdsRole,
      versionCode: settings.versionCode,
      processingCode: settings.processingCode,
    }),
  });
  return Buffer.from(text, "utf8");
}

/** Decides what an answer means for a query that waits. */
function judgeAnswer(
  context: QueryContext,
  answer: InboundAnswer,
  { emptyResponse }: Pick<QueryServiceSettings, "emptyResponse">,
): AnswerDecision<QueryResult> {
  const needsOwnReference = !answer.isReferenced;
  const decision = decideAnswerOutcome(context, readParts(answer.message), { emptyResponse, needsOwnReference });
  return decision.kind === "result" ? { kind: "settles", result: decision.result } : { kind: decision.kind };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Undefined for what was not written by `contextBytes`. */
function readContext(bytes: Buffer): QueryContext | undefined {
  const value: unknown = JSON.parse(bytes.toString("utf8"));
  if (typeof value !== "object" || value === null) return undefined;
  const { nhsNumber, messageId, eventId }: Partial<Record<keyof QueryContext, unknown>> = value;
  return isText(nhsNumber) && isText(messageId) && isText(eventId) ? { nhsNumber, messageId, eventId } : undefined;
}

/** Kept with the query, and sealed: what its answer is judged by, wherever that arrives. */
function contextBytes({ nhsNumber, messageId, eventId }: QueryContext): Buffer {
  return Buffer.from(JSON.stringify({ nhsNumber, messageId, eventId }), "utf8");
}

/**
 * What an answer means for a query that waits in another instance: the same as for the one who asked. For
 * StoreOptions.judge of the message handling service. A query of an older version has no context: there every answer
 * that refers to it counts, as it did then.
 */
export function judgeStoredQuery(asked: AskedRequest, answer: InboundAnswer): AnswerDecision["kind"] {
  const isQuery = asked.service === queryServiceName && asked.action === queryRequestInteraction;
  const context = isQuery && asked.context !== undefined ? readContext(asked.context) : undefined;
  if (context === undefined) return answer.isReferenced ? "settles" : "discard";
  // Whether an empty response is a failure changes what is said, and not whether the query has its answer.
  return judgeAnswer(context, answer, { emptyResponse: "failed" }).kind;
}

function failureOf(outcome: RequestFailure, context: QueryContext): QueryFailed {
  switch (outcome.kind) {
    case "mismatched":
      return queryMismatchedReply(context);
    case "no-answer":
      return queryUnexpectedReply(context, `HTTP status ${outcome.httpStatus} without an answer`);
    case "not-sent":
      return queryNotSent(context, outcome.error.message);
    case "soap-fault":
      return querySoapFault(context, outcome.fault, outcome.httpStatus);
    case "ebxml-error":
      return queryEbxmlError(context, outcome.errors);
    case "http-error":
      return queryHttpError(context, outcome.httpStatus);
    case "unparseable":
      return queryUnparseableReply(context, outcome.error.message);
    case "timeout":
      return queryTimedOut(context);
    case "aborted":
      return createQueryFailed(context, "timeout", { retryable: true, detail: "the wait was ended" });
  }
}

function causeOf(outcome: RequestOutcome): CpisError | undefined {
  return outcome.kind === "not-sent" || outcome.kind === "unparseable" ? outcome.error : undefined;
}

function auditedQuery({ author }: ChildQuery, context: QueryContext) {
  const subject = context.nhsNumber === "" ? {} : { subject: context.nhsNumber };
  return { author, interaction: queryRequestInteraction, applicationId: context.messageId, ...subject };
}

function resultOf(outcome: RequestOutcome<QueryResult>, context: QueryContext): QueryResult {
  return outcome.kind === "answered" || outcome.kind === "replied" ? outcome.result : failureOf(outcome, context);
}

/** In the audit before it leaves: by the store, together with the message, or before by an audit of its own. */
async function sendAudited(query: ChildQuery, prepared: PreparedQuery, parts: QueryServiceParts): Promise<QueryAnswer> {
  const { audit, effects } = parts;
  const { context, messageId } = prepared;
  const sendable = { ...prepared, conversationId: parseConversationId(effects.newUuid()) };
  const audited = { ...auditedQuery(query, context), messageId, conversationId: sendable.conversationId };
  if (audit === undefined) return send(query, sendable, parts);
  if (audit.isOfMessageStore === true) {
    return send(query, sendable, parts, {
      asked: entryOf(audited, "query-asked", effects.now()),
      ended: (outcome, at) => endEntryOf(audited, resultOf(outcome, context), at),
    });
  }
  let opened: OpenedAudit;
  try {
    const over = AbortSignal.timeout(Math.min(parts.settings.timeoutMilliseconds, longestTimerMilliseconds));
    const signal = query.signal === undefined ? over : AbortSignal.any([over, query.signal]);
    opened = await openAudit(audit, audited, effects.now(), signal);
  } catch (error) {
    const { result, cause } = refused(context, error);
    return { result, cause };
  }
  const answer = await send(query, sendable, parts);
  await opened.ended(answer.result, effects.now());
  return answer;
}

async function send(
  query: ChildQuery,
  prepared: SendableQuery,
  parts: QueryServiceParts,
  audit?: RequestAudit<QueryResult>,
): Promise<QueryAnswer> {
  const { mhs, effects, settings } = parts;
  const { context, contract, payload, messageId, conversationId } = prepared;
  const startedAt = effects.now();
  const outcome = await mhs.request<QueryResult>({
    service: queryServiceName,
    action: queryRequestInteraction,
    messageId,
    conversationId,
    contract,
    payload,
    subject: context.nhsNumber,
    applicationId: context.messageId,
    context: contextBytes(context),
    fromAsid: settings.fromAsid,
    timeoutMilliseconds: settings.timeoutMilliseconds,
    judge: (answer) => judgeAnswer(context, answer, settings),
    judgeReply({ body }) {
      const result = decideSynchronousOutcome(context, body, settings);
      const isOther = result.outcome === "failed" && result.code === "correlation-mismatch";
      return { settles: !isOther, result };
    },
    ...definedOnly({ audit, signal: query.signal }),
  });
  const cause = causeOf(outcome);
  // What could not be recorded was not asked.
  if (cause?.code === "CPIS_NOT_AUDITED") return { result: failedBefore(context, cause), cause };
  return {
    result: resultOf(outcome, context),
    exchange: {
      interaction: queryRequestInteraction,
      messageId,
      conversationId,
      hl7Id: context.messageId,
      startedAt: new Date(startedAt).toISOString(),
      durationMilliseconds: Math.max(0, Math.round(effects.now() - startedAt)),
    },
    ...definedOnly({ cause }),
  };
}

/** Makes the service; it holds nothing of its own and needs no closing. */
export function createQueryService(parts: QueryServiceParts): QueryService {
  return {
    async ask(query) {
      const preparation = await prepare(query, parts);
      if (preparation.kind === "prepared") return sendAudited(query, preparation, parts);
      const { context, result, cause } = preparation;
      await auditRefusal(parts.audit, auditedQuery(query, context), result, parts.effects.now());
      return { result, cause };
    },
  };
}

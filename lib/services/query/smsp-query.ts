// Asks CP-IS about one NHS number through a Spine mini service: checks, encodes, sends, and judges the answer.
import type { QueryFailed, QueryResult } from "../../cpis/model.js";
import { parseNhsNumber } from "../../cpis/nhs-number.js";
import {
  createQueryFailed,
  queryHttpError,
  queryNotSent,
  querySoapFault,
  queryUnparseableReply,
  type QueryContext,
} from "../../cpis/query/query-failed.js";
import { bareQueryStubNode } from "../../cpis/query/query-stub.js";
import { decideSmspOutcome } from "../../cpis/query/smsp-outcome.js";
import { definedOnly } from "../../defined-only.js";
import type { CpisError } from "../../errors.js";
import { hl7TimeAt } from "../../hl7v3/timestamp.js";
import type { SmspOutcome } from "../../smsp/model.js";
import { smspQueryInteraction, type SmspClient, type SmspEffects } from "../../smsp/smsp-client.js";
import type { XmlNode } from "../../xml/encode-xml.js";
import { failedBefore, findRefusal, unexpected } from "./preflight.js";
import type { ChildQuery, QueryAnswer, QueryService } from "./query.js";
import { auditRefusal, openAudit, type OpenedAudit, type QueryAudit } from "./query-audit.js";

export interface SmspQueryServiceSettings {
  /** Whether the user's activities must contain B0107 (B0170 for scheduled access) before anything is sent. */
  readonly checkActivities: boolean;
  /** For the official test harness only, one of whose numbers fails its check digit. Default false. */
  readonly acceptFailingCheckDigit?: boolean;
}

export interface SmspQueryServiceParts {
  readonly smsp: Pick<SmspClient, "send">;
  readonly effects: SmspEffects;
  readonly settings: SmspQueryServiceSettings;
  /** When it is given, a query that cannot be recorded is not sent: it fails with CPIS_NOT_AUDITED as its cause. */
  readonly audit?: QueryAudit;
}

type Preparation =
  | { readonly kind: "prepared"; readonly context: QueryContext; readonly payload: XmlNode }
  | {
      readonly kind: "refused";
      readonly context: QueryContext;
      readonly result: QueryFailed;
      readonly cause: CpisError;
    };

function refused(context: QueryContext, error: unknown): Preparation & { readonly kind: "refused" } {
  const cause = unexpected(error);
  return { kind: "refused", context, result: failedBefore(context, cause), cause };
}

/** There is no HL7 message here: the tracking id of the distribution envelope stands for its id. */
function prepare(query: ChildQuery, { effects, settings }: SmspQueryServiceParts): Preparation {
  let context: QueryContext = { nhsNumber: "", messageId: effects.newUuid(), eventId: effects.newUuid() };
  try {
    const { acceptFailingCheckDigit = false } = settings;
    const nhsNumber = parseNhsNumber(query.nhsNumber, { acceptFailingCheckDigit });
    context = { ...context, nhsNumber };
    const refusal = findRefusal(query, settings.checkActivities);
    if (refusal !== undefined) throw refusal;
    const { author } = query;
    const queriedAt = hl7TimeAt(effects.now());
    const payload = bareQueryStubNode({ nhsNumber, author, eventId: context.eventId, queriedAt });
    return { kind: "prepared", context, payload };
  } catch (error) {
    return refused(context, error);
  }
}

function resultOf(outcome: SmspOutcome, context: QueryContext): QueryResult {
  switch (outcome.kind) {
    case "replied":
      return decideSmspOutcome(context, outcome.payload);
    case "fault":
      return querySoapFault(context, outcome.fault, outcome.httpStatus);
    case "http-error":
      return queryHttpError(context, outcome.httpStatus);
    case "empty":
      return createQueryFailed(context, "unexpected-reply", { detail: `HTTP status ${outcome.httpStatus}, no answer` });
    case "unrelated":
      return createQueryFailed(context, "correlation-mismatch");
    case "not-sent":
      return queryNotSent(context, outcome.error.message);
    case "timeout":
      return createQueryFailed(context, "timeout", {
        retryable: true,
        ...definedOnly({ detail: outcome.error.detail }),
      });
    case "unparseable":
      return queryUnparseableReply(context, outcome.error.message);
  }
}

function auditedQuery({ author }: ChildQuery, context: QueryContext) {
  const subject = context.nhsNumber === "" ? {} : { subject: context.nhsNumber };
  const ids = { conversationId: context.messageId, applicationId: context.eventId };
  return { author, interaction: smspQueryInteraction, ...ids, ...subject };
}

/** In the audit before it leaves. */
async function sendAudited(
  query: ChildQuery,
  context: QueryContext,
  payload: XmlNode,
  parts: SmspQueryServiceParts,
): Promise<QueryAnswer> {
  const { audit, effects } = parts;
  const messageId = effects.newUuid();
  let opened: OpenedAudit;
  try {
    opened = await openAudit(audit, { ...auditedQuery(query, context), messageId }, effects.now(), query.signal);
  } catch (error) {
    const { result, cause } = refused(context, error);
    return { result, cause };
  }
  const answer = await send(query, { context, payload, messageId }, parts);
  await opened.ended(answer.result, effects.now());
  return answer;
}

interface SendableQuery {
  readonly context: QueryContext;
  readonly payload: XmlNode;
  readonly messageId: string;
}

async function send(
  query: ChildQuery,
  { context, payload, messageId }: SendableQuery,
  { smsp, effects }: SmspQueryServiceParts,
): Promise<QueryAnswer> {
  const startedAt = effects.now();
  const trackingId = context.messageId;
  const outcome = await smsp.send({
    payload,
    messageId,
    trackingId,
    ...definedOnly({ signal: query.signal }),
  });
  return {
    result: resultOf(outcome, context),
    exchange: {
      interaction: smspQueryInteraction,
      messageId,
      conversationId: trackingId,
      hl7Id: context.eventId,
      startedAt: new Date(startedAt).toISOString(),
      durationMilliseconds: Math.max(0, Math.round(effects.now() - startedAt)),
    },
    ...("error" in outcome ? { cause: outcome.error } : {}),
  };
}

/**
 * Makes the service; it holds nothing of its own and needs no closing. Its exchanges name the SOAP message, the
 * tracking id as conversation, and the query event.
 */
export function createSmspQueryService(parts: SmspQueryServiceParts): QueryService {
  return {
    async ask(query) {
      const preparation = prepare(query, parts);
      const { context } = preparation;
      if (preparation.kind === "prepared") return sendAudited(query, context, preparation.payload, parts);
      const { result, cause } = preparation;
      await auditRefusal(parts.audit, auditedQuery(query, context), result, parts.effects.now());
      return { result, cause };
    },
  };
}

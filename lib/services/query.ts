// Asks CP-IS about one NHS number: checks, encodes, sends, waits, and judges the answer.
import type { MessageHandlingService } from "../mhs/message-handling-service.js";
import type { MhsEffects } from "../mhs/model.js";
import type { Author, QueryResult } from "../cpis/model.js";
import type { MessagingContract } from "../sds/contract.js";

export interface QueryServiceSettings {
  /** Our own ASID, the sender in the HL7 wrapper. */
  readonly fromAsid: string;
  /** The contract in force now; asked for every query. Throws CpisError when there is none. */
  contract(): Promise<MessagingContract>;
  /** Whether the user's activities must contain B0107 (B0170 for scheduled access) before anything is sent. */
  readonly checkActivities: boolean;
  readonly timeoutMilliseconds: number;
  /** An empty response with an explicit OK and a total of 0: Spine is not known to send it. */
  readonly emptyResponse: "not-found" | "failed";
  readonly versionCode?: string;
  readonly processingCode?: "P" | "T" | "D";
}

export interface ChildQuery {
  /** Spaces and hyphens are tolerated. */
  readonly nhsNumber: string;
  readonly author: Author;
  /** National RBAC activities of the signed-in user, for example ["B0107"]. Not looked at for a system author. */
  readonly activities?: readonly string[];
  /** The SDS role code for the control act; the author's role code when absent. */
  readonly sdsRole?: string;
  readonly accessType: "unscheduled" | "scheduled";
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
}

export interface QueryService {
  /** Never throws for anything that can happen to a query: each failure is a result with outcome "failed". */
  ask(query: ChildQuery): Promise<QueryAnswer>;
}

export interface QueryServiceParts {
  readonly mhs: Pick<MessageHandlingService, "request">;
  readonly effects: MhsEffects;
  readonly settings: QueryServiceSettings;
}

// Where a rehearsal is run: what every environment can do, and what only some can.
import { randomBytes } from "node:crypto";
import { createContentProtection } from "../crypto/content-protection.js";
import { createKeyRing } from "../crypto/key-ring.js";
import type { MessageStore } from "../store/message-store.js";
import { createSqliteMessageStore } from "../store/sqlite/sqlite-message-store.js";
import type { ChildQuery, QueryAnswer } from "../services/query/query.js";
import type { InactiveNumber, NotifiedAccess } from "../cpis/upload/upload-model.js";
import type { RefusedRecord, UploadAcceptance, UploadFailure, UploadOutcome } from "../services/upload/upload-model.js";
import type { AuditVerification } from "../services/audit.js";
import type { EnvironmentAbility } from "./model.js";

export interface RehearsalEnvironment {
  /** As the report names it, "simulator" or "INT". */
  readonly name: string;
  readonly abilities: ReadonlySet<EnvironmentAbility>;
  /** The test NHS numbers, by the names that scenarios use. */
  readonly numbers: ReadonlyMap<string, string>;
  readonly hospital?: HospitalSide;
  readonly authority?: AuthoritySide;
  /** Of the simulator; only with the ability "commands". */
  command?(command: Readonly<Record<string, unknown>>): void;
  /** Every message that was built or got since the last call, for the schema witness; with the ability "conversation". */
  takeMessages?(): readonly Uint8Array[];
  close(): Promise<void>;
}

export interface HospitalSide {
  ask(query: ChildQuery, timeoutMilliseconds: number | undefined): Promise<QueryAnswer>;
  verifyAudit(): Promise<AuditVerification>;
  /** How many queries have an entry before, and how many one after them. */
  countAudited(): Promise<{ readonly begun: number; readonly ended: number }>;
  /** Posts an answer with a certificate of the same authority and another name; gives the status, or undefined for none. */
  postAsForeigner?(): Promise<number | undefined>;
}

export type UploadEnd =
  | { readonly kind: "answered"; readonly outcome: UploadOutcome; readonly refused: readonly RefusedRecord[] }
  | { readonly kind: "undelivered"; readonly failure: UploadFailure };

export interface AuthoritySide {
  upload(
    records: readonly object[],
    faultyRecords: "refuse-file" | "send-valid",
  ): Promise<{ readonly acceptance: UploadAcceptance; readonly handedOut: readonly RefusedRecord[] }>;
  /** The end of the upload with this file number. */
  ended(fileNumber: number): Promise<UploadEnd>;
  nextAccess(): Promise<NotifiedAccess>;
  nextInactive(): Promise<InactiveNumber>;
  restart?(): Promise<void>;
}

/** Sealed as any, and gone with the run. */
export function openStore(): Promise<MessageStore> {
  const protection = createContentProtection(createKeyRing(randomBytes), randomBytes);
  return createSqliteMessageStore({ folder: ":memory:", protection, now: () => Date.now() });
}

// `@cp-is/node-red/services`: the use-cases: queries, uploads, notifications, message log, connection check.
export {
  auditFormats,
  auditStaffAct,
  exportAudit,
  recordStaffAct,
  verifyAudit,
  type AuditFault,
  type AuditFormat,
  type AuditReader,
  type AuditVerification,
  type StaffAct,
} from "../services/audit.js";
export type { QueryAudit } from "../services/query/query-audit.js";
export {
  readOverview,
  type InteractionLatency,
  type Latency,
  type Overview,
  type OverviewBucket,
  type OverviewSpan,
  type OverviewStore,
  type QueueDepth,
  type RankedError,
} from "../services/overview.js";
export {
  createQueryService,
  judgeStoredQuery,
  queryServiceName,
  type ChildQuery,
  type Exchange,
  type QueryAnswer,
  type QueryService,
  type QueryServiceParts,
  type QueryServiceSettings,
} from "../services/query/query.js";
export type * from "../services/exchange/file-exchange.js";
export {
  createEbxmlExchange,
  type EbxmlExchangeParts,
  type EbxmlExchangeSettings,
} from "../services/exchange/ebxml-exchange.js";
export {
  createMeshExchange,
  knownFileRoots,
  nextLocalId,
  type MeshExchangeParts,
  type MeshExchangeSettings,
} from "../services/exchange/mesh-exchange.js";
export { createMessageLog, type MessageLog, type MessageLogParts } from "../services/message-log/message-log.js";
export type * from "../services/message-log/message-log-model.js";
export { isLogAction, logActions } from "../services/message-log/message-log-model.js";
export type * from "../services/upload/upload-model.js";
export {
  createUploadService,
  type UploadOwner,
  type UploadService,
  type UploadServiceParts,
} from "../services/upload/upload.js";
export {
  createNotificationService,
  type NotificationConfirmation,
  type NotificationEnvelope,
  type NotificationListener,
  type NotificationPart,
  type NotificationService,
  type NotificationServiceOptions,
  type NotificationToken,
  type UnknownFile,
} from "../services/notifications.js";
export { checkConnection, type ConnectionCheckOptions } from "../services/connection-check/connection-check.js";
export type * from "../services/connection-check/connection-check-model.js";
export {
  createSmspQueryService,
  type SmspQueryServiceParts,
  type SmspQueryServiceSettings,
} from "../services/query/smsp-query.js";

// The public door of the library: everything but Node-RED. The simulator has a door of its own.
export { CpisError, errorTable, isCpisError, type CpisErrorOptions, type ErrorCode } from "./errors.js";
export {
  comparableId,
  isAsid,
  isPartyKeyFormat,
  isSameId,
  parseAsid,
  parseConversationId,
  parseCpaId,
  parseMessageId,
  parsePartyKey,
  parseUuid,
  type Asid,
  type ConversationId,
  type CpaId,
  type MessageId,
  type PartyKey,
  type Uuid,
} from "./identifiers.js";

export { element, encodeXml, type XmlNode } from "./xml/encode-xml.js";
export { createElementFinder, type ElementFinder } from "./xml/find-element.js";
export { createElementReader, type ElementReader, type ElementReaderOptions } from "./xml/read-elements.js";
export { defaultXmlLimits, parseXml, type ParseXmlOptions, type XmlLimits } from "./xml/parse-xml.js";
export type { XmlAttribute, XmlElement } from "./xml/xml-element.js";

export {
  encodeApplicationAcknowledgement,
  parseApplicationAcknowledgement,
  type ApplicationAcknowledgement,
  type ReceivedApplicationAcknowledgement,
} from "./hl7v3/application-acknowledgement.js";
export {
  encodeQueryFailure,
  parseQueryFailure,
  type QueryFailure,
  type ReceivedQueryFailure,
} from "./hl7v3/query-failure.js";
export { findInteraction } from "./hl7v3/interaction.js";
export { formatTimestamp, hl7TimeAt, parseHl7Time, sortableMilliseconds } from "./hl7v3/timestamp.js";

export {
  accessNotificationName,
  encodeAccessNotification,
  parseAccessNotification,
  type AccessNotificationForm,
} from "./cpis/notification/access-notification.js";
export {
  encodeInactiveNhsNumberNotification,
  inactiveNhsNumberNotificationName,
  parseInactiveNhsNumberNotification,
} from "./cpis/notification/inactive-number-notification.js";
export type * from "./cpis/model.js";
export { parseNhsNumber, readNhsNumber, type NhsNumber, type NhsNumberOptions } from "./cpis/nhs-number.js";
export {
  decideQueryOutcome,
  decideSynchronousOutcome,
  type OutcomeSettings,
  type QueryDecision,
} from "./cpis/query/query-outcome.js";
export type { QueryContext } from "./cpis/query/query-failed.js";
export { encodeQueryRequest, parseQueryRequest, type QueryRequest } from "./cpis/query/query-request.js";
export { bareQueryStubNode, parseBareQueryStub, type QueryStub } from "./cpis/query/query-stub.js";
export { encodeQueryResponse, parseQueryResponse } from "./cpis/query/query-response.js";
export { decideSmspOutcome } from "./cpis/query/smsp-outcome.js";
export {
  parseSmspResponse,
  smspResponseNode,
  type ReceivedSmspResponse,
  type SmspResponse,
} from "./cpis/query/smsp-response.js";
export { smspMeaning, smspStatus, type SmspMeaning, type SmspStatusCode } from "./cpis/query/smsp-status.js";
export type {
  ParsedQueryResponse,
  QueryResponse,
  QueryResponseDeviation,
  ReceivedQueryResponse,
} from "./cpis/query/query-response-model.js";
export {
  createReceivedUploadChecker,
  type ReceivedUploadChecker,
  type ReceivedUploadContext,
} from "./simulator/cpis/check-received-upload.js";
export {
  describeFileResult,
  describeRecordResult,
  uploadFileResults,
  uploadRecordResults,
  type MayResend,
  type UploadResultWords,
} from "./cpis/upload/upload-result-words.js";
export {
  readUploadRecord,
  type ReadUploadRecord,
  type UploadField,
  type UploadMapping,
} from "./cpis/upload/rows/upload-row.js";
export type { UploadFaultSeverity, UploadRule } from "./cpis/upload/rules/upload-rule.js";
export {
  hasUploadError,
  uploadFault,
  uploadRules,
  type UploadFault,
  type UploadFaultCode,
} from "./cpis/upload/rules/upload-rules.js";
export {
  createUploadValidator,
  type UploadCheckContext,
  type UploadFileFacts,
  type UploadValidator,
} from "./cpis/upload/rules/validate-upload.js";
export type { PayloadReaderOptions } from "./cpis/upload/payload-reader.js";
export {
  createUploadFileReader,
  encodeUploadFile,
  encodeUploadFileStart,
  encodeUploadRecord,
  parseUploadFile,
  uploadFileEnd,
  type ParsedUploadFile,
  type UploadFileReader,
} from "./cpis/upload/upload-file.js";
export type * from "./cpis/upload/upload-model.js";
export {
  createUploadResponseReader,
  encodeUploadRecordResult,
  encodeUploadRecordsStart,
  encodeUploadResponse,
  encodeUploadResponseEnd,
  encodeUploadResponsePieces,
  encodeUploadResponseStart,
  encodeUploadResult,
  parseUploadResponse,
  uploadResultsEnd,
  uploadResultsStart,
  type UploadResponseHeader,
  type UploadResponseReader,
  type WrittenUploadResponse,
} from "./cpis/upload/upload-response.js";
export { planTypeDisplayNames, queryIssueCodes, uploadCodes } from "./cpis/vocabularies.js";

export type * from "./ebxml/model.js";
export { encodeBusinessMessage, type EncodeMessageOptions } from "./ebxml/encode-message.js";
export { acknowledgmentOf, encodeAcknowledgment, encodeMessageError, messageErrorOf } from "./ebxml/encode-signal.js";
export { parseEbxml, type EbxmlInput, type EbxmlLimits } from "./ebxml/parse-ebxml.js";
export { reliabilityElements, type EbxmlPattern } from "./ebxml/reliability.js";
export { parseSoapEnvelope, type SoapEnvelope } from "./soap/envelope.js";
export { encodeSoapFault, isRetriableFault, readSoapFault, type NaspError, type SoapFault } from "./soap/fault.js";
export {
  encodeSynchronousReply,
  readSynchronousReply,
  type NewSynchronousReply,
  type SynchronousReply,
} from "./soap/synchronous-reply.js";
export {
  encodeSynchronousRequest,
  readSynchronousRequest,
  type EncodedSynchronousRequest,
  type ReceivedSynchronousRequest,
  type SynchronousRequest,
} from "./soap/synchronous-request.js";

export {
  distributionEnvelopeNode,
  interactionOf,
  parseDistributionEnvelope,
  type DistributionEnvelope,
  type DistributionHeader,
  type DistributionPayload,
  type HandlingSpecification,
  type ManifestItem,
  type ReceivedDistribution,
} from "./itk/distribution-envelope.js";
export { distributionServices, interactionKey, odsAddress, odsIdentity, type TypedUri } from "./itk/names.js";
export { encodeToolkitFault, type ToolkitFault } from "./itk/toolkit-fault.js";
export {
  encodeWebServiceMessage,
  readWebServiceHeader,
  type ReceivedWebServiceHeader,
  type WebServiceHeader,
  type WebServiceSecurity,
} from "./itk/web-service-message.js";

export {
  selectPattern,
  type ContractProperties,
  type MessagingContract,
  type MessagingPattern,
} from "./sds/contract.js";
export { parseDuration } from "./time/duration.js";
export type {
  DeviceQuery,
  EndpointQuery,
  SdsContractAttributes,
  SdsDevice,
  SdsEndpoint,
  ServiceInteraction,
} from "./sds/directory-model.js";
export { formatServiceInteraction } from "./sds/directory-query.js";
export {
  createSdsClient,
  type SdsClient,
  type SdsClientOptions,
  type SdsLimits,
  type SdsTimeouts,
} from "./sds/sds-client.js";
export type { ManualContract } from "./sds/choose-endpoint.js";
export { defaultCacheTimes, type CacheTimes } from "./sds/cache-age.js";
export {
  createContractSource,
  defaultSpineOdsCode,
  type ContractSource,
  type ContractSourceEvents,
  type ContractSourceOptions,
} from "./sds/contract-source.js";

export type * from "./store/message-model.js";
export { isFinished, isMessageRowId } from "./store/message-model.js";
export type * from "./store/message-store.js";
export type * from "./store/audit-model.js";
export { auditEvents, auditHash, auditTexts, firstAuditHash, isAuditEvent } from "./store/audit-model.js";
export { createSqliteMessageStore, type SqliteMessageStoreOptions } from "./store/sqlite/sqlite-message-store.js";
export {
  createPostgresMessageStore,
  type PostgresMessageStoreOptions,
} from "./store/postgres/postgres-message-store.js";
export { createContentProtection } from "./crypto/content-protection.js";
export { rotateKeys, type KeyRotation, type KeyRotationOptions, type RotatedStore } from "./crypto/key-rotation.js";
export { createOrLoadKeyFile, replaceKeyFile } from "./crypto/key-file.js";
export {
  createKeyRing,
  encodeKeyRing,
  parseKeyRing,
  retireOldKeys,
  rotateKeyRing,
  type ContentKey,
  type KeyRing,
  type RandomBytes,
} from "./crypto/key-ring.js";

export type * from "./mhs/model.js";
export {
  createMessageHandlingService,
  type InboundSettings,
  type ListenerOptions,
  type MessageHandlingService,
  type MessageHandlingServiceOptions,
} from "./mhs/message-handling-service.js";
export type * from "./smsp/model.js";
export {
  createSmspClient,
  smspQueryInteraction,
  type SmspClient,
  type SmspClientOptions,
  type SmspEffects,
  type SmspTimeouts,
} from "./smsp/smsp-client.js";
export { publicAuthorities, type ServerTrust, type TlsMaterial } from "./tls/tls-material.js";
export {
  readCertificates,
  readOwnCertificates,
  validityAt,
  type CertificateFacts,
  type Validity,
} from "./tls/certificates.js";
export {
  watchCertificates,
  type CertificateConcern,
  type CertificateOwner,
  type CertificateWatch,
  type CertificateWatchOptions,
} from "./tls/watch-certificates.js";

export type * from "./mesh/model.js";
export { reportAction, unknownAction } from "./mesh/model.js";
export type { MailboxScope } from "./mesh/mailbox-scope.js";
export { createApiMailbox, type ApiMailboxOptions, type MailboxPauses } from "./mesh/api/api-mailbox.js";
export type { UnknownOutcomeSetting } from "./mesh/api/tracking-policy.js";
export { createFolderMailbox } from "./mesh/folders/folder-mailbox.js";
export type { FolderMailboxOptions } from "./mesh/folders/folder-model.js";

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
} from "./services/audit.js";
export type { QueryAudit } from "./services/query/query-audit.js";
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
} from "./services/overview.js";
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
} from "./services/query/query.js";

export type * from "./queue/model.js";
export { UnwantedMessage } from "./queue/model.js";
export type * from "./services/exchange/file-exchange.js";
export {
  createEbxmlExchange,
  type EbxmlExchangeParts,
  type EbxmlExchangeSettings,
} from "./services/exchange/ebxml-exchange.js";
export {
  createMeshExchange,
  knownFileRoots,
  nextLocalId,
  type MeshExchangeParts,
  type MeshExchangeSettings,
} from "./services/exchange/mesh-exchange.js";
export { createMessageLog, type MessageLog, type MessageLogParts } from "./services/message-log/message-log.js";
export type * from "./services/message-log/message-log-model.js";
export { isLogAction, logActions } from "./services/message-log/message-log-model.js";
export type * from "./services/upload/upload-model.js";
export {
  createUploadService,
  type UploadOwner,
  type UploadService,
  type UploadServiceParts,
} from "./services/upload/upload.js";
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
} from "./services/notifications.js";
export { checkConnection, type ConnectionCheckOptions } from "./services/connection-check/connection-check.js";
export type * from "./services/connection-check/connection-check-model.js";
export {
  createSmspQueryService,
  type SmspQueryServiceParts,
  type SmspQueryServiceSettings,
} from "./services/query/smsp-query.js";

// `@cp-is/node-red/codecs`: every codec: XML, HL7 V3, CP-IS, ebXML, SOAP, ITK; identifiers and times.
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
} from "../identifiers.js";
export { element, encodeXml, type XmlNode } from "../xml/encode-xml.js";
export { createElementFinder, type ElementFinder } from "../xml/find-element.js";
export { createElementReader, type ElementReader, type ElementReaderOptions } from "../xml/read-elements.js";
export { defaultXmlLimits, parseXml, type ParseXmlOptions, type XmlLimits } from "../xml/parse-xml.js";
export type { XmlAttribute, XmlElement } from "../xml/xml-element.js";
export { findInteraction } from "../hl7v3/interaction.js";
export { formatTimestamp, hl7TimeAt, parseHl7Time, sortableMilliseconds } from "../hl7v3/timestamp.js";
export {
  accessNotificationName,
  encodeAccessNotification,
  parseAccessNotification,
  type AccessNotificationForm,
} from "../cpis/notification/access-notification.js";
export {
  encodeInactiveNhsNumberNotification,
  inactiveNhsNumberNotificationName,
  parseInactiveNhsNumberNotification,
} from "../cpis/notification/inactive-number-notification.js";
export type * from "../cpis/model.js";
export { parseNhsNumber, readNhsNumber, type NhsNumber, type NhsNumberOptions } from "../cpis/nhs-number.js";
export {
  decideQueryOutcome,
  decideSynchronousOutcome,
  type OutcomeSettings,
  type QueryDecision,
} from "../cpis/query/query-outcome.js";
export type { QueryContext } from "../cpis/query/query-failed.js";
export { encodeQueryRequest, parseQueryRequest, type QueryRequest } from "../cpis/query/query-request.js";
export { bareQueryStubNode, type QueryStub } from "../cpis/query/query-stub.js";
export { decideSmspOutcome } from "../cpis/query/smsp-outcome.js";
export { parseSmspResponse, type ReceivedSmspResponse } from "../cpis/query/smsp-response.js";
export { smspMeaning, smspStatus, type SmspMeaning, type SmspStatusCode } from "../cpis/query/smsp-status.js";
export {
  describeFileResult,
  describeRecordResult,
  uploadFileResults,
  uploadRecordResults,
  type MayResend,
  type UploadResultWords,
} from "../cpis/upload/upload-result-words.js";
export {
  readUploadRecord,
  type ReadUploadRecord,
  type UploadField,
  type UploadMapping,
} from "../cpis/upload/rows/upload-row.js";
export type { UploadFaultSeverity, UploadRule } from "../cpis/upload/rules/upload-rule.js";
export {
  hasUploadError,
  uploadFault,
  uploadRules,
  type UploadFault,
  type UploadFaultCode,
} from "../cpis/upload/rules/upload-rules.js";
export {
  createUploadValidator,
  type UploadCheckContext,
  type UploadFileFacts,
  type UploadValidator,
} from "../cpis/upload/rules/validate-upload.js";
export type { PayloadReaderOptions } from "../cpis/upload/payload-reader.js";
export {
  createUploadFileReader,
  encodeUploadFile,
  encodeUploadFileStart,
  encodeUploadRecord,
  parseUploadFile,
  uploadFileEnd,
  type ParsedUploadFile,
  type UploadFileReader,
} from "../cpis/upload/upload-file.js";
export type * from "../cpis/upload/upload-model.js";
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
} from "../cpis/upload/upload-response.js";
export { planTypeDisplayNames, queryIssueCodes, uploadCodes } from "../cpis/vocabularies.js";
export type * from "../ebxml/model.js";
export { encodeBusinessMessage, type EncodeMessageOptions } from "../ebxml/encode-message.js";
export { acknowledgmentOf, encodeAcknowledgment, encodeMessageError, messageErrorOf } from "../ebxml/encode-signal.js";
export { parseEbxml, type EbxmlInput, type EbxmlLimits } from "../ebxml/parse-ebxml.js";
export { reliabilityElements, type EbxmlPattern } from "../ebxml/reliability.js";
export { parseSoapEnvelope, type SoapEnvelope } from "../soap/envelope.js";
export { encodeSoapFault, isRetriableFault, readSoapFault, type NaspError, type SoapFault } from "../soap/fault.js";
export {
  encodeSynchronousReply,
  readSynchronousReply,
  type NewSynchronousReply,
  type SynchronousReply,
} from "../soap/synchronous-reply.js";
export {
  encodeSynchronousRequest,
  readSynchronousRequest,
  type EncodedSynchronousRequest,
  type ReceivedSynchronousRequest,
  type SynchronousRequest,
} from "../soap/synchronous-request.js";
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
} from "../itk/distribution-envelope.js";
export { distributionServices, interactionKey, odsAddress, odsIdentity, type TypedUri } from "../itk/names.js";
export { encodeToolkitFault, type ToolkitFault } from "../itk/toolkit-fault.js";
export {
  encodeWebServiceMessage,
  readWebServiceHeader,
  type ReceivedWebServiceHeader,
  type WebServiceHeader,
  type WebServiceSecurity,
} from "../itk/web-service-message.js";
export { parseDuration } from "../time/duration.js";

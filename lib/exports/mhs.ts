// `@cp-is/node-red/mhs`: messaging with Spine: the message handling service, the directory, TLS, a mini service.
export {
  selectPattern,
  type ContractProperties,
  type MessagingContract,
  type MessagingPattern,
} from "../sds/contract.js";
export type {
  DeviceQuery,
  EndpointQuery,
  SdsContractAttributes,
  SdsDevice,
  SdsEndpoint,
  ServiceInteraction,
} from "../sds/directory-model.js";
export { formatServiceInteraction } from "../sds/directory-query.js";
export {
  createSdsClient,
  type SdsClient,
  type SdsClientOptions,
  type SdsLimits,
  type SdsTimeouts,
} from "../sds/sds-client.js";
export type { ManualContract } from "../sds/choose-endpoint.js";
export { defaultCacheTimes, type CacheTimes } from "../sds/cache-age.js";
export {
  createContractSource,
  defaultSpineOdsCode,
  type ContractSource,
  type ContractSourceEvents,
  type ContractSourceOptions,
} from "../sds/contract-source.js";
export type * from "../mhs/model.js";
export {
  createMessageHandlingService,
  type InboundSettings,
  type ListenerOptions,
  type MessageHandlingService,
  type MessageHandlingServiceOptions,
} from "../mhs/message-handling-service.js";
export type * from "../smsp/model.js";
export {
  createSmspClient,
  smspQueryInteraction,
  type SmspClient,
  type SmspClientOptions,
  type SmspEffects,
  type SmspTimeouts,
} from "../smsp/smsp-client.js";
export { publicAuthorities, type ServerTrust, type TlsMaterial } from "../tls/tls-material.js";
export {
  readCertificates,
  readOwnCertificates,
  validityAt,
  type CertificateFacts,
  type Validity,
} from "../tls/certificates.js";
export {
  watchCertificates,
  type CertificateConcern,
  type CertificateOwner,
  type CertificateWatch,
  type CertificateWatchOptions,
} from "../tls/watch-certificates.js";
export type * from "../queue/model.js";
export { UnwantedMessage } from "../queue/model.js";

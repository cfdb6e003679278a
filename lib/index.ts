// The public door of the library: asks CP-IS. What lies below has doors of its own; see `exports/` and the simulator.
export {
  createCpisClient,
  type ClientContract,
  type ClientParty,
  type ClientStore,
  type CpisClient,
  type CpisClientOptions,
} from "./client.js";
export { CpisError, errorTable, isCpisError, type CpisErrorOptions, type ErrorCode } from "./errors.js";
export type {
  AccessRecord,
  Author,
  CodedText,
  Hl7Time,
  LocalAuthority,
  OrganisationRef,
  PersonAuthor,
  PersonName,
  PlanDate,
  PlanType,
  QueryFailed,
  QueryFound,
  QueryNotFound,
  QueryResult,
  Role,
  Subject,
  SystemAuthor,
  Warning,
} from "./cpis/model.js";
export { parseNhsNumber, readNhsNumber, type NhsNumber, type NhsNumberOptions } from "./cpis/nhs-number.js";
export type { ListenerOptions } from "./mhs/message-handling-service.js";
export type { ChildQuery, Exchange, QueryAnswer } from "./services/query/query.js";
export type { MessageStore } from "./store/message-store.js";
export type { TlsMaterial } from "./tls/tls-material.js";

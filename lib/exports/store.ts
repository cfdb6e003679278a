// `@cp-is/node-red/store`: message stores, their audit, sealing and keys.
export type * from "../store/message-model.js";
export { isFinished, isMessageRowId } from "../store/message-model.js";
export type * from "../store/message-store.js";
export type * from "../store/audit-model.js";
export { auditEvents, auditHash, auditTexts, firstAuditHash, isAuditEvent } from "../store/audit-model.js";
export { createSqliteMessageStore, type SqliteMessageStoreOptions } from "../store/sqlite/sqlite-message-store.js";
export {
  createPostgresMessageStore,
  type PostgresMessageStoreOptions,
} from "../store/postgres/postgres-message-store.js";
export { createContentProtection } from "../crypto/content-protection.js";
export { rotateKeys, type KeyRotation, type KeyRotationOptions, type RotatedStore } from "../crypto/key-rotation.js";
export { createOrLoadKeyFile, replaceKeyFile } from "../crypto/key-file.js";
export {
  createKeyRing,
  encodeKeyRing,
  parseKeyRing,
  retireOldKeys,
  rotateKeyRing,
  type ContentKey,
  type KeyRing,
  type RandomBytes,
} from "../crypto/key-ring.js";

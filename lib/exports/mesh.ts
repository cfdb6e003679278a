// `@cp-is/node-red/mesh`: a MESH mailbox, by the API or by folders.
export type * from "../mesh/model.js";
export { reportAction, unknownAction } from "../mesh/model.js";
export type { MailboxScope } from "../mesh/mailbox-scope.js";
export { createApiMailbox, type ApiMailboxOptions, type MailboxPauses } from "../mesh/api/api-mailbox.js";
export type { UnknownOutcomeSetting } from "../mesh/api/tracking-policy.js";
export { createFolderMailbox } from "../mesh/folders/folder-mailbox.js";
export type { FolderMailboxOptions } from "../mesh/folders/folder-model.js";

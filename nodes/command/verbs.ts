// The one table of verbs of the command `cp-is`. A new verb is a file beside this one, and a line here.
import { auditExport, auditVerify } from "./audit.js";
import { check } from "./check.js";
import { keysRotate } from "./keys-rotate.js";
import { rehearse } from "./rehearse.js";
import { simulate } from "./simulate.js";
import { storeAccept } from "./store-accept.js";
import { storeBackup } from "./store-backup.js";
import { storeCheck } from "./store-check.js";
import { storeRestore } from "./store-restore.js";
import { storeRoles } from "./store-roles.js";
import type { Verb } from "./verb.js";

export const verbs: readonly Verb[] = [
  auditVerify,
  auditExport,
  keysRotate,
  storeCheck,
  storeBackup,
  storeRestore,
  storeAccept,
  storeRoles,
  check,
  rehearse,
  simulate,
];

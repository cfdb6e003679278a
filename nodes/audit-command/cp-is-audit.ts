#!/usr/bin/env node
// The command `cp-is-audit`: verifies or exports the audit of a message store that no Node-RED has open.
import { runAuditCommand } from "./audit-command.js";

void runAuditCommand(process.argv.slice(2), {
  environment: process.env,
  print: (text) => process.stdout.write(text),
  tell: (text) => process.stderr.write(text),
}).then((exitCode) => {
  process.exitCode = exitCode;
});

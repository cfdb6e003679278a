#!/usr/bin/env node
// The command `cp-is-audit`: the verbs of `cp-is audit` under their older name.
import { runAsProcess } from "./command.js";

runAsProcess(["audit", ...process.argv.slice(2)]);

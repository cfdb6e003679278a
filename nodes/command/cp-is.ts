#!/usr/bin/env node
// The command `cp-is`.
import { runAsProcess } from "./command.js";

runAsProcess(process.argv.slice(2));

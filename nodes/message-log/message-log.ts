// The sidebar plugin "CP-IS messages", its half in the runtime: routes, and word of changes.
import type { NodeAPI } from "node-red";
import { watchStores } from "../adapter/stores/store-registry.js";
import { changeTopic, coalesceChanges } from "./live-changes.js";
import { createLogDesk } from "./log-service.js";
import { serveMessageLog } from "./log-routes.js";

function hasUsers(RED: NodeAPI): boolean {
  const adminAuth: unknown = Reflect.get(RED.settings, "adminAuth");
  return typeof adminAuth === "object" && adminAuth !== null;
}

export default function register(RED: NodeAPI): void {
  RED.plugins.registerPlugin("cp-is-message-log", { type: "cp-is-sidebar" });
  const admin: unknown = RED.httpAdmin;
  // Without an editor there is nobody to serve.
  if (typeof admin !== "function") return;
  serveMessageLog(RED, createLogDesk({ hasUsers: hasUsers(RED) }));
  watchStores(coalesceChanges((notice) => RED.comms.publish(changeTopic, notice, false)));
}

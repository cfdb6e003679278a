// The sidebar plugin "CP-IS messages", its half in the runtime: routes, and word of changes.
import type { NodeAPI } from "node-red";
import { watchStores } from "../adapter/stores/store-registry.js";
import { afterDelay, type AfterDelay } from "../adapter/runtime/after-delay.js";
import { createLogDesk } from "./log-service.js";
import { serveMessageLog } from "./log-routes.js";
import { serveRehearsal } from "./rehearsal-routes.js";

const changeTopic = "cp-is-message-log/changed";
const betweenMilliseconds = 1000;

export interface ChangeNotice {
  /** The keys of the stores that have changed. */
  readonly stores: readonly string[];
}

/** The first change is told at once, and all that follow within a second are told together at its end. */
export function coalesceChanges(
  publish: (notice: ChangeNotice) => void,
  after: AfterDelay = afterDelay,
): (store: string) => void {
  const waiting = new Set<string>();
  let isPausing = false;

  function tell(): void {
    if (waiting.size === 0) return;
    const stores = [...waiting];
    waiting.clear();
    isPausing = true;
    publish({ stores });
    after(betweenMilliseconds, () => {
      isPausing = false;
      tell();
    });
  }

  return (store: string): void => {
    waiting.add(store);
    if (!isPausing) tell();
  };
}

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
  serveRehearsal(RED);
  watchStores(coalesceChanges((notice) => RED.comms.publish(changeTopic, notice, false)));
}

// The `cp-is alert` node: begins a flow when something needs a person, and again when it is well.
import { definedOnly } from "../../lib/defined-only.js";
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import { afterDelay } from "../adapter/runtime/after-delay.js";
import { NodeStatus } from "../adapter/runtime/node-status.js";
import { refuseAll } from "../adapter/runtime/disabled-node.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { openStores } from "../adapter/stores/store-registry.js";
import { systemEffects } from "../adapter/runtime/this-process.js";
import { transportsInSight } from "../adapter/transports/transport-registry.js";
import { wordsOf, type Words } from "../adapter/runtime/words.js";
import { AlertBook, type Alert } from "./alert-book.js";
import { alertTerms } from "./alert-words.js";
import { readAlertSettings, type AlertSettings } from "./alert-settings.js";
import { ConditionReader } from "./read-conditions.js";

interface Watch {
  readonly book: AlertBook;
  readonly reader: ConditionReader;
}

/** By the node's id: a redeploy makes the node anew, and what it has raised stays raised. */
const watches = new Map<string, Watch>();

/** The flows have started by then. */
const firstLookMilliseconds = 1000;
const lookMilliseconds = 5000;

function watchOf(id: string): Watch {
  const known = watches.get(id) ?? { book: new AlertBook(), reader: new ConditionReader() };
  watches.set(id, known);
  return known;
}

/** Rounded to what a person reads; the rules were held against the whole value. */
function shown(value: number): number {
  return Math.round(value * 10) / 10;
}

function messageOf(alert: Alert, words: Words, now: number): NodeMessage {
  const { condition, source, state, since, value, threshold, code } = alert;
  const payload = {
    condition,
    state,
    since: new Date(since).toISOString(),
    at: new Date(now).toISOString(),
    [source.kind]: source.label,
    ...(value === undefined ? {} : { value: shown(value) }),
    ...definedOnly({ threshold, code }),
    ...alertTerms(alert, words),
  };
  return { topic: condition, payload };
}

function showRaised(status: NodeStatus, words: Words, raised: number): void {
  if (raised === 0) status.succeeded(words("status.well"));
  else status.failed(words("status.raised", { number: raised }));
}

function start(node: Node, words: Words, { rules, clearMilliseconds }: AlertSettings): void {
  const { book, reader } = watchOf(node.id);
  const status = new NodeStatus(node);
  let isClosed = false;
  let cancel = afterDelay(firstLookMilliseconds, () => void look());

  async function look(): Promise<void> {
    try {
      const readings = await reader.read(
        { transports: transportsInSight(), stores: openStores() },
        systemEffects.now(),
      );
      if (isClosed) return;
      const now = systemEffects.now();
      for (const alert of book.look(readings, rules, clearMilliseconds, now)) node.send(messageOf(alert, words, now));
      showRaised(status, words, book.raised);
    } catch (error) {
      // Only the flow's own hooks can have thrown.
      node.error(toCpisError(error));
    }
    if (!isClosed) cancel = afterDelay(lookMilliseconds, () => void look());
  }

  node.on("close", function (removed: boolean, done: () => void) {
    isClosed = true;
    cancel();
    status.close();
    if (removed) watches.delete(node.id);
    done();
  });
}

export default function register(RED: NodeAPI): void {
  function CpIsAlertNode(this: Node, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    const words = wordsOf(RED, "cp-is-alert");
    try {
      start(this, words, readAlertSettings(config, words));
    } catch (error) {
      refuseAll(this, new NodeStatus(this), words, toCpisError(error));
    }
  }
  RED.nodes.registerType("cp-is alert", CpIsAlertNode);
}

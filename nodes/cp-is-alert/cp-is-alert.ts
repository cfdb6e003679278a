// The `cp-is alert` node: begins a flow when something needs a person, and again when it is well.
import { definedOnly } from "../../lib/defined-only.js";
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import path from "node:path";
import { afterDelay } from "../adapter/runtime/after-delay.js";
import { NodeStatus } from "../adapter/runtime/node-status.js";
import { refuseAll } from "../adapter/runtime/disabled-node.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { openStores } from "../adapter/stores/store-registry.js";
import { systemEffects } from "../adapter/runtime/this-process.js";
import { transportsInSight } from "../adapter/transports/transport-registry.js";
import { wordsOf, type Words } from "../adapter/runtime/words.js";
import { readUnownedWork } from "../adapter/monitoring/unowned-work.js";
import { userFolderOf } from "../adapter/runtime/user-folder.js";
import { AlertBook, type Alert } from "./alert-book.js";
import { forgetMemory, readMemory, writeMemory } from "./alert-memory.js";
import { alertTerms } from "./alert-words.js";
import { readAlertSettings, type AlertSettings } from "./alert-settings.js";
import { watchNodeStates, type NodeInSight } from "./node-states.js";
import { ConditionReader } from "./read-conditions.js";

interface Watch {
  readonly book: AlertBook;
  readonly reader: ConditionReader;
  /** What was kept last. */
  kept: string;
}

/** By the node's id: a redeploy makes the node anew, and what it has raised stays raised. */
const watches = new Map<string, Promise<Watch>>();

/** The flows have started by then. */
const firstLookMilliseconds = 1000;
const lookMilliseconds = 5000;

/** After a restart what was raised is known from the file. */
async function openWatch(file: string): Promise<Watch> {
  const { raised, since } = await readMemory(file);
  return { book: new AlertBook(raised), reader: new ConditionReader(since), kept: "" };
}

function watchOf(id: string, file: string): Promise<Watch> {
  const known = watches.get(id) ?? openWatch(file);
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

function showRaised(status: NodeStatus, words: Words, raised: number, isWatching: boolean): void {
  if (raised > 0) status.failed(words("status.raised", { number: raised }));
  else if (isWatching) status.succeeded(words("status.well"));
  else status.idle(words("status.nothing"));
}

interface AlertParts {
  readonly words: Words;
  readonly settings: AlertSettings;
  /** Where it keeps what it has raised. */
  readonly file: string;
  readonly nodes: () => readonly NodeInSight[];
}

function start(node: Node, { words, settings: { rules, clearMilliseconds }, file, nodes }: AlertParts): void {
  const status = new NodeStatus(node);
  let isClosed = false;
  let hasWarned = false;

  /** After the flow was told: after a crash in between it is told again rather than never. */
  async function keep(watch: Watch): Promise<void> {
    const memory = { raised: watch.book.open, since: watch.reader.lasts };
    const text = JSON.stringify(memory);
    if (text === watch.kept) return;
    try {
      await writeMemory(file, memory);
      watch.kept = text;
    } catch (error) {
      if (!hasWarned) node.warn(words("error.notKept", { code: String(Reflect.get(Object(error), "code")) }));
      hasWarned = true;
    }
  }
  let cancel = afterDelay(firstLookMilliseconds, () => void look());

  async function look(): Promise<void> {
    try {
      const watch = await watchOf(node.id, file);
      const inSight = { transports: transportsInSight(), stores: openStores(), nodes: nodes() };
      const readings = await watch.reader.read(
        {
          ...inSight,
          unowned: await readUnownedWork(),
          strandedBefore: watch.book.open.flatMap(({ condition, source }) =>
            condition === "stranded-work" ? [source.label] : [],
          ),
        },
        systemEffects.now(),
      );
      if (isClosed) return;
      const now = systemEffects.now();
      const alerts = watch.book.look(readings, rules, clearMilliseconds, now);
      for (const alert of alerts) node.send(messageOf(alert, words, now));
      showRaised(
        status,
        words,
        watch.book.raised,
        Object.values(inSight).some(({ length }) => length > 0),
      );
      await keep(watch);
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
    if (!removed) {
      done();
      return;
    }
    watches.delete(node.id);
    forgetMemory(file).then(done, () => done());
  });
}

export default function register(RED: NodeAPI): void {
  const nodes = watchNodeStates(RED);
  function CpIsAlertNode(this: Node, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    const words = wordsOf(RED, "cp-is-alert");
    try {
      const file = path.join(userFolderOf(RED), "cp-is-alerts", `${this.id.replaceAll(/[^A-Za-z0-9.-]/g, "_")}.json`);
      start(this, { words, settings: readAlertSettings(config, words), file, nodes });
    } catch (error) {
      refuseAll(this, new NodeStatus(this), words, toCpisError(error));
    }
  }
  RED.nodes.registerType("cp-is alert", CpIsAlertNode);
}

// A real Node-RED runtime in the test's process, with this package's built nodes; the line is chosen by NODE_RED_PACKAGE.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import type { Node, NodeAPI, NodeMessage, NodeStatus } from "node-red";
import { nodeNames, root } from "./editor-files.js";

type Register = (RED: NodeAPI) => void;
type Flow = readonly object[];

interface AdminReply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

interface Helper {
  init(runtimePath: string): void;
  settings(settings: object): void;
  startServer(callback: () => void): void;
  stopServer(callback: () => void): void;
  load(nodes: readonly Register[], flow: Flow, credentials: object): Promise<void>;
  unload(): Promise<void>;
  setFlows(flow: Flow, type: string, credentials: object): Promise<void>;
  getNode(id: string): Node | null;
  request(): { get(path: string): Promise<AdminReply> };
}

/* eslint-disable @typescript-eslint/no-require-imports */
const helper = require("node-red-node-test-helper") as Helper;
const runtimePath = require.resolve(process.env["NODE_RED_PACKAGE"] ?? "node-red");
const coreNodes = path.dirname(require.resolve("@node-red/nodes/core/network/05-tls.js", { paths: [runtimePath] }));
const registers: readonly Register[] = nodeNames.map(
  (name) => (require(path.join(root, "dist", "nodes", name, `${name}.js`)) as { default: Register }).default,
);
const registerTls = require(path.join(coreNodes, "05-tls.js")) as Register;
const registerProxy = require(path.join(coreNodes, "06-httpproxy.js")) as Register;
const registerCsv = require(path.join(coreNodes, "..", "parsers", "70-CSV.js")) as Register;
const { hooks } = require(require.resolve("@node-red/util", { paths: [runtimePath] })) as { readonly hooks: Hooks };
/* eslint-enable @typescript-eslint/no-require-imports */

const patienceMilliseconds = 150_000;

/** A message with which a node is done, also when the nodes behind it are closed already. */
export interface Completion {
  readonly id: string;
  readonly message: NodeMessage;
  /** Of the error it was done with. */
  readonly code: string | undefined;
}

interface CompleteEvent {
  readonly msg: NodeMessage;
  readonly error?: unknown;
  readonly node: { readonly id: string };
}

interface Hooks {
  add(name: string, handler: (event: CompleteEvent) => void): void;
  remove(name: string): void;
}

export interface LogLine {
  readonly level: number;
  readonly text: string;
}

/** All that a log line could show: of an error also its stack and cause. */
function logText(msg: unknown): string {
  return inspect(msg, { depth: 10, breakLength: Infinity });
}

/** Node-RED's own limit is 15 s; on a busy machine a node that closes by itself may need more. */
const closeMilliseconds = 60_000;

/** What happened in the runtime since it was started. */
export class NodeRed {
  readonly statuses: { readonly id: string; readonly status: NodeStatus }[] = [];
  readonly logs: LogLine[] = [];
  readonly completions: Completion[] = [];
  /** Everything each helper node got, by the node's id. */
  readonly received = new Map<string, NodeMessage[]>();
  readonly userFolder = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-node-red-"));
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private detach: () => void = () => undefined;
  private readonly heard = new WeakSet<Node>();
  private flow: Flow = [];
  private isRunning = false;

  async start(flow: Flow, credentials: object = {}): Promise<void> {
    this.isRunning = true;
    helper.init(runtimePath);
    helper.settings({ userDir: this.userFolder, nodeCloseTimeout: closeMilliseconds });
    await new Promise<void>((resolve) => helper.startServer(resolve));
    await helper.load(
      [...registers, registerTls, registerProxy, registerCsv, (RED) => this.attach(RED)],
      flow,
      credentials,
    );
    this.flow = flow;
    this.listen();
  }

  private attach(RED: NodeAPI): void {
    const onStatus = (event: { id: string; status: NodeStatus }): void => {
      this.statuses.push(event);
      this.changes.emit("change");
    };
    const onLog = ({ level, msg }: { level: number; msg: unknown }): void => {
      this.logs.push({ level, text: logText(msg) });
      this.changes.emit("change");
    };
    RED.events.on("node-status", onStatus);
    const log = new EventEmitter().on("log", onLog);
    RED.log.addHandler(log);
    hooks.add("onComplete.cp-is-test", ({ msg, error, node }) => {
      const code = error === undefined || error === null ? undefined : String(Reflect.get(error, "code"));
      this.completions.push({ id: node.id, message: msg, code });
      this.changes.emit("change");
    });
    this.detach = () => {
      hooks.remove("*.cp-is-test");
      RED.events.removeListener("node-status", onStatus);
      RED.log.removeHandler(log);
    };
  }

  private listen(): void {
    for (const node of this.flow) {
      if (Reflect.get(node, "type") !== "helper") continue;
      const id = String(Reflect.get(node, "id"));
      const list = this.received.get(id) ?? [];
      this.received.set(id, list);
      const helperNode = helper.getNode(id);
      // A partial deployment leaves most nodes as they are.
      if (helperNode === null || this.heard.has(helperNode)) continue;
      this.heard.add(helperNode);
      helperNode.on("input", (message) => {
        list.push(message);
        this.changes.emit("change");
      });
    }
  }

  async deploy(flow: Flow, type: "full" | "nodes" | "flows" = "full", credentials: object = {}): Promise<void> {
    await helper.setFlows(flow, type, credentials);
    this.flow = flow;
    this.listen();
  }

  node(id: string): Node {
    const node = helper.getNode(id);
    assert.ok(node !== null, `no node ${id}`);
    return node;
  }

  send(id: string, message: NodeMessage): void {
    this.node(id).receive(message);
  }

  messages(id: string): NodeMessage[] {
    return this.received.get(id) ?? [];
  }

  statusText(id: string): string {
    return this.statuses.findLast((entry) => entry.id === id)?.status.text ?? "";
  }

  /** Waits until the condition holds; fails naming what was waited for. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(patienceMilliseconds);
    while (!condition()) {
      await new Promise<void>((resolve, reject) => {
        const stop = (): void => {
          this.changes.off("change", next);
          reject(new Error(`waited in vain for ${what}; statuses: ${JSON.stringify(this.statuses.slice(-6))}`));
        };
        const next = (): void => {
          deadline.removeEventListener("abort", stop);
          resolve();
        };
        this.changes.once("change", next);
        deadline.addEventListener("abort", stop, { once: true });
      });
    }
  }

  async nextMessage(id: string, count = 1): Promise<NodeMessage> {
    await this.until(`message ${count} at ${id}`, () => this.messages(id).length >= count);
    return this.messages(id)[count - 1]!;
  }

  /** Waits until the node's latest status contains the text. */
  async status(id: string, text: string): Promise<void> {
    await this.until(`status "${text}" of ${id}`, () => this.statusText(id).includes(text));
  }

  /** Waits until the runtime has logged a line with the text. */
  async logged(text: string): Promise<void> {
    await this.until(`the log line "${text}"`, () => this.logs.some((line) => line.text.includes(text)));
  }

  /** What the admin server answers to a GET of this path. */
  async get(path: string): Promise<AdminReply> {
    return helper.request().get(path);
  }

  /** Ends the runtime, and leaves its user directory for a look, or for another start. */
  async halt(): Promise<void> {
    if (!this.isRunning) return;
    this.isRunning = false;
    await helper.unload();
    await new Promise<void>((resolve) => helper.stopServer(resolve));
    this.detach();
  }

  async stop(): Promise<void> {
    await this.halt();
    fs.rmSync(this.userFolder, { recursive: true, force: true });
  }
}

/** The error that a Catch node put into the message. */
export function caughtError(message: NodeMessage): { readonly code: string; readonly message: string } {
  const error: unknown = message["error"];
  assert.ok(typeof error === "object" && error !== null);
  return { code: String(Reflect.get(error, "code")), message: String(Reflect.get(error, "message")) };
}

/** A property of msg.cpis, as text. */
export function cpisDetail(message: NodeMessage, name: string): string {
  const detail: unknown = message["cpis"];
  assert.ok(typeof detail === "object" && detail !== null);
  return String(Reflect.get(detail, name));
}

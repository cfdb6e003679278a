// The `spine simulator` node: runs a simulated Spine on loopback and offers it to the transports of this Node-RED.
import { randomUUID } from "node:crypto";
import path from "node:path";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { CpisError } from "../../lib/errors.js";
import type { SpineSimulator } from "../../lib/simulator/index.js";
import { NodeStatus } from "../adapter/runtime/node-status.js";
import { onClose } from "../adapter/runtime/on-close.js";
import { refuseAll } from "../adapter/runtime/disabled-node.js";
import { runInput, toCpisError } from "../adapter/runtime/run-input.js";
import { simulatorWasReset, takeSimulatorPlace, type SimulatorPlace } from "../adapter/transports/simulator-link.js";
import { wordsOf, type Words } from "../adapter/runtime/words.js";
import { followSimulator } from "./simulator-events.js";
import { readSimulatorSettings, type SimulatorSettings } from "./simulator-settings.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };

/** Keys and certificates are made once and kept, so that a client that was given them can be used again. */
async function openSimulator(settings: SimulatorSettings, userFolder: string): Promise<SpineSimulator> {
  // Only now: what makes its certificates is of no use in a Node-RED that speaks with Spine.
  const { createSpineSimulator, loadOrCreatePki } = await import("../../lib/simulator/index.js");
  const pki = await loadOrCreatePki(path.join(userFolder, "cp-is-simulator"), effects);
  const { host, port, answerDelayMilliseconds, meshPort } = settings;
  return createSpineSimulator({ host, port, answerDelayMilliseconds, mesh: { port: meshPort }, pki, effects });
}

/** One node's simulator through its life: waits for the place, runs, and leaves. */
class SimulatorLife {
  private readonly place: SimulatorPlace;
  private running: SpineSimulator | undefined;
  private problem: CpisError;
  private opening: Promise<void> = Promise.resolve();
  private isClosed = false;
  private queries = 0;

  constructor(
    private readonly node: Node,
    private readonly words: Words,
    private readonly status: NodeStatus,
    private readonly open: () => Promise<SpineSimulator>,
  ) {
    this.place = takeSimulatorPlace(() => this.start());
    this.problem = new CpisError("CONFIG_CLOSED", { detail: words("error.starting") });
    if (this.place.isFirst) {
      this.start();
      return;
    }
    this.problem = new CpisError("CONFIG_INVALID", { detail: words("error.second") });
    this.status.failed(words("status.second"));
    node.warn(this.problem.message);
  }

  /** Throws what keeps the simulator from running. */
  simulator(): SpineSimulator {
    if (this.running === undefined) throw this.problem;
    return this.running;
  }

  /** Waits for a start that is under way. */
  async settled(): Promise<void> {
    await this.opening;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.place.leave();
    this.status.close();
    await this.opening;
    await this.running?.close();
  }

  private start(): void {
    this.status.waiting(this.words("status.starting"));
    this.opening = this.open().then(
      (simulator) => this.started(simulator),
      (error: unknown) => this.failed(toCpisError(error)),
    );
  }

  private started(simulator: SpineSimulator): void {
    this.running = simulator;
    if (this.isClosed) return;
    followSimulator(simulator, (message) => this.node.send(message));
    simulator.events.on("exchange", ({ kind }) => {
      if (kind === "request") this.queries += 1;
      this.showListening(simulator);
    });
    this.showListening(simulator);
    this.place.offer(simulator);
  }

  private showListening({ port }: SpineSimulator): void {
    this.status.ok(this.words("status.listening", { port, number: this.queries }));
  }

  private failed(error: CpisError): void {
    this.problem = error;
    this.status.failed(this.words("status.failed", { code: error.code }));
    this.node.error(error);
  }
}

function start(RED: NodeAPI, node: Node, config: object, words: Words, status: NodeStatus): void {
  const settings = readSimulatorSettings(config, words);
  const userFolder = RED.settings.userDir ?? process.cwd();
  const life = new SimulatorLife(node, words, status, () => openSimulator(settings, userFolder));
  node.on("input", function (msg, send, done) {
    void runInput(send, done, async () => {
      await life.settled();
      const outcome = life.simulator().applyCommand(msg.payload);
      if (outcome.command === "reset") simulatorWasReset();
      msg.payload = outcome;
      msg.topic = "command";
      return msg;
    });
  });
  onClose(node, () => life.close());
}

export default function register(RED: NodeAPI): void {
  function SpineSimulatorNode(this: Node, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    const words = wordsOf(RED, "spine-simulator");
    const status = new NodeStatus(this);
    try {
      start(RED, this, config, words, status);
    } catch (error) {
      refuseAll(this, status, words, toCpisError(error));
    }
  }
  RED.nodes.registerType("spine simulator", SpineSimulatorNode);
}

// A second opinion on messages: an XSD validator with the organisation's own schemas, off the main thread.
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { SchemaSet, SchemaVerdict, WorkerAnswer, WorkerData, WorkerRequest } from "./model.js";

export interface SchemaWitnessOptions {
  /** From readSchemas. */
  readonly schemas: SchemaSet;
  /** A message may take this long; then the worker is ended and the next one starts a new one. Default 30,000. */
  readonly timeoutMilliseconds?: number;
  /** Larger messages are not checked. Default 128 MB: the validator holds a message some ten times over. */
  readonly maximumBytes?: number;
  /** The compiled worker, where it does not lie beside this file. */
  readonly workerFile?: string;
}

export interface SchemaWitness {
  readonly schemas: SchemaSet;
  /** Never rejects: what keeps a message from being checked is a verdict too. Messages are checked one by one. */
  validate(message: Uint8Array): Promise<SchemaVerdict>;
  close(): Promise<void>;
}

interface Waiting {
  readonly request: WorkerRequest;
  readonly settle: (verdict: SchemaVerdict) => void;
}

/** The validator is loaded with the first message, and its thread keeps no process alive. */
export function createSchemaWitness(options: SchemaWitnessOptions): SchemaWitness {
  const { schemas, timeoutMilliseconds = 30_000, maximumBytes = 128 * 1024 * 1024 } = options;
  const workerFile = options.workerFile ?? path.join(__dirname, "schema-worker.js");
  const workerData: WorkerData = { files: schemas.files, roots: [...schemas.roots], words: [...schemas.words] };
  const queue: Waiting[] = [];
  let worker: Worker | undefined;
  let current: { readonly waiting: Waiting; readonly timer: NodeJS.Timeout } | undefined;
  let lastId = 0;
  let isClosed = false;

  function finish(verdict: SchemaVerdict): void {
    if (current === undefined) return;
    clearTimeout(current.timer);
    const { waiting } = current;
    current = undefined;
    waiting.settle(verdict);
    startNext();
  }

  function dropWorker(): void {
    const ended = worker;
    worker = undefined;
    ended?.removeAllListeners();
    // An error of a thread that is being ended concerns nobody.
    ended?.on("error", () => undefined);
    void ended?.terminate();
  }

  function startWorker(): Worker {
    const started = new Worker(workerFile, { workerData });
    started.unref();
    started.on("message", ({ id, verdict }: WorkerAnswer) => {
      if (current?.waiting.request.id === id) finish(verdict);
    });
    const fail = (): void => {
      dropWorker();
      finish({ kind: "unusable", code: "SCHEMA_STOPPED" });
    };
    started.on("error", fail);
    started.on("exit", fail);
    return started;
  }

  function startNext(): void {
    const waiting = queue.shift();
    if (waiting === undefined) return;
    worker ??= startWorker();
    const timer = setTimeout(() => {
      dropWorker();
      finish({ kind: "not-checked", code: "SCHEMA_TIMEOUT" });
    }, timeoutMilliseconds);
    current = { waiting, timer };
    worker.postMessage(waiting.request);
  }

  return {
    schemas,
    validate(message): Promise<SchemaVerdict> {
      if (isClosed) return Promise.resolve({ kind: "unusable", code: "SCHEMA_STOPPED" });
      if (message.byteLength > maximumBytes) return Promise.resolve({ kind: "not-checked", code: "SCHEMA_TOO_LARGE" });
      return new Promise((settle) => {
        lastId += 1;
        queue.push({ request: { id: lastId, bytes: message }, settle });
        if (current === undefined) startNext();
      });
    },
    async close(): Promise<void> {
      isClosed = true;
      const ended = worker;
      worker = undefined;
      ended?.removeAllListeners();
      for (const { settle } of queue.splice(0)) settle({ kind: "unusable", code: "SCHEMA_STOPPED" });
      finish({ kind: "unusable", code: "SCHEMA_STOPPED" });
      await ended?.terminate();
    },
  };
}

// The processes that share the work: each dies at random and comes back, and gets its share of what is to be sent.
import type { ChildCommand, ChildReport } from "./child-messages.js";
import { startChild, type ChildLife } from "./child-process.js";
import type { CrashScene } from "./crash-scene.js";

type SendCommand = Extract<ChildCommand, { kind: "send" }>;

/** One place that is always taken by a process, dead times aside. */
interface Instance {
  readonly number: number;
  life: ChildLife;
  lives: number;
  /** Absent until it is ready. */
  port: number | undefined;
  readonly sending: Map<string, SendCommand>;
}

export interface Fleet {
  /** What was told to be sent, and is not reported as accepted. */
  readonly waiting: number;
  send(command: SendCommand): void;
  tell(number: number, command: ChildCommand): void;
  /** Of one that is ready; none when nobody is. */
  askCounts(): void;
  /** Kills one, and starts it again. Gives the owner that is dead now. */
  kill(number: number): Promise<string>;
  freeze(number: number, milliseconds: number): void;
  end(): Promise<void>;
  killAll(): Promise<void>;
}

/** At a time, of each process. */
const maximumSending = 24;
/** Nobody is asked to accept anything for so long after one could not. */
const refusedMilliseconds = 50;

export function startFleet(
  size: number,
  scene: CrashScene,
  report: (report: ChildReport) => void,
  failed: (error: Error) => void,
): Fleet {
  const queue: SendCommand[] = [];
  const instances: Instance[] = [];
  let pausedUntil = 0;

  const pump = (): void => {
    if (Date.now() < pausedUntil) return;
    for (;;) {
      const free = instances.filter(({ port, sending }) => port !== undefined && sending.size < maximumSending);
      const [least] = free.sort((one, other) => one.sending.size - other.sending.size);
      const command = least === undefined ? undefined : queue.shift();
      if (least === undefined || command === undefined) return;
      least.sending.set(command.messageId, command);
      least.life.tell(command);
    }
  };

  const tryLater = (command: SendCommand): void => {
    queue.push(command);
    pausedUntil = Date.now() + refusedMilliseconds;
    setTimeout(pump, refusedMilliseconds);
  };

  const heard = (instance: Instance, life: ChildLife | undefined, said: ChildReport): void => {
    // What a killed process said before is told too, though it comes later.
    if (said.kind === "ready" && instance.life === life) {
      instance.port = said.port;
      scene.balancer.add(said.port);
    }
    if (said.kind === "accepted" || said.kind === "not-accepted") {
      const command = instance.sending.get(said.messageId);
      instance.sending.delete(said.messageId);
      if (said.kind === "not-accepted" && command !== undefined) tryLater(command);
    }
    report(said);
    pump();
  };

  const start = (instance: Pick<Instance, "number" | "lives">, owner: () => Instance): ChildLife => {
    const name = `instance-${instance.number}-life-${instance.lives}`;
    const life: ChildLife = startChild(
      scene.settingsFile,
      name,
      (said) => heard(owner(), life, said),
      (code) => failed(new Error(`${name} ended by itself with ${String(code)}`)),
    );
    return life;
  };

  for (let number = 0; number < size; number += 1) {
    const place = { number, lives: 1, port: undefined, sending: new Map<string, SendCommand>() };
    const instance: Instance = { ...place, life: start(place, () => instance) };
    instances.push(instance);
  }

  const at = (number: number): Instance => {
    const instance = instances[number];
    if (instance === undefined) throw new Error("no such instance");
    return instance;
  };

  const takeOut = (instance: Instance): void => {
    if (instance.port !== undefined) scene.balancer.remove(instance.port);
    instance.port = undefined;
  };

  const kill = async (number: number): Promise<string> => {
    const instance = at(number);
    const { owner } = instance.life;
    await instance.life.kill();
    takeOut(instance);
    queue.unshift(...instance.sending.values());
    instance.sending.clear();
    instance.lives += 1;
    instance.life = start(instance, () => instance);
    pump();
    return owner;
  };

  return {
    get waiting() {
      return queue.length + instances.reduce((sum, { sending }) => sum + sending.size, 0);
    },
    send: (command) => {
      queue.push(command);
      pump();
    },
    tell: (number, command) => at(number).life.tell(command),
    askCounts: () => {
      instances.find(({ port }) => port !== undefined)?.life.tell({ kind: "count" });
    },
    kill,
    freeze: (number, milliseconds) => at(number).life.freeze(milliseconds),
    end: async () => {
      for (const instance of instances) takeOut(instance);
      await Promise.all(instances.map(({ life }) => life.end()));
    },
    killAll: async () => {
      await Promise.all(instances.map(({ life }) => life.kill()));
    },
  };
}

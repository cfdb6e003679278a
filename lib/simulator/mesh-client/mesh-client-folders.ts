// Behaves as the NHS's MESH client does beside its users: moves pairs of files between its folders and the simulated MESH.
import fs from "node:fs/promises";
import path from "node:path";
import { CpisError, isCpisError } from "../../errors.js";
import { type ControlFile, encodeControlFile, parseControlFile } from "../../mesh/folders/control-file.js";
import { deliveredControl, reportControl, sentControl } from "./mesh-client-control.js";
import { judgeControl, type ClientVerdict } from "./mesh-client-verdict.js";
import type { SimulatedMesh, SimulatedMeshMessage } from "../mesh/mesh-model.js";
import type { SimulatorEffects } from "../model.js";

/** What the client does wrong, or otherwise than most; each can be changed while it runs. */
export interface MeshClientConduct {
  /** Does not look into OUT. */
  readonly leavesInOut: boolean;
  /** Notes an error of this code instead of sending; "" for one without a code. */
  readonly refusesWith: string | undefined;
  /** Moves pairs to SENT without a word of what became of them. */
  readonly staysSilent: boolean;
  /** SaveSent of its configuration: without it a pair that was sent is gone. */
  readonly savesSent: boolean;
  /** Writes the control file before the data. */
  readonly writesControlFirst: boolean;
  /** Files in IN are written in pieces of so many bytes with a pause after each. */
  readonly writesSlowly: { readonly pieceBytes: number; readonly pauseMilliseconds: number } | undefined;
  /** What DTSId of a report is the id of. */
  readonly reportsName: "failed-file" | "report" | "nothing";
}

export const usualConduct: MeshClientConduct = {
  leavesInOut: false,
  refusesWith: undefined,
  staysSilent: false,
  savesSent: true,
  writesControlFirst: false,
  writesSlowly: undefined,
  reportsName: "failed-file",
};

export interface SimulatedMeshClientOptions {
  /** Its InterfaceRoot. The folders are made in it. */
  readonly root: string;
  readonly mesh: SimulatedMesh;
  /** Must be open at the simulated MESH. */
  readonly mailbox: string;
  readonly effects: SimulatorEffects;
  /** PollPeriod. Default 1,000. */
  readonly pollMilliseconds?: number;
  /** ProcessingDelay: younger files are left alone. Default 0. */
  readonly processingDelayMilliseconds?: number;
  readonly conduct?: Partial<MeshClientConduct>;
  /** Told of what the client could not do: it tries again. */
  failed?(cause: unknown): void;
}

export interface SimulatedMeshClient {
  /** Makes the folders, and begins to work. */
  start(): Promise<void>;
  /** Looks into OUT, and for what could not be written into IN. */
  poll(): Promise<void>;
  changeConduct(changes: Partial<MeshClientConduct>): void;
  /** Waits for what is under way. What comes for the mailbox later stays there. */
  close(): Promise<void>;
}

/** TEMP is the client's own. */
const folderNames = ["IN", "OUT", "SENT", "TEMP"] as const;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function isRipe(file: string, now: number, delayMilliseconds: number): Promise<boolean> {
  const stat = await fs.stat(file).catch(() => undefined);
  // The file system counts parts of a millisecond, the clock does not.
  return stat !== undefined && now - Math.floor(stat.mtimeMs) >= delayMilliseconds;
}

function readControl(bytes: Buffer): ControlFile | undefined {
  try {
    return parseControlFile(bytes);
  } catch (error) {
    if (isCpisError(error)) return undefined;
    throw error;
  }
}

/** All in this process; nothing of it speaks HTTP. */
export function createSimulatedMeshClient(options: SimulatedMeshClientOptions): SimulatedMeshClient {
  const { root, mesh, effects, pollMilliseconds = 1_000, processingDelayMilliseconds = 0 } = options;
  const mailbox = options.mailbox.toUpperCase();
  let conduct = { ...usualConduct, ...options.conduct };
  let working: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let isOpen = false;
  let hasUnwritten = false;

  const place = (folder: (typeof folderNames)[number], name: string): string => path.join(root, folder, name);

  async function pairsInOut(): Promise<readonly string[]> {
    const names = await fs.readdir(path.join(root, "OUT"));
    const found = names.filter((name) => name.endsWith(".ctl")).map((name) => name.slice(0, -".ctl".length));
    return found.filter((base) => names.includes(`${base}.dat`)).sort();
  }

  async function judge(base: string): Promise<ClientVerdict & { readonly control: ControlFile }> {
    const control = readControl(await fs.readFile(place("TEMP", `${base}.ctl`)));
    if (control === undefined) return { kind: "refused", code: "06", control: { statusRecords: [] } };
    if (conduct.refusesWith !== undefined) return { kind: "refused", code: conduct.refusesWith, control };
    const content = await fs.readFile(place("TEMP", `${base}.dat`));
    return { ...judgeControl(control, content, { mailbox, mesh }), control };
  }

  async function keepSent(base: string, control: ControlFile): Promise<void> {
    if (!conduct.savesSent) {
      for (const extension of ["dat", "ctl"]) await fs.rm(place("TEMP", `${base}.${extension}`));
      return;
    }
    await fs.writeFile(place("TEMP", `${base}.ctl`), encodeControlFile(control));
    for (const extension of ["dat", "ctl"]) {
      await fs.rename(place("TEMP", `${base}.${extension}`), place("SENT", `${base}.${extension}`));
    }
  }

  async function send(base: string): Promise<void> {
    for (const extension of ["ctl", "dat"]) {
      await fs.rename(place("OUT", `${base}.${extension}`), place("TEMP", `${base}.${extension}`));
    }
    const { control, ...verdict } = await judge(base);
    await keepSent(base, conduct.staysSilent ? control : sentControl(control, verdict, effects.now()));
  }

  async function lookIntoOut(): Promise<void> {
    if (conduct.leavesInOut) return;
    for (const base of await pairsInOut()) {
      const now = effects.now();
      const files = [place("OUT", `${base}.dat`), place("OUT", `${base}.ctl`)];
      const ripe = await Promise.all(files.map((file) => isRipe(file, now, processingDelayMilliseconds)));
      if (ripe.every(Boolean)) await send(base);
    }
  }

  async function writeIn(name: string, bytes: Buffer): Promise<void> {
    const { writesSlowly } = conduct;
    if (writesSlowly === undefined) {
      await fs.writeFile(place("IN", name), bytes);
      return;
    }
    const { pieceBytes, pauseMilliseconds } = writesSlowly;
    const handle = await fs.open(place("IN", name), "w");
    try {
      for (let start = 0; start < bytes.length; start += pieceBytes) {
        await handle.write(bytes.subarray(start, start + pieceBytes));
        await pause(pauseMilliseconds);
      }
    } finally {
      await handle.close();
    }
  }

  async function writeMessage(message: SimulatedMeshMessage): Promise<void> {
    const { messageId, messageType, content } = message;
    if (messageType === "REPORT") {
      const control = reportControl(message, { mailbox, names: conduct.reportsName, now: effects.now() });
      await writeIn(`${messageId}.ctl`, encodeControlFile(control));
      return;
    }
    const files = [
      [`${messageId}.dat`, content],
      [`${messageId}.ctl`, encodeControlFile(deliveredControl(message, effects.now()))],
    ] as const;
    for (const [name, bytes] of conduct.writesControlFirst ? files.toReversed() : files) await writeIn(name, bytes);
  }

  /** What it throws leaves the message in the mailbox. */
  async function take(message: SimulatedMeshMessage): Promise<void> {
    if (!isOpen) throw new CpisError("CONFIG_CLOSED", { detail: "the simulated MESH client" });
    try {
      await writeMessage(message);
    } catch (error) {
      hasUnwritten = true;
      throw error;
    }
  }

  function keepMailbox(): void {
    hasUnwritten = false;
    mesh.keepMailbox(mailbox, { take });
  }

  async function pollOnce(): Promise<void> {
    if (!isOpen) return;
    if (hasUnwritten) keepMailbox();
    await lookIntoOut();
  }

  /** One after another. */
  function poll(): Promise<void> {
    const polling = working.then(pollOnce);
    working = polling.catch(() => undefined);
    return polling;
  }

  async function pollAgain(): Promise<void> {
    await poll().catch((cause: unknown) => options.failed?.(cause));
    if (isOpen) timer = setTimeout(() => void pollAgain(), pollMilliseconds);
  }

  return {
    async start(): Promise<void> {
      for (const name of folderNames) await fs.mkdir(path.join(root, name), { recursive: true });
      if (isOpen) return;
      isOpen = true;
      keepMailbox();
      void pollAgain();
    },
    poll,
    changeConduct(changes): void {
      conduct = { ...conduct, ...changes };
    },
    async close(): Promise<void> {
      isOpen = false;
      clearTimeout(timer);
      await working;
    },
  };
}

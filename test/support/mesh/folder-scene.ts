// A mailbox over real folders with a store on disk; the test itself is the MESH client.
import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { type ControlFile, encodeControlFile, parseControlFile } from "../../../lib/mesh/folders/control-file.js";
import { createFolderMailbox } from "../../../lib/mesh/folders/folder-mailbox.js";
import type { FolderMailboxOptions } from "../../../lib/mesh/folders/folder-model.js";
import type { MeshMailbox, OutboundFile, ReceivedItem } from "../../../lib/mesh/model.js";
import type { Delivery } from "../../../lib/queue/model.js";
import type { MessageRowId, StoredMessage } from "../../../lib/store/message-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { until } from "../mhs/durable-exchange.js";
import { exampleScope } from "./sample-files.js";
import { createSqlitePlace } from "../store/sqlite-place.js";
import type { StorePlace } from "../store/sample-messages.js";

export const ownMailbox = "ZT7OT001";
export const cpisMailbox = "ZSPOT001";
export const minute = 60_000;

export interface Instance {
  readonly mailbox: MeshMailbox;
  readonly store: MessageStore;
  /** Every event that an operator sees, in its order, in one line each. */
  readonly log: string[];
  close(): Promise<void>;
}

export interface StartOptions extends Partial<FolderMailboxOptions> {
  /** Not started: for a test of its start. */
  readonly isIdle?: boolean;
}

export interface FolderScene {
  root(): string;
  /** In milliseconds; the mailbox sees the clock on the wall and so much more. */
  readonly clock: { ahead: number };
  path(...names: readonly string[]): string;
  start(options?: StartOptions): Promise<Instance>;
  openStore(): Promise<MessageStore>;
  list(folder: string): Promise<readonly string[]>;
  /** Waits for a pair in OUT and gives its base name. */
  untilInOut(): Promise<string>;
  readControl(folder: string, baseName: string): Promise<ControlFile>;
  /** Moves a pair from OUT to SENT as the client does, with its word of it. */
  takeFromOut(baseName: string, changes: Partial<ControlFile>): Promise<void>;
  /** Puts a pair into IN as the client does. Without content: the control file only. */
  putIntoIn(baseName: string, control: Partial<ControlFile>, content?: string): Promise<void>;
}

export function sent(dtsId = "20261122101501123456_A1B2C3"): Partial<ControlFile> {
  return { dtsId, statusRecords: [{ event: "SEND", status: "SUCCESS", code: "00" }] };
}

export function refused(code: string): Partial<ControlFile> {
  return { statusRecords: [{ event: "SEND", status: "ERROR", code, description: "refused" }] };
}

let files = 0;

export function outboundFile(content = "<File/>", changes: Partial<OutboundFile> = {}): OutboundFile {
  files += 1;
  const bytes = Buffer.from(content);
  return {
    localId: `999-${files}-1`,
    conversationId: randomUUID(),
    interaction: "CP-ISLocalAuthorityUpload",
    workflowId: "EXAMPLE_UPLOAD",
    recipient: cpisMailbox,
    contentType: "application/xml",
    compressed: gzipSync(bytes),
    plainBytes: bytes.length,
    digest: createHash("sha256").update(bytes).digest("hex"),
    completedBy: "acceptance",
    ...changes,
  };
}

function follow(mailbox: MeshMailbox): string[] {
  const log: string[] = [];
  const { events } = mailbox;
  events.on("accepted", ({ localId, messageId }) => log.push(`accepted ${localId} ${messageId}`));
  events.on("undelivered", ({ localId, state, code }) => log.push(`undelivered ${localId} ${state} ${code}`));
  events.on("received", ({ messageId, action, disposition }) => {
    log.push(`received ${messageId} ${action} ${disposition}`);
  });
  events.on("unreachable", ({ code }) => log.push(`unreachable ${code}`));
  events.on("reachable", () => log.push("reachable"));
  events.on("warning", ({ code }) => log.push(`warning ${code}`));
  events.on("storeUnavailable", ({ code }) => log.push(`storeUnavailable ${code}`));
  return log;
}

let owners = 0;

export async function stored(store: MessageStore, id: MessageRowId): Promise<StoredMessage> {
  const found = await store.findById(id);
  if (found === undefined) throw new Error("there is no such message");
  return found;
}

export function untilState(store: MessageStore, id: MessageRowId, state: StoredMessage["state"]): Promise<void> {
  return until(async () => (await stored(store, id)).state === state);
}

export interface Consumed {
  readonly item: ReceivedItem;
  readonly text: string;
}

async function textOf(item: ReceivedItem): Promise<string> {
  if (item.kind === "report") return "";
  const pieces: Buffer[] = [];
  for await (const piece of item.contents()) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Remembers what it gets. */
export function consume({ mailbox }: Instance): Consumed[] {
  const consumed: Consumed[] = [];
  mailbox.consume({
    confirm: "on-handover",
    inOrder: "none",
    deliver: async ({ message }: Delivery<ReceivedItem>) => {
      consumed.push({ item: message, text: await textOf(message) });
    },
  });
  return consumed;
}

export function useFolderScene(): FolderScene {
  let folder = "";
  let place: StorePlace | undefined;
  let instances: Instance[] = [];
  const clock = { ahead: 0 };
  const inRoot = (...names: readonly string[]): string => path.join(folder, ...names);

  beforeEach(async () => {
    clock.ahead = 0;
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-mesh-"));
    for (const name of ["IN", "OUT", "SENT", "TEMP"]) await fs.mkdir(inRoot(name));
    place = await createSqlitePlace();
  });

  afterEach(async () => {
    await Promise.all(instances.map((instance) => instance.close()));
    await place?.remove();
    await fs.rm(folder, { recursive: true, force: true });
  });

  const openStore = async (): Promise<MessageStore> => {
    if (place === undefined) throw new Error("there is no store");
    return place.open();
  };

  async function start({ isIdle = false, ...options }: StartOptions = {}): Promise<Instance> {
    const store = options.store ?? (await openStore());
    const mailbox = createFolderMailbox({
      root: folder,
      mailbox: ownMailbox,
      channel: "mesh",
      owner: `owner-${(owners += 1)}`,
      scope: exampleScope,
      knownRoots: ["FileResponse", "CP-ISAccessToServiceNotification"],
      effects: { now: () => Date.now() + clock.ahead, newUuid: () => randomUUID().toUpperCase() },
      scanMilliseconds: 100,
      stableMilliseconds: 15,
      leaseMilliseconds: 1_000,
      ...options,
      store,
    });
    const log = follow(mailbox);
    const instance: Instance = {
      mailbox,
      store,
      log,
      close: async () => {
        instances = instances.filter((each) => each !== instance);
        await mailbox.close();
        if (options.store === undefined) await store.close();
      },
    };
    instances.push(instance);
    if (!isIdle) await mailbox.start();
    return instance;
  }

  const scene: FolderScene = {
    root: () => folder,
    clock,
    path: inRoot,
    start,
    openStore,
    list: async (name) => (await fs.readdir(inRoot(name))).sort(),
    async untilInOut(): Promise<string> {
      let found: string | undefined;
      await until(async () => {
        found = (await scene.list("OUT")).find((name) => name.endsWith(".ctl"));
        return found !== undefined;
      });
      return (found ?? "").slice(0, -".ctl".length);
    },
    readControl: async (name, baseName) => parseControlFile(await fs.readFile(inRoot(name, `${baseName}.ctl`))),
    async takeFromOut(baseName, changes): Promise<void> {
      const control = { ...(await scene.readControl("OUT", baseName)), ...changes };
      await fs.rename(inRoot("OUT", `${baseName}.dat`), inRoot("SENT", `${baseName}.dat`));
      await fs.rename(inRoot("OUT", `${baseName}.ctl`), inRoot("TEMP", `${baseName}.ctl`));
      await fs.writeFile(inRoot("TEMP", `${baseName}.ctl`), encodeControlFile(control));
      await fs.rename(inRoot("TEMP", `${baseName}.ctl`), inRoot("SENT", `${baseName}.ctl`));
    },
    async putIntoIn(baseName, control, content): Promise<void> {
      const whole: ControlFile = {
        version: "1.0",
        addressType: "DTS",
        messageType: "Data",
        from: cpisMailbox,
        to: ownMailbox,
        workflowId: "EXAMPLE_RESPONSE",
        statusRecords: [{ event: "TRANSFER", status: "SUCCESS", code: "00" }],
        ...control,
      };
      if (content !== undefined) await fs.writeFile(inRoot("IN", `${baseName}.dat`), content);
      await fs.writeFile(inRoot("IN", `${baseName}.ctl`), encodeControlFile(whole));
    },
  };
  return scene;
}

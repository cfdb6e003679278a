// Takes what the MESH client puts into IN: each pair once it is whole, into the store first, then to the archive.
import type { EventEmitter } from "node:events";
import path from "node:path";
import { definedOnly } from "../../defined-only.js";
import { CpisError, type ErrorCode, isCpisError } from "../../errors.js";
import type { MessageStore } from "../../store/message-store.js";
import type { StoreWatch } from "../../queue/store-watch.js";
import { takeContent } from "../download.js";
import { type ControlFile, isReport, parseControlFile, statusOf } from "./control-file.js";
import {
  codeOfErrno,
  errnoOf,
  findFile,
  type FolderEntry,
  inFolder,
  isThere,
  listFiles,
  type MeshFolders,
  moveFile,
  readFile,
  readStart,
} from "./folder-files.js";
import type { FolderSettings } from "./folder-model.js";
import { baseNameOf, orphansOf, type Pair, pairsOf, signatureOf } from "./folder-pairs.js";
import { createPatience } from "./file-retry-state.js";
import { isFolderError } from "./folder-availability.js";
import { type ArrivedItem, type ArrivedReport, actionOf } from "../inbound-item.js";
import { belongingOf, type MailboxScope } from "../mailbox-scope.js";
import type { MeshEffects, MeshEvents } from "../model.js";

export interface FolderIntakeParts {
  /** Own mailbox. */
  readonly mailbox: string;
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  readonly folders: MeshFolders;
  readonly settings: FolderSettings;
  readonly scope: MailboxScope;
  readonly knownRoots: readonly string[];
  readonly effects: MeshEffects;
  readonly events: EventEmitter<MeshEvents>;
  /** See MailboxInbox. */
  accept(item: ArrivedItem): Promise<"new" | "duplicate">;
  /** See MailboxInbox. */
  isOfOurFile(report: ArrivedReport): Promise<boolean>;
  /** A report that a file of ours went well. */
  noteSuccess(localId: string, meshMessageId: string | undefined): Promise<void>;
}

export interface ScanOutcome {
  /** Pairs and reports taken. */
  readonly received: number;
  /** Control files that are still there. */
  readonly remaining: number;
  /** Those among them that are not ours, and stay. */
  readonly foreign: number;
  /** Some may still be written: they are ready after another while. */
  readonly isUnsettled: boolean;
}

export interface FolderIntake {
  /** Looks through IN once. Throws MESH_FOLDER_*; what concerns one pair only is warned of. */
  scan(): Promise<ScanOutcome>;
}

type Taking = "taken" | "waits" | "foreign";

interface Kept {
  /** Of the whole pair. */
  readonly signature: string;
  readonly event: MeshEvents["received"][0];
}

const maximumControlBytes = 100_000;
const longestId = 255;

/** Undefined for what concerns all pairs: the store, the folders themselves, and a fault of the program. */
function codeForPair(error: unknown): ErrorCode | "gone" | undefined {
  if (isCpisError(error)) return isFolderError(error) || error.code.startsWith("STORE_") ? undefined : error.code;
  const errno = errnoOf(error);
  if (errno === undefined) return undefined;
  // Another instance has taken it.
  return errno === "ENOENT" ? "gone" : codeOfErrno(errno);
}

/** Only what can be an id of MESH is told: a person may have put another file there, and named it after somebody. */
function tellable(baseName: string): { readonly messageId?: string } {
  return /^[0-9A-F_]{10,64}$/i.test(baseName) ? { messageId: baseName } : {};
}

function whatItSays(control: ControlFile): Omit<ArrivedReport, "kind" | "messageId"> {
  const { from, workflowId, localId, subject, partnerId } = control;
  return {
    ...definedOnly({ from, workflowId, localId, subject, partnerId }),
  };
}

export function createFolderIntake(parts: FolderIntakeParts): FolderIntake {
  const { folders, settings, events, mailbox, watch, store, channel, effects, scope } = parts;
  const patience = createPatience({ now: () => effects.now(), stableMilliseconds: settings.stableMilliseconds });

  function warn(code: string, message: string, baseName: string): void {
    events.emit("warning", { code, message, ...tellable(baseName) });
  }

  /** By the name of the control file: what is in the store and could not be moved to the archive so far. */
  const kept = new Map<string, Kept>();

  /** By the name of the control file, its signature: what was looked at and is not ours. */
  const foreign = new Map<string, string>();
  let isForeignTold = false;

  const inPath = (entry: FolderEntry): string => path.join(folders.in, entry.name);

  async function isUnchanged(entry: FolderEntry): Promise<boolean> {
    return (await findFile(folders.in, entry.name))?.signature === entry.signature;
  }

  /** What stands there under the same name is another file. */
  async function isNameTaken(names: readonly string[]): Promise<boolean> {
    for (const name of names) if (await isThere(path.join(folders.archive, name))) return true;
    return false;
  }

  /** The data first: a control file that is left alone by a crash is known by its id. */
  function archive({ control, data }: Pair): Promise<void> {
    return inFolder("archive", async () => {
      const names = data === undefined ? [control.name] : [data.name, control.name];
      const prefix = (await isNameTaken(names)) ? `${effects.newUuid().toLowerCase()}-` : "";
      for (const name of names) {
        await moveFile(path.join(folders.in, name), path.join(folders.archive, `${prefix}${name}`));
      }
    });
  }

  async function archiveKept(pair: Pair, { signature, event }: Kept): Promise<Taking> {
    kept.set(pair.control.name, { signature, event });
    await archive(pair);
    kept.delete(pair.control.name);
    events.emit("received", event);
    return "taken";
  }

  async function keep(pair: Pair, item: ArrivedItem, bytes: number): Promise<Taking> {
    const disposition = await parts.accept(item);
    const event = { messageId: item.messageId, action: actionOf(item), bytes, disposition };
    return archiveKept(pair, { signature: signatureOf(pair), event });
  }

  /** The client names it after itself or after the file that failed: so its own name is its id. */
  async function takeReport(pair: Pair, control: ControlFile): Promise<Taking> {
    const status = statusOf(control);
    const { dtsId, localId } = control;
    const report: ArrivedReport = {
      kind: "report",
      messageId: pair.baseName,
      ...whatItSays(control),
      ...definedOnly({ linkedMessageId: dtsId }),
      ...(status?.code === undefined ? {} : { statusCode: status.code }),
      ...(status?.description === undefined ? {} : { description: status.description }),
    };
    if (!scope.takesAll && !(await parts.isOfOurFile(report))) {
      const text = "MESH reports that a file failed, and it is none of ours: the report stays in IN";
      warn("UNMATCHED_REPORT", text, pair.baseName);
      return "foreign";
    }
    if (status?.status?.toUpperCase() === "SUCCESS") {
      if (localId !== undefined) await parts.noteSuccess(localId, dtsId);
      await archive(pair);
      return "taken";
    }
    return keep(pair, report, 0);
  }

  function checkAddress({ to, messageType }: ControlFile, baseName: string): void {
    if (to !== undefined && to.toUpperCase() !== mailbox) {
      warn("OTHER_MAILBOX", "A file in IN is addressed to another mailbox; it is taken all the same", baseName);
    }
    if (messageType?.toUpperCase() !== "DATA") {
      warn(
        "UNKNOWN_MESSAGE_TYPE",
        "A file is neither data nor a report by its own word: it is taken for data",
        baseName,
      );
    }
  }

  async function takeData(pair: Pair, data: FolderEntry, control: ControlFile, messageId: string): Promise<Taking> {
    const { maximumFileBytes: maximumBytes } = settings;
    if (data.bytes > maximumBytes && control.isCompressed !== true) {
      throw new CpisError("MESH_FILE_TOO_LARGE", { detail: `more than ${maximumBytes} bytes` });
    }
    const content = await takeContent(readFile(inPath(data)), {
      // What is not from CP-IS is never given to a reader of CP-IS's files.
      knownRoots: belongingOf(control, scope) === "ours" ? parts.knownRoots : [],
      maximumBytes,
      mayBeCompressed: control.isCompressed === true,
    });
    if (!(await isUnchanged(data)) || !(await isUnchanged(pair.control))) return "waits";
    checkAddress(control, pair.baseName);
    return keep(pair, { kind: "file", messageId, ...whatItSays(control), content }, content.plainBytes);
  }

  /** A crash came between the two moves to the archive. */
  async function isKnown(messageId: string): Promise<boolean> {
    const found = await watch.run(() => store.findByMessageId("inbound", messageId));
    return found?.channel === channel;
  }

  async function takePair(pair: Pair): Promise<Taking> {
    const control = parseControlFile(await readStart(inPath(pair.control), maximumControlBytes));
    if (isReport(control)) return takeReport(pair, control);
    const belonging = belongingOf(control, scope);
    if (belonging !== "ours" && !scope.takesAll) {
      if (belonging === "other-sender") {
        warn(
          "OTHER_SENDER",
          "A file under a workflow id of CP-IS is from another mailbox than CP-IS's: it is not believed, and stays in IN",
          pair.baseName,
        );
      }
      return "foreign";
    }
    const messageId = control.dtsId ?? pair.baseName;
    if (messageId.length > longestId) throw new CpisError("MESH_CONTROL_FILE_INVALID", { detail: "DTSId is too long" });
    if (pair.data !== undefined) return takeData(pair, pair.data, control, messageId);
    if (await isKnown(messageId)) {
      await archive(pair);
      return "taken";
    }
    if (patience.isOver(pair.control.name, settings.missingPairMilliseconds)) {
      warn("DATA_MISSING", "A control file has been in IN for long without its data", pair.baseName);
    }
    return "waits";
  }

  async function takeNewPair(pair: Pair): Promise<Taking> {
    const signature = signatureOf(pair);
    const known = kept.get(pair.control.name);
    if (known?.signature === signature) return archiveKept(pair, known);
    if (foreign.get(pair.control.name) === signature) return "foreign";
    const taking = await takePair(pair);
    if (taking === "foreign") foreign.set(pair.control.name, signature);
    return taking;
  }

  function tellForeign(count: number): void {
    if (count > 0 && !isForeignTold) {
      const message =
        `${count} files in IN are not of CP-IS's mailboxes and workflow ids as they are set, and are left there. ` +
        "If they are of CP-IS, add its mailbox or workflow id; if the mailbox is used by nothing else, all can be taken";
      events.emit("warning", { code: "FOREIGN_MESSAGES_LEFT", message });
    }
    isForeignTold = count > 0;
  }

  /** What fails for one pair must not hold up the others; it stays where it is. Throws what concerns all of them. */
  async function tryPair(pair: Pair): Promise<Taking> {
    try {
      return await takeNewPair(pair);
    } catch (error) {
      const code = codeForPair(error);
      if (code === undefined) throw error;
      if (code !== "gone" && patience.failed(pair.control.name)) {
        warn("NOT_TAKEN", `What is in IN could not be taken: ${code}`, pair.baseName);
      }
      return "waits";
    }
  }

  /** An error of the folders, which the others of this scan may be spared. */
  async function takeWhenReady(pair: Pair): Promise<Taking | "unsettled" | CpisError> {
    const readiness = patience.readinessOf(pair.control.name, signatureOf(pair));
    if (readiness !== "ready") return readiness === "unsettled" ? "unsettled" : "waits";
    try {
      return await tryPair(pair);
    } catch (error) {
      if (isCpisError(error) && isFolderError(error)) return error;
      throw error;
    }
  }

  function lookAtOrphans(orphans: readonly FolderEntry[]): void {
    for (const { name } of orphans) {
      if (!patience.isOver(name, settings.orphanMilliseconds)) continue;
      warn(
        "CONTROL_FILE_MISSING",
        "Data has been in IN for long without its control file",
        baseNameOf(name, "dat") ?? "",
      );
    }
  }

  return {
    async scan(): Promise<ScanOutcome> {
      const entries = await inFolder("in", () => listFiles(folders.in));
      patience.keepOnly(entries.map(({ name }) => name));
      const pairs = pairsOf(entries);
      lookAtOrphans(orphansOf(entries, pairs));
      let failure: CpisError | undefined;
      for (const name of foreign.keys()) if (!entries.some((entry) => entry.name === name)) foreign.delete(name);
      let received = 0;
      let left = 0;
      let isUnsettled = false;
      for (const pair of pairs) {
        const taking = await takeWhenReady(pair);
        if (taking === "taken") received += 1;
        else if (taking === "foreign") left += 1;
        else if (taking === "unsettled") isUnsettled = true;
        else if (taking !== "waits") failure = taking;
      }
      if (failure !== undefined) throw failure;
      tellForeign(left);
      return { received, remaining: pairs.length - received, foreign: left, isUnsettled };
    },
  };
}

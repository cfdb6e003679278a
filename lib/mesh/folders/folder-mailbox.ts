// A mailbox over the folders of the NHS's MESH client, which moves the files while we only touch its folders.
import { EventEmitter } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { createStoreWatch, isStoreOutage } from "../../queue/store-watch.js";
import { CpisError, isCpisError } from "../../errors.js";
import { checkFolders, foldersOf } from "./folder-check.js";
import { createHandOver } from "./folder-send.js";
import { createArchiveUpkeep } from "./folder-archive.js";
import { createFolderIntake, type ScanOutcome } from "./folder-intake.js";
import { type FolderMailboxOptions, settingsOf } from "./folder-model.js";
import { createFolderOutbox } from "./folder-outbox.js";
import { createFolderReach, isFolderError } from "./folder-availability.js";
import { createFolderWatch } from "./folder-watch.js";
import { createMailboxInbox, reportsTo } from "../mailbox-inbox.js";
import { createPollAlarms } from "../poll-alarms.js";
import type { MeshEvents, MeshMailbox } from "../model.js";

const namePrefixPattern = /^[A-Za-z0-9-]{1,40}$/;
/** A file that is still being written then is left for the next scan. */
const maximumPollRounds = 5;

function checkOptions({ namePrefix, mailbox }: { readonly namePrefix: string; readonly mailbox: string }): void {
  if (!namePrefixPattern.test(namePrefix)) {
    throw new CpisError("CONFIG_INVALID", { detail: "namePrefix may hold letters, digits and hyphens" });
  }
  if (mailbox === "") throw new CpisError("CONFIG_MISSING", { detail: "the mailbox of the MESH client's folders" });
}

/**
 * The client's side is its own: credentials, chunks and acknowledgements. A file counts as sent when the client has
 * moved it to SENT and noted no error; the name and the content type of a file are not passed on. Files are readable
 * for the user and the group that this process runs as, so the client must run as one of them.
 * Throws CONFIG_INVALID or CONFIG_MISSING.
 */
export function createFolderMailbox(options: FolderMailboxOptions): MeshMailbox {
  const { store, effects, root } = options;
  const settings = settingsOf(options);
  const mailbox = options.mailbox.toUpperCase();
  checkOptions({ ...settings, mailbox });
  const folders = foldersOf(options);
  const events = new EventEmitter<MeshEvents>();
  const reports = { ...reportsTo(events), storeAvailable: onStoreAvailable };
  const watch = createStoreWatch(store, reports);
  const closing = new AbortController();
  const shared = {
    mailbox,
    store,
    watch,
    channel: options.channel,
    owner: options.owner,
    leaseMilliseconds: options.leaseMilliseconds ?? 30_000,
    effects,
    events,
    reports,
    settings,
    folders,
    now: () => effects.now(),
  };
  const reach = createFolderReach(events);
  const archive = createArchiveUpkeep(shared);
  const inbox = createMailboxInbox(shared);
  const outbox = createFolderOutbox({ ...shared, reach, handOver: createHandOver(folders) });
  const intake = createFolderIntake({
    ...shared,
    scope: options.scope,
    knownRoots: options.knownRoots,
    accept: (item) => inbox.accept(item),
    isOfOurFile: (report) => inbox.isOfOurFile(report),
    noteSuccess: (localId, meshMessageId) => outbox.noteSuccess(localId, meshMessageId),
  });
  const folderWatch = createFolderWatch({
    folders: [folders.in, folders.sent],
    scanMilliseconds: settings.scanMilliseconds,
    look,
  });
  let scanning: Promise<unknown> = Promise.resolve();
  const alarms = createPollAlarms(effects.now());
  let progress: "new" | "delivering" | "started" | "closed" = "new";

  function onStoreAvailable(): void {
    events.emit("storeAvailable");
    void folderWatch.look();
  }

  async function scanNow(): Promise<ScanOutcome> {
    const outcome = await reach.note("receiving", () => intake.scan());
    const { received, remaining, foreign } = outcome;
    const at = effects.now();
    events.emit("polled", { at, received, remaining, foreign });
    alarms.listed([], at);
    await outbox.lookIntoSent();
    await archive.tidy();
    return outcome;
  }

  /** One at a time. */
  function scan(): Promise<ScanOutcome> {
    const next = scanning.then(scanNow);
    scanning = next.catch(() => undefined);
    return next;
  }

  async function look(): Promise<{ readonly isDone: boolean; readonly againMilliseconds?: number }> {
    try {
      const { isUnsettled } = await scan();
      return isUnsettled ? { isDone: true, againMilliseconds: settings.stableMilliseconds } : { isDone: true };
    } catch (error) {
      for (const warning of alarms.failed(effects.now())) events.emit("warning", warning);
      // Both have events of their own, and are tried again.
      if (!isFolderError(error) && !isStoreOutage(error)) {
        const code = isCpisError(error) ? error.code : "an unexpected error";
        events.emit("warning", { code: "INTERNAL", message: `The folders could not be looked through: ${code}` });
      }
      return { isDone: false };
    }
  }

  return {
    events,
    async start(): Promise<void> {
      // What is in the store is delivered whether or not the folders can be used; a start that failed is tried again.
      if (progress === "new") {
        inbox.start();
        progress = "delivering";
      }
      await checkFolders(root, folders, `${settings.namePrefix}${effects.newUuid()}.probe`);
      if (progress !== "delivering") return;
      progress = "started";
      outbox.start();
      folderWatch.start();
    },
    send: (file) => outbox.accept(file),
    consume: (consumer) => inbox.consume(consumer),
    confirm: (id) => inbox.confirm(id),
    async poll(): Promise<void> {
      for (let round = 0; round < maximumPollRounds && !closing.signal.aborted; round += 1) {
        const { isUnsettled } = await scan();
        if (!isUnsettled) return;
        await wait(settings.stableMilliseconds, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    },
    async close(): Promise<void> {
      progress = "closed";
      closing.abort();
      watch.close();
      await folderWatch.close();
      await scanning;
      await Promise.all([outbox.close(), inbox.close()]);
    },
  };
}

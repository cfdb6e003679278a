// A local authority's system for a rehearsal, over a MESH mailbox: the upload service and the notifications, in memory.
import { definedOnly } from "../defined-only.js";
import { randomUUID } from "node:crypto";
import type { LocalAuthority } from "../cpis/model.js";
import type { InactiveNumber, NotifiedAccess } from "../cpis/upload/upload-model.js";
import { createApiMailbox } from "../mesh/api/api-mailbox.js";
import type { MhsEffects } from "../mhs/model.js";
import { createMeshExchange, knownFileRoots, nextLocalId } from "../services/exchange/mesh-exchange.js";
import { createNotificationService } from "../services/notifications.js";
import { createUploadService } from "../services/upload/upload.js";
import type { RefusedRecord } from "../services/upload/upload-model.js";
import type { MessageStore } from "../store/message-store.js";
import type { TlsMaterial } from "../tls/tls-material.js";
import type { AuthoritySide, UploadEnd } from "./environment.js";

export interface AuthoritySettings {
  readonly localAuthority: LocalAuthority & { readonly code: string };
  readonly baseUrl: string;
  readonly mailbox: string;
  readonly password: string;
  readonly sharedKey: string;
  readonly tls: TlsMaterial;
  /** Of CP-IS. */
  readonly recipient: string;
  readonly workflowIds: {
    readonly upload: string;
    readonly response: string;
    readonly accessNotification: string;
    readonly inactiveNotification: string;
  };
  readonly pollMilliseconds: number;
  /** How long the end of an upload, or a notification, is waited for. */
  readonly waitMilliseconds: number;
  readonly firstNumber?: number;
}

const owner = "rehearsal";

/** What comes, one by one, to who waits for it, or kept until somebody does. */
class Arrivals<Item> {
  private readonly items: Item[] = [];
  private readonly waiting: ((item: Item) => void)[] = [];

  constructor(private readonly waitMilliseconds: number) {}

  add(item: Item): void {
    const next = this.waiting.shift();
    if (next === undefined) this.items.push(item);
    else next(item);
  }

  next(what: string): Promise<Item> {
    const item = this.items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), this.waitMilliseconds);
      this.waiting.push((found) => {
        clearTimeout(timer);
        resolve(found);
      });
    });
  }

  clear(): void {
    this.items.length = 0;
  }
}

export interface OpenAuthority {
  readonly side: AuthoritySide;
  /** Closes the store, too. */
  close(): Promise<void>;
}

/** Throws what the mailbox and the store throw. */
export async function openAuthoritySide(
  settings: AuthoritySettings,
  store: MessageStore,
  effects: MhsEffects,
): Promise<OpenAuthority> {
  const { localAuthority, workflowIds, recipient, waitMilliseconds } = settings;
  const ends = new Map<number, Arrivals<UploadEnd>>();
  const refusedOf = new Map<number, RefusedRecord[]>();
  const accesses = new Arrivals<NotifiedAccess>(waitMilliseconds);
  const inactive = new Arrivals<InactiveNumber>(waitMilliseconds);
  const endOf = (fileNumber: number): Arrivals<UploadEnd> => {
    const found = ends.get(fileNumber) ?? new Arrivals<UploadEnd>(waitMilliseconds);
    ends.set(fileNumber, found);
    return found;
  };

  async function open() {
    const mailbox = createApiMailbox({
      mailbox: settings.mailbox,
      scope: {
        senders: [recipient],
        workflowIds: [workflowIds.response, workflowIds.accessNotification, workflowIds.inactiveNotification],
        sentWorkflowIds: [workflowIds.upload],
        takesAll: false,
      },
      store,
      channel: settings.mailbox,
      owner: randomUUID(),
      knownRoots: knownFileRoots,
      effects,
      leaseMilliseconds: 1_000,
      baseUrl: settings.baseUrl,
      password: settings.password,
      sharedKey: settings.sharedKey,
      tls: settings.tls,
      pollMilliseconds: settings.pollMilliseconds,
      nextLocalId,
    });
    const exchange = createMeshExchange({
      mailbox,
      store,
      settings: {
        recipient,
        uploadWorkflowId: workflowIds.upload,
        contentType: "application/xml",
        fileNamePattern: "{ods}-{number}.xml",
        subjectPattern: "",
      },
    });
    await mailbox.start();
    const service = createUploadService({ exchange, store, channel: settings.mailbox, effects });
    const detach = service.attach({
      owner,
      localAuthority: localAuthority.code,
      listener: {
        refused: (record, { fileNumber = 0 }) => {
          refusedOf.set(fileNumber, [...(refusedOf.get(fileNumber) ?? []), record]);
          return Promise.resolve();
        },
        answered: (outcome, { fileNumber = 0 }) => {
          endOf(fileNumber).add({ kind: "answered", outcome, refused: refusedOf.get(fileNumber) ?? [] });
          return Promise.resolve();
        },
        undelivered: (failure, { fileNumber = 0 }) => {
          endOf(fileNumber).add({ kind: "undelivered", failure });
          return Promise.resolve();
        },
        stray: () => undefined,
        sending: () => undefined,
        overdue: () => undefined,
      },
    });
    const notifications = createNotificationService({
      exchange,
      store,
      effects,
      confirm: "on-handover",
      listener: {
        accesses: (parts) => parts.forEach(({ content }) => accesses.add(content)),
        inactiveNumbers: (parts) => parts.forEach(({ content }) => inactive.add(content)),
        nothing: () => undefined,
        unreadable: () => undefined,
      },
    });
    const close = async (): Promise<void> => {
      await notifications.close();
      await detach();
      await mailbox.close();
    };
    return { service, close };
  }

  let run = await open();
  const side: AuthoritySide = {
    async upload(records, faultyRecords) {
      accesses.clear();
      const handedOut: RefusedRecord[] = [];
      const acceptance = await run.service.upload({
        owner,
        localAuthority,
        records,
        mapping: {},
        faultyRecords,
        ...definedOnly({ firstNumber: settings.firstNumber }),
        handOut: (faulty) => void handedOut.push(...faulty),
      });
      return { acceptance, handedOut };
    },
    ended: (fileNumber) => endOf(fileNumber).next("the end of an upload"),
    nextAccess: () => accesses.next("an access to service notification"),
    nextInactive: () => inactive.next("an inactive NHS number notification"),
    async restart() {
      await run.close();
      run = await open();
    },
  };
  const close = async (): Promise<void> => {
    await run.close();
    await store.close();
  };
  return { side, close };
}

// What the simulated CP-IS tells local authorities of its own accord: accesses, in batches, and inactive NHS numbers.
import type { AuthorityPost } from "./authority-delivery.js";
import type { SimulatorEffects, SimulatorEvents, RegisterAccess } from "../model.js";
import type { CpisRegister } from "./register.js";
import { authorityKey, type RecordHolder } from "./register-uploads.js";
import { encodeAccessNotification } from "../../cpis/notification/access-notification.js";
import { encodeInactiveNhsNumberNotification } from "../../cpis/notification/inactive-number-notification.js";
import type { Hl7Time, LocalAuthority, OrganisationRef } from "../../cpis/model.js";
import type { InactiveNumber, NotifiedAccess } from "../../cpis/upload/upload-model.js";
import { CpisError } from "../../errors.js";
import { known } from "../../hl7v3/data-types.js";
import { hl7TimeAt } from "../../hl7v3/timestamp.js";

export interface NoticeParts {
  readonly effects: SimulatorEffects;
  readonly register: CpisRegister;
  readonly post: AuthorityPost;
  /** "on-command": accesses wait until `sendAccesses` is called. */
  readonly accessDelayMilliseconds: number | "on-command";
  /** By ODS code; undefined for one that the simulator has never heard of. */
  findAuthority(odsCode: string): LocalAuthority | undefined;
  tell<Name extends keyof SimulatorEvents>(name: Name, ...event: SimulatorEvents[Name]): void;
  failed(cause: unknown): void;
}

export interface AuthorityNotices {
  /** A child was looked at: told to each local authority that has plans for it, with the next batch. */
  accessed(nhsNumber: string, access: RegisterAccess): void;
  /**
   * Sends what waits, now, and gives the number of notifications: to the given local authority also an empty one.
   * Throws CONFIG_INVALID when that one can be reached by no way.
   */
  sendAccesses(odsCode?: string): number;
  /** Gives the number of notifications. */
  sendInactive(nhsNumber: string, replacedBy: readonly string[]): number;
  /** Forgets what waits. */
  clear(): void;
}

interface WaitingAccess {
  readonly localAuthority: LocalAuthority;
  readonly access: NotifiedAccess;
}

interface NoticeIdentity {
  readonly id: string;
  readonly createdAt: Hl7Time;
  readonly recipient: OrganisationRef;
}

const mailKinds = { access: "accessNotification", inactive: "inactiveNotification" } as const;
const maximumWaiting = 10_000;
/** What was in the register from the start came by this file: a notification must name one. */
const firstUploadFileId = "1";

function organisationOf({ code, codeType, name }: LocalAuthority): OrganisationRef {
  return known<OrganisationRef>({ code, codeType: codeType ?? "organisation", name });
}

function notifiedAccess(nhsNumber: string, access: RegisterAccess, holder: RecordHolder): NotifiedAccess {
  const { accessId, accessedAt, author } = access;
  return known<NotifiedAccess>({
    accessId,
    accessedAt: hl7TimeAt(accessedAt),
    author,
    nhsNumber,
    isThisQuery: false,
    localId: holder.localId,
    uploadFileId: holder.uploadFileId ?? firstUploadFileId,
  });
}

export function createAuthorityNotices(parts: NoticeParts): AuthorityNotices {
  const { effects, register, post, accessDelayMilliseconds } = parts;
  let waiting: WaitingAccess[] = [];
  let timer: NodeJS.Timeout | undefined;

  /** Whether it was sent. One local authority that takes nothing, as with a full mailbox, keeps nothing from others. */
  const sendNotice = (
    kind: "access" | "inactive",
    localAuthority: LocalAuthority,
    entries: number,
    encode: (identity: NoticeIdentity) => string,
  ): boolean => {
    const { code = "" } = localAuthority;
    const route = post.routeTo(code);
    if (route === undefined) return false;
    const id = effects.newUuid();
    const recipient = organisationOf(localAuthority);
    const content = Buffer.from(encode({ id, createdAt: hl7TimeAt(effects.now()), recipient }), "utf8");
    try {
      const messageId = post.send(route, { kind: mailKinds[kind], content });
      const by = route.kind;
      parts.tell("notification", { kind, by, localAuthority: code, messageId, notificationId: id, entries });
      return true;
    } catch (cause) {
      parts.failed(cause);
      return false;
    }
  };

  const sendAccessesTo = (localAuthority: LocalAuthority, accesses: readonly NotifiedAccess[]): boolean =>
    sendNotice("access", localAuthority, accesses.length, (identity) =>
      encodeAccessNotification({ ...identity, total: accesses.length, accesses }),
    );

  const sendWaiting = (): number => {
    const groups = Map.groupBy(waiting, ({ localAuthority }) => authorityKey(localAuthority));
    waiting = [];
    let sent = 0;
    for (const group of groups.values()) {
      const [first] = group;
      const accesses = group.map(({ access }) => access);
      if (first !== undefined && sendAccessesTo(first.localAuthority, accesses)) sent += 1;
    }
    return sent;
  };

  const sendWaitingOf = (odsCode: string): number => {
    const authority = parts.findAuthority(odsCode) ?? { code: odsCode, name: odsCode };
    if (post.routeTo(odsCode) === undefined) {
      throw new CpisError("CONFIG_INVALID", { detail: "the local authority has neither a mailbox nor an ebXML party" });
    }
    const isOfIt = (one: WaitingAccess): boolean => authorityKey(one.localAuthority) === authorityKey(authority);
    const accesses = waiting.filter(isOfIt).map(({ access }) => access);
    waiting = waiting.filter((one) => !isOfIt(one));
    return sendAccessesTo(authority, accesses) ? 1 : 0;
  };

  const schedule = (): void => {
    if (timer !== undefined || accessDelayMilliseconds === "on-command") return;
    timer = setTimeout(() => {
      timer = undefined;
      sendWaiting();
    }, accessDelayMilliseconds);
  };

  const sendInactive = (nhsNumber: string, replacedBy: readonly string[]): number => {
    let sent = 0;
    for (const { localAuthority, localId, uploadFileId = firstUploadFileId } of register.holders(nhsNumber)) {
      const number = known<InactiveNumber>({ nhsNumber, localId, replacedBy, uploadFileId });
      const isSent = sendNotice("inactive", localAuthority, 1, (identity) =>
        encodeInactiveNhsNumberNotification({ ...identity, numbers: [number] }),
      );
      if (isSent) sent += 1;
    }
    return sent;
  };

  return {
    accessed: (nhsNumber, access) => {
      for (const holder of register.holders(nhsNumber)) {
        waiting.push({
          localAuthority: holder.localAuthority,
          access: notifiedAccess(nhsNumber, access, holder),
        });
      }
      if (waiting.length > maximumWaiting) waiting = waiting.slice(-maximumWaiting);
      schedule();
    },
    sendAccesses: (odsCode) => (odsCode === undefined ? sendWaiting() : sendWaitingOf(odsCode)),
    sendInactive,
    clear: () => {
      clearTimeout(timer);
      timer = undefined;
      waiting = [];
    },
  };
}

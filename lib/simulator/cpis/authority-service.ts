// The simulated CP-IS towards local authorities: takes their uploads, answers them, and notifies them.
import { setImmediate as nextTurn } from "node:timers/promises";
import { createAuthorityNotices, type AuthorityNotices } from "./authority-notifier.js";
import {
  createAuthorityPost,
  type AuthorityMail,
  type AuthorityPostParts,
  type AuthorityRoute,
} from "./authority-delivery.js";
import { createUploadLoader } from "./load-upload.js";
import type { MailboxKeeper, SimulatedMesh, SimulatedMeshMessage } from "../mesh/mesh-model.js";
import type { SimulatedEbxmlPattern, SimulatedParty, SimulatorEvents, RegisterAccess } from "../model.js";
import { readUpload } from "./read-upload.js";
import { createRecentMap } from "../recent-map.js";
import type { CpisRegister } from "./register.js";
import { exampleBorough, exampleCounty, exampleSite } from "./sample-people.js";
import type { SimulatedPds } from "./simulated-pds.js";
import { uploadAction, uploadService } from "../spine-identity.js";
import type { LocalAuthority } from "../../cpis/model.js";
import type { UploadResponse } from "../../cpis/upload/upload-model.js";
import { encodeUploadResponsePieces } from "../../cpis/upload/upload-response.js";
import type { BusinessMessage } from "../../ebxml/model.js";

/** How a file is refused that cannot be read: by MESH, or by an answer of CP-IS. Over ebXML always by an answer. */
export type UnreadableFileAnswer = "report" | "response";

export interface AuthoritySideParts extends AuthorityPostParts {
  readonly register: CpisRegister;
  readonly pds: SimulatedPds;
  readonly accessDelayMilliseconds: number | "on-command";
  readonly unreadableFiles: UnreadableFileAnswer;
  readonly maximumIds: number;
  tell<Name extends keyof SimulatorEvents>(name: Name, ...event: SimulatorEvents[Name]): void;
}

export interface AuthoritySide {
  /** While false every file is answered with CPF06. */
  isClientSupported: boolean;
  unreadableFiles: UnreadableFileAnswer;
  /** Works the mailbox of CP-IS. */
  readonly keeper: MailboxKeeper;
  /** Takes a message of a registered interaction, and answers it when it is an upload. */
  takeMessage(message: BusinessMessage, party: SimulatedParty, pattern: SimulatedEbxmlPattern): void;
  accessed(nhsNumber: string, access: RegisterAccess): void;
  /** As AuthorityNotices. */
  readonly sendAccesses: AuthorityNotices["sendAccesses"];
  /** The number belongs to nobody any more. Gives the number of notifications. */
  inactivate(nhsNumber: string, replacedBy: readonly string[]): number;
  /** Forgets what waits and what was uploaded; every switch as at the start. */
  reset(): void;
  close(): void;
}

/** An upload on its way in, and how to answer it. */
interface IncomingUpload {
  readonly by: "mesh" | "ebxml";
  readonly messageId: string;
  readonly content: Uint8Array;
  readonly sender: LocalAuthority;
  readonly route: AuthorityRoute;
  readonly mail: Omit<AuthorityMail, "kind" | "content">;
}

/** "Bad CP-IS file", of the error codes that MESH has for its reports. */
const badFileStatus = "15";
const maximumAuthorities = 1000;
const piecesAtOnce = 1000;

function codeKey(odsCode: string | undefined): string {
  return odsCode?.trim().toUpperCase() ?? "";
}

/** The local authorities that the simulator has heard of, by ODS code. */
function createAuthorities() {
  const heardOf = createRecentMap<LocalAuthority>(maximumAuthorities);
  const learn = (authority: LocalAuthority): void => {
    if (authority.code !== undefined) heardOf.set(codeKey(authority.code), authority);
  };
  for (const authority of [exampleCounty, exampleBorough, exampleSite]) learn(authority);
  return {
    learn,
    find: (odsCode: string) => heardOf.get(codeKey(odsCode)),
    list: () => heardOf.list(),
  };
}

/** A response may have a hundred thousand records: between some of them the simulator does other things. */
async function encodeResponse(response: UploadResponse): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (const piece of encodeUploadResponsePieces(response)) {
    pieces.push(Buffer.from(piece, "utf8"));
    if (pieces.length % piecesAtOnce === 0) await nextTurn();
  }
  return Buffer.concat(pieces);
}

export function createAuthoritySide(parts: AuthoritySideParts): AuthoritySide {
  const { mesh, effects, pds } = parts;
  const authorities = createAuthorities();
  const post = createAuthorityPost(parts);
  const notices = createAuthorityNotices({ ...parts, post, findAuthority: (odsCode) => authorities.find(odsCode) });
  const loader = createUploadLoader({ ...parts, isClientSupported: () => side.isClientSupported });

  const takeUpload = async (upload: IncomingUpload): Promise<void> => {
    const { by, messageId, sender } = upload;
    const received = await readUpload(upload.content, effects.now());
    if (received.kind === "read") authorities.learn(received.header.localAuthority);
    const loaded = loader.load(received, sender);
    const { fileCode, fileId, records, accepted, refused, faults, response } = loaded;
    if (received.kind === "unreadable" && by === "mesh" && side.unreadableFiles === "report") {
      mesh?.report(messageId, { statusCode: badFileStatus, description: `CP-IS file is bad: ${faults.join(", ")}` });
    } else {
      const content = await encodeResponse(response);
      post.send(upload.route, { kind: "response", content, ...upload.mail });
    }
    const localAuthority = response.localAuthority?.code ?? "";
    const counts = { records, accepted, refused };
    const event = { by, messageId, localAuthority, fileCode, ...counts, faults };
    parts.tell("upload", fileId === undefined ? event : { ...event, fileId });
  };

  /** The owner of a mailbox, as far as it is known. */
  const ownerOf = (mailbox: string, office: SimulatedMesh): LocalAuthority => {
    const owner = authorities.list().find(({ code = "" }) => office.findMailbox(code)?.mailbox === mailbox);
    return owner ?? { code: mailbox, codeType: "organisation", name: mailbox };
  };

  const takeFile = async ({ messageType, messageId, from, content, localId }: SimulatedMeshMessage): Promise<void> => {
    if (mesh === undefined || from === undefined || messageType === "REPORT") return;
    await takeUpload({
      by: "mesh",
      messageId,
      content,
      sender: ownerOf(from, mesh),
      route: { kind: "mesh", mailbox: from },
      mail: localId === undefined ? {} : { localId },
    });
  };

  /** A small file must not overtake a large one. */
  let lastUpload: Promise<void> = Promise.resolve();
  const takeInOrder = (upload: IncomingUpload): void => {
    lastUpload = lastUpload.then(() => takeUpload(upload)).catch((cause: unknown) => parts.failed(cause));
  };

  const side: AuthoritySide = {
    isClientSupported: true,
    unreadableFiles: parts.unreadableFiles,
    keeper: { take: takeFile },
    takeMessage: ({ header, payload }, { partyKey, odsCode }, pattern) => {
      if (header.service !== uploadService || header.action !== uploadAction || payload === undefined) return;
      const code = odsCode ?? partyKey;
      const answerPattern = pattern === "forwardReliable" ? pattern : "reliable";
      takeInOrder({
        by: "ebxml",
        messageId: header.messageId,
        content: payload,
        sender: authorities.find(code) ?? { code, codeType: "organisation", name: code },
        route: { kind: "ebxml", partyKey, pattern: answerPattern },
        mail: { refToMessageId: header.messageId, conversationId: header.conversationId },
      });
    },
    accessed: (nhsNumber, access) => notices.accessed(nhsNumber, access),
    sendAccesses: (odsCode) => notices.sendAccesses(odsCode),
    inactivate: (nhsNumber, replacedBy) => {
      pds.inactivate(nhsNumber, replacedBy);
      return notices.sendInactive(nhsNumber, replacedBy);
    },
    reset: () => {
      notices.clear();
      loader.reset();
      side.isClientSupported = true;
      side.unreadableFiles = parts.unreadableFiles;
    },
    close: () => notices.clear(),
  };
  return side;
}

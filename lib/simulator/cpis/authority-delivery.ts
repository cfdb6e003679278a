// How the simulated CP-IS reaches a local authority: by its MESH mailbox, or by ebXML.
import type { SimulatedMesh } from "../mesh/mesh-model.js";
import type { SimulatedParty, SimulatorEffects, ReliableMessage, ReliableOutcome } from "../model.js";
import { queryService, uploadService } from "../spine-identity.js";
import { CpisError } from "../../errors.js";
import { known } from "../../hl7v3/data-types.js";

/** By what a local authority is reached. */
export type AuthorityRoute =
  | { readonly kind: "mesh"; readonly mailbox: string }
  | {
      readonly kind: "ebxml";
      readonly partyKey: string;
      readonly pattern: NonNullable<ReliableMessage["pattern"]>;
    };

export type AuthorityMailKind = "response" | "accessNotification" | "inactiveNotification";

/** Something for a local authority. */
export interface AuthorityMail {
  readonly kind: AuthorityMailKind;
  readonly content: Buffer;
  /** Over MESH: the LocalID of the upload it answers. */
  readonly localId?: string;
  /** Over ebXML: of the upload it answers. */
  readonly refToMessageId?: string;
  readonly conversationId?: string;
}

export interface AuthorityPost {
  /** The mailbox of the organisation, else the party that is registered for it; undefined when there is neither. */
  routeTo(odsCode: string | undefined): AuthorityRoute | undefined;
  /** Gives the message id. */
  send(route: AuthorityRoute, mail: AuthorityMail): string;
}

export interface AuthorityPostParts {
  readonly mesh: SimulatedMesh | undefined;
  readonly parties: ReadonlyMap<string, SimulatedParty>;
  readonly effects: SimulatorEffects;
  sendReliable(message: ReliableMessage): Promise<ReliableOutcome>;
  failed(cause: unknown): void;
}

const ebxmlNames: Readonly<Record<AuthorityMailKind, { readonly service: string; readonly action: string }>> = {
  response: { service: uploadService, action: "REPC_IN000003GB01" },
  accessNotification: { service: queryService, action: "REPC_IN000004GB01" },
  inactiveNotification: { service: queryService, action: "REPC_IN000005GB01" },
};

function comparableCode(odsCode: string): string {
  return odsCode.trim().toUpperCase();
}

function sendByMesh(mesh: SimulatedMesh, mailbox: string, { kind, content, localId }: AuthorityMail): string {
  const workflowId = mesh.workflowIds[kind];
  const delivery = { from: mesh.cpisMailbox, to: mailbox, workflowId, content };
  return mesh.deliver(localId === undefined ? delivery : { ...delivery, localId });
}

export function createAuthorityPost(parts: AuthorityPostParts): AuthorityPost {
  const { mesh, parties, effects } = parts;

  const sendByEbxml = (route: Extract<AuthorityRoute, { kind: "ebxml" }>, mail: AuthorityMail): string => {
    const { refToMessageId, conversationId, content: payload } = mail;
    const messageId = effects.newUuid();
    const { partyKey, pattern } = route;
    const names = ebxmlNames[mail.kind];
    const message = { partyKey, pattern, ...names, payload, messageId, refToMessageId, conversationId };
    parts.sendReliable(known<ReliableMessage>(message)).then(
      (outcome) => {
        if (outcome.kind === "acknowledged" || outcome.reason === "closed") return;
        parts.failed(new CpisError("CPIS_NOT_SENT", { detail: `a message of the simulator, ${outcome.reason}` }));
      },
      (cause: unknown) => parts.failed(cause),
    );
    return messageId;
  };

  return {
    routeTo: (odsCode) => {
      if (odsCode === undefined) return undefined;
      const code = comparableCode(odsCode);
      const mailbox = mesh?.findMailbox(code)?.mailbox;
      if (mailbox !== undefined) return { kind: "mesh", mailbox };
      const party = [...parties.values()].find((one) => comparableCode(one.odsCode ?? "") === code);
      return party === undefined ? undefined : { kind: "ebxml", partyKey: party.partyKey, pattern: "reliable" };
    },
    send: (route, mail) => {
      if (route.kind === "ebxml") return sendByEbxml(route, mail);
      if (mesh === undefined) throw new CpisError("CONFIG_INVALID", { detail: "the simulator runs without MESH" });
      return sendByMesh(mesh, route.mailbox, mail);
    },
  };
}

// What a call of the MESH API is to the parts that carry it out.
import type { IncomingHttpHeaders } from "node:http";
import type { MeshAnswer, MeshProblem, MeshVersion } from "./mesh-answers.js";
import type { MeshBehaviours } from "./mesh-behaviours.js";
import type { MailboxDirectory } from "./mesh-directory.js";
import type { MeshFault } from "./mesh-faults.js";
import type { StoredMessage } from "./mesh-message-model.js";
import type { MeshMessages } from "./mesh-messages.js";
import { refusalAnswer } from "./mesh-answers.js";

export type BodyReading =
  { readonly kind: "body"; readonly body: Buffer } | { readonly kind: "refused"; readonly problem: MeshProblem };

export interface MeshCall {
  readonly version: MeshVersion;
  /** Who asks, proved by the authorization. */
  readonly mailbox: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
  /** The variable parts of the path, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly faults: readonly MeshFault[];
  readBody(): Promise<BodyReading>;
}

/** What calls act on. */
export interface MeshOffice {
  readonly directory: MailboxDirectory;
  readonly messages: MeshMessages;
  readonly behaviours: MeshBehaviours;
  /** Of one file before compression. */
  readonly maximumPlainBytes: number;
  /** A message is complete: whoever watches is told. */
  arrived(message: StoredMessage): void;
  report(message: StoredMessage, report: { readonly statusCode?: string; readonly description?: string }): string;
}

export type MeshCarrier = (call: MeshCall, office: MeshOffice) => MeshAnswer | Promise<MeshAnswer>;

export function refuse(call: MeshCall, problem: MeshProblem): MeshAnswer {
  return refusalAnswer(call.version, problem);
}

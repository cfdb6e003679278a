// The commands about local authorities: what CP-IS tells them, how it refuses their files, what befalls MESH.
import type { AuthoritySide, UnreadableFileAnswer } from "./authority-service.js";
import { readArray, readBoolean, readChoice, readOptionalText, type JsonObject } from "../json-fields.js";
import { readMeshFaultInjection } from "../mesh/mesh-fault-fields.js";
import type { MeshFaultInjection } from "../mesh/mesh-faults.js";
import { readNumberOfPatient } from "./record-fields.js";
import type { SimulatedPds } from "./simulated-pds.js";

export type AuthorityCommand =
  /** The NHS number belongs to nobody any more: each local authority that has plans under it is told. */
  | { readonly command: "inactivate"; readonly nhsNumber: string; readonly replacedBy: readonly string[] }
  /** Tells of the accesses that wait, now. `localAuthority`: an ODS code; only this one, and also when there are none. */
  | { readonly command: "notify-accesses"; readonly localAuthority?: string }
  /** While PDS is out, uploads are answered with CPF05. */
  | { readonly command: "pds"; readonly outage: boolean }
  /** While it is false, uploads are answered with CPF06. */
  | { readonly command: "client-version"; readonly supported: boolean }
  /** How files that cannot be read are refused over MESH. */
  | { readonly command: "unreadable-files"; readonly answer: UnreadableFileAnswer }
  | { readonly command: "injectMeshFault"; readonly injection: MeshFaultInjection };

export const authorityCommandNames: readonly AuthorityCommand["command"][] = [
  "inactivate",
  "notify-accesses",
  "pds",
  "client-version",
  "unreadable-files",
  "injectMeshFault",
];
const unreadableFileAnswers: readonly UnreadableFileAnswer[] = ["report", "response"];
const maximumReplacements = 10;

/** Absent, one number or several. */
function readReplacements(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const texts = Array.isArray(value) ? readArray(value, "replacedBy", maximumReplacements) : [value];
  return texts.map((text) => readNumberOfPatient(text, "replacedBy"));
}

/** Throws CONFIG_INVALID. */
export function parseAuthorityCommand(command: AuthorityCommand["command"], fields: JsonObject): AuthorityCommand {
  switch (command) {
    case "inactivate": {
      const nhsNumber = readNumberOfPatient(fields["nhsNumber"], "nhsNumber");
      return { command, nhsNumber, replacedBy: readReplacements(fields["replacedBy"]) };
    }
    case "notify-accesses": {
      const localAuthority = readOptionalText(fields["localAuthority"], "localAuthority");
      return localAuthority === undefined ? { command } : { command, localAuthority };
    }
    case "pds":
      return { command, outage: readBoolean(fields["outage"], "outage") };
    case "client-version":
      return { command, supported: readBoolean(fields["supported"], "supported") };
    case "unreadable-files":
      return { command, answer: readChoice(fields["answer"], "answer", unreadableFileAnswers) };
    case "injectMeshFault":
      return { command, injection: readMeshFaultInjection(fields) };
  }
}

/** What these commands act on. */
export interface AuthorityCommandTarget {
  readonly authorities: Pick<
    AuthoritySide,
    "inactivate" | "sendAccesses" | "isClientSupported" | "unreadableFiles" | "reset"
  >;
  readonly pds: Pick<SimulatedPds, "isOut" | "reset">;
  /** Throws CONFIG_INVALID when there is no MESH. */
  injectMeshFault(injection: MeshFaultInjection): void;
}

/** `notifications`: how many were sent. Throws CONFIG_INVALID when something cannot be reached. */
export function carryOutForAuthorities(
  command: AuthorityCommand,
  target: AuthorityCommandTarget,
): { readonly notifications?: number } {
  const { authorities, pds } = target;
  switch (command.command) {
    case "inactivate":
      return { notifications: authorities.inactivate(command.nhsNumber, command.replacedBy) };
    case "notify-accesses":
      return { notifications: authorities.sendAccesses(command.localAuthority) };
    case "pds":
      pds.isOut = command.outage;
      return {};
    case "client-version":
      authorities.isClientSupported = command.supported;
      return {};
    case "unreadable-files":
      authorities.unreadableFiles = command.answer;
      return {};
    case "injectMeshFault":
      target.injectMeshFault(command.injection);
      return {};
  }
}

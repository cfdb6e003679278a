// The commands a flow gives the simulator as JSON: checked field by field, then carried out.
import type { AuthoritySide, UnreadableFileAnswer } from "./authority-side.js";
import { readFaultInjection } from "./fault-fields.js";
import type { FaultInjection } from "./faults.js";
import { invalid, readArray, readBoolean, readChoice, readObject, readOptionalText, readText } from "./json-fields.js";
import { readNumberOfPatient, readRecord } from "./record-fields.js";
import type { CpisRegister, RegisterRecord } from "./register.js";
import type { SimulatedPds } from "./simulated-pds.js";

export type SimulatorCommand =
  | { readonly command: "addRecord"; readonly record: RegisterRecord }
  | { readonly command: "removeRecord"; readonly nhsNumber: string }
  | { readonly command: "injectFault"; readonly injection: FaultInjection }
  | { readonly command: "clearFaults" }
  /** The register as at the start, no faults, no answers kept back. */
  | { readonly command: "reset" }
  | { readonly command: "holdAnswers" }
  | { readonly command: "releaseAnswers"; readonly order: "in-order" | "reverse" }
  /** The NHS number belongs to nobody any more: each local authority that has plans under it is told. */
  | { readonly command: "inactivate"; readonly nhsNumber: string; readonly replacedBy: readonly string[] }
  /** Tells of the accesses that wait, now. `localAuthority`: an ODS code; only this one, and also when there are none. */
  | { readonly command: "notify-accesses"; readonly localAuthority?: string }
  /** While PDS is out, uploads are answered with CPF05. */
  | { readonly command: "pds"; readonly outage: boolean }
  /** While it is false, uploads are answered with CPF06. */
  | { readonly command: "client-version"; readonly supported: boolean }
  /** How files that cannot be read are refused over MESH. */
  | { readonly command: "unreadable-files"; readonly answer: UnreadableFileAnswer };

export interface CommandOutcome {
  readonly command: SimulatorCommand["command"];
  /** Records in the register afterwards. */
  readonly records: number;
  /** removeRecord only: whether there was one. */
  readonly wasPresent?: boolean;
  /** releaseAnswers only: how many answers were kept back. */
  readonly released?: number;
  /** inactivate and notify-accesses only: how many notifications were sent. */
  readonly notifications?: number;
}

const commandNames: readonly SimulatorCommand["command"][] = [
  "addRecord",
  "removeRecord",
  "injectFault",
  "clearFaults",
  "reset",
  "holdAnswers",
  "releaseAnswers",
  "inactivate",
  "notify-accesses",
  "pds",
  "client-version",
  "unreadable-files",
];
const unreadableFileAnswers: readonly UnreadableFileAnswer[] = ["report", "response"];
const maximumReplacements = 10;

function readOrder(value: unknown): "in-order" | "reverse" {
  if (value === undefined || value === "in-order") return "in-order";
  if (value === "reverse") return "reverse";
  throw invalid("order", 'must be "in-order" or "reverse"');
}

/** Absent, one number or several. */
function readReplacements(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const texts = Array.isArray(value) ? readArray(value, "replacedBy", maximumReplacements) : [value];
  return texts.map((text) => readNumberOfPatient(text, "replacedBy"));
}

/** Reads `{command, ...}`. `now`, in milliseconds, is the default time of things. Throws CONFIG_INVALID. */
export function parseCommand(value: unknown, now: number): SimulatorCommand {
  const fields = readObject(value, "the command");
  const command = commandNames.find((name) => name === fields["command"]);
  switch (command) {
    case "addRecord":
      return { command, record: readRecord(fields["record"], now) };
    case "removeRecord":
      return { command, nhsNumber: readText(fields["nhsNumber"], "nhsNumber").replace(/\s/g, "") };
    case "injectFault":
      return { command, injection: readFaultInjection(fields) };
    case "releaseAnswers":
      return { command, order: readOrder(fields["order"]) };
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
    case "clearFaults":
    case "reset":
    case "holdAnswers":
      return { command };
    case undefined:
      throw invalid("command", `must be one of ${commandNames.join(", ")}`);
  }
}

/** What commands act on. */
export interface CommandTarget {
  readonly register: CpisRegister;
  inject(injection: FaultInjection): void;
  clearFaults(): void;
  holdAnswers(): void;
  releaseAnswers(order: "in-order" | "reverse"): number;
  dropHeldAnswers(): void;
  readonly authorities: Pick<
    AuthoritySide,
    "inactivate" | "sendAccesses" | "isClientSupported" | "unreadableFiles" | "reset"
  >;
  readonly pds: Pick<SimulatedPds, "isOut" | "reset">;
}

/** Throws CONFIG_INVALID when the register refuses a record, or a local authority cannot be reached. */
export function carryOut(command: SimulatorCommand, target: CommandTarget): CommandOutcome {
  const outcome = (more: Omit<CommandOutcome, "command" | "records"> = {}): CommandOutcome => ({
    command: command.command,
    records: target.register.size,
    ...more,
  });
  switch (command.command) {
    case "addRecord":
      target.register.add(command.record);
      return outcome();
    case "removeRecord": {
      const wasPresent = target.register.remove(command.nhsNumber);
      return outcome({ wasPresent });
    }
    case "injectFault":
      target.inject(command.injection);
      return outcome();
    case "clearFaults":
      target.clearFaults();
      return outcome();
    case "holdAnswers":
      target.holdAnswers();
      return outcome();
    case "releaseAnswers":
      return outcome({ released: target.releaseAnswers(command.order) });
    case "inactivate": {
      const notifications = target.authorities.inactivate(command.nhsNumber, command.replacedBy);
      return outcome({ notifications });
    }
    case "notify-accesses":
      return outcome({ notifications: target.authorities.sendAccesses(command.localAuthority) });
    case "pds":
      target.pds.isOut = command.outage;
      return outcome();
    case "client-version":
      target.authorities.isClientSupported = command.supported;
      return outcome();
    case "unreadable-files":
      target.authorities.unreadableFiles = command.answer;
      return outcome();
    case "reset":
      target.pds.reset();
      target.authorities.reset();
      target.register.reset();
      target.clearFaults();
      target.dropHeldAnswers();
      return outcome();
  }
}

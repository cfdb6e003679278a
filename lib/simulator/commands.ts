// The commands a flow gives the simulator as JSON: checked field by field, then carried out.
import {
  authorityCommandNames,
  carryOutForAuthorities,
  parseAuthorityCommand,
  type AuthorityCommand,
  type AuthorityCommandTarget,
} from "./cpis/authority-commands.js";
import { readFaultInjection } from "./spine/fault-fields.js";
import type { FaultInjection } from "./spine/faults.js";
import { invalid, readObject, readText } from "./json-fields.js";
import { readRecord } from "./cpis/record-fields.js";
import type { CpisRegister, RegisterRecord } from "./cpis/register.js";

/** About the register, and about queries and their answers. */
export type QueryCommand =
  | { readonly command: "addRecord"; readonly record: RegisterRecord }
  | { readonly command: "removeRecord"; readonly nhsNumber: string }
  | { readonly command: "injectFault"; readonly injection: FaultInjection }
  | { readonly command: "clearFaults" }
  /** The register as at the start, no faults, no answers kept back. */
  | { readonly command: "reset" }
  | { readonly command: "holdAnswers" }
  | { readonly command: "releaseAnswers"; readonly order: "in-order" | "reverse" };

export type SimulatorCommand = QueryCommand | AuthorityCommand;

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

const queryCommandNames: readonly QueryCommand["command"][] = [
  "addRecord",
  "removeRecord",
  "injectFault",
  "clearFaults",
  "reset",
  "holdAnswers",
  "releaseAnswers",
];

function readOrder(value: unknown): "in-order" | "reverse" {
  if (value === undefined || value === "in-order") return "in-order";
  if (value === "reverse") return "reverse";
  throw invalid("order", 'must be "in-order" or "reverse"');
}

/** Reads `{command, ...}`. `now`, in milliseconds, is the default time of things. Throws CONFIG_INVALID. */
export function parseCommand(value: unknown, now: number): SimulatorCommand {
  const fields = readObject(value, "the command");
  const authorityCommand = authorityCommandNames.find((name) => name === fields["command"]);
  if (authorityCommand !== undefined) return parseAuthorityCommand(authorityCommand, fields);
  const command = queryCommandNames.find((name) => name === fields["command"]);
  switch (command) {
    case "addRecord":
      return { command, record: readRecord(fields["record"], now) };
    case "removeRecord":
      return { command, nhsNumber: readText(fields["nhsNumber"], "nhsNumber").replace(/\s/g, "") };
    case "injectFault":
      return { command, injection: readFaultInjection(fields) };
    case "releaseAnswers":
      return { command, order: readOrder(fields["order"]) };
    case "clearFaults":
    case "reset":
    case "holdAnswers":
      return { command };
    case undefined:
      throw invalid("command", `must be one of ${[...queryCommandNames, ...authorityCommandNames].join(", ")}`);
  }
}

/** What commands act on. */
export interface CommandTarget extends AuthorityCommandTarget {
  readonly register: CpisRegister;
  inject(injection: FaultInjection): void;
  clearFaults(): void;
  holdAnswers(): void;
  releaseAnswers(order: "in-order" | "reverse"): number;
  dropHeldAnswers(): void;
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
    case "reset":
      target.pds.reset();
      target.authorities.reset();
      target.register.reset();
      target.clearFaults();
      target.dropHeldAnswers();
      return outcome();
    default:
      return outcome(carryOutForAuthorities(command, target));
  }
}

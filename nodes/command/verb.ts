// What a verb of the command is, and how it is called wrongly.
import type { ParseArgsOptionsConfig } from "node:util";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandSurroundings {
  readonly environment: Environment;
  /** What was asked for. Resolves when there is room for more. */
  print(text: string): unknown;
  /** What went wrong, or what a person should know. */
  tell(text: string): unknown;
}

/** 0: all is well. 1: what was looked at is not well, or it failed. 2: the command was called wrongly. */
export type ExitCode = 0 | 1 | 2;

export interface VerbResult {
  readonly exitCode: ExitCode;
  /** For people. */
  readonly text: string;
  /** For programs, with --json. */
  readonly json: Readonly<Record<string, unknown>>;
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** One file for each verb; its entry in the table of verbs is all that else is needed. */
export interface Verb {
  /** As it is written: one or two words. */
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  /** After the name, as "--folder <folder> [--head <number>:<hash>]". */
  readonly usage: string;
  /** In plain words: what it does, and what must be stopped. */
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  /** Throws UsageError or CpisError. Undefined: it has printed all there is, as it went. */
  run(values: OptionValues, surroundings: CommandSurroundings): Promise<VerbResult | undefined>;
}

/** The command was called in a way that it does not know. Its text repeats nothing that could be a secret. */
export class UsageError extends Error {}

export function refuse(text: string): never {
  throw new UsageError(text);
}

export function textOption(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

export function requiredOption(values: OptionValues, name: string): string {
  return textOption(values, name) ?? refuse(`--${name} is missing.`);
}

/** A whole number from 1. */
export function numberOption(values: OptionValues, name: string): number | undefined {
  const text = textOption(values, name);
  if (text === undefined) return undefined;
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : refuse(`--${name} is a whole number from 1.`);
}

// The command `cp-is`: finds the verb, reads its options, carries it out, and says how it went.
import { parseArgs } from "node:util";
import { errorClass, isCpisError } from "../../lib/errors.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { verbs } from "./verbs.js";
import { refuse, UsageError, type CommandSurroundings, type ExitCode, type OptionValues, type Verb } from "./verb.js";

export type { CommandSurroundings, ExitCode } from "./verb.js";

const environmentHelp = `CP_IS_STORE_KEY      the store's key, where none is in the file <folder>.key
CP_IS_DATABASE_URL   with --postgres: postgres://user:password@host:port/database`;

const codesHelp = "Exit codes: 0 all is well, 1 something is not well or failed, 2 the command was called wrongly.";

function generalHelp(): string {
  const width = Math.max(...verbs.map(({ name }) => name.length));
  const lines = verbs.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: cp-is <verb> [options]

${lines.join("\n")}

cp-is <verb> --help tells more of one. With --json the result is one line of JSON.
${codesHelp}
`;
}

function helpOf({ name, usage, help }: Verb): string {
  return `Usage: cp-is ${name} ${usage} [--json]

${help}

${environmentHelp}
${codesHelp}
`;
}

/** The longest name that the words begin with. */
function findVerb(words: readonly string[]): Verb | undefined {
  return verbs.find(({ name }) => name.split(" ").every((word, index) => words[index] === word));
}

function readOptions(verb: Verb, words: readonly string[]): OptionValues {
  try {
    const options = { ...verb.options, json: { type: "boolean" }, help: { type: "boolean" } } as const;
    const { values } = parseArgs({ args: [...words], options, allowPositionals: false });
    return Object.fromEntries(
      Object.entries(values).filter(([, value]) => typeof value === "string" || typeof value === "boolean"),
    );
  } catch (error) {
    return refuse(`The options cannot be read (${errorClass(error)}).`);
  }
}

/** What to do, where the table of errors speaks to who runs the nodes. */
const advices: Readonly<Record<string, string>> = {
  STORE_LOCKED: "Stop the Node-RED that has it open, or copy the folder and its key file and work on the copy.",
};

async function carryOut(verb: Verb, words: readonly string[], surroundings: CommandSurroundings): Promise<ExitCode> {
  const values = readOptions(verb, words);
  if (values["help"] === true) {
    await surroundings.print(helpOf(verb));
    return 0;
  }
  const result = await verb.run(values, surroundings);
  if (result === undefined) return 0;
  await surroundings.print(values["json"] === true ? `${JSON.stringify(result.json)}\n` : result.text);
  return result.exitCode;
}

/** Resolves with the exit code. */
export async function runCommand(words: readonly string[], surroundings: CommandSurroundings): Promise<ExitCode> {
  const verb = findVerb(words);
  if (verb === undefined) {
    const isHelp = words.length === 1 && ["--help", "help"].includes(words[0] ?? "");
    await (isHelp
      ? surroundings.print(generalHelp())
      : surroundings.tell(`There is no such verb.\n\n${generalHelp()}`));
    return isHelp ? 0 : 2;
  }
  const rest = words.slice(verb.name.split(" ").length);
  try {
    return await carryOut(verb, rest, surroundings);
  } catch (error) {
    if (error instanceof UsageError) {
      await surroundings.tell(`${error.message}\n\n${helpOf(verb)}`);
      return 2;
    }
    const { code, message, advice } = isCpisError(error) ? error : toCpisError(error);
    if (rest.includes("--json")) await surroundings.print(`${JSON.stringify({ error: code, message })}\n`);
    await surroundings.tell(`${code}: ${message}\n${advices[code] ?? advice}\n`);
    return 1;
  }
}

/** Runs it as this process: with its words, its environment, and an end when who reads its output has gone. */
export function runAsProcess(words: readonly string[]): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  const print = (text: string): Promise<void> => new Promise((resolve) => process.stdout.write(text, () => resolve()));
  void runCommand(words, {
    environment: process.env,
    print,
    tell: (text) => process.stderr.write(text),
  }).then((exitCode) => {
    process.exitCode = exitCode;
  });
}

// The help of each node tells what an operator needs, and agrees with the error table and the code.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { readUploadRecord } from "../../lib/cpis/upload/rows/upload-row.js";
import { describeFileResult, describeRecordResult } from "../../lib/cpis/upload/upload-result-words.js";
import { parseKeyRing } from "../../lib/crypto/key-ring.js";
import { errorTable, type ErrorCode } from "../../lib/errors.js";
import { parseCommand } from "../../lib/simulator/commands.js";
import { defaultRetentionDays } from "../../nodes/adapter/stores/store-settings.js";
import { queryErrorCodes } from "../../nodes/cp-is-query/query-failure.js";
import { nodeNames, readEditorFiles, root } from "../support/nodes/editor-files.js";

const transportCodes: readonly ErrorCode[] = [
  "CONFIG_MISSING",
  "CONFIG_INVALID",
  "CONFIG_CONTRACT",
  "CONFIG_PORT_IN_USE",
  "CONFIG_LISTEN",
  "CONFIG_CLOSED",
  "CPIS_INTERNAL",
];
/** All but the one that only a fault of this package could raise: ids are fresh. */
const storeCodes = Object.keys(errorTable).filter(
  (code): code is ErrorCode => code.startsWith("STORE_") && code !== "STORE_MESSAGE_ID_TAKEN",
);
const directoryCodes = Object.keys(errorTable).filter((code): code is ErrorCode => code.startsWith("SDS_"));
const tlsCodes = Object.keys(errorTable).filter((code): code is ErrorCode => code.startsWith("TLS_"));
const meshCodes = Object.keys(errorTable).filter((code): code is ErrorCode => code.startsWith("MESH_"));
const uploadCodes = Object.keys(errorTable).filter((code): code is ErrorCode => code.startsWith("CPIS_UPLOAD_"));
const codesOf: Readonly<Record<(typeof nodeNames)[number], readonly ErrorCode[]>> = {
  "cp-is-query": [...queryErrorCodes, ...transportCodes, ...directoryCodes, ...storeCodes],
  "ebxml-transport": [...transportCodes, "CONFIG_CLOCK", ...directoryCodes, ...tlsCodes, ...storeCodes],
  "mesh-transport": [
    "CONFIG_MISSING",
    "CONFIG_INVALID",
    "CONFIG_CLOCK",
    "CONFIG_CLOSED",
    ...tlsCodes,
    "CPIS_INTERNAL",
    ...meshCodes,
    ...storeCodes,
  ],
  "cp-is-upload": [
    ...uploadCodes,
    "CONFIG_MISSING",
    "CONFIG_INVALID",
    "CONFIG_CLOSED",
    "CPIS_INTERNAL",
    "CPIS_MESSAGE_INVALID",
    "EBXML_TOO_LARGE",
    ...storeCodes,
  ],
  "cp-is-notification": [
    "CONFIG_MISSING",
    "CONFIG_INVALID",
    "CONFIG_CLOSED",
    "CPIS_INTERNAL",
    "CPIS_MESSAGE_INVALID",
    ...storeCodes,
  ],
  "cp-is-confirm": ["CPIS_NOTHING_TO_CONFIRM", "CPIS_INTERNAL", ...storeCodes],
  "cp-is-alert": ["CONFIG_INVALID", "CPIS_INTERNAL"],
  "message-store": ["CONFIG_MISSING", "CONFIG_INVALID", ...storeCodes],
  "spine-simulator": ["CONFIG_INVALID", "CONFIG_PORT_IN_USE", "CONFIG_LISTEN", "CONFIG_CLOSED", "CPIS_INTERNAL"],
};

function helpFile(name: string): string {
  return path.join(root, "nodes", name, "locales", "en-US", `${name}.html`);
}

/** The help with its one list of error codes as it should be. */
function withErrorCodes(help: string, codes: readonly ErrorCode[]): string {
  const lists = [...help.matchAll(/(?:^- `[A-Z]+_[A-Z_]+` .*\n)+/gm)];
  assert.equal(lists.length, 1);
  const lines = codes.map((code) => `- \`${code}\` ${errorTable[code].message}. ${errorTable[code].advice}\n`);
  return help.replace(lists[0]![0], () => lines.join(""));
}

function jsonBlocks(help: string): unknown[] {
  return [...help.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => JSON.parse(match[1]!) as unknown);
}

function hasProperty(name: string, value: unknown) {
  return (block: unknown): boolean => typeof block === "object" && block !== null && Reflect.get(block, name) === value;
}

describe("the help", () => {
  for (const name of nodeNames) {
    const help = fs.readFileSync(helpFile(name), "utf8");

    it(`of ${name} lists each code with the meaning and advice of the error table, and no other code`, () => {
      const expected = withErrorCodes(help, codesOf[name]);
      if (process.env["UPDATE_HELP"] === "1") fs.writeFileSync(helpFile(name), expected);
      else assert.ok(help === expected, "run once: UPDATE_HELP=1 npx mocha --require tsx/cjs test/nodes/help.test.ts");
    });

    it(`of ${name} begins with a tooltip and has the sections of every help`, () => {
      const [, tooltip = ""] = /<script[^>]*>\n([\s\S]*?)\n\n/.exec(help) ?? [];
      assert.ok(tooltip.split("\n").length <= 3);
      const headings = [
        "### Details",
        "#### What is stored",
        "#### Error codes",
        "#### What is not confirmed",
        "### References",
      ];
      for (const heading of [...headings, "#### Two levels of acknowledgement"])
        assert.ok(help.includes(heading), heading);
      assert.match(help, /> \[!WARNING\]\n> Clinical safety: /);
      assert.doesNotMatch(help, /\*\*/);
    });
  }

  it("of the message store gives a command that makes a key the store takes, a new one each time", () => {
    const [, script = ""] = /\nnode -e "([^"]+)"\n/.exec(readEditorFiles("message-store").help) ?? [];
    const make = (): string => execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
    const [first, second] = [parseKeyRing(make()), parseKeyRing(make())];
    assert.equal(first.keys.length, 1);
    assert.ok(!first.hashSecret.equals(second.hashSecret));
  });

  it("of the message store names the days that are kept when nothing is chosen", () => {
    const { help } = readEditorFiles("message-store");
    const { completed, failed, expired, confirmed, rejected } = defaultRetentionDays;
    assert.deepEqual([failed, completed], [expired, confirmed]);
    assert.match(help, new RegExp(`completed, ${completed} days. Failed and expired, ${failed} days`));
    assert.match(help, new RegExp(`confirmed, ${confirmed} days. Rejected, ${rejected} days`));
  });

  it("of the query shows an example of each payload", () => {
    const blocks = jsonBlocks(readEditorFiles("cp-is-query").help);
    assert.ok(blocks.some(hasProperty("outcome", "found")));
    assert.ok(blocks.some(hasProperty("outcome", "not-found")));
    assert.ok(blocks.some(hasProperty("userId", "100000000001")));
  });

  it("of the upload shows records that pass, and every code of CP-IS with its meaning and advice", () => {
    const { help } = readEditorFiles("cp-is-upload");
    const records = jsonBlocks(help).filter(
      (block) => typeof block === "object" && block !== null && ("givenName" in block || "plans" in block),
    );
    assert.deepEqual(
      records.map((record) => readUploadRecord(record, {}).kind),
      ["record", "record"],
    );
    const rows = [...help.matchAll(/^- `(CP[RF]\d\d)` - (.*)$/gm)].map(([, code = "", text = ""]) => ({ code, text }));
    assert.equal(rows.length, 13);
    for (const { code, text } of rows) {
      const { meaning, advice } = code.startsWith("CPR") ? describeRecordResult(code) : describeFileResult(code);
      assert.equal(text, `${meaning} ${advice}`);
    }
  });

  it("of the simulator shows commands that the simulator takes", () => {
    const commands = jsonBlocks(readEditorFiles("spine-simulator").help).filter(
      (block) => typeof block === "object" && block !== null && "command" in block,
    );
    assert.deepEqual(
      commands.map((command) => parseCommand(command, 0).command),
      ["addRecord", "removeRecord", "injectFault", "inactivate", "notify-accesses", "pds"],
    );
  });
});

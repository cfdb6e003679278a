// What the dialogs of query, confirm, alert, store and simulator mark, in both lines of Node-RED.
import assert from "node:assert/strict";
import { editorNode, readDefinition } from "../support/nodes/editor-files.js";
import { marksOf, nodeRedLines } from "../support/nodes/node-red-validation.js";

interface Case {
  readonly name: string;
  readonly about: string;
  /** What makes it whole beside what it has at first. */
  readonly whole: Readonly<Record<string, string>>;
  /** By field: what it cannot work with. */
  readonly faulty: Readonly<Record<string, readonly string[]>>;
}

const noNumber = ["many", "-1", "1.5", "1e3", "१"];
const noPositive = [...noNumber, "0"];
const conditions = [
  ...["queueMinutes", "peerMinutes", "deadLetters", "certificateDays", "unconfirmedMinutes", "responseHours"],
  ...["upkeepMinutes", "storeMinutes", "nodeMinutes", "failedUploads", "uploadDays", "strandedMessages"],
  ...["refusedPeers", "droppedConnections", "contradictions", "clockSeconds"],
];
const asked = { transport: ["", "_ADD_"], nhsNumber: ["", "  "], timeout: ["", ...noPositive] };

const cases: readonly Case[] = [
  { name: "cp-is-query", about: "for a user", whole: { transport: "chosen" }, faulty: asked },
  { name: "cp-is-query", about: "by SMSP", whole: { transport: "chosen", accessMode: "smsp" }, faulty: asked },
  {
    name: "cp-is-query",
    about: "by a system",
    whole: {
      ...{ transport: "chosen", accessMode: "system" },
      ...{ responsiblePerson: "Dr Ann Example", roleCode: "R8000", roleName: "Clinical Practitioner Access Role" },
    },
    faulty: { ...asked, responsiblePerson: ["", " "], roleCode: ["", " ", "R 8000"], roleName: ["", " "] },
  },
  { name: "cp-is-confirm", about: "as it is", whole: {}, faulty: {} },
  {
    name: "cp-is-alert",
    about: "with each condition",
    whole: {},
    faulty: {
      ...Object.fromEntries(conditions.map((condition) => [condition, noPositive])),
      clearMinutes: ["", ...noNumber],
    },
  },
  {
    name: "message-store",
    about: "in a folder",
    whole: {},
    faulty: {
      maximumMegabytes: noNumber,
      nextFileNumber: noNumber,
      decisionCode: ["yes"],
      ...Object.fromEntries(
        ["keepCompleted", "keepFailed", "keepExpired", "keepConfirmed", "keepRejected", "keepUnclaimed"].map(
          (field) => [field, noPositive],
        ),
      ),
    },
  },
  {
    name: "message-store",
    about: "in PostgreSQL",
    whole: { kind: "PostgreSQL" },
    faulty: { schema: ["drop table", 'x";--', "1st"] },
  },
  {
    name: "spine-simulator",
    about: "on loopback",
    whole: {},
    faulty: {
      port: ["", "65536", ...noNumber],
      meshPort: ["65536", ...noNumber],
      host: ["", "0.0.0.0", "::", "example.org", "192.168.1.1"],
      answerDelay: ["", ...noNumber],
    },
  },
];

for (const { name, about, whole, faulty } of cases) {
  describe(`the dialog of ${name} ${about}`, () => {
    const { definition } = readDefinition(name);
    for (const line of nodeRedLines) {
      it(`has its red triangle in ${line} for each field that is empty and needed, or wrong, and for no other`, () => {
        const good = editorNode(name, whole);
        assert.deepEqual(marksOf(line, definition, good), []);
        for (const [field, values] of Object.entries(faulty)) {
          for (const value of values) {
            const marks = marksOf(line, definition, { ...good, [field]: value });
            assert.equal(marks.length, 1, `${field} "${value}": ${marks.join()}`);
          }
        }
      });
    }
  });
}

describe("the dialog of a message store in PostgreSQL", () => {
  const { definition } = readDefinition("message-store");
  const credentials: unknown = Reflect.get(definition, "credentials");
  for (const line of nodeRedLines) {
    for (const secret of ["databaseUrl", "encryptionKey"]) {
      it(`has its red triangle in ${line} without ${secret}, which a store in a folder does not need`, () => {
        assert.ok(typeof credentials === "object" && credentials !== null);
        const defaults = credentials as Readonly<Record<string, { readonly value: unknown }>>;
        const secrets = { databaseUrl: "__PWRD__", encryptionKey: "__PWRD__", [secret]: "" };
        const marks = (kind: string): readonly string[] =>
          marksOf(line, { ...definition, defaults }, editorNode("message-store", { kind, ...secrets }));
        assert.equal(marks("PostgreSQL").length, 1);
        assert.deepEqual(marks("embedded"), []);
      });
    }
  }
});

// Holds the check by an organisation's own schemas: what it says, what it never opens, and what it keeps to itself.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { zipSync } from "fflate";
import { CpisError, isCpisError } from "../../../lib/errors.js";
import { readSchemas } from "../../../lib/schema/read-schemas.js";
import { createSchemaWitness, type SchemaWitness } from "../../../lib/schema/schema-witness.js";
import { children, schemaFiles, writeSchemas } from "../../support/schema/sample-schemas.js";

const workerFile = path.resolve(__dirname, "../../support/schema/schema-worker.cjs");
const folders: string[] = [];
const witnesses: SchemaWitness[] = [];

async function open(files: Readonly<Record<string, string>>, timeoutMilliseconds = 60_000): Promise<SchemaWitness> {
  const folder = writeSchemas(files);
  folders.push(folder);
  const witness = createSchemaWitness({ schemas: await readSchemas(folder), workerFile, timeoutMilliseconds });
  witnesses.push(witness);
  return witness;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isCpisError(error), String(error));
  return error.code;
}

const test = { birth: "20150314", family: "Test" };

describe("the check by an organisation's own schemas", () => {
  afterEach(async () => {
    await Promise.all(witnesses.splice(0).map((witness) => witness.close()));
    for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
  });

  it("says valid, with the schema that says so", async () => {
    const witness = await open(schemaFiles);
    assert.deepEqual(await witness.validate(children([test])), { kind: "valid", schema: "messages/Children.xsd" });
  });

  it("says what to install where the validator is not, and goes on saying so", async () => {
    const folder = writeSchemas(schemaFiles);
    const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-no-validator-"));
    folders.push(folder, elsewhere);
    // No folder above it has the package: as in a Node-RED where nobody has installed it.
    const alone = path.join(elsewhere, "schema-worker.js");
    const source = path.resolve(__dirname, "../../../lib/schema/schema-worker.ts");
    const external = ["libxml2-wasm"];
    await build({ entryPoints: [source], outfile: alone, bundle: true, platform: "node", format: "cjs", external });
    const witness = createSchemaWitness({ schemas: await readSchemas(folder), workerFile: alone });
    witnesses.push(witness);
    for (let time = 0; time < 2; time += 1) {
      const verdict = await witness.validate(children([test]));
      const detail = "the package libxml2-wasm";
      assert.deepEqual(verdict, { kind: "unusable", code: "SCHEMA_VALIDATOR_MISSING", detail });
    }
    const { message, advice } = new CpisError("SCHEMA_VALIDATOR_MISSING");
    assert.match(`${message} ${advice}`, /package that is not installed.*Install.*libxml2-wasm/);
  });

  it("names the line and the rule of what is not valid", async () => {
    const witness = await open(schemaFiles);
    const verdict = await witness.validate(children([test, { birth: "2015-03-14", family: "Test" }]));
    assert.deepEqual(verdict, {
      kind: "invalid",
      schema: "messages/Children.xsd",
      total: 1,
      findings: [
        {
          line: 3,
          element: "birthTime",
          attribute: "value",
          rule: 'The value does not satisfy the facet pattern "[0-9]{8}".',
        },
      ],
    });
  });

  it("repeats no value and no made-up name of the message", async () => {
    const witness = await open(schemaFiles);
    const marks = ["9449310394", "O'Marker", "Marker"];
    const verdict = await witness.validate(
      children([
        { birth: marks[0] ?? "", family: "x" },
        { birth: "O'Marker' is not accepted by the pattern 'Marker", family: "x", extra: "<Marker9449310394/>" },
        { birth: "20150314", family: "<Marker/>", extra: '<birthTime value="20150314" Marker="Marker"/>' },
        { birth: "20150314", family: "x", extra: '<family classCode="Marker">Marker</family>' },
      ]),
    );
    assert.equal(verdict.kind, "invalid");
    assert.ok(verdict.total >= 4);
    for (const mark of marks) assert.ok(!JSON.stringify(verdict).includes(mark), JSON.stringify(verdict));
    assert.ok(
      verdict.findings.some(({ rule }) => rule.startsWith("The element is not expected here. Expected: family")),
    );
  });

  it("knows a message that no schema declares, one that is damaged, and one with a document type", async () => {
    const witness = await open(schemaFiles);
    assert.deepEqual(await witness.validate(Buffer.from("<Other/>")), { kind: "no-schema" });
    assert.deepEqual(await witness.validate(Buffer.from("<Children")), { kind: "not-checked", code: "XML_MALFORMED" });
    const withType = '<!DOCTYPE Children SYSTEM "file:///etc/hostname"><Children xmlns="urn:hl7-org:v3"/>';
    assert.deepEqual(await witness.validate(Buffer.from(withType)), { kind: "not-checked", code: "XML_DOCTYPE" });
  });

  it("tells what it changed in its working copy", async () => {
    const witness = await open(schemaFiles);
    assert.deepEqual(witness.schemas.changes, [
      "messages/Children.xsd: 1 limits above 1000 left open",
      "types/people.xsd: types of 1 prohibited attributes left out",
    ]);
    const prohibited = children([test]).toString().replace("<person>", '<person classCode="PSN">');
    const verdict = await witness.validate(Buffer.from(prohibited));
    assert.equal(verdict.kind === "invalid" && verdict.findings[0]?.rule, "The attribute classCode is not allowed.");
  });

  it("reads a zip as it reads a folder", async () => {
    const folder = writeSchemas({});
    folders.push(folder);
    const file = path.join(folder, "schemas.zip");
    const entries = Object.entries(schemaFiles).map(([name, text]) => [`dms/${name}`, Buffer.from(text)] as const);
    fs.writeFileSync(file, zipSync(Object.fromEntries(entries)));
    const witness = createSchemaWitness({ schemas: await readSchemas(file), workerFile });
    witnesses.push(witness);
    assert.deepEqual(await witness.validate(children([test])), { kind: "valid", schema: "dms/messages/Children.xsd" });
  });

  it("refuses schemas that reach outside their folder, and places without schemas", async () => {
    for (const location of [
      "http://www.example.org/x.xsd",
      "file:///etc/hostname",
      "/etc/hostname",
      "../../x.xsd",
      "\\\\host\\x.xsd",
    ]) {
      const text = (schemaFiles["messages/Children.xsd"] ?? "").replace("../types/people.xsd", location);
      assert.equal(await codeOf(open({ ...schemaFiles, "messages/Children.xsd": text })), "SCHEMA_OUTSIDE", location);
    }
    assert.equal(await codeOf(open({ "readme.txt": "" })), "SCHEMA_FOLDER");
    assert.equal(await codeOf(readSchemas(path.join(folders[0] ?? "", "nothing"))), "SCHEMA_FOLDER");
    assert.equal(await codeOf(open({ "a.xsd": "<xs:schema" })), "SCHEMA_INVALID");
    assert.equal(await codeOf(open({ "a.xsd": '<!DOCTYPE a [<!ENTITY b "c">]><a/>' })), "SCHEMA_INVALID");
  });

  it("opens no file that a message points to", async () => {
    const witness = await open(schemaFiles);
    const other = writeSchemas({ "other.xsd": (schemaFiles["types/local.xsd"] ?? "").replace("contentId", "planted") });
    folders.push(other);
    const planted = `<planted xmlns="urn:example:local" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:example:local ${path.join(other, "other.xsd")}" extension="x"/>`;
    assert.deepEqual(await witness.validate(Buffer.from(planted)), { kind: "no-schema" });
    const inside = children([test])
      .toString()
      .replace(
        "<Children",
        `<Children xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:example:local ${path.join(other, "other.xsd")}"`,
      );
    assert.equal((await witness.validate(Buffer.from(inside))).kind, "valid");
  });

  it("says which schema cannot be used, and goes on with the others", async () => {
    const broken = (schemaFiles["messages/Children.xsd"] ?? "")
      .replaceAll("Children", "Broken")
      .replace('type="Person"', 'type="NoSuchType"');
    const witness = await open({ ...schemaFiles, "messages/Broken.xsd": broken });
    const message = children([test]).toString().replaceAll("Children", "Broken");
    assert.deepEqual(await witness.validate(Buffer.from(message)), {
      kind: "unusable",
      code: "SCHEMA_INVALID",
      detail: "messages/Broken.xsd",
    });
    assert.equal((await witness.validate(children([test]))).kind, "valid");
  });

  it("gives up what takes too long, and checks the next message all the same", async () => {
    const many = children(Array.from({ length: 20_000 }, () => test));
    const witness = await open(schemaFiles, 1);
    assert.deepEqual(await witness.validate(many), { kind: "not-checked", code: "SCHEMA_TIMEOUT" });
    const patient = await open(schemaFiles);
    assert.equal((await patient.validate(many)).kind, "valid");
  });

  it("checks messages that come at once one after the other, and ends with those that wait", async () => {
    const witness = await open(schemaFiles);
    const verdicts = await Promise.all(
      [children([test]), Buffer.from("<Other/>"), children([])].map((message) => witness.validate(message)),
    );
    assert.deepEqual(
      verdicts.map(({ kind }) => kind),
      ["valid", "no-schema", "invalid"],
    );
    const waiting = [witness.validate(children([test])), witness.validate(children([test]))];
    await witness.close();
    for (const verdict of await Promise.all(waiting)) assert.equal(verdict.kind, "unusable");
    assert.equal((await witness.validate(children([test]))).kind, "unusable");
  });
});

// What may stand in a message store's fields and credentials, in the dialog and at deploy.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { createKeyRing, encodeKeyRing } from "../../../lib/crypto/key-ring.js";
import { CpisError } from "../../../lib/errors.js";
import { defaultStoreSettings } from "../../../nodes/adapter/stores/store-settings.js";
import { readDatabaseAddress } from "../../../nodes/message-store/read-database-address.js";
import { readStoreSettings } from "../../../nodes/message-store/message-store-settings.js";
import { editorNode, readDefinition } from "../../support/nodes/editor-files.js";

const userFolder = path.resolve("/srv/node-red");
const encryptionKey = encodeKeyRing(createKeyRing(randomBytes));
const databaseUrl = "postgres://cp%20is:se%40cret@db.example.nhs.uk/messages";
const words = (key: string): string => key;
const read = (config: object, credentials: object = {}) =>
  readStoreSettings(config, { credentials, userFolder }, words);

/** The code, and that the text quotes no secret. */
function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof CpisError);
    assert.doesNotMatch(error.message, /se%?40?cret|se@cret|example\.nhs/);
    return error.code;
  }
  return "none";
}

describe("the settings of a message store", () => {
  it("are those of the default store when nothing is filled in", () => {
    assert.deepEqual(read({}), defaultStoreSettings(userFolder));
    const { defaults } = readDefinition("message-store").definition;
    const untouched = Object.fromEntries(Object.entries(defaults).map(([name, { value }]) => [name, value]));
    assert.deepEqual(read(untouched), defaultStoreSettings(userFolder));
  });

  it("take a folder as it is, or below the user directory", () => {
    const folderOf = (folder: string): string => {
      const { place } = read({ folder });
      return place.kind === "embedded" ? place.folder : "";
    };
    assert.equal(folderOf(path.resolve("/var/messages")), path.resolve("/var/messages"));
    assert.equal(folderOf("messages"), path.join(userFolder, "messages"));
    assert.equal(folderOf(""), path.join(userFolder, "cp-is", "message-store"));
  });

  it("hold the decision of a person, with a number where one is given", () => {
    const decisionOf = (config: object): unknown => read(config).place.decision;
    assert.equal(decisionOf({ nextFileNumber: "5" }), undefined);
    assert.deepEqual(decisionOf({ decisionCode: "0123abcd" }), { code: "0123abcd" });
    assert.deepEqual(decisionOf({ decisionCode: "0123abcd", nextFileNumber: "5" }), {
      code: "0123abcd",
      nextNumber: 5,
    });
  });

  it("keep each state as long as its field says", () => {
    const { retention } = read({
      keepCompleted: "1",
      keepFailed: "2",
      keepExpired: "3",
      keepConfirmed: "4",
      keepRejected: "5",
    });
    const day = 24 * 60 * 60 * 1000;
    assert.deepEqual(
      retention.map(({ state, keepMilliseconds }) => [state, keepMilliseconds / day]),
      [
        ["completed", 1],
        ["failed", 2],
        ["expired", 3],
        ["confirmed", 4],
        ["rejected", 5],
      ],
    );
  });

  it("of PostgreSQL come from the credentials", () => {
    const { place } = read({ kind: "PostgreSQL", schema: "hospital" }, { databaseUrl, encryptionKey });
    const checkpointFile = place.kind === "PostgreSQL" ? (place.checkpointFile ?? "") : "";
    assert.match(checkpointFile, /^\/srv\/node-red\/cp-is\/database-[0-9a-f]{12}\.checkpoint$/);
    const address = {
      host: "db.example.nhs.uk",
      port: 5432,
      database: "messages",
      user: "cp is",
      password: "se@cret",
      tls: {},
    };
    assert.deepEqual(place, {
      kind: "PostgreSQL",
      address,
      schema: "hospital",
      keyRing: encryptionKey,
      checkpointFile,
    });
  });

  const refused: readonly [what: string, code: string, config: object, credentials: object][] = [
    ["an unknown kind", "CONFIG_INVALID", { kind: "MySQL" }, {}],
    ["an unknown mode", "CONFIG_INVALID", { mode: "some" }, {}],
    ["no days at all", "CONFIG_INVALID", { keepFailed: "0" }, {}],
    ["a key that is a passphrase", "STORE_KEY_INVALID", {}, { encryptionKey: "se@cret" }],
    ["PostgreSQL without a URL", "CONFIG_MISSING", { kind: "PostgreSQL" }, { encryptionKey }],
    ["PostgreSQL without a key", "CONFIG_MISSING", { kind: "PostgreSQL" }, { databaseUrl }],
    [
      "a schema that is none",
      "CONFIG_INVALID",
      { kind: "PostgreSQL", schema: "x; DROP" },
      { databaseUrl, encryptionKey },
    ],
    [
      "another database",
      "CONFIG_INVALID",
      { kind: "PostgreSQL" },
      { databaseUrl: "mysql://u:se@cret@h/d", encryptionKey },
    ],
  ];
  for (const [what, code, config, credentials] of refused) {
    it(`are refused with ${what}`, () => {
      assert.equal(
        codeOf(() => read(config, credentials)),
        code,
      );
    });
  }
});

describe("the URL of a database", () => {
  const tlsOf = (end: string) => readDatabaseAddress(`postgres://u:p@${end}`, words).tls;

  it("stands for verified TLS, with the system's authorities or a file's", () => {
    assert.deepEqual(tlsOf("db.example/d"), {});
    assert.deepEqual(tlsOf("db.example/d?sslmode=verify-full"), {});
    assert.deepEqual(tlsOf("db.example/d?sslrootcert=/etc/ca.pem"), { authorityFile: "/etc/ca.pem" });
  });

  it("may switch TLS off on the same machine only", () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]:5433"])
      assert.equal(tlsOf(`${host}/d?sslmode=disable`), false);
    for (const host of ["db.example", "10.0.0.1", "127.0.0.1.example"]) {
      assert.equal(
        codeOf(() => tlsOf(`${host}/d?sslmode=disable`)),
        "CONFIG_INVALID",
      );
    }
  });

  it("is refused where it is not whole, or asks for what is not known", () => {
    for (const url of ["", "db", "postgres://u:p@/d", "postgres://u:p@h", "postgres://h/d", "postgres://u:%@h/d"]) {
      assert.equal(
        codeOf(() => readDatabaseAddress(url, words)),
        "CONFIG_INVALID",
        url,
      );
    }
    for (const parameter of ["sslmode=require", "sslmode=prefer", "host=x", "options=x"]) {
      assert.equal(
        codeOf(() => tlsOf(`h/d?${parameter}`)),
        "CONFIG_INVALID",
        parameter,
      );
    }
  });
});

describe("the dialog of a message store", () => {
  const { definition } = readDefinition("message-store");
  const validate = (property: string, value: string): unknown =>
    definition.defaults[property]?.validate?.call(editorNode("message-store", {}), value, {});

  it("refuses in words what the runtime refuses", () => {
    const broken: readonly [property: string, value: string][] = [
      ["maximumMegabytes", "-1"],
      ["decisionCode", "yes"],
      ["nextFileNumber", "-1"],
      ["schema", "Capital"],
      ["keepCompleted", "0"],
      ["keepFailed", "ever"],
      ["keepExpired", "1.5"],
      ["keepConfirmed", "x"],
      ["keepRejected", "0"],
      ["keepUnclaimed", "0"],
    ];
    for (const [property, value] of broken) {
      assert.match(String(validate(property, value)), /^[A-Z][^:]*: must /, property);
      const kind = property === "schema" ? "PostgreSQL" : "embedded";
      const config = { decisionCode: "0123abcd", kind, [property]: value };
      assert.equal(
        codeOf(() => read(config, { databaseUrl, encryptionKey })),
        "CONFIG_INVALID",
        property,
      );
    }
  });

  it("takes its own defaults, and values from the environment", () => {
    for (const [property, { value }] of Object.entries(definition.defaults)) {
      assert.equal(validate(property, String(value)) ?? true, true, property);
    }
    assert.equal(validate("keepFailed", "${DAYS}"), true);
  });

  it("asks for URL and key with PostgreSQL only", () => {
    const credentials = Reflect.get(definition, "credentials") as typeof definition.defaults;
    for (const property of ["databaseUrl", "encryptionKey"]) {
      const check = (kind: string, value: string): unknown =>
        credentials[property]?.validate?.call(editorNode("message-store", { kind }), value, {});
      assert.equal(check("embedded", ""), true);
      assert.match(String(check("PostgreSQL", "")), /must be filled in/);
      assert.equal(check("PostgreSQL", "__PWRD__"), true);
    }
  });
});

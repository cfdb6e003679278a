// What may stand in a mesh transport's fields and credentials, in the dialog and at deploy: one list of rules.
import assert from "node:assert/strict";
import { CpisError } from "../../../lib/errors.js";
import { readMeshSettings } from "../../../nodes/mesh-transport/mesh-settings.js";
import { editorNode, readDefinition, readEditorFiles } from "../../support/nodes/editor-files.js";
import { marksOf, nodeRedLines } from "../../support/nodes/node-red-validation.js";
import { exampleScope } from "../../support/mesh/sample-files.js";

const apiConfig = {
  environment: "Integration",
  way: "api",
  mailbox: "ZT7OT001",
  recipient: "ZSPOT001",
  baseUrl: "https://msg.intspineservices.nhs.uk",
  tls: "tls",
  workflowUpload: "EXAMPLE_UPLOAD",
  workflowResponse: "EXAMPLE_RESPONSE",
  workflowAccess: "EXAMPLE_ACCESS",
  workflowInactive: "EXAMPLE_INACTIVE",
};
const folderConfig = { ...apiConfig, way: "folder", folder: "/srv/mesh/ZT7OT001" };
const simulatorConfig = { environment: "simulator", odsCode: "999" };
const secrets = { password: "pa55-Word!", sharedKey: "example-shared-key-0001" };
const label = (key: string): string => `label of ${key}`;
const read = (config: object, credentials: object = secrets) => readMeshSettings(config, credentials, label);

/** The code and the text, in which no secret and no value stands. */
function refusal(config: object, credentials: object = secrets): string {
  try {
    read(config, credentials);
  } catch (error) {
    assert.ok(error instanceof CpisError);
    assert.doesNotMatch(error.message, /pa55|shared-key-0001|bad value/);
    return `${error.code} ${error.detail ?? ""}`;
  }
  return "none";
}

describe("the settings of a mesh transport", () => {
  it("are an ODS code and nothing else with the simulator", () => {
    const settings = read(simulatorConfig, {});
    assert.deepEqual(settings.way, { kind: "simulator", odsCode: "999", pollMilliseconds: 5000 });
  });

  it("have harmless defaults, and none for what is not public", () => {
    const { files, compresses, unknownOutcome, maximumBytes, storeNodeId } = read(apiConfig);
    assert.deepEqual(files, { contentType: "application/xml", fileNamePattern: "", subjectPattern: "" });
    assert.equal(compresses, false);
    assert.equal(unknownOutcome, "hold");
    assert.equal(maximumBytes, 200 * 1024 * 1024);
    assert.equal(storeNodeId, undefined);
  });

  it("name mailboxes, workflow ids, secrets and certificates for the API", () => {
    assert.deepEqual(read(apiConfig).way, {
      kind: "api",
      names: {
        mailbox: "ZT7OT001",
        recipient: "ZSPOT001",
        uploadWorkflowId: "EXAMPLE_UPLOAD",
        scope: exampleScope,
      },
      baseUrl: "https://msg.intspineservices.nhs.uk",
      ...secrets,
      tlsNodeId: "tls",
      proxyNodeId: undefined,
      revocationFiles: [],
      acceptsSimulatorCertificates: false,
      pollMilliseconds: 5 * 60_000,
    });
  });

  it("take mailbox ids in any case, and further ones of CP-IS; what is not of CP-IS only where that is said", () => {
    const { way } = read({ ...apiConfig, mailbox: "zt7ot001", recipient: "zspot001", senders: "zspot002, ZSPOT003" });
    assert.equal(way.kind, "api");
    assert.equal(way.names.mailbox, "ZT7OT001");
    assert.equal(way.names.recipient, "ZSPOT001");
    assert.deepEqual(way.names.scope, { ...exampleScope, senders: ["ZSPOT001", "ZSPOT002", "ZSPOT003"] });
    const all = read({ ...apiConfig, takesAll: true });
    assert.equal(all.way.kind === "api" && all.way.names.scope.takesAll, true);
    assert.deepEqual([read(apiConfig).isScopeChosen, all.isScopeChosen], [false, true]);
  });

  it("need no secrets, certificates or address for the folders, whose client has its own", () => {
    const { way } = read({ ...folderConfig, baseUrl: "", tls: "", stuckSeconds: "60" }, {});
    assert.equal(way.kind, "folder");
    assert.deepEqual(way.times, {
      archiveMilliseconds: 30 * 24 * 60 * 60_000,
      scanMilliseconds: 30_000,
      stableMilliseconds: 1000,
      missingPairMilliseconds: 5 * 60_000,
      orphanMilliseconds: 60 * 60_000,
      stuckInOutMilliseconds: 60_000,
    });
  });

  it("accept the simulator's certificates under Other only", () => {
    for (const [environment, accepts] of [
      ["Integration", false],
      ["Deployment", false],
      ["Live", false],
      ["other", true],
    ] as const) {
      const { way } = read({ ...apiConfig, environment });
      assert.equal(way.kind === "api" && way.acceptsSimulatorCertificates, accepts, environment);
    }
  });

  const neededBy: readonly [config: object, properties: readonly string[]][] = [
    [simulatorConfig, ["odsCode"]],
    [
      apiConfig,
      [
        "mailbox",
        "recipient",
        "baseUrl",
        "tls",
        "workflowUpload",
        "workflowResponse",
        "workflowAccess",
        "workflowInactive",
      ],
    ],
    [
      folderConfig,
      ["mailbox", "recipient", "folder", "workflowUpload", "workflowResponse", "workflowAccess", "workflowInactive"],
    ],
  ];
  for (const [config, properties] of neededBy) {
    for (const property of properties) {
      it(`are refused without ${property}, by its name (${JSON.stringify(config).slice(1, 45)})`, () => {
        assert.equal(refusal({ ...config, [property]: "" }), `CONFIG_MISSING label of field.${property}`);
      });
    }
  }

  for (const property of ["password", "sharedKey"] as const) {
    it(`are refused without the ${property} of the API, by its name`, () => {
      const found = refusal(apiConfig, { ...secrets, [property]: " " });
      assert.equal(found, `CONFIG_MISSING label of field.${property}`);
    });
  }
});

describe("the dialog of a mesh transport", () => {
  const { definition } = readDefinition("mesh-transport");
  const validate = (property: string, config: object, value: unknown): unknown => {
    const rule = definition.defaults[property]?.validate;
    assert.ok(rule !== undefined, property);
    assert.equal(rule.length, 2);
    return rule.call(editorNode("mesh-transport", config), value, {});
  };

  const broken: readonly [property: string, config: object, values: readonly string[]][] = [
    ["odsCode", simulatorConfig, ["bad value", "999-1"]],
    ["pollSeconds", simulatorConfig, ["0", "86401", "bad value"]],
    ["mailbox", apiConfig, ["ZT7-OT001", "bad value", "Z"]],
    ["recipient", folderConfig, ["bad value"]],
    ["senders", apiConfig, ["bad-value", "ZSPOT001 Z"]],
    ["baseUrl", apiConfig, ["http://plain.example.nhs.uk", "https://host/path", "https://host?x=1", "bad value"]],
    ["pollMinutes", apiConfig, ["4", "0", "1441", "5.5", "bad value"]],
    ["folder", folderConfig, ["relative/folder", "bad value"]],
    ["scanSeconds", folderConfig, ["0", "2592000"]],
    ["stableSeconds", folderConfig, ["0"]],
    ["missingPairSeconds", folderConfig, ["bad value"]],
    ["orphanSeconds", folderConfig, ["-1"]],
    ["stuckSeconds", folderConfig, ["1.5"]],
    ["workflowUpload", apiConfig, ["bad value", "x".repeat(301)]],
    ["workflowResponse", apiConfig, ["bad value"]],
    ["workflowAccess", folderConfig, ["bad value"]],
    ["workflowInactive", folderConfig, ["bad value"]],
    ["fileNamePattern", apiConfig, ["{name}", "a/b", "bad\nvalue", "x".repeat(101)]],
    ["subjectPattern", apiConfig, ["{nhsNumber}", "{"]],
    ["contentType", apiConfig, ["bad value", "xml"]],
    ["maximumMegabytes", apiConfig, ["0"]],
  ];
  for (const [property, config, values] of broken) {
    it(`refuses in words, as the runtime does, a wrong ${property}`, () => {
      for (const value of values) {
        assert.match(String(validate(property, config, value)), /^[A-Z][^:]*: must /, value);
        assert.equal(refusal({ ...config, [property]: value }), `CONFIG_INVALID label of field.${property}`, value);
      }
    });
  }

  it("takes what the runtime takes, for each of the three ways", () => {
    for (const config of [apiConfig, folderConfig, simulatorConfig]) {
      read(config);
      for (const [property, { validate: rule, value }] of Object.entries(definition.defaults)) {
        if (property === "hasPassword" || property === "hasSharedKey") continue;
        const given: unknown = Reflect.get(config, property) ?? value;
        assert.equal(rule?.call(editorNode("mesh-transport", config), given, {}) ?? true, true, property);
      }
    }
    for (const pattern of ["{ods}-{number}.xml", "CP-IS {timestamp} (upload)"]) {
      assert.equal(validate("fileNamePattern", apiConfig, pattern), true);
      assert.equal(read({ ...apiConfig, fileNamePattern: pattern }).files.fileNamePattern, pattern);
    }
    for (const folder of ["/srv/mesh", "C:\\MESH\\ZT7OT001", "D:/MESH", "\\\\server\\share"]) {
      assert.equal(validate("folder", folderConfig, folder), true, folder);
    }
  });

  const requiredIn: readonly [way: string, config: object, properties: readonly string[]][] = [
    [
      "API",
      apiConfig,
      ["mailbox", "recipient", "baseUrl", "tls", "workflowUpload", "workflowResponse", "workflowAccess"].concat([
        "workflowInactive",
      ]),
    ],
    [
      "folders",
      folderConfig,
      ["mailbox", "recipient", "folder", "workflowUpload", "workflowResponse", "workflowAccess", "workflowInactive"],
    ],
    ["simulator", simulatorConfig, ["odsCode"]],
  ];
  for (const line of nodeRedLines) {
    for (const [way, config, properties] of requiredIn) {
      it(`has its red triangle in ${line} for each field that is empty and needed, over the ${way}`, () => {
        const whole = editorNode("mesh-transport", { ...config, hasPassword: true, hasSharedKey: true });
        assert.deepEqual(marksOf(line, definition, whole), []);
        for (const property of properties) {
          assert.equal(marksOf(line, definition, { ...whole, [property]: "" }).length, 1, property);
          assert.match(refusal({ ...config, [property]: "" }), /^CONFIG_MISSING /, property);
        }
      });
    }

    it(`has its red triangle in ${line} while a new one has no secrets, and none where only the runtime knows`, () => {
      const whole = editorNode("mesh-transport", apiConfig);
      assert.equal(marksOf(line, definition, { ...whole, hasPassword: false, hasSharedKey: true }).length, 1);
      assert.equal(marksOf(line, definition, { ...whole, hasPassword: true, hasSharedKey: false }).length, 1);
      assert.deepEqual(marksOf(line, definition, { ...whole, hasPassword: undefined, hasSharedKey: undefined }), []);
      assert.deepEqual(marksOf(line, definition, { ...whole, way: "folder", folder: "/srv", hasPassword: false }), []);
    });
  }

  it("takes values from the environment", () => {
    for (const property of ["mailbox", "recipient", "baseUrl", "pollMinutes", "workflowUpload", "fileNamePattern"]) {
      assert.equal(validate(property, apiConfig, "${VALUE}"), true, property);
    }
  });

  it("asks for the secrets with the API only, and takes the word for one that is known", () => {
    const credentials = Reflect.get(definition, "credentials") as typeof definition.defaults;
    for (const property of ["password", "sharedKey"]) {
      const check = (config: object, value: string): unknown =>
        credentials[property]?.validate?.call(editorNode("mesh-transport", config), value, {});
      assert.match(String(check(apiConfig, "")), /must be filled in/);
      assert.equal(check(apiConfig, "__PWRD__"), true);
      assert.equal(check(folderConfig, ""), true);
      assert.equal(check(simulatorConfig, ""), true);
    }
  });

  it("looks at the open dialog before the saved node", () => {
    const form = { "#node-config-input-environment": "simulator" };
    const rule = readDefinition("mesh-transport", form).definition.defaults["mailbox"]?.validate;
    assert.equal(rule?.call(editorNode("mesh-transport", apiConfig), "", {}), true);
  });

  it("never writes a secret into the flow", () => {
    for (const secret of ["password", "sharedKey"]) assert.ok(!(secret in definition.defaults));
    const fields = [...readEditorFiles("mesh-transport").template.matchAll(/<input type="(\w+)"[^>]*id="([^"]+)"/g)];
    const hidden = fields.filter(([, type]) => type === "password").map(([, , id]) => id);
    assert.deepEqual(hidden, ["node-config-input-password", "node-config-input-sharedKey"]);
  });
});

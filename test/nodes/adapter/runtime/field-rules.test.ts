// One list of rules: what the dialog accepts, the runtime accepts, and the other way round.
import assert from "node:assert/strict";
import { CpisError } from "../../../../lib/errors.js";
import { isPartyKeyFormat } from "../../../../lib/identifiers.js";
import { parseDuration } from "../../../../lib/time/duration.js";
import { FieldReader, isFieldValid, type FieldRuleName } from "../../../../nodes/adapter/runtime/field-rules.js";
import { readTransportSettings } from "../../../../nodes/ebxml-transport/transport-settings.js";
import { editorNode, readDefinition } from "../../../support/nodes/editor-files.js";
import { spineTransport, simulatorTransport } from "../../../support/nodes/flows.js";

const samples: Readonly<Partial<Record<FieldRuleName, { readonly good: string[]; readonly bad: string[] }>>> = {
  asid: { good: ["123456789012"], bad: ["12345678901", "1234567890123", "12345678901A"] },
  partyKey: { good: ["ZT7-900145", "YES-0000806"], bad: ["zt7-900145", "ZT7900145", "ZT7-90014"] },
  odsCode: { good: ["RZZ", "RZZ01", "X26"], bad: ["r zz", "R", "RZZ-01"] },
  endpointUrl: {
    good: ["https://msg.example.nhs.uk/reliablemessaging/queryrequest", "https://127.0.0.1:8443"],
    bad: ["http://msg.example.nhs.uk/x", "https://user@host/x", "https://host/x?y=1", "https://ho st/"],
  },
  port: { good: ["0", "1", "8443", "65535"], bad: ["65536", "-1", "08", "1.5", "x"] },
  path: { good: ["/", "/mhs/ebxml"], bad: ["mhs", "/a?b", "/a b"] },
  loopbackHost: { good: ["127.0.0.1", "localhost"], bad: ["::", "0.0.0.0", "10.0.0.1", "localhost.example.com"] },
  always: { good: ["always", "never"], bad: ["", "Always", "sometimes"] },
  schemaName: { good: ["cp_is", "_x", "a1"], bad: ["", "1a", "Cp", "a-b", "a;b", "a".repeat(42)] },
  duration: { good: ["PT1M", "PT5M", "P1D", "P1W", "PT0.5S", "PT2H30M"], bad: ["P", "PT", "1M", "PT-1M", "P1DT"] },
  seconds: { good: ["1", "30", "79999", "86399", "86400"], bad: ["0", "86401", "90000", "100000", "1.5"] },
  pollMinutes: { good: ["5", "9", "60", "999", "1440"], bad: ["0", "4", "05", "1441", "2000"] },
  mailbox: { good: ["ZT7OT001", "AMP01HC001", "zt7ot001"], bad: ["Z T", "A/B", ""] },
  baseUrl: {
    good: ["https://msg.example.nhs.uk", "https://127.0.0.1:8829"],
    bad: ["http://msg.example.nhs.uk", "https://host/", "https://user@host", "https://host?x"],
  },
  namePattern: {
    good: ["{ods}-{number}.xml", "CP-IS {timestamp}"],
    bad: ["{name}", "{ods", "a/b", "a\\b", "a\r\nb", "x".repeat(101)],
  },
  wholeNumber: { good: ["0", "3"], bad: ["-1", "1.5", "x"] },
  positiveNumber: { good: ["1", "30"], bad: ["0", "-1", "1e3"] },
};

describe("the field rules", () => {
  for (const [rule, { good, bad }] of Object.entries(samples) as [FieldRuleName, { good: string[]; bad: string[] }][]) {
    it(`tell good from bad for ${rule}`, () => {
      for (const text of good) assert.ok(isFieldValid(rule, text), text);
      for (const text of bad) assert.ok(!isFieldValid(rule, text), text);
    });
  }

  it("agree with the library about party keys and durations", () => {
    for (const text of [...samples.partyKey!.good, ...samples.partyKey!.bad]) {
      assert.equal(isFieldValid("partyKey", text), isPartyKeyFormat(text), text);
    }
    for (const text of samples.duration!.good) assert.ok(parseDuration(text) > 0, text);
  });

  it("name the field and never its value", () => {
    const fields = new FieldReader({ asid: "SECRET" }, (property) => `label of ${property}`);
    assert.throws(
      () => fields.required("asid", "asid"),
      (error: unknown) => {
        assert.ok(error instanceof CpisError);
        assert.equal(error.code, "CONFIG_INVALID");
        assert.match(error.message, /label of asid$/);
        return true;
      },
    );
  });
});

describe("the validators of the editor", () => {
  const broken: readonly [property: string, value: string, environment: "simulator" | "other"][] = [
    ["asid", "12", "simulator"],
    ["partyKey", "lower-123456", "simulator"],
    ["odsCode", "", "simulator"],
    ["organisationName", " ", "simulator"],
    ["host", "0.0.0.0", "simulator"],
    ["port", "99999", "simulator"],
    ["path", "mhs", "simulator"],
    ["maximumMegabytes", "0", "simulator"],
    ["connectTimeout", "soon", "simulator"],
    ["endpointUrl", "http://plain.example.nhs.uk/x", "other"],
    ["cpaId", "", "other"],
    ["toPartyKey", "?", "other"],
    ["toAsid", "1", "other"],
    ["tls", "", "other"],
    ["syncReplyMode", "", "other"],
    ["ackRequested", "", "other"],
    ["duplicateElimination", "", "other"],
    ["retries", "many", "other"],
    ["retryInterval", "1 minute", "other"],
    ["persistDuration", "5", "other"],
    ["port", "", "other"],
  ];

  for (const [property, value, environment] of broken) {
    it(`refuse "${value}" as ${property} in words, as the runtime does (${environment})`, () => {
      const config = { ...(environment === "simulator" ? simulatorTransport : spineTransport), [property]: value };
      const { definition } = readDefinition("ebxml-transport");
      const validate = definition.defaults[property]?.validate;
      assert.ok(validate !== undefined);
      assert.equal(validate.length, 2);
      assert.match(String(validate.call(editorNode("ebxml-transport", config), value, {})), /^[A-Z][^:]*: must /);
      assert.throws(() => readTransportSettings(config, {}, (key) => key), CpisError);
    });
  }

  it("accept what the runtime accepts, for the simulator and for Spine", () => {
    const { definition } = readDefinition("ebxml-transport");
    for (const config of [simulatorTransport, spineTransport]) {
      readTransportSettings(config, {}, (key) => key);
      for (const [property, { validate, value }] of Object.entries(definition.defaults)) {
        const given: unknown = Reflect.get(config, property) ?? value;
        assert.equal(validate?.call(editorNode("ebxml-transport", config), given, {}) ?? true, true, property);
      }
    }
  });

  it("accept an environment variable in any field", () => {
    const { definition } = readDefinition("ebxml-transport");
    for (const property of ["asid", "partyKey", "endpointUrl", "port", "retryInterval"]) {
      const node = editorNode("ebxml-transport", spineTransport);
      assert.equal(definition.defaults[property]?.validate?.call(node, "${VALUE}", {}), true, property);
    }
  });

  it("look at the open dialog before the saved node", () => {
    const form = { "#node-config-input-environment": "simulator" };
    const { definition } = readDefinition("ebxml-transport", form);
    const node = editorNode("ebxml-transport", spineTransport);
    assert.equal(definition.defaults["endpointUrl"]?.validate?.call(node, "", {}), true);
  });

  it("ask for the responsible person only when a system asks", () => {
    const { definition } = readDefinition("cp-is-query");
    const validate = definition.defaults["responsiblePerson"]?.validate;
    assert.ok(validate !== undefined);
    assert.equal(validate.call(editorNode("cp-is-query", { accessMode: "user" }), "", {}), true);
    assert.match(
      String(validate.call(editorNode("cp-is-query", { accessMode: "system" }), "", {})),
      /must be filled in/,
    );
  });
});

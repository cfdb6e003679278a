import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../lib/errors.js";
import { chooseDevice } from "../../../lib/sds/choose-device.js";
import { chooseEndpoint } from "../../../lib/sds/choose-endpoint.js";
import { findOperationOutcomeCode, parseBundle } from "../../../lib/sds/parse-bundle.js";
import { parseDevice } from "../../../lib/sds/parse-device.js";
import { parseEndpoint } from "../../../lib/sds/parse-endpoint.js";
import {
  addressee,
  askedDevice,
  askedEndpoint,
  devicesOf,
  endpointsOf,
  queryId,
  readVector,
} from "../../support/sds/directory-vectors.js";

const express = {
  address: "https://msg.example.nhs.uk/reliablemessaging/queryrequest",
  cpaId: "S9100001A9100101",
  partyKey: "ZSQ-0000002",
  fqdn: "msg.example.nhs.uk",
  organisation: "ZSQ",
  status: "active",
  interactions: [queryId],
  attributes: {
    syncReplyMode: "MSHSignalsOnly",
    ackRequested: "never",
    duplicateElimination: "never",
    retries: 0,
  },
};

describe("an Endpoint of the directory", () => {
  it("is read with its address, ids and contract", () => {
    assert.deepEqual(endpointsOf("endpoint-express"), [express]);
  });

  it("keeps its durations as they are written", () => {
    assert.deepEqual(endpointsOf("endpoint-reliable")[0]?.attributes, {
      syncReplyMode: "MSHSignalsOnly",
      ackRequested: "always",
      duplicateElimination: "always",
      actor: "urn:oasis:names:tc:ebxml-msg:actor:topartymsh",
      retries: 2,
      retryInterval: "PT1M",
      persistDuration: "PT5M",
    });
  });

  it("is found whether an empty list is there or left out", () => {
    assert.deepEqual(endpointsOf("endpoint-none-without-entry"), []);
    assert.deepEqual(endpointsOf("endpoint-none-with-empty-entry"), []);
  });

  it("is read when the names of its attributes are written in another case or with a path", () => {
    const [endpoint] = endpointsOf("endpoint-attributes-in-other-case");
    assert.deepEqual(endpoint, {
      ...express,
      attributes: {
        syncReplyMode: "mshsignalsonly",
        ackRequested: "NEVER",
        duplicateElimination: "Never",
        actor: "IGNORED",
        retries: 0,
      },
    });
  });

  it("may have attributes that are empty, or a list of none or one", () => {
    assert.deepEqual(endpointsOf("endpoint-attributes-as-lists")[0]?.attributes, {
      syncReplyMode: "MSHSignalsOnly",
      ackRequested: "never",
      duplicateElimination: "never",
    });
  });

  it("never takes the id of the MHS record for the CPA id", () => {
    assert.deepEqual(endpointsOf("endpoint-without-contract-cpa-id-and-address"), [
      { partyKey: "ZSQ-0000002", organisation: "ZSQ", status: "active", interactions: [queryId], attributes: {} },
    ]);
  });

  it("is alone when an outcome stands beside it", () => {
    assert.equal(endpointsOf("endpoint-with-outcome-beside").length, 1);
  });

  for (const name of [
    "endpoint-retries-as-fraction",
    "endpoint-retries-as-words",
    "endpoint-address-as-number",
    "endpoint-mode-as-flag",
    "endpoint-identifier-as-text",
  ]) {
    it(`is refused with a value of the wrong type: ${name}`, () => {
      assert.throws(() => endpointsOf(name), { code: "SDS_RESPONSE_INVALID" });
    });
  }

  it("is refused with two contracts in one record", () => {
    assert.throws(() => endpointsOf("endpoint-two-contracts-in-one"), { code: "SDS_AMBIGUOUS" });
  });
});

describe("a Device of the directory", () => {
  it("is read with its ASID, its party key and all its interactions", () => {
    assert.deepEqual(devicesOf("device"), [
      {
        asid: "991000000001",
        partyKey: "ZSQ-0000002",
        organisation: "ZSQ",
        manufacturer: "ZSM",
        interactions: [queryId, "urn:nhs:names:services:cpisquery:REPC_IN000007GB01"],
      },
    ]);
  });

  it("is read when the names of its identifiers are written in another case", () => {
    assert.deepEqual(devicesOf("device-party-key-in-other-case"), devicesOf("device"));
  });

  it("is refused with two ASIDs in one record", () => {
    assert.throws(() => devicesOf("device-two-asids-in-one"), { code: "SDS_AMBIGUOUS" });
  });
});

describe("an answer of the directory", () => {
  const refused: readonly (readonly [string, string | Buffer])[] = [
    ["nothing", ""],
    ["a page for people", "<!doctype html><p>Sign in</p>"],
    ["bytes that are not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["null", "null"],
    ["a list", "[]"],
    ["JSON that is no FHIR", '{"records":[]}'],
    ["another resource", '{"resourceType":"Endpoint"}'],
    ["a list of entries that is none", '{"resourceType":"Bundle","entry":{}}'],
    ["an entry without a resource", '{"resourceType":"Bundle","entry":[{}]}'],
    ["an entry that is null", '{"resourceType":"Bundle","entry":[null]}'],
    ["a resource of another type", '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Device"}}]}'],
    ["a total that is a text", '{"resourceType":"Bundle","total":"0"}'],
    ["a total below zero", '{"resourceType":"Bundle","total":-1}'],
    [
      "two next pages",
      '{"resourceType":"Bundle","link":[{"relation":"next","url":"a"},{"relation":"next","url":"b"}]}',
    ],
  ];

  for (const [what, text] of refused) {
    it(`is refused when it is or has ${what}`, () => {
      assert.throws(() => parseBundle(Buffer.from(text), "Endpoint"), { code: "SDS_RESPONSE_INVALID" });
    });
  }

  it("names the code of an outcome that came instead, and nothing else of it", () => {
    const outcome = readVector("operation-outcome");
    assert.throws(() => parseBundle(outcome, "Endpoint"), { message: /an outcome, INTERNAL_SERVER_ERROR$/ });
    assert.equal(findOperationOutcomeCode(JSON.parse(outcome.toString())), "INTERNAL_SERVER_ERROR");
    assert.equal(findOperationOutcomeCode({ resourceType: "OperationOutcome", issue: [{ details: 1 }] }), undefined);
  });

  const coded = ["SDS_RESPONSE_INVALID", "SDS_AMBIGUOUS", "SDS_NOT_FOUND", "SDS_INCOMPLETE"];

  function valueOrCode(read: () => unknown): void {
    try {
      read();
    } catch (error) {
      assert.ok(isCpisError(error) && coded.includes(error.code), String(error));
    }
  }

  function readAll(bytes: Buffer): void {
    valueOrCode(() => {
      const endpoints = parseBundle(bytes, "Endpoint").resources.map(parseEndpoint);
      return chooseEndpoint(endpoints, askedEndpoint, addressee, {});
    });
    valueOrCode(() => chooseDevice(parseBundle(bytes, "Device").resources.map(parseDevice), askedDevice, {}));
  }

  it("gives a value or a coded error for any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.constantFrom("Device", "Endpoint"), (any, other, resourceType) => {
        readAll(Buffer.from(JSON.stringify(any)));
        const parts = { identifier: any, extension: other, owner: any, address: other, status: any };
        const resource = { ...parts, managingOrganization: any, resourceType };
        readAll(Buffer.from(JSON.stringify({ resourceType: "Bundle", total: 1, entry: [{ resource }] })));
      }),
      { numRuns: 150 },
    );
  });

  /** Replaces one value of a tree: the `index`-th in the order of reading. */
  function replaceValue(tree: unknown, index: { left: number }, replacement: unknown): unknown {
    index.left -= 1;
    if (index.left === -1) return replacement;
    if (Array.isArray(tree)) return tree.map((each: unknown) => replaceValue(each, index, replacement));
    if (typeof tree !== "object" || tree === null) return tree;
    return Object.fromEntries(Object.entries(tree).map(([key, each]) => [key, replaceValue(each, index, replacement)]));
  }

  it("gives a value or a coded error when any part of a good one is replaced by any other", () => {
    const good: unknown = JSON.parse(readVector("endpoint-reliable").toString());
    fc.assert(
      fc.property(fc.nat(110), fc.jsonValue({ maxDepth: 2 }), (index, replacement) => {
        readAll(Buffer.from(JSON.stringify(replaceValue(good, { left: index }, replacement))));
      }),
      { numRuns: 300 },
    );
  });

  it("gives a value or a coded error when it is cut anywhere", () => {
    const good = readVector("endpoint-express");
    for (let length = 0; length < good.length; length += 7) readAll(good.subarray(0, length));
  });
});

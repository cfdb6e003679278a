import assert from "node:assert/strict";
import { parseCpaId, parsePartyKey } from "../../../lib/identifiers.js";
import { chooseDevice } from "../../../lib/sds/choose-device.js";
import { chooseEndpoint, type ManualContract } from "../../../lib/sds/choose-endpoint.js";
import { selectPattern } from "../../../lib/sds/contract.js";
import type { SdsEndpoint } from "../../../lib/sds/directory-model.js";
import { addressee, askedDevice, askedEndpoint, devicesOf, endpointsOf } from "../../support/sds/directory-vectors.js";

const address = "https://msg.example.nhs.uk/reliablemessaging/queryrequest";

describe("chooseDevice", () => {
  it("gives ASID and party key of the one system", () => {
    assert.deepEqual(chooseDevice(devicesOf("device"), askedDevice, {}), addressee);
  });

  it("says that there is none", () => {
    assert.throws(() => chooseDevice([], askedDevice, {}), { code: "SDS_NOT_FOUND", message: /of ZSQ for urn:/ });
  });

  it("lists the ASIDs of several systems, and takes the one that the operator has set", () => {
    const two = devicesOf("device-two-systems");
    assert.throws(() => chooseDevice(two, askedDevice, {}), {
      code: "SDS_AMBIGUOUS",
      message: /2 values of the ASID: 991000000001, 991000000002$/,
    });
    assert.equal(chooseDevice(two, askedDevice, { toAsid: "991000000002" }).toAsid, "991000000002");
  });

  it("says what a record lacks, unless the operator has set it", () => {
    const bare = [{ partyKey: "ZSQ-0000002", interactions: [] }];
    assert.throws(() => chooseDevice(bare, askedDevice, {}), { code: "SDS_INCOMPLETE", message: /the ASID$/ });
    assert.deepEqual(chooseDevice(bare, askedDevice, { toAsid: "991000000001" }), addressee);
  });

  it("refuses a record of another interaction or organisation than the one asked", () => {
    const [device] = devicesOf("device");
    const foreign = [{ ...device!, interactions: ["urn:nhs:names:services:other:ABCD_IN000001UK01"] }];
    assert.throws(() => chooseDevice(foreign, askedDevice, {}), { code: "SDS_RESPONSE_INVALID" });
    assert.throws(() => chooseDevice([{ ...device!, organisation: "ZSX" }], askedDevice, {}), {
      code: "SDS_RESPONSE_INVALID",
    });
  });

  for (const asid of ["S9100001A9100101", "12345", "991000000001\r\nX"]) {
    it(`refuses the ASID ${JSON.stringify(asid)}`, () => {
      assert.throws(() => chooseDevice([{ asid, partyKey: "ZSQ-0000002", interactions: [] }], askedDevice, {}), {
        code: "SDS_RESPONSE_INVALID",
      });
    });
  }
});

describe("chooseEndpoint", () => {
  const choose = (endpoints: readonly SdsEndpoint[], manual: ManualContract = {}) =>
    chooseEndpoint(endpoints, askedEndpoint, addressee, manual);

  it("makes an express contract", () => {
    const contract = choose(endpointsOf("endpoint-express"));
    assert.deepEqual(contract, {
      ...addressee,
      endpointUrl: address,
      cpaId: "S9100001A9100101",
      syncReplyMode: "MSHSignalsOnly",
      ackRequested: "never",
      duplicateElimination: "never",
      actor: "",
      retries: 0,
      retryIntervalMilliseconds: 0,
      persistDurationMilliseconds: 0,
    });
    assert.equal(selectPattern(contract), "express");
  });

  it("makes a reliable contract with its times", () => {
    const contract = choose(endpointsOf("endpoint-reliable"));
    assert.equal(selectPattern(contract), "reliable");
    assert.deepEqual(
      [contract.actor, contract.retries, contract.retryIntervalMilliseconds, contract.persistDurationMilliseconds],
      ["toPartyMSH", 2, 60_000, 300_000],
    );
    assert.equal(contract.cpaId, "9b1f0c5d2e7a48630f1c");
  });

  it("says that there is none, or none in use", () => {
    assert.throws(() => choose([]), { code: "SDS_NOT_FOUND", message: /no endpoint of ZSQ-0000002 for urn:/ });
    const [endpoint] = endpointsOf("endpoint-express");
    assert.throws(() => choose([{ ...endpoint!, status: "off" }]), { code: "SDS_NOT_FOUND", message: /in use/ });
  });

  it("takes two records that say the same", () => {
    assert.equal(choose(endpointsOf("endpoint-same-twice")).endpointUrl, address);
  });

  it("lists the addresses of several records, and takes the one that the operator has set", () => {
    const two = endpointsOf("endpoint-two-addresses");
    assert.throws(() => choose(two), {
      code: "SDS_AMBIGUOUS",
      message: /2 values of the address: https:\/\/msg\.example\.nhs\.uk\/\S+, https:\/\/msg2\.example\.nhs\.uk\/\S+$/,
    });
    assert.equal(choose(two, { endpointUrl: address }).endpointUrl, address);
  });

  it("lists the CPA ids of several records, and takes the one that the operator has set", () => {
    const two = endpointsOf("endpoint-two-cpa-ids");
    assert.throws(() => choose(two), { code: "SDS_AMBIGUOUS", message: /S9100001A9100101, S9100001A9100102$/ });
    assert.equal(choose(two, { cpaId: parseCpaId("S9100001A9100102") }).cpaId, "S9100001A9100102");
  });

  it("never chooses between two contracts for one address", () => {
    const [endpoint] = endpointsOf("endpoint-express");
    const reliable = { ...endpoint!, attributes: { ...endpoint!.attributes, ackRequested: "always" } };
    assert.throws(() => choose([endpoint!, reliable]), { code: "SDS_AMBIGUOUS", message: /never, always$/ });
  });

  it("says what the record lacks, unless the operator has set it", () => {
    const bare = endpointsOf("endpoint-without-contract-cpa-id-and-address");
    assert.throws(() => choose(bare), { code: "SDS_INCOMPLETE", message: /the address$/ });
    assert.throws(() => choose(bare, { endpointUrl: address }), { code: "SDS_INCOMPLETE", message: /the CPA id$/ });
    const contract = choose(bare, { endpointUrl: address, cpaId: parseCpaId("S9100001A9100101") });
    assert.equal(contract.cpaId, "S9100001A9100101");
    assert.throws(() => selectPattern(contract), { code: "CONFIG_CONTRACT" });
  });

  it("refuses a duration without fixed length, and says which", () => {
    assert.throws(() => choose(endpointsOf("endpoint-retry-interval-in-months")), {
      code: "SDS_RESPONSE_INVALID",
      message: /the retry interval/,
    });
  });

  it("lets the operator's fields stand above those of the directory", () => {
    const manual = { actor: "nextMSH", retries: 0, retryIntervalMilliseconds: 5, persistDurationMilliseconds: 6 };
    const contract = choose(endpointsOf("endpoint-reliable"), { ...manual, syncReplyMode: "None" });
    assert.deepEqual({ ...contract, ...manual, syncReplyMode: "None" }, contract);
  });

  for (const [what, change] of [
    ["an address without https", { address: "http://msg.example.nhs.uk/" }],
    ["an address that is none", { address: "msg.example.nhs.uk" }],
    ["an address with a password", { address: "https://user:secret@msg.example.nhs.uk/" }],
    ["a CPA id with a line break", { cpaId: "S9100001\r\nA9100101" }],
    ["another party key than the one asked", { partyKey: "ZSX-0000009" }],
    ["another interaction than the one asked", { interactions: ["urn:nhs:names:services:other:ABCD_IN000001UK01"] }],
    ["an actor that ebXML does not have", { attributes: { actor: "urn:example:actor:somebody" } }],
  ] as const) {
    it(`refuses ${what}`, () => {
      const [endpoint] = endpointsOf("endpoint-express");
      assert.throws(() => choose([{ ...endpoint!, ...change }]), { code: "SDS_RESPONSE_INVALID" });
    });
  }

  it("shows nothing of an address but host and path, and no control character", () => {
    const [endpoint] = endpointsOf("endpoint-express");
    const odd = { ...endpoint!, address: "https://msg.example.nhs.uk/a\n?token=secret" };
    assert.throws(
      () => choose([endpoint!, odd]),
      (error: Error) => {
        assert.doesNotMatch(error.message, /secret|\n/);
        return true;
      },
    );
  });

  it("compares party keys without case", () => {
    const asked = { ...addressee, toPartyKey: parsePartyKey("zsq-0000002") };
    assert.equal(chooseEndpoint(endpointsOf("endpoint-express"), askedEndpoint, asked, {}).endpointUrl, address);
  });
});

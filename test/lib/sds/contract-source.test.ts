import assert from "node:assert/strict";
import { once } from "node:events";
import { parseCpaId, parsePartyKey } from "../../../lib/identifiers.js";
import { createContractSource } from "../../../lib/sds/contract-source.js";
import { selectPattern, type MessagingContract } from "../../../lib/sds/contract.js";
import { contractOf } from "../../../lib/simulator/spine-identity.js";
import { startContractWorld, type ContractWish, type ContractWorld } from "../../support/sds/contract-world.js";
import {
  createSimulatedDirectory,
  messagingUrl,
  query,
  type SimulatedDirectory,
} from "../../support/sds/simulated-directory.js";

const queryId = "urn:nhs:names:services:cpisquery:QUPC_IN000006GB01";

function withDurations(contract: MessagingContract): MessagingContract {
  return { ...contract, actor: contract.actor.slice(contract.actor.lastIndexOf(":") + 1) };
}

describe("the contract source", () => {
  let directory: SimulatedDirectory;

  before(async () => {
    directory = await createSimulatedDirectory();
  });
  afterEach(() => directory.closeAll());

  const start = (wish?: ContractWish): Promise<ContractWorld> => startContractWorld(directory, wish);

  for (const pattern of ["express", "reliable", "forwardReliable"] as const) {
    it(`joins system and endpoint to the contract of the pattern ${pattern}`, async () => {
      const { source } = await start({ server: { patternOf: () => pattern } });
      const contract = await source.contract(query);
      assert.deepEqual(contract, withDurations(contractOf(pattern, messagingUrl)));
      assert.equal(selectPattern(contract), pattern === "forwardReliable" ? "forward-reliable" : pattern);
    });
  }

  it("keeps each interaction apart", async () => {
    const { source, server } = await start({
      server: { patternOf: ({ action }) => (action === query.action ? "express" : "reliable") },
    });
    const upload = { service: "urn:nhs:names:services:cpisupload", action: "REPC_IN000002SM01" };
    assert.equal(selectPattern(await source.contract(query)), "express");
    assert.equal(selectPattern(await source.contract(upload)), "reliable");
    assert.equal(server.requests, 4);
  });

  for (const field of ["address", "cpaId", "retries", "asid"] as const) {
    it(`raises SDS_AMBIGUOUS for records that differ in ${field}`, async () => {
      const { source, server } = await start();
      server.setConduct({ kind: "ambiguous", field });
      await assert.rejects(source.contract(query), { code: "SDS_AMBIGUOUS" });
    });
  }

  it("raises SDS_INCOMPLETE for a record without identifiers or address", async () => {
    for (const keys of [["identifier"], ["address"]]) {
      const { source, server } = await start();
      server.setConduct({ kind: "missing", keys });
      await assert.rejects(source.contract(query), { code: "SDS_INCOMPLETE" });
    }
  });

  it("leaves a record without attributes to the choice of the pattern", async () => {
    const { source, server } = await start();
    server.setConduct({ kind: "missing", keys: ["extension"] });
    const contract = await source.contract(query);
    assert.throws(() => selectPattern(contract), { code: "CONFIG_CONTRACT" });
  });

  it("lets what the operator has set stand above the directory, and tells so each time", async () => {
    const manual = { cpaId: parseCpaId("S9000001A9000177"), retries: 5 };
    const { source, told } = await start({ source: { manual: () => manual } });
    const contract = await source.contract(query);
    await source.contract(query);
    assert.deepEqual(contract, { ...contractOf("express", messagingUrl), ...manual });
    const overridden = ["overridden", ["cpaId", "retries"]];
    assert.deepEqual(told, ["refreshed", overridden, overridden]);
  });

  it("does not ask for the system when the operator has set ASID and party key", async () => {
    const manual = { toAsid: "990000000055", toPartyKey: parsePartyKey("ZSP-0000001") };
    const { source, server } = await start({ source: { manual: () => manual } });
    assert.equal((await source.contract(query)).toAsid, "990000000055");
    assert.equal(server.requests, 1);
  });

  it("asks nobody when the operator has set the whole contract", async () => {
    const whole = contractOf("reliable", messagingUrl);
    const source = createContractSource({ manual: () => whole, effects: { now: () => 0 } });
    assert.deepEqual(await source.contract(query), whole);
  });

  it("says what is missing when there is no directory to ask", async () => {
    const source = createContractSource({ effects: { now: () => 0 } });
    await assert.rejects(source.contract(query), { code: "CONFIG_MISSING" });
  });

  for (const [what, manual] of [
    ["an ASID of eleven digits", { toAsid: "99000000000" }],
    ["an address without https", { endpointUrl: "http://msg.example.nhs.uk" }],
    ["a sync reply mode that is empty", { syncReplyMode: " " }],
    ["a number of retries below zero", { retries: -1 }],
    ["half a millisecond", { retryIntervalMilliseconds: 0.5 }],
  ] as const) {
    it(`refuses ${what} in what the operator has set`, async () => {
      const source = createContractSource({ manual: () => manual, effects: { now: () => 0 } });
      await assert.rejects(source.contract(query), { code: "CONFIG_INVALID" });
    });
  }

  it("tells when the address has the path of another pattern, and keeps the contract", async () => {
    const endpointUrl = `${messagingUrl}/reliablemessaging/reliablerequest`;
    const { source, told } = await start({ source: { manual: () => ({ endpointUrl }) } });
    assert.equal(selectPattern(await source.contract(query)), "express");
    assert.deepEqual(told.at(-1), ["pathContradicts", "reliable"]);
  });

  it("names the interaction in what it tells", async () => {
    const { source } = await start();
    const told = once(source.events, "refreshed");
    await source.contract(query);
    assert.deepEqual(await told, [{ interaction: queryId }]);
  });

  it("gives nothing any more when it is closed, also to those who wait", async () => {
    const { source, server, told } = await start();
    server.setConduct({ kind: "slow", delayMilliseconds: 20 });
    const waiting = assert.rejects(source.contract(query), { code: "CONFIG_CLOSED" });
    source.close();
    await waiting;
    await assert.rejects(source.contract(query), { code: "CONFIG_CLOSED" });
    assert.deepEqual(told, []);
  });
});

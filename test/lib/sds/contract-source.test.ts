import assert from "node:assert/strict";
import { once } from "node:events";
import type { ErrorCode } from "../../../lib/errors.js";
import { parseCpaId, parsePartyKey } from "../../../lib/identifiers.js";
import {
  createContractSource,
  type ContractSource,
  type ContractSourceEvents,
  type ContractSourceOptions,
} from "../../../lib/sds/contract-source.js";
import { selectPattern, type MessagingContract } from "../../../lib/sds/contract.js";
import type { SdsConduct } from "../../../lib/simulator/sds-conduct.js";
import type { SdsServer, SdsServerOptions } from "../../../lib/simulator/sds-server.js";
import { contractOf } from "../../../lib/simulator/spine-identity.js";
import { createSimulatedDirectory, messagingUrl, query, type SimulatedDirectory } from "./simulated-directory.js";

const minute = 60_000;
const hour = 60 * minute;
const queryId = "urn:nhs:names:services:cpisquery:QUPC_IN000006GB01";

describe("the contract source", () => {
  let directory: SimulatedDirectory;
  let time = 0;

  before(async () => {
    directory = await createSimulatedDirectory();
  });
  beforeEach(() => {
    time = Date.UTC(2026, 10, 22);
  });
  afterEach(() => directory.closeAll());

  interface World {
    readonly server: SdsServer;
    readonly source: ContractSource;
    /** Names of the events with what they tell, without the interaction. */
    readonly told: (keyof ContractSourceEvents | readonly [keyof ContractSourceEvents, unknown])[];
  }

  function watch(source: ContractSource): World["told"] {
    const told: World["told"] = [];
    source.events.on("refreshed", () => told.push("refreshed"));
    source.events.on("refreshFailed", ({ code }) => told.push(["refreshFailed", code]));
    source.events.on("stale", ({ ageMilliseconds, code }) => told.push(["stale", [ageMilliseconds / minute, code]]));
    source.events.on("overridden", ({ fields }) => told.push(["overridden", fields]));
    source.events.on("pathContradicts", ({ pathPattern }) => told.push(["pathContradicts", pathPattern]));
    return told;
  }

  interface Wish {
    readonly source?: Partial<ContractSourceOptions>;
    readonly server?: Partial<SdsServerOptions>;
    readonly lookupMilliseconds?: number;
  }

  async function start({ source: wanted = {}, server: served = {}, ...more }: Wish = {}): Promise<World> {
    const server = await directory.start(served);
    const client = directory.client(server, { timeouts: more });
    const source = createContractSource({
      client,
      odsCode: "ZSP",
      effects: { now: () => time },
      staleWaitMilliseconds: 20_000,
      ...wanted,
    });
    directory.closeLater(() => source.close());
    return { server, source, told: watch(source) };
  }

  function withDurations(contract: MessagingContract): MessagingContract {
    return { ...contract, actor: contract.actor.slice(contract.actor.lastIndexOf(":") + 1) };
  }

  for (const pattern of ["express", "reliable", "forwardReliable"] as const) {
    it(`joins system and endpoint to the contract of the pattern ${pattern}`, async () => {
      const { source } = await start({ server: { patternOf: () => pattern } });
      const contract = await source.contract(query);
      assert.deepEqual(contract, withDurations(contractOf(pattern, messagingUrl)));
      assert.equal(selectPattern(contract), pattern === "forwardReliable" ? "forward-reliable" : pattern);
    });
  }

  it("asks the directory once for many who want the same at once", async () => {
    const { source, server } = await start();
    const contracts = await Promise.all(Array.from({ length: 20 }, () => source.contract(query)));
    assert.equal(new Set(contracts).size, 1);
    assert.equal(server.requests, 2);
  });

  it("keeps each interaction apart", async () => {
    const { source, server } = await start({
      server: { patternOf: ({ action }) => (action === query.action ? "express" : "reliable") },
    });
    const upload = { service: "urn:nhs:names:services:cpisupload", action: "REPC_IN000002SM01" };
    assert.equal(selectPattern(await source.contract(query)), "express");
    assert.equal(selectPattern(await source.contract(upload)), "reliable");
    assert.equal(server.requests, 4);
  });

  it("answers from memory while the contract is fresh, also when the directory is down", async () => {
    const { source, server, told } = await start();
    const first = await source.contract(query);
    server.setConduct({ kind: "down" });
    time += 11 * minute;
    assert.equal(await source.contract(query), first);
    assert.equal(server.requests, 2);
    assert.deepEqual(told, ["refreshed"]);
  });

  it("asks again in the background before the contract is too old", async () => {
    const { source, server } = await start();
    const first = await source.contract(query);
    time += 13 * minute;
    const refreshed = once(source.events, "refreshed");
    assert.equal(await source.contract(query), first);
    await refreshed;
    assert.equal(server.requests, 4);
    time += 11 * minute;
    await source.contract(query);
    assert.equal(server.requests, 4);
  });

  it("keeps a fresh contract when the background question fails or finds nothing", async () => {
    for (const conduct of [{ kind: "down" }, { kind: "empty", entry: "absent" }] as const) {
      const { source, server } = await start();
      const first = await source.contract(query);
      server.setConduct(conduct);
      time += 13 * minute;
      const failed = once(source.events, "refreshFailed");
      assert.equal(await source.contract(query), first);
      await failed;
      assert.equal(await source.contract(query), first);
    }
  });

  const unreachable: readonly (readonly [string, SdsConduct, ErrorCode])[] = [
    ["down", { kind: "down" }, "SDS_UNAVAILABLE"],
    ["slower than its time-out", { kind: "slow" }, "SDS_TIMEOUT"],
    ["of another mind about the key", { kind: "status", status: 401 }, "SDS_UNAUTHORISED"],
    ["asked too often", { kind: "status", status: 429 }, "SDS_UNAVAILABLE"],
    ["out of order", { kind: "status", status: 500 }, "SDS_UNAVAILABLE"],
    ["a page for people", { kind: "not-fhir" }, "SDS_RESPONSE_INVALID"],
    ["of other types", { kind: "wrong-types" }, "SDS_RESPONSE_INVALID"],
  ];
  for (const [what, conduct, code] of unreachable) {
    it(`uses an old contract and tells its age when the directory is ${what}`, async () => {
      const { source, server, told } = await start({ lookupMilliseconds: conduct.kind === "slow" ? 50 : 20_000 });
      const first = await source.contract(query);
      server.setConduct(conduct);
      time += 2 * hour;
      assert.equal(await source.contract(query), first);
      assert.deepEqual(told, ["refreshed", ["refreshFailed", code], ["stale", [120, code]]]);
    });

    it(`raises ${code} without an old contract when the directory is ${what}`, async () => {
      const { source, server } = await start({ lookupMilliseconds: conduct.kind === "slow" ? 50 : 20_000 });
      server.setConduct(conduct);
      await assert.rejects(source.contract(query), { code });
      server.setConduct({ kind: "normal" });
      assert.equal((await source.contract(query)).toAsid, "990000000001");
    });
  }

  it("does not let a message wait for a slow directory longer than it is told to", async () => {
    const { source, server, told } = await start({ source: { staleWaitMilliseconds: 10 } });
    const first = await source.contract(query);
    server.setConduct({ kind: "slow" });
    time += hour;
    assert.equal(await source.contract(query), first);
    assert.deepEqual(told, ["refreshed", ["stale", [60, "SDS_TIMEOUT"]]]);
  });

  it("leaves a directory that failed alone for a while, and then asks again", async () => {
    const { source, server, told } = await start();
    await source.contract(query);
    server.setConduct({ kind: "status", status: 500 });
    time += hour;
    await source.contract(query);
    const asked = server.requests;
    time += 20_000;
    await source.contract(query);
    assert.equal(server.requests, asked);
    server.setConduct({ kind: "normal" });
    time += 10_000;
    await source.contract(query);
    assert.equal(server.requests, asked + 2);
    assert.equal(told.at(-1), "refreshed");
  });

  it("takes a new contract as soon as an old one has run out", async () => {
    const { source, server } = await start();
    await source.contract(query);
    server.setConduct({ kind: "ambiguous", field: "address" });
    time += hour;
    await assert.rejects(source.contract(query), { code: "SDS_AMBIGUOUS" });
  });

  it("does not use a contract of more than a day", async () => {
    const { source, server } = await start();
    await source.contract(query);
    server.setConduct({ kind: "down" });
    time += 24 * hour;
    await assert.rejects(source.contract(query), { code: "SDS_UNAVAILABLE" });
  });

  it("believes for a minute that there is none", async () => {
    const { source, server } = await start();
    server.setConduct({ kind: "empty", entry: "absent" });
    await assert.rejects(source.contract(query), { code: "SDS_NOT_FOUND" });
    server.setConduct({ kind: "normal" });
    time += minute - 1;
    await assert.rejects(source.contract(query), { code: "SDS_NOT_FOUND" });
    assert.equal(server.requests, 1);
    time += 1;
    assert.equal((await source.contract(query)).cpaId, "S9000001A9000101");
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
    const source = createContractSource({ manual: () => whole, effects: { now: () => time } });
    assert.deepEqual(await source.contract(query), whole);
  });

  it("says what is missing when there is no directory to ask", async () => {
    const source = createContractSource({ effects: { now: () => time } });
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
      const source = createContractSource({ manual: () => manual, effects: { now: () => time } });
      await assert.rejects(source.contract(query), { code: "CONFIG_INVALID" });
    });
  }

  it("tells when the address has the path of another pattern, and keeps the contract", async () => {
    const endpointUrl = `${messagingUrl}/reliablemessaging/reliablerequest`;
    const { source, told } = await start({ source: { manual: () => ({ endpointUrl }) } });
    assert.equal(selectPattern(await source.contract(query)), "express");
    assert.deepEqual(told.at(-1), ["pathContradicts", "reliable"]);
  });

  it("forgets a contract that Spine does not know, and asks again", async () => {
    const { source, server } = await start();
    const first = await source.contract(query);
    source.forget(query);
    server.setConduct({ kind: "down" });
    await assert.rejects(source.contract(query), { code: "SDS_UNAVAILABLE" });
    server.setConduct({ kind: "normal" });
    const second = await source.contract(query);
    assert.notEqual(second, first);
    assert.deepEqual(second, first);
  });

  it("names the interaction in what it tells", async () => {
    const { source } = await start();
    const told = once(source.events, "refreshed");
    await source.contract(query);
    assert.deepEqual(await told, [{ interaction: queryId }]);
  });

  it("gives nothing any more when it is closed, also to those who wait", async () => {
    const { source, server } = await start();
    server.setConduct({ kind: "slow", delayMilliseconds: 20 });
    const waiting = assert.rejects(source.contract(query), { code: "CONFIG_CLOSED" });
    source.close();
    await waiting;
    await assert.rejects(source.contract(query), { code: "CONFIG_CLOSED" });
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import type { ErrorCode } from "../../../lib/errors.js";
import type { SdsConduct } from "../../../lib/simulator/sds/sds-behaviour.js";
import {
  hour,
  minute,
  startContractWorld,
  type ContractWish,
  type ContractWorld,
} from "../../support/sds/contract-world.js";
import { createSimulatedDirectory, query, type SimulatedDirectory } from "../../support/sds/simulated-directory.js";

describe("what the contract source remembers", () => {
  let directory: SimulatedDirectory;

  before(async () => {
    directory = await createSimulatedDirectory();
  });
  afterEach(() => directory.closeAll());

  const start = (wish?: ContractWish): Promise<ContractWorld> => startContractWorld(directory, wish);

  it("asks the directory once for many who want the same at once", async () => {
    const { source, server } = await start();
    const contracts = await Promise.all(Array.from({ length: 20 }, () => source.contract(query)));
    assert.equal(new Set(contracts).size, 1);
    assert.equal(server.requests, 2);
  });

  it("answers from memory while the contract is fresh, also when the directory is down", async () => {
    const { source, server, told, advance } = await start();
    const first = await source.contract(query);
    server.setConduct({ kind: "down" });
    advance(11 * minute);
    assert.equal(await source.contract(query), first);
    assert.equal(server.requests, 2);
    assert.deepEqual(told, ["refreshed"]);
  });

  it("asks again in the background before the contract is too old", async () => {
    const { source, server, advance } = await start();
    const first = await source.contract(query);
    advance(13 * minute);
    const refreshed = once(source.events, "refreshed");
    assert.equal(await source.contract(query), first);
    await refreshed;
    assert.equal(server.requests, 4);
    advance(11 * minute);
    await source.contract(query);
    assert.equal(server.requests, 4);
  });

  it("keeps a fresh contract when the background question fails or finds nothing", async () => {
    for (const conduct of [{ kind: "down" }, { kind: "empty", entry: "absent" }] as const) {
      const { source, server, advance } = await start();
      const first = await source.contract(query);
      server.setConduct(conduct);
      advance(13 * minute);
      const failed = once(source.events, "refreshFailed");
      assert.equal(await source.contract(query), first);
      await failed;
      assert.equal(await source.contract(query), first);
    }
  });

  const unreachable: readonly (readonly [string, SdsConduct, ErrorCode])[] = [
    ["down", { kind: "down" }, "SDS_UNAVAILABLE"],
    ["of another mind about the key", { kind: "status", status: 401 }, "SDS_UNAUTHORISED"],
    ["asked too often", { kind: "status", status: 429 }, "SDS_UNAVAILABLE"],
    ["out of order", { kind: "status", status: 500 }, "SDS_UNAVAILABLE"],
    ["a page for people", { kind: "not-fhir" }, "SDS_RESPONSE_INVALID"],
    ["of other types", { kind: "wrong-types" }, "SDS_RESPONSE_INVALID"],
  ];
  for (const [what, conduct, code] of unreachable) {
    it(`uses an old contract and tells its age when the directory is ${what}`, async () => {
      const { source, server, told, advance } = await start({
        lookupMilliseconds: conduct.kind === "slow" ? 50 : 20_000,
      });
      const first = await source.contract(query);
      server.setConduct(conduct);
      advance(2 * hour);
      assert.equal(await source.contract(query), first);
      assert.deepEqual(told, ["refreshed", ["refreshFailed", code], ["stale", [120, code]]]);
    });

    it(`raises ${code} without an old contract when the directory is ${what}`, async () => {
      const { source, server } = await start();
      server.setConduct(conduct);
      await assert.rejects(source.contract(query), { code });
      server.setConduct({ kind: "normal" });
      assert.equal((await source.contract(query)).toAsid, "990000000001");
    });
  }

  it("raises SDS_TIMEOUT without an old contract when the directory is slow", async () => {
    const { source, server } = await start({ lookupMilliseconds: 50 });
    server.setConduct({ kind: "slow" });
    await assert.rejects(source.contract(query), { code: "SDS_TIMEOUT" });
  });

  it("does not let a message wait for a slow directory longer than it is told to", async () => {
    const { source, server, told, advance } = await start({ source: { staleWaitMilliseconds: 10 } });
    const first = await source.contract(query);
    server.setConduct({ kind: "slow" });
    advance(hour);
    assert.equal(await source.contract(query), first);
    assert.deepEqual(told, ["refreshed", ["stale", [60, "SDS_TIMEOUT"]]]);
  });

  it("leaves a directory that failed alone for a while, and then asks again", async () => {
    const { source, server, told, advance } = await start();
    await source.contract(query);
    server.setConduct({ kind: "status", status: 500 });
    advance(hour);
    await source.contract(query);
    const asked = server.requests;
    advance(20_000);
    await source.contract(query);
    assert.equal(server.requests, asked);
    server.setConduct({ kind: "normal" });
    advance(10_000);
    await source.contract(query);
    assert.equal(server.requests, asked + 2);
    assert.equal(told.at(-1), "refreshed");
  });

  it("leaves a directory that failed in the background alone as well", async () => {
    const { source, server, advance } = await start();
    await source.contract(query);
    server.setConduct({ kind: "down" });
    advance(13 * minute);
    const failed = once(source.events, "refreshFailed");
    await source.contract(query);
    await failed;
    const asked = server.requests;
    await source.contract(query);
    await source.contract(query);
    // What would have been asked had come before this.
    server.setConduct({ kind: "normal" });
    await source.contract({ ...query, action: "REPC_IN000007GB01" });
    assert.equal(server.requests, asked + 2);
  });

  it("forgets that the directory failed once it has answered", async () => {
    const times = { freshMilliseconds: 1_000, refreshAheadMilliseconds: 0, pauseMilliseconds: minute };
    const { source, server, told, advance } = await start({ source: { times } });
    await source.contract(query);
    server.setConduct({ kind: "down" });
    advance(minute);
    await source.contract(query);
    server.setConduct({ kind: "normal" });
    advance(minute);
    await source.contract(query);
    // A clock that was set back lies in the pause again.
    advance(-(minute / 2));
    await source.contract(query);
    assert.equal(told.filter((each) => each === "refreshed").length, 3);
  });

  it("takes a new contract as soon as an old one has run out", async () => {
    const { source, server, advance } = await start();
    await source.contract(query);
    server.setConduct({ kind: "ambiguous", field: "address" });
    advance(hour);
    await assert.rejects(source.contract(query), { code: "SDS_AMBIGUOUS" });
  });

  it("does not use a contract of more than a day", async () => {
    const { source, server, advance } = await start();
    await source.contract(query);
    server.setConduct({ kind: "down" });
    advance(24 * hour);
    await assert.rejects(source.contract(query), { code: "SDS_UNAVAILABLE" });
  });

  it("believes for a minute that there is none", async () => {
    const { source, server, advance } = await start();
    server.setConduct({ kind: "empty", entry: "absent" });
    await assert.rejects(source.contract(query), { code: "SDS_NOT_FOUND" });
    server.setConduct({ kind: "normal" });
    advance(minute - 1);
    await assert.rejects(source.contract(query), { code: "SDS_NOT_FOUND" });
    assert.equal(server.requests, 1);
    advance(1);
    assert.equal((await source.contract(query)).cpaId, "S9000001A9000101");
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

  it("does not remember an answer to a question from before it forgot", async () => {
    const { source, server } = await start();
    const asked = source.contract(query);
    source.forget(query);
    await asked;
    const before = server.requests;
    await source.contract(query);
    assert.equal(server.requests, before + 2);
  });

  it("asks again when the clock was set back, and uses what it has if nobody answers", async () => {
    const { source, server, told, advance } = await start();
    const first = await source.contract(query);
    server.setConduct({ kind: "down" });
    advance(-hour);
    assert.equal(await source.contract(query), first);
    assert.deepEqual(told.at(-1), ["stale", [0, "SDS_UNAVAILABLE"]]);
  });
});

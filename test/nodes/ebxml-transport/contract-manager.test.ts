// The contracts of a session against a directory on a real socket, with times short enough to see them pass.
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import type { SdsClientOptions } from "../../../lib/sds/sds-client.js";
import type { SdsServer } from "../../../lib/simulator/index.js";
import { parsePartyKey } from "../../../lib/identifiers.js";
import type { ContractTrouble } from "../../../nodes/adapter/transports/transport-state.js";
import {
  openContractDesk,
  type ContractDesk,
  type ContractDeskOptions,
} from "../../../nodes/ebxml-transport/contract-manager.js";
import { ageText } from "../../../nodes/ebxml-transport/contract-log.js";
import { createSimulatedDirectory, query, type SimulatedDirectory } from "../../support/sds/simulated-directory.js";

const upload = { service: "urn:nhs:names:services:cpisupload", action: "REPC_IN000002SM01" };

interface World {
  readonly desk: ContractDesk;
  readonly server: SdsServer;
  readonly lines: string[];
  readonly troubles: (ContractTrouble | undefined)[];
  readonly until: (what: string, condition: () => boolean) => Promise<void>;
}

describe("the contract desk of a session", () => {
  let directory: SimulatedDirectory;
  before(async () => {
    directory = await createSimulatedDirectory();
  });
  afterEach(() => directory.closeAll());

  async function open(
    freshMilliseconds: number,
    options: Partial<ContractDeskOptions> = {},
    client: Partial<SdsClientOptions> = {},
  ): Promise<World> {
    const server = await directory.start({
      patternOf: ({ action }) => (action === upload.action ? "reliable" : "express"),
    });
    const [lines, troubles]: [string[], (ContractTrouble | undefined)[]] = [[], []];
    const write =
      (level: string) =>
      (text: string): void =>
        void lines.push(`${level} ${text}`);
    const desk = openContractDesk({
      directory: { client: directory.client(server, client), odsCode: server.odsCode, freshMilliseconds },
      interactions: [query],
      typedFor: () => ({}),
      log: { warn: write("warn"), info: write("info"), debug: write("debug") },
      ...options,
    });
    directory.closeLater(() => desk.close());
    desk.watch((trouble) => troubles.push(trouble));
    const until = async (what: string, condition: () => boolean): Promise<void> => {
      for (let tries = 0; !condition(); tries += 1) {
        assert.ok(tries < 10_000, `waited in vain for ${what}: ${lines.join("; ")}`);
        await wait(10);
      }
    };
    return { desk, server, lines, troubles, until };
  }

  it("goes on with an old contract while the directory is away, tells its age, and that it is back", async () => {
    const { desk, server, lines, troubles, until } = await open(50);
    desk.start();
    await until("the first contract", () => lines.some((line) => line.startsWith("debug contract from the directory")));
    server.setConduct({ kind: "down" });
    await until("the trouble", () => troubles.at(-1)?.kind === "old");
    const contract = await desk.contract(query);
    assert.equal(contract.toAsid, "990000000001");
    const warned = lines.filter((line) => line.startsWith("warn contract in use that is 0 min old"));
    assert.equal(warned.length, 1);
    assert.ok(warned[0]?.endsWith(`${query.service}:${query.action} SDS_UNAVAILABLE`));
    assert.equal(lines.filter((line) => line.startsWith("warn no contract")).length, 1);
  });

  it("says that a contract is missing when the directory is too slow, and that it came", async () => {
    const { desk, server, troubles, until } = await open(60_000, {}, { timeouts: { lookupMilliseconds: 100 } });
    server.setConduct({ kind: "slow" });
    await assert.rejects(desk.contract(query), { code: "SDS_TIMEOUT" });
    assert.deepEqual(troubles.at(-1), { kind: "missing", code: "SDS_TIMEOUT" });
    server.setConduct({ kind: "normal" });
    await desk.contract(query);
    await until("the end of the trouble", () => troubles.at(-1) === undefined);
  });

  it("asks for the contract of each interaction apart", async () => {
    const { desk } = await open(60_000, { interactions: [query, upload] });
    const [one, other] = [await desk.contract(query), await desk.contract(upload)];
    assert.equal(one.ackRequested, "never");
    assert.equal(other.ackRequested, "always");
    assert.notEqual(one.cpaId, other.cpaId);
  });

  it("uses what was typed in for the one, and not for the other", async () => {
    const typedFor: ContractDeskOptions["typedFor"] = ({ action }) =>
      action === query.action ? { toAsid: "200000000999" } : {};
    const { desk, lines } = await open(60_000, { interactions: [query, upload], typedFor });
    assert.equal((await desk.contract(query)).toAsid, "200000000999");
    assert.equal((await desk.contract(upload)).toAsid, "990000000001");
    const told = lines.filter((line) => line.startsWith("info contract by hand"));
    assert.deepEqual(told, [`info contract by hand: ${query.action}, toAsid`]);
  });

  it("asks again for a contract that is doubted, and for no other", async () => {
    const { desk, server } = await open(60_000, { interactions: [query, upload] });
    await desk.contract(query);
    await desk.contract(upload);
    const before = server.requests;
    desk.doubt(query.action);
    await desk.contract(upload);
    assert.equal(server.requests, before);
    await desk.contract(query);
    assert.equal(server.requests, before + 2);
  });

  it("knows nobody until a contract has named a party, and a stranger only when all contracts are known", async () => {
    const { desk } = await open(60_000, { interactions: [query, upload] });
    const [spine, other] = [parsePartyKey("ZSP-0000001"), parsePartyKey("ZXX-0000009")];
    assert.deepEqual([desk.senderOf(spine), desk.senderOf(other)], ["unknown", "unknown"]);
    await desk.contract(query);
    assert.deepEqual([desk.senderOf(spine), desk.senderOf(other)], ["peer", "unknown"]);
    await desk.contract(upload);
    assert.deepEqual([desk.senderOf(spine), desk.senderOf(other)], ["peer", "stranger"]);
  });

  it("asks nothing more once it is closed", async () => {
    const { desk, server } = await open(30);
    desk.start();
    await desk.contract(query);
    desk.close();
    await assert.rejects(desk.contract(query), { code: "CONFIG_CLOSED" });
    await wait(50);
    const { requests } = server;
    await wait(80);
    assert.equal(server.requests, requests);
  });

  it("tells ages in minutes and hours", () => {
    assert.deepEqual([59_999, 1_500_000, 3_600_000, 86_000_000].map(ageText), ["0 min", "25 min", "1 h", "23 h"]);
  });
});

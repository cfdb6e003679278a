// A local authority with a store of its own, by each way to the simulated CP-IS, and a hospital that queries it.
import { randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseCpaId, parsePartyKey } from "../../../lib/identifiers.js";
import { createApiMailbox } from "../../../lib/mesh/api/api-mailbox.js";
import { createFolderMailbox } from "../../../lib/mesh/folders/folder-mailbox.js";
import type { MeshMailbox } from "../../../lib/mesh/model.js";
import { createMessageHandlingService } from "../../../lib/mhs/message-handling-service.js";
import type { MhsEffects } from "../../../lib/mhs/model.js";
import { createEbxmlExchange } from "../../../lib/services/exchange/ebxml-exchange.js";
import type { FileExchange } from "../../../lib/services/exchange/file-exchange.js";
import { createMeshExchange, knownFileRoots, nextLocalId } from "../../../lib/services/exchange/mesh-exchange.js";
import { createQueryService } from "../../../lib/services/query/query.js";
import { createPki, createSpineSimulator, type SpineSimulator } from "../../../lib/simulator/index.js";
import { createSimulatedMeshClient } from "../../../lib/simulator/mesh-client/mesh-client-folders.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import { createMemoryStore } from "../store/sqlite-place.js";
import { createTestProtection } from "../store/sample-messages.js";

export const effects: MhsEffects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };

export const localAuthority = {
  code: "998",
  codeType: "organisation",
  name: "EXAMPLE TEST COUNCIL",
  emergencyDutyTelephone: "01632960999",
  officeHoursTelephone: "01632960001",
} as const;

export type WayName = "MESH" | "MESH folders" | "ebXML";
export const wayNames: readonly WayName[] = ["MESH", "MESH folders", "ebXML"];

/** One run of the local authority's system. Closing it is a restart when another one is opened. */
export interface AuthorityRun {
  readonly exchange: FileExchange;
  readonly store: MessageStore;
  readonly channel: string;
  readonly effects: MhsEffects;
  readonly warnings: string[];
  close(): Promise<void>;
}

export interface AuthorityScene {
  readonly simulator: SpineSimulator;
  open(): Promise<AuthorityRun>;
  /** Asks CP-IS as a hospital does; gives the outcome and the names of the plans' authorities. */
  query(
    nhsNumber: string,
  ): Promise<{ readonly outcome: string; readonly authorities: readonly (string | undefined)[] }>;
  close(): Promise<void>;
}

interface Ground {
  readonly simulator: SpineSimulator;
  readonly folder: string;
  readonly store: MessageStore;
  readonly channel: string;
}

interface Way {
  readonly exchange: FileExchange;
  close(): Promise<void>;
}

async function certificateOf(simulator: SpineSimulator) {
  const client = await simulator.issueClient("127.0.0.1");
  return { key: client.keyPem, cert: client.certPem, ca: simulator.caPem };
}

function settingsOf(simulator: SpineSimulator) {
  const { workflowIds, cpisMailbox } = simulator.mesh;
  return {
    recipient: cpisMailbox,
    uploadWorkflowId: workflowIds.upload,
    contentType: "application/xml",
    fileNamePattern: "{ods}-{number}.xml",
    subjectPattern: "",
  };
}

function common({ simulator, store, channel }: Ground, mailbox: string) {
  const { workflowIds, cpisMailbox } = simulator.mesh;
  const scope = {
    senders: [cpisMailbox],
    workflowIds: [workflowIds.response, workflowIds.accessNotification, workflowIds.inactiveNotification],
    sentWorkflowIds: [workflowIds.upload],
    takesAll: false,
  };
  const owner = randomUUID();
  return { mailbox, scope, store, channel, owner, knownRoots: knownFileRoots, effects, leaseMilliseconds: 1000 };
}

async function meshWay(
  ground: Ground,
  mailbox: MeshMailbox,
  warnings: string[],
  end: () => Promise<void>,
): Promise<Way> {
  const { simulator, store } = ground;
  mailbox.events.on("warning", ({ code }) => warnings.push(code));
  const exchange = createMeshExchange({
    mailbox,
    store,
    settings: settingsOf(simulator),
  });
  await mailbox.start();
  return {
    exchange,
    close: async () => {
      await mailbox.close();
      await end();
    },
  };
}

async function openApi(ground: Ground, warnings: string[]): Promise<Way> {
  const { mesh } = ground.simulator;
  const own = mesh.openMailbox({ odsCode: localAuthority.code });
  const mailbox = createApiMailbox({
    ...common(ground, own.mailbox),
    baseUrl: mesh.url,
    password: own.password,
    sharedKey: mesh.sharedKey,
    tls: await certificateOf(ground.simulator),
    pollMilliseconds: 100,
    nextLocalId,
  });
  return meshWay(ground, mailbox, warnings, () => Promise.resolve());
}

async function openFolders(ground: Ground, warnings: string[]): Promise<Way> {
  const { mesh } = ground.simulator;
  const own = mesh.openMailbox({ odsCode: localAuthority.code });
  const root = path.join(ground.folder, "interface");
  const client = createSimulatedMeshClient({ root, mesh, mailbox: own.mailbox, effects, pollMilliseconds: 50 });
  await client.start();
  const mailbox = createFolderMailbox({
    ...common(ground, own.mailbox),
    root,
    scanMilliseconds: 100,
    stableMilliseconds: 20,
  });
  return meshWay(ground, mailbox, warnings, () => client.close());
}

async function openEbxml({ simulator, store, channel }: Ground): Promise<Way> {
  const party = { partyKey: "XLA-900998", asid: "990000000998", cpaId: "S9000998A9000201" };
  const tls = await certificateOf(simulator);
  const mhs = createMessageHandlingService({
    ownParty: { partyKey: parsePartyKey(party.partyKey), cpaId: parseCpaId(party.cpaId) },
    clientTls: tls,
    listener: { host: "127.0.0.1", port: 0, path: "/mhs/ebxml", tls, clientNames: "any" },
    store,
    channel,
    leaseMilliseconds: 1000,
    effects,
  });
  const { port } = await mhs.start();
  simulator.registerParty({ ...party, answerUrl: `https://127.0.0.1:${port}/mhs/ebxml`, odsCode: localAuthority.code });
  const exchange = createEbxmlExchange({
    mhs,
    store,
    settings: {
      uploadService: "urn:nhs:names:services:cpisupload",
      uploadAction: "REPC_IN000002SM01",
      responseAction: "REPC_IN000003GB01",
      accessAction: "REPC_IN000004GB01",
      inactiveAction: "REPC_IN000005GB01",
      maximumBytes: 5_000_000,
    },
    effects,
    contract: () => Promise.resolve(simulator.contracts.reliable),
  });
  return { exchange, close: () => mhs.close() };
}

function openWay(name: WayName, ground: Ground, warnings: string[]): Promise<Way> {
  if (name === "MESH") return openApi(ground, warnings);
  return name === "MESH folders" ? openFolders(ground, warnings) : openEbxml(ground);
}

async function createHospital(simulator: SpineSimulator) {
  const party = { partyKey: "ZT7-900145", asid: "990000000145", cpaId: "S9000145A9000201" };
  const tls = await certificateOf(simulator);
  const store = await createMemoryStore();
  const mhs = createMessageHandlingService({
    ownParty: { partyKey: parsePartyKey(party.partyKey), cpaId: parseCpaId(party.cpaId) },
    clientTls: tls,
    listener: { host: "127.0.0.1", port: 0, path: "/mhs/ebxml", tls, clientNames: "any" },
    store,
    effects,
  });
  const { port } = await mhs.start();
  simulator.registerParty({ ...party, answerUrl: `https://127.0.0.1:${port}/mhs/ebxml` });
  const service = createQueryService({
    mhs,
    effects,
    settings: {
      fromAsid: party.asid,
      contract: () => Promise.resolve(simulator.contracts.express),
      checkActivities: true,
      timeoutMilliseconds: 120_000,
      emptyResponse: "failed",
    },
  });
  const close = async (): Promise<void> => {
    await mhs.close();
    await store.close();
  };
  return { service, close };
}

const clinician = {
  kind: "person",
  userId: "990000001001",
  roleProfileId: "990000001002",
  role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
  name: { given: ["Ann"], family: "Example" },
  organisation: { code: "ZT7", name: "EXAMPLE HOSPITAL TRUST" },
} as const;

export async function createAuthorityScene(way: WayName): Promise<AuthorityScene> {
  const simulator = await createSpineSimulator({ pki: await createPki(effects), effects });
  const hospital = await createHospital(simulator);
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-authority-"));
  const channel = `authority over ${way}`;
  let current: AuthorityRun | undefined;
  return {
    simulator,
    async open(): Promise<AuthorityRun> {
      await current?.close();
      const store = await createSqliteMessageStore({
        folder: path.join(folder, "store"),
        protection: createTestProtection(),
        now: () => effects.now(),
      });
      const warnings: string[] = [];
      const opened = await openWay(way, { simulator, folder, store, channel }, warnings);
      const run: AuthorityRun = {
        ...opened,
        store,
        channel,
        effects,
        warnings,
        close: async () => {
          if (current === run) current = undefined;
          await opened.close();
          await store.close();
        },
      };
      current = run;
      return run;
    },
    async query(nhsNumber) {
      const { result } = await hospital.service.ask({
        nhsNumber,
        author: clinician,
        activities: ["B0107"],
        accessType: "unscheduled",
      });
      const plans = result.outcome === "found" ? result.plans : [];
      return { outcome: result.outcome, authorities: plans.map(({ localAuthority: { name } }) => name) };
    },
    async close(): Promise<void> {
      await current?.close();
      await hospital.close();
      await simulator.close();
      await fs.rm(folder, { recursive: true, force: true });
    },
  };
}

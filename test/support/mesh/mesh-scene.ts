// A mailbox over the API, a simulated MESH on loopback, and a store on disk: for tests of what passes between them.
import { randomUUID } from "node:crypto";
import { createApiMailbox, type ApiMailboxOptions } from "../../../lib/mesh/api/api-mailbox.js";
import type { MeshMailbox } from "../../../lib/mesh/model.js";
import {
  createMeshServer,
  type MeshServer,
  type MeshServerOptions,
  type SimulatedMailbox,
} from "../../../lib/simulator/index.js";
import type { SimulatedMeshEvents } from "../../../lib/simulator/mesh/mesh-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { testPki } from "../simulator/simulator-client.js";
import type { StorePlace } from "../store/sample-messages.js";
import { exampleScope } from "./sample-files.js";
import { createSqlitePlace } from "../store/sqlite-place.js";

export interface StartedMailbox {
  readonly mailbox: MeshMailbox;
  /** Every event that an operator sees, in its order, in one line each. */
  readonly log: string[];
  close(): Promise<void>;
}

export interface MeshScene {
  readonly mesh: MeshServer;
  /** The local authority's. */
  readonly authority: SimulatedMailbox;
  readonly store: MessageStore;
  /** The clock of all; stands until it is moved. */
  readonly clock: { now: number };
  /** Calls that MESH answered, as "POST outbox 202": without the names of mailboxes and messages. */
  readonly calls: string[];
  create(changes?: Partial<ApiMailboxOptions>): Promise<StartedMailbox>;
  start(changes?: Partial<ApiMailboxOptions>): Promise<StartedMailbox>;
  stopMesh(): Promise<void>;
  /** At its old address, with the same mailboxes, empty. */
  startMesh(): Promise<MeshServer>;
  close(): Promise<void>;
}

let owners = 0;

/** A scene of its own for each test. */
export function useMeshScene(): () => MeshScene {
  let scene: MeshScene | undefined;
  beforeEach(async () => {
    scene = await openMeshScene();
  });
  afterEach(() => scene?.close());
  return () => {
    if (scene === undefined) throw new Error("there is no scene yet");
    return scene;
  };
}

function follow(mailbox: MeshMailbox): string[] {
  const log: string[] = [];
  mailbox.events.on("accepted", () => log.push("accepted"));
  mailbox.events.on("undelivered", ({ state, code }) => log.push(`undelivered ${state} ${code}`));
  mailbox.events.on("received", ({ action, disposition }) => log.push(`received ${action} ${disposition}`));
  mailbox.events.on("unreachable", ({ code }) => log.push(`unreachable ${code}`));
  mailbox.events.on("reachable", () => log.push("reachable"));
  mailbox.events.on("setAside", ({ code }) => log.push(`setAside ${code}`));
  mailbox.events.on("storeUnavailable", ({ code }) => log.push(`storeUnavailable ${code}`));
  mailbox.events.on("storeAvailable", () => log.push("storeAvailable"));
  mailbox.events.on("warning", ({ code }) => log.push(`warning ${code}`));
  return log;
}

function callText({ method, path, status }: SimulatedMeshEvents["meshExchange"][0]): string {
  const [, , , ...parts] = path.split("/");
  const place = parts.filter((part) => /^(inbox|outbox|tracking|status|acknowledged|\d{1,3})$/.test(part)).join("/");
  return `${method} ${place === "" ? "mailbox" : place} ${status}`;
}

export async function openMeshScene(): Promise<MeshScene> {
  const { pki, spine, client } = await testPki();
  const place: StorePlace = await createSqlitePlace();
  const store = await place.open();
  const clock = { now: Date.now() };
  const effects = { now: () => clock.now, newUuid: () => randomUUID().toUpperCase() };
  const calls: string[] = [];
  const listen = async (again: Partial<MeshServerOptions>): Promise<MeshServer> => {
    const server = await createMeshServer({ pki, effects, certificate: spine, ...again });
    server.openMailbox({ odsCode: "ZT7", mailbox: "ZT7OT001", password: "pa55-Word!" });
    server.events.on("meshExchange", (exchange) => calls.push(callText(exchange)));
    return server;
  };
  let mesh = await listen({});
  const { sharedKey, cpis, url, port } = mesh;
  const authority = mesh.openMailbox({ odsCode: "ZT7" });
  let started: StartedMailbox[] = [];

  const scene: MeshScene = {
    get mesh(): MeshServer {
      return mesh;
    },
    authority,
    store,
    clock,
    calls,
    create: (changes = {}) => {
      owners += 1;
      const mailbox = createApiMailbox({
        mailbox: authority.mailbox,
        password: authority.password,
        sharedKey,
        baseUrl: url,
        tls: { ca: pki.caPem, key: client.keyPem, cert: client.certPem },
        store,
        channel: "mailbox",
        owner: `owner-${owners}`,
        scope: exampleScope,
        knownRoots: ["FileResponse"],
        effects,
        pauses: { busyMilliseconds: 1 },
        ...changes,
      });
      const one: StartedMailbox = {
        mailbox,
        log: follow(mailbox),
        close: async () => {
          started = started.filter((each) => each !== one);
          await mailbox.close();
        },
      };
      started.push(one);
      return Promise.resolve(one);
    },
    async start(changes): Promise<StartedMailbox> {
      const one = await scene.create(changes);
      await one.mailbox.start();
      return one;
    },
    stopMesh: () => mesh.close(),
    startMesh: async () => (mesh = await listen({ port, sharedKey, cpis })),
    async close(): Promise<void> {
      await Promise.all(started.map((each) => each.close()));
      await mesh.close();
      await store.close();
      await place.remove();
    },
  };
  return scene;
}

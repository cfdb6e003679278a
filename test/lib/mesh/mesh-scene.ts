// A mailbox over the API, a simulated MESH on loopback, and a store on disk: for tests of what passes between them.
import { randomUUID } from "node:crypto";
import { createApiMailbox, type ApiMailboxOptions } from "../../../lib/mesh/api-mailbox.js";
import type { MeshMailbox } from "../../../lib/mesh/model.js";
import { createMeshServer, type MeshServer, type SimulatedMailbox } from "../../../lib/simulator/index.js";
import type { SimulatedMeshEvents } from "../../../lib/simulator/mesh-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { testPki } from "../simulator/simulator-client.js";
import type { StorePlace } from "../store/sample-messages.js";
import { createSqlitePlace } from "../store/sqlite-place.js";

export interface StartedMailbox {
  readonly mailbox: MeshMailbox;
  /** Every event that an operator sees, in its order, in one line each. */
  readonly log: string[];
  close(): Promise<void>;
}

export interface MeshScene {
  readonly mesh: MeshServer;
  readonly authority: SimulatedMailbox;
  readonly store: MessageStore;
  /** The clock of all; stands until it is moved. */
  readonly clock: { now: number };
  /** Calls that MESH answered, as "POST outbox 202": without the names of mailboxes and messages. */
  readonly calls: string[];
  create(changes?: Partial<ApiMailboxOptions>): Promise<StartedMailbox>;
  start(changes?: Partial<ApiMailboxOptions>): Promise<StartedMailbox>;
  /** MESH is gone until it is started again, with all that it has. */
  stopMesh(): Promise<void>;
  close(): Promise<void>;
}

let owners = 0;

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
  const mesh = await createMeshServer({ pki, effects, certificate: spine });
  const authority = mesh.openMailbox({ odsCode: "ZT7", mailbox: "ZT7OT001", password: "pa55-Word!" });
  const calls: string[] = [];
  mesh.events.on("meshExchange", (exchange) => calls.push(callText(exchange)));
  let started: StartedMailbox[] = [];

  const scene: MeshScene = {
    mesh,
    authority,
    store,
    clock,
    calls,
    create: (changes = {}) => {
      owners += 1;
      const mailbox = createApiMailbox({
        mailbox: authority.mailbox,
        password: authority.password,
        sharedKey: mesh.sharedKey,
        baseUrl: mesh.url,
        tls: { ca: pki.caPem, key: client.keyPem, cert: client.certPem },
        store,
        channel: "mailbox",
        owner: `owner-${owners}`,
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
    async close(): Promise<void> {
      await Promise.all(started.map((each) => each.close()));
      await mesh.close();
      await store.close();
      await place.remove();
    },
  };
  return scene;
}

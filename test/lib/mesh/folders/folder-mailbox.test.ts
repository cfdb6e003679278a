// The mailbox over the MESH client's folders, with a simulated client beside it, against what every mailbox promises.
import { randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createFolderMailbox } from "../../../../lib/mesh/folders/folder-mailbox.js";
import type { MeshMailbox } from "../../../../lib/mesh/model.js";
import { createMeshServer } from "../../../../lib/simulator/index.js";
import { createSimulatedMeshClient } from "../../../../lib/simulator/mesh-client/mesh-client-folders.js";
import { until } from "../../../support/mhs/durable-exchange.js";
import { testPki } from "../../../support/simulator/simulator-client.js";
import { exampleScope } from "../../../support/mesh/sample-files.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";
import { describeMailbox, type MailboxHarness } from "../mailbox.conformance.js";

let owners = 0;

async function createHarness(): Promise<MailboxHarness> {
  const { pki, spine } = await testPki();
  const place = await createSqlitePlace();
  const store = await place.open();
  const root = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-mesh-"));
  let ahead = 0;
  const effects = { now: () => Date.now() + ahead, newUuid: () => randomUUID().toUpperCase() };
  const mesh = await createMeshServer({ pki, effects, certificate: spine });
  const { mailbox: own } = mesh.openMailbox({ odsCode: "ZT7", mailbox: "ZT7OT001" });
  const client = createSimulatedMeshClient({ root, mesh, mailbox: own, effects, pollMilliseconds: 20 });
  await client.start();
  const mailboxes: MeshMailbox[] = [];
  return {
    store,
    create(changes): Promise<MeshMailbox> {
      const mailbox = createFolderMailbox({
        root,
        mailbox: own,
        store,
        channel: "mailbox",
        owner: `owner-${(owners += 1)}`,
        scope: exampleScope,
        knownRoots: ["FileResponse"],
        effects,
        scanMilliseconds: 100,
        stableMilliseconds: 10,
        ...changes,
      });
      mailboxes.push(mailbox);
      return Promise.resolve(mailbox);
    },
    advance: (milliseconds) => void (ahead += milliseconds),
    async taken(): ReturnType<MailboxHarness["taken"]> {
      await client.poll();
      return mesh.inbox(mesh.cpisMailbox);
    },
    deliver: (file) => Promise.resolve(mesh.deliver({ from: mesh.cpisMailbox, to: own, ...file })),
    report: (localId, report) => {
      const sent = mesh.inbox(mesh.cpisMailbox).find((message) => message.localId === localId);
      return Promise.resolve(mesh.report(sent?.messageId ?? "", report));
    },
    reportOfStranger: () => {
      const { upload: workflowId } = mesh.workflowIds;
      const sent = mesh.deliver({ from: own, to: mesh.cpisMailbox, workflowId, content: Buffer.from("<File/>") });
      return Promise.resolve(mesh.report(sent, { statusCode: "14" }));
    },
    async left(): Promise<number> {
      const names = await fs.readdir(path.join(root, "IN"));
      return names.filter((name) => name.endsWith(".ctl")).length;
    },
    async look(mailbox): Promise<void> {
      await until(() => mesh.inbox(own).length === 0);
      await mailbox.poll();
    },
    async close(): Promise<void> {
      await Promise.all(mailboxes.map((mailbox) => mailbox.close()));
      await client.close();
      await mesh.close();
      await store.close();
      await place.remove();
      await fs.rm(root, { recursive: true });
    },
  };
}

describeMailbox("a mailbox over the client's folders", createHarness);

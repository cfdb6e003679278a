// The mailbox over the API keeps what every mailbox promises.
import type { MeshMailbox } from "../../../../lib/mesh/model.js";
import { describeMailbox, type MailboxHarness } from "../mailbox.conformance.js";
import { openMeshScene } from "../../../support/mesh/mesh-scene.js";

async function createHarness(): Promise<MailboxHarness> {
  const scene = await openMeshScene();
  const { mesh, authority, clock } = scene;
  return {
    store: scene.store,
    create: async (changes) => (await scene.create(changes)).mailbox,
    advance: (milliseconds) => void (clock.now += milliseconds),
    taken: () => Promise.resolve(mesh.inbox(mesh.cpisMailbox)),
    deliver: (file) => Promise.resolve(mesh.deliver({ from: mesh.cpisMailbox, to: authority.mailbox, ...file })),
    report: (localId, report) => {
      const sent = mesh.inbox(mesh.cpisMailbox).find((message) => message.localId === localId);
      return Promise.resolve(mesh.report(sent?.messageId ?? "", report));
    },
    reportOfStranger: () => {
      const { upload: workflowId } = mesh.workflowIds;
      const content = Buffer.from("<File/>");
      const sent = mesh.deliver({ from: authority.mailbox, to: mesh.cpisMailbox, workflowId, content });
      return Promise.resolve(mesh.report(sent, { statusCode: "14" }));
    },
    left: () => Promise.resolve(mesh.inbox(authority.mailbox).length),
    look: (mailbox: MeshMailbox) => mailbox.poll(),
    close: () => scene.close(),
  };
}

describeMailbox("a mailbox over the API", createHarness);

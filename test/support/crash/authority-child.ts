// The process that is killed: a local authority that uploads one file after another over MESH, from a store that stays.
import fs from "node:fs";
import { createApiMailbox } from "../../../lib/mesh/api/api-mailbox.js";
import { createMeshExchange, knownFileRoots, nextLocalId } from "../../../lib/services/exchange/mesh-exchange.js";
import { createUploadService } from "../../../lib/services/upload/upload.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import { createTestProtection } from "../store/sample-messages.js";
import type { AuthorityReport, AuthoritySettings } from "./authority-run.js";

const localAuthority = {
  code: "998",
  codeType: "organisation",
  name: "EXAMPLE TEST COUNCIL",
  emergencyDutyTelephone: "01632960999",
} as const;

function tell(report: AuthorityReport): void {
  // At once, so that what was told is known whenever the process is killed.
  fs.writeSync(1, `${JSON.stringify(report)}\n`);
}

async function main(): Promise<void> {
  const [, , settingsFile = "", life = ""] = process.argv;
  const settings = JSON.parse(fs.readFileSync(settingsFile, "utf8")) as AuthoritySettings;
  const effects = { now: () => Date.now(), newUuid: () => crypto.randomUUID().toUpperCase() };
  const store = await createSqliteMessageStore({
    folder: settings.folder,
    protection: createTestProtection(),
    now: () => effects.now(),
  });
  const { mailbox, password, baseUrl, sharedKey, tls } = settings;
  const mesh = createApiMailbox({
    mailbox,
    password,
    baseUrl,
    sharedKey,
    tls,
    store,
    channel: "authority",
    owner: life,
    scope: settings.scope,
    knownRoots: knownFileRoots,
    effects,
    leaseMilliseconds: 300,
    pollMilliseconds: 50,
    nextLocalId,
    // The simulated MESH knows for sure what it has.
    unknownOutcome: "resend-after-tracking",
    pauses: { trackingMilliseconds: [20, 20, 20] },
  });
  const exchange = createMeshExchange({ mailbox: mesh, store, settings: settings.exchange });
  const service = createUploadService({ exchange, store, channel: "authority", effects });
  service.attach({
    owner: "flow",
    localAuthority: localAuthority.code,
    listener: {
      refused: () => Promise.resolve(),
      answered: async ({ outcome, fileNumber }, { kept }) => {
        // As a flow that does something with it.
        await store.health();
        tell({ kind: "answered", outcome, fileNumber: fileNumber ?? 0, upload: String(kept) });
      },
      undelivered: async ({ error }, { kept }) => {
        await store.health();
        tell({ kind: "undelivered", code: error.code, upload: String(kept) });
      },
      stray: ({ code }) => tell({ kind: "stray", code }),
      sending: () => undefined,
      overdue: () => undefined,
    },
  });
  await mesh.start();
  tell({ kind: "ready" });
  // The last life only waits for what is still to come.
  for (let number = 0; life !== "last"; number += 1) {
    const upload = `${life}-${number}`;
    const acceptance = await service.upload({
      owner: "flow",
      localAuthority,
      records: [
        {
          nhsNumber: "9990000018",
          localId: upload,
          givenName: "Test",
          familyName: "Child",
          birthDate: "2016-03-14",
          planType: "CPP",
          startDate: "2025-11-03T09:00",
        },
      ],
      mapping: {},
      faultyRecords: "refuse-file",
      kept: upload,
      handOut: () => undefined,
    });
    if (acceptance.kind === "accepted") tell({ kind: "accepted", upload, fileNumber: acceptance.fileNumber });
  }
}

void main();

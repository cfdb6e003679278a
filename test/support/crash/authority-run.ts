// Kills a local authority's process again and again while it uploads, and compares what it told with what CP-IS got.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { randomUUID } from "node:crypto";
import { parseUploadFile } from "../../../lib/cpis/upload/upload-file.js";
import type { MailboxScope } from "../../../lib/mesh/mailbox-scope.js";
import type { MeshExchangeSettings } from "../../../lib/services/exchange/mesh-exchange.js";
import { createPki, createSpineSimulator, type SpineSimulator } from "../../../lib/simulator/index.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import { createTestProtection } from "../store/sample-messages.js";

export interface AuthoritySettings {
  readonly folder: string;
  readonly mailbox: string;
  readonly password: string;
  readonly baseUrl: string;
  readonly sharedKey: string;
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string };
  readonly scope: MailboxScope;
  readonly exchange: MeshExchangeSettings;
}

export type AuthorityReport =
  | { readonly kind: "ready" }
  | { readonly kind: "accepted"; readonly upload: string; readonly fileNumber: number }
  | { readonly kind: "answered"; readonly upload: string; readonly fileNumber: number; readonly outcome: string }
  | { readonly kind: "undelivered"; readonly upload: string; readonly code: string }
  | { readonly kind: "stray"; readonly code: string };

export interface AuthorityRunResult {
  readonly lives: number;
  readonly accepted: number;
  readonly answered: number;
  /** Of files whose sending was cut: MESH does not have them, and a person decides. */
  readonly waitingForAPerson: number;
}

/** One file as CP-IS got it. */
interface Got {
  readonly fileNumber: string;
  readonly upload: string;
}

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };

function followFiles(simulator: SpineSimulator): Got[] {
  const got: Got[] = [];
  const { mesh } = simulator;
  mesh.events.on("meshMessage", ({ to, messageType, content }) => {
    if (to !== mesh.cpisMailbox || messageType !== "DATA") return;
    const { fileId, records } = parseUploadFile(content).file;
    got.push({ fileNumber: fileId, upload: records[0]?.subjects[0]?.localId ?? "" });
  });
  return got;
}

async function writeSettings(simulator: SpineSimulator, folder: string): Promise<string> {
  const { mesh } = simulator;
  const own = mesh.openMailbox({ odsCode: "998" });
  const client = await simulator.issueClient("127.0.0.1");
  const { workflowIds } = mesh;
  const settings: AuthoritySettings = {
    folder: path.join(folder, "store"),
    ...own,
    baseUrl: mesh.url,
    sharedKey: mesh.sharedKey,
    tls: { key: client.keyPem, cert: client.certPem, ca: simulator.caPem },
    scope: {
      senders: [mesh.cpisMailbox],
      workflowIds: [workflowIds.response],
      sentWorkflowIds: [workflowIds.upload],
      takesAll: false,
    },
    exchange: {
      recipient: mesh.cpisMailbox,
      uploadWorkflowId: workflowIds.upload,
      contentType: "application/xml",
      fileNamePattern: "",
      subjectPattern: "",
    },
  };
  const file = path.join(folder, "settings.json");
  await fs.writeFile(file, JSON.stringify(settings));
  return file;
}

/** Lives until it is killed, when `isOver` resolves, which begins when it is ready. */
async function live(settingsFile: string, life: string, reports: AuthorityReport[], isOver: () => Promise<unknown>) {
  const script = path.join(__dirname, "authority-child.ts");
  const child = spawn(process.execPath, ["--require", "tsx/cjs", script, settingsFile, life], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "close");
  let isReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  readline.createInterface({ input: child.stdout }).on("line", (line) => {
    // The last line of a killed process may be cut.
    if (!line.endsWith("}")) return;
    const report = JSON.parse(line) as AuthorityReport;
    reports.push(report);
    if (report.kind === "ready") isReady();
  });
  await Promise.race([ready, gone]);
  await isOver();
  child.kill("SIGKILL");
  await gone;
}

function answersIn(reports: readonly AuthorityReport[]): ReadonlyMap<string, number> {
  const answered = reports.filter((report) => report.kind === "answered");
  return new Map(answered.map(({ upload, fileNumber }) => [upload, fileNumber]));
}

/** Whatever is still to come has come; a machine that is busy gets its time, and one that has lost something ends too. */
async function untilAnswered(reports: readonly AuthorityReport[]): Promise<void> {
  const deadline = Date.now() + 60_000;
  const accepted = reports.filter((report) => report.kind === "accepted");
  while (Date.now() < deadline) {
    const answers = answersIn(reports);
    if (accepted.every(({ upload }) => answers.has(upload))) return;
    await sleep(50);
  }
}

function compare(reports: readonly AuthorityReport[], got: readonly Got[], waiting: ReadonlySet<number>) {
  const accepted = reports.filter((report) => report.kind === "accepted");
  const numberOf = new Map<string, string>();
  const uploadOf = new Map<string, string>();
  for (const { upload, fileNumber } of got) {
    assert.equal(
      numberOf.get(upload),
      undefined,
      `${upload} was sent twice, as ${numberOf.get(upload)} and ${fileNumber}`,
    );
    assert.equal(uploadOf.get(fileNumber), undefined, `the number ${fileNumber} was sent twice`);
    numberOf.set(upload, fileNumber);
    uploadOf.set(fileNumber, upload);
  }
  const answers = answersIn(reports);
  for (const { upload, fileNumber } of accepted) {
    const isSent = numberOf.get(upload) === fileNumber.toString();
    assert.ok(isSent || waiting.has(fileNumber), `${upload}, file ${fileNumber}, is lost`);
    if (isSent) assert.equal(answers.get(upload), fileNumber, `the response to ${upload} is lost`);
  }
  const wrong = reports.filter(({ kind }) => kind === "undelivered" || kind === "stray");
  assert.deepEqual(wrong, []);
  return { accepted: accepted.length, answered: answers.size };
}

/** Files that MESH does not have and that are not sent again by themselves. */
async function findWaiting(folder: string): Promise<ReadonlySet<number>> {
  const store = await createSqliteMessageStore({
    folder: path.join(folder, "store"),
    protection: createTestProtection(),
    now: () => effects.now(),
  });
  const states = ["queued", "sending", "awaiting-acknowledgement", "held"] as const;
  const { messages } = await store.list({ direction: "outbound", states }, 10_000);
  await store.close();
  return new Set(messages.map(({ attributes }) => Number(attributes["fileNumber"])));
}

/** `killAfter` gives the milliseconds of each life; a last one lives long enough to get what is still to come. */
export async function runAuthority(killAfter: readonly number[]): Promise<AuthorityRunResult> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-authority-"));
  const simulator = await createSpineSimulator({ pki: await createPki(effects), effects });
  const got = followFiles(simulator);
  const reports: AuthorityReport[] = [];
  try {
    const settingsFile = await writeSettings(simulator, folder);
    for (const [life, milliseconds] of killAfter.entries()) {
      await live(settingsFile, `life${life}`, reports, () => sleep(milliseconds));
    }
    await live(settingsFile, "last", reports, () => untilAnswered(reports));
    const waiting = await findWaiting(folder);
    return { lives: killAfter.length + 1, ...compare(reports, got, waiting), waitingForAPerson: waiting.size };
  } finally {
    await simulator.close();
    await fs.rm(folder, { recursive: true, force: true });
  }
}

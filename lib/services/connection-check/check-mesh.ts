// The steps of a connection check that only MESH has: the mailbox over its API, and the folders of its client.
import { definedOnly } from "../../defined-only.js";
import { CpisError, isCpisError } from "../../errors.js";
import { folderChecks, foldersOf, type FolderCheck } from "../../mesh/folders/folder-check.js";
import { createMeshClient, type MeshClient } from "../../mesh/api/mesh-client.js";
import { failedFinding, skippedStep, stepOf, type CheckRun } from "./check-run.js";
import type { CheckStep, Finding, MeshApiCheck, MeshFolderCheck } from "./connection-check-model.js";

/** As few as MESH lists: the number that wait is told all the same. */
const fewestListed = 10;
const clientVersion = "@cp-is/node-red connection check";

function openClient(check: MeshApiCheck, run: CheckRun): MeshClient {
  const { baseUrl, tls, mailbox, password, sharedKey, proxy } = check;
  const { connectMilliseconds, tlsMilliseconds, replyMilliseconds } = run.limits;
  return createMeshClient({
    ...{ baseUrl, tls, mailbox, password, sharedKey, clientVersion },
    ...definedOnly({ proxy }),
    gzip: false,
    busyPauseMilliseconds: 200,
    requestTimeoutMilliseconds: replyMilliseconds,
    timeouts: { connectMilliseconds, tlsMilliseconds },
    effects: run.effects,
  });
}

/** The handshake of MESH proves mailbox, password and shared key. */
async function proveCredentials(client: MeshClient, run: CheckRun): Promise<Finding> {
  const made = await run.attempt(() => client.handshake(), run.limits.replyMilliseconds, "MESH_UNAVAILABLE");
  if (made.kind === "failed") return failedFinding(made.error);
  if (made.value.kind !== "done") return failedFinding(made.value.error);
  return { result: "pass", seen: ["MESH takes mailbox, password and shared key."] };
}

/** Messages are listed, and none is fetched or acknowledged. */
async function countMessages(client: MeshClient, run: CheckRun): Promise<Finding> {
  const made = await run.attempt(
    () => client.listInbox(fewestListed),
    run.limits.replyMilliseconds,
    "MESH_UNAVAILABLE",
  );
  if (made.kind === "failed") return failedFinding(made.error);
  if (made.value.kind !== "listed") return failedFinding(made.value.error);
  const { messageIds, remaining } = made.value.page;
  const number = Math.max(messageIds.length, remaining ?? 0);
  return { result: "pass", seen: [number === 1 ? "1 message waits." : `${number} messages wait.`] };
}

/** `isReachable`: whether the steps before have come through. */
export async function* checkMailbox(
  check: MeshApiCheck,
  isReachable: boolean,
  run: CheckRun,
): AsyncGenerator<CheckStep> {
  if (!isReachable) {
    yield skippedStep("mailbox");
    yield skippedStep("inbox");
    return;
  }
  const client = openClient(check, run);
  try {
    const mailbox = await proveCredentials(client, run);
    yield stepOf("mailbox", mailbox);
    yield mailbox.result === "fail" ? skippedStep("inbox") : stepOf("inbox", await countMessages(client, run));
  } finally {
    client.close();
  }
}

const folderTexts: Readonly<Record<FolderCheck["name"], string>> = {
  in: "It is there, and its files may be read and moved away.",
  out: "It is there, and files may be moved into it. Nothing was written, for the client would send it.",
  sent: "It is there, and may be read.",
  staging: "A test file was written and removed. It is on the file system of OUT.",
  archive: "A test file was written and removed.",
};

async function tryFolder(folder: FolderCheck, run: CheckRun): Promise<CheckStep> {
  const looked = await run.attempt(() => folder.run(), run.limits.replyMilliseconds, "MESH_FOLDER_FAILED");
  const finding: Finding =
    looked.kind === "failed" ? failedFinding(looked.error) : { result: "pass", seen: [folderTexts[folder.name]] };
  return stepOf(`folder-${folder.name}`, finding);
}

export async function* checkFolderSteps(check: MeshFolderCheck, run: CheckRun): AsyncGenerator<CheckStep> {
  let checks: readonly FolderCheck[];
  try {
    checks = folderChecks(check.root, foldersOf(check), `cpis-${run.effects.newUuid()}.probe`);
  } catch (error) {
    yield stepOf("settings", failedFinding(isCpisError(error) ? error : new CpisError("CONFIG_INVALID")));
    return;
  }
  for (const one of checks) yield await tryFolder(one, run);
  yield skippedStep(
    "client",
    "Whether the MESH client runs, and reaches MESH with its own certificate and password, cannot be seen from here: look into its log.",
  );
}

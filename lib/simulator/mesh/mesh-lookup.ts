// Answers who takes files of a workflow: the calls that need no authorization.
import { jsonAnswer, type MeshAnswer, type MeshVersion } from "./mesh-answers.js";
import type { MailboxDirectory } from "./mesh-directory.js";
import type { SimulatedMailbox } from "./mesh-model.js";

function resultsAnswer(version: MeshVersion, mailboxes: readonly SimulatedMailbox[]): MeshAnswer {
  const results = mailboxes.map(({ mailbox }) => ({ mailbox_id: mailbox, mailbox_name: mailbox }));
  return jsonAnswer(version, 200, { results });
}

/** GET /endpointlookup/{ods}/{workflow} and /workflowsearch/{workflow}; without an ODS code, of all organisations. */
export function lookUpMailboxes(
  version: MeshVersion,
  directory: MailboxDirectory,
  wanted: { readonly odsCode?: string | undefined; readonly workflowId: string },
): MeshAnswer {
  const odsCode = wanted.odsCode?.toUpperCase();
  const found = directory
    .list()
    .filter((one) => odsCode === undefined || one.odsCode === odsCode)
    .filter(({ mailbox }) => directory.mayReceive(mailbox, wanted.workflowId));
  return resultsAnswer(version, found);
}

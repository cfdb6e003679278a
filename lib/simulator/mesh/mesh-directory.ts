// Who has a mailbox at the simulated MESH, and which workflows each may use.
import { invalid } from "../json-fields.js";
import type { SimulatedMailbox, SimulatedWorkflowIds } from "./mesh-model.js";
import { CpisError } from "../../errors.js";

/** Those at one end of a workflow: mailboxes by name, CP-IS, or everybody else. */
export type WorkflowParties = "cpis" | "local-authorities" | readonly string[];

export interface MeshWorkflow {
  readonly workflowId: string;
  readonly senders: WorkflowParties;
  readonly receivers: WorkflowParties;
}

export interface MailboxDirectory {
  /** Throws CONFIG_INVALID. */
  open(owner: { readonly odsCode: string; readonly mailbox?: string; readonly password?: string }): SimulatedMailbox;
  /** The mailbox of CP-IS; once, before others. Throws CONFIG_INVALID. */
  openCpis(owner: Parameters<MailboxDirectory["open"]>[0]): SimulatedMailbox;
  find(mailbox: string): SimulatedMailbox | undefined;
  findByOdsCode(odsCode: string): SimulatedMailbox | undefined;
  list(): readonly SimulatedMailbox[];
  /** Replaces a workflow of the same id. Throws CONFIG_INVALID. */
  registerWorkflow(workflow: MeshWorkflow): void;
  maySend(mailbox: string, workflowId: string): boolean;
  mayReceive(mailbox: string, workflowId: string): boolean;
}

export interface MailboxDirectoryOptions {
  readonly workflowIds: SimulatedWorkflowIds;
  newPassword(): string;
}

const maximumMailboxes = 10_000;
const maximumWorkflows = 1000;
const maximumWorkflowIdLength = 300;

function readCode(value: string, field: string): string {
  const code = value.trim().toUpperCase();
  if (!/^[A-Z0-9]{1,50}$/.test(code)) throw invalid(field, "must consist of letters and digits");
  return code;
}

function requireOwner(found: SimulatedMailbox, odsCode: string): SimulatedMailbox {
  if (found.odsCode === odsCode) return found;
  throw new CpisError("CONFIG_INVALID", { detail: `mailbox ${found.mailbox} belongs to another organisation` });
}

function createMailboxes(
  newPassword: () => string,
): Pick<MailboxDirectory, "open" | "find" | "findByOdsCode" | "list"> {
  const byMailbox = new Map<string, SimulatedMailbox>();
  const byOdsCode = new Map<string, SimulatedMailbox>();
  return {
    open: (owner) => {
      const odsCode = readCode(owner.odsCode, "odsCode");
      const mailbox = readCode(owner.mailbox ?? `${odsCode}OT001`, "mailbox");
      const present = byMailbox.get(mailbox);
      if (present !== undefined) return requireOwner(present, odsCode);
      const own = byOdsCode.get(odsCode);
      if (own !== undefined) return own;
      if (byMailbox.size >= maximumMailboxes) throw invalid("mailbox", `would be more than ${maximumMailboxes}`);
      const opened: SimulatedMailbox = { mailbox, password: owner.password ?? newPassword(), odsCode };
      byMailbox.set(mailbox, opened);
      byOdsCode.set(odsCode, opened);
      return opened;
    },
    find: (mailbox) => byMailbox.get(mailbox),
    findByOdsCode: (odsCode) => byOdsCode.get(odsCode.trim().toUpperCase()),
    list: () => [...byMailbox.values()],
  };
}

function workflowsOf(ids: SimulatedWorkflowIds): readonly MeshWorkflow[] {
  const fromCpis = [ids.response, ids.accessNotification, ids.inactiveNotification];
  return [
    { workflowId: ids.upload, senders: "local-authorities", receivers: "cpis" },
    ...fromCpis.map((workflowId): MeshWorkflow => ({ workflowId, senders: "cpis", receivers: "local-authorities" })),
  ];
}

export function createMailboxDirectory(options: MailboxDirectoryOptions): MailboxDirectory {
  const mailboxes = createMailboxes(() => options.newPassword());
  const workflows = new Map<string, MeshWorkflow>();
  let cpisMailbox = "";
  const isAmong = (mailbox: string, parties: WorkflowParties): boolean => {
    if (parties === "cpis") return mailbox === cpisMailbox;
    if (parties === "local-authorities") return mailbox !== cpisMailbox;
    return parties.includes(mailbox);
  };
  const registerWorkflow = (workflow: MeshWorkflow): void => {
    const { length } = workflow.workflowId;
    if (length === 0 || length > maximumWorkflowIdLength) {
      throw invalid("workflowId", `must have 1 to ${maximumWorkflowIdLength} characters`);
    }
    if (workflows.size >= maximumWorkflows && !workflows.has(workflow.workflowId)) {
      throw invalid("workflowId", `would be more than ${maximumWorkflows}`);
    }
    workflows.set(workflow.workflowId, workflow);
  };
  for (const workflow of workflowsOf(options.workflowIds)) registerWorkflow(workflow);
  return {
    ...mailboxes,
    openCpis: (owner) => {
      const opened = mailboxes.open(owner);
      cpisMailbox = opened.mailbox;
      return opened;
    },
    registerWorkflow,
    maySend: (mailbox, workflowId) => isAmong(mailbox, workflows.get(workflowId)?.senders ?? []),
    mayReceive: (mailbox, workflowId) => isAmong(mailbox, workflows.get(workflowId)?.receivers ?? []),
  };
}

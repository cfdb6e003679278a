// Which messages of a mailbox are ours: a mailbox may serve other systems, and anybody may send to it.

/** What of a mailbox belongs to us. Names are as MESH gives them; mailboxes are compared without regard to case. */
export interface MailboxScope {
  /** The mailboxes of CP-IS. */
  readonly senders: readonly string[];
  /** Of the files that CP-IS sends. */
  readonly workflowIds: readonly string[];
  /** Of the files that we send: MESH's reports about them come under it. */
  readonly sentWorkflowIds: readonly string[];
  /**
   * The mailbox is ours alone: also what is not from CP-IS is taken out of it, and routed as unknown. Otherwise that is
   * neither fetched nor acknowledged, and stays for whom it is meant for.
   */
  readonly takesAll: boolean;
}

/** What a message says of itself before its content is read. */
export interface MessageOrigin {
  readonly from?: string;
  readonly workflowId?: string;
}

export type Belonging = "ours" | "other-workflow" | "other-sender";

/** Of a file. One that does not say who sent it, or under which workflow, is not ours. */
export function belongingOf({ from = "", workflowId = "" }: MessageOrigin, scope: MailboxScope): Belonging {
  if (!scope.workflowIds.includes(workflowId)) return "other-workflow";
  const isSender = scope.senders.some((sender) => sender.toUpperCase() === from.toUpperCase());
  return isSender ? "ours" : "other-sender";
}

/** Those under which something of ours can come. */
export function workflowsOf({ workflowIds, sentWorkflowIds }: MailboxScope): readonly string[] {
  return [...new Set([...workflowIds, ...sentWorkflowIds])];
}

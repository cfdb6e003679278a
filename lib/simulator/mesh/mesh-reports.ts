// Tells senders that files were not delivered: reports on demand, and those for files that nobody collects.
import type { MailboxDirectory } from "./mesh-directory.js";
import type { MessageReport, StoredMessage } from "./mesh-message-model.js";
import type { MeshMessages } from "./mesh-messages.js";
import { expiryMilliseconds } from "./mesh-tracking.js";
import type { MeshClock } from "./mesh-time.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError } from "../../errors.js";

export interface ReportWords {
  readonly statusCode?: string;
  readonly description?: string;
}

export interface MeshReports {
  /** Gives the report's message id. Throws CONFIG_INVALID for a message whose sender has no mailbox. */
  report(message: StoredMessage, words: ReportWords): string;
  /** Ends what was not collected in time, and reports it. */
  endUncollected(): void;
}

export interface MeshReportsOptions {
  readonly directory: MailboxDirectory;
  readonly messages: MeshMessages;
  readonly clock: MeshClock;
  arrived(message: StoredMessage): void;
}

const uncollectedCode = "14";

const descriptions: Readonly<Record<string, string>> = {
  "02": "Data file is missing or unreadable",
  "06": "Malformed control file",
  "07": "From address does not match the authorization",
  "08": "To address is missing",
  "09": "Control file version is invalid",
  "11": "Message type is invalid",
  "12": "Unregistered to address",
  "14": "Message was not collected by its recipient",
  "15": "Bad CP-IS file",
  "16": "Sender may not send this type",
  "17": "Workflow id is not registered for the mailbox",
  "19": "Expiry period is invalid",
};

export function createMeshReports(options: MeshReportsOptions): MeshReports {
  const { directory, messages, clock } = options;
  const putReport = (message: StoredMessage, sender: string, words: ReportWords): string => {
    const { statusCode } = words;
    const report: MessageReport = {
      linkedMessageId: message.id,
      ...(statusCode === undefined ? {} : { statusCode, event: "TRANSFER" }),
      description: words.description ?? descriptions[statusCode ?? ""] ?? "Message was not delivered",
    };
    const { workflowId, localId, subject, to } = message.head;
    const { id } = messages.begin({
      messageType: "REPORT",
      mailbox: sender,
      to,
      workflowId,
      ...definedOnly({ localId, subject }),
      isGzip: false,
      totalChunks: 0,
      report,
    });
    const stored = messages.complete(id);
    if (stored !== undefined) options.arrived(stored);
    return id;
  };

  const senderOf = ({ head }: StoredMessage): string | undefined =>
    head.messageType === "DATA" ? directory.find(head.from ?? "")?.mailbox : undefined;

  return {
    report: (message, words) => {
      const sender = senderOf(message);
      if (sender === undefined)
        throw new CpisError("CONFIG_INVALID", { detail: "the message's sender has no mailbox" });
      const { statusCode } = words;
      const status = statusCode === undefined || statusCode === uncollectedCode ? "undeliverable" : "error";
      const id = putReport(message, sender, words);
      const code = statusCode === undefined ? {} : { statusCode };
      messages.fail(message.id, { status, ...code, description: words.description ?? "Message was not delivered" });
      return id;
    },
    endUncollected: () => {
      const failure = {
        status: "undeliverable",
        statusCode: uncollectedCode,
        description: descriptions[uncollectedCode] ?? "",
      } as const;
      for (const message of messages.endOlderThan(clock.now() - expiryMilliseconds, failure)) {
        const sender = senderOf(message);
        if (sender !== undefined) putReport(message, sender, { statusCode: uncollectedCode });
      }
    },
  };
}

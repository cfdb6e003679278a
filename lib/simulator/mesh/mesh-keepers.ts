// Works mailboxes in this process: hands each message to the mailbox's keeper, one after another.
import { definedOnly } from "../../defined-only.js";
import { contentOf } from "./mesh-content.js";
import type { StoredMessage } from "./mesh-message-model.js";
import type { MeshMessages } from "./mesh-messages.js";
import type { MailboxKeeper, SimulatedMeshMessage } from "./mesh-model.js";

export interface MailboxKeepers {
  keep(mailbox: string, keeper: MailboxKeeper): void;
  /** There may be something new for the keeper of the mailbox. */
  wake(mailbox: string): void;
  close(): void;
}

export interface MailboxKeepersOptions {
  readonly messages: MeshMessages;
  failed(cause: unknown): void;
}

interface KeptMailbox {
  readonly keeper: MailboxKeeper;
  /** In which the keeper failed. They stay in the mailbox. */
  readonly failed: Set<string>;
  isWorking: boolean;
}

/** A message as those see it who work in this process. */
export function viewOf(message: StoredMessage): SimulatedMeshMessage {
  const { id, head, arrivedAt } = message;
  const { messageType, from, workflowId, localId, fileName, subject, contentType, report } = head;
  return {
    messageId: id,
    messageType,
    ...definedOnly({ from }),
    to: head.mailbox,
    workflowId,
    ...definedOnly({ localId, fileName, subject, contentType }),
    content: contentOf(message),
    arrivedAt,
    ...definedOnly({ report }),
  };
}

export function createMailboxKeepers(options: MailboxKeepersOptions): MailboxKeepers {
  const { messages } = options;
  const failed = (cause: unknown): void => options.failed(cause);
  const kept = new Map<string, KeptMailbox>();
  let isClosed = false;

  const nextOf = (mailbox: string, one: KeptMailbox): StoredMessage | undefined => {
    const isReplaced = kept.get(mailbox) !== one;
    if (isClosed || isReplaced) return undefined;
    return messages.waiting(mailbox).find(({ id }) => !one.failed.has(id));
  };

  const work = async (mailbox: string, one: KeptMailbox): Promise<void> => {
    for (let message = nextOf(mailbox, one); message !== undefined; message = nextOf(mailbox, one)) {
      try {
        await one.keeper.take(viewOf(message));
        messages.acknowledge(message.id, false);
      } catch (cause) {
        one.failed.add(message.id);
        failed(cause);
      }
    }
    // In the same breath as the last look into the mailbox: what comes later wakes the keeper again.
    one.isWorking = false;
  };

  const wake = (mailbox: string): void => {
    const one = kept.get(mailbox);
    if (one === undefined || one.isWorking) return;
    one.isWorking = true;
    work(mailbox, one).catch(failed);
  };

  return {
    keep: (mailbox, keeper) => {
      kept.set(mailbox, { keeper, failed: new Set(), isWorking: false });
      wake(mailbox);
    },
    wake,
    close: () => {
      isClosed = true;
      kept.clear();
    },
  };
}

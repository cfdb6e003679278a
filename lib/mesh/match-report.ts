// Finds the file of ours that a report of MESH is about, and what the report makes of it.
import type { StoreWatch } from "../queue/store-watch.js";
import type { ErrorCode } from "../errors.js";
import type { StoredOutboundMessage } from "../store/message-model.js";
import type { MessageStore, PagePosition } from "../store/message-store.js";
import type { ArrivedReport } from "./inbound-item.js";

export interface MatchReportParts {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  now(): number;
}

const pageSize = 200;
/** MESH forgets a message after 30 days: no report comes of an older one. */
const oldestMilliseconds = 60 * 24 * 60 * 60 * 1000;

/** By the codes of MESH; a report without one says that something failed, and no more. */
export function codeOfReport({ statusCode }: Pick<ArrivedReport, "statusCode">): ErrorCode {
  if (statusCode === "14") return "MESH_UNDELIVERED";
  return statusCode === "15" ? "MESH_BAD_FILE" : "MESH_REPORTED";
}

/** By the id that MESH gave our file; else, as when we do not know that yet, by our own. */
export async function findReportedFile(
  report: ArrivedReport,
  parts: MatchReportParts,
): Promise<StoredOutboundMessage | undefined> {
  const { store, watch, channel } = parts;
  const { localId, linkedMessageId } = report;

  function isLinked({ attributes }: StoredOutboundMessage): boolean {
    return linkedMessageId !== undefined && attributes["meshMessageId"] === linkedMessageId;
  }

  async function findByLocalId(): Promise<StoredOutboundMessage | undefined> {
    if (localId === undefined || localId === "") return undefined;
    const found = await watch.run(() => store.findByMessageId("outbound", localId));
    return found?.direction === "outbound" && found.channel === channel ? found : undefined;
  }

  async function findByLink(): Promise<StoredOutboundMessage | undefined> {
    const filter = { channel, direction: "outbound", from: parts.now() - oldestMilliseconds } as const;
    let after: PagePosition | undefined;
    do {
      const page = await watch.run(() => store.list(filter, pageSize, after));
      const found = page.messages.find((message) => message.direction === "outbound" && isLinked(message));
      if (found?.direction === "outbound") return found;
      after = page.next;
    } while (after !== undefined);
    return undefined;
  }

  const byLocalId = await findByLocalId();
  if (linkedMessageId === undefined || (byLocalId !== undefined && isLinked(byLocalId))) return byLocalId;
  return (await findByLink()) ?? byLocalId;
}

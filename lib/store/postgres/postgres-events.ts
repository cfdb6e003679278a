// Carries the store's events between instances by LISTEN and NOTIFY.
import type { Client } from "pg";
import type { StoreEvent } from "../message-store.js";
import { readDirection } from "../sql/finish-operations.js";
import { readNumber, readText, type SqlRow } from "../sql/sql-operation.js";
import { readRowId } from "../sql/sql-rows.js";

const firstDelayMilliseconds = 250;
const longestDelayMilliseconds = 10_000;
/** A connection that died without a word is found out by asking. */
const probeMilliseconds = 15_000;

export interface EventConnection {
  /** Fulfilled when the first attempt to listen has succeeded or failed: from then on nothing is missed silently. */
  readonly firstAttempt: Promise<void>;
  close(): Promise<void>;
}

/** Undefined for what this version does not know: another instance may be newer. Throws for text of another form. */
function parseEvent(text: string): StoreEvent | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return undefined;
  const fields: SqlRow = { ...value };
  if (fields["kind"] === "work") {
    const dueAt = fields["dueAt"] === undefined ? {} : { dueAt: readNumber(fields, "dueAt") };
    return { kind: "work", channel: readText(fields, "channel"), direction: readDirection(fields), ...dueAt };
  }
  const kind = fields["kind"];
  if (kind !== "answered" && kind !== "ended") return undefined;
  const messageId = readText(fields, "messageId");
  return { kind, channel: readText(fields, "channel"), messageId, id: readRowId(fields) };
}

/**
 * Keeps one connection listening, and makes it again with growing delays when it is lost; then tells "resumed", since
 * what was notified meanwhile is lost. It never fails: without it, work is found by asking.
 */
export function listenForEvents(
  createClient: () => Client,
  channel: string,
  tell: (event: StoreEvent) => void,
): EventConnection {
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let delay = firstDelayMilliseconds;
  let isFirst = true;
  let endFirstAttempt = (): void => undefined;
  const firstAttempt = new Promise<void>((resolve) => {
    endFirstAttempt = resolve;
  });
  let isClosed = false;

  function lose(lost: Client): void {
    if (client !== lost) return;
    client = undefined;
    clearTimeout(timer);
    void endQuietly(lost);
    isFirst = false;
    endFirstAttempt();
    if (isClosed) return;
    timer = setTimeout(connect, delay);
    delay = Math.min(delay * 2, longestDelayMilliseconds);
  }

  function probe(current: Client): void {
    timer = setTimeout(() => {
      current.query("SELECT 1").then(
        () => {
          if (client === current) probe(current);
        },
        () => lose(current),
      );
    }, probeMilliseconds);
    timer.unref();
  }

  function receive(payload: string | undefined): void {
    let event: StoreEvent | undefined;
    try {
      event = parseEvent(payload ?? "");
    } catch {
      // Anyone with rights on the database may notify; what is not ours is nobody's work.
      return;
    }
    if (event !== undefined) tell(event);
  }

  async function listen(current: Client): Promise<void> {
    await current.connect();
    await current.query(`LISTEN ${channel}`);
    if (client !== current) return;
    delay = firstDelayMilliseconds;
    probe(current);
    if (!isFirst) tell({ kind: "resumed" });
    isFirst = false;
    endFirstAttempt();
  }

  function connect(): void {
    const current = createClient();
    client = current;
    current.on("error", () => lose(current));
    current.on("end", () => lose(current));
    current.on("notification", ({ payload }) => receive(payload));
    listen(current).catch(() => lose(current));
  }

  connect();
  return {
    firstAttempt,
    async close(): Promise<void> {
      isClosed = true;
      endFirstAttempt();
      const last = client;
      client = undefined;
      clearTimeout(timer);
      if (last !== undefined) await endQuietly(last);
    },
  };
}

async function endQuietly(client: Client): Promise<void> {
  try {
    await client.end();
  } catch {
    // It was broken already: there is nothing left to end.
    return;
  }
}

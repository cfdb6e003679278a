// Checks what a store keeps by the organisation's own schemas: on demand for people, and as a warning as it comes and goes.
import { CpisError } from "../../../lib/errors.js";
import { readSchemas } from "../../../lib/schema/read-schemas.js";
import type { SchemaVerdict } from "../../../lib/schema/model.js";
import { createSchemaWitness, type SchemaWitness } from "../../../lib/schema/schema-witness.js";
import { businessMessageOf, type SchemaJudge } from "../../../lib/services/message-log/schema-judge.js";
import type { NewInboundMessage, NewOutboundMessage } from "../../../lib/store/message-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { toCpisError } from "../runtime/run-input.js";
import type { SchemaSettings } from "./store-settings.js";

export interface StoreWitness {
  /** The store, whose new messages are checked once they are stored. Nothing waits for the check. */
  readonly store: MessageStore;
  readonly judge: SchemaJudge;
  close(): Promise<void>;
}

export interface StoreWitnessParts {
  /** For the operator; ids and codes only. Which schema a message has tells whether an answer was a record. */
  readonly warn: (text: string) => void;
  /** The compiled worker, where it does not lie beside its source. */
  readonly workerFile?: string;
}

/** More than these wait for the check only when it cannot keep up: then messages pass unchecked. */
const mostWaiting = 200;
const mostWaitingBytes = 64 * 1024 * 1024;

function unusable(error: unknown): SchemaVerdict {
  const { code, detail } = toCpisError(error);
  switch (code) {
    case "SCHEMA_FOLDER":
    case "SCHEMA_OUTSIDE":
    case "SCHEMA_TOO_LARGE":
    case "SCHEMA_INVALID":
    case "SCHEMA_VALIDATOR_MISSING":
      return { kind: "unusable", code, ...(detail === undefined ? {} : { detail }) };
    default:
      return { kind: "unusable", code: "SCHEMA_STOPPED" };
  }
}

/** What the log is told of a message; undefined for what is as it should be. The findings are for who may see content. */
function warningOf(verdict: SchemaVerdict): string | undefined {
  switch (verdict.kind) {
    case "valid":
    case "no-schema":
      return undefined;
    case "invalid":
      return `is not valid by your schemas, findings: ${verdict.total}; the message log shows them beside its content`;
    case "not-checked":
    case "unusable":
      return `could not be checked by your schemas: ${verdict.code} ${new CpisError(verdict.code).message}`;
  }
}

/** The schemas are read with the first message that is checked; those that cannot be read are tried again. */
export function witnessStore(
  store: MessageStore,
  { place, isWarning }: SchemaSettings,
  { warn, workerFile }: StoreWitnessParts,
): StoreWitness {
  let opening: Promise<SchemaWitness> | undefined;
  let waiting = 0;
  let waitingBytes = 0;
  let isClosed = false;
  /** The fault of the schemas that was told last: told once, however many messages meet it. */
  let toldFault: string | undefined;
  let isTellingLoad = false;

  function open(): Promise<SchemaWitness> {
    opening ??= readSchemas(place).then(
      (schemas) => createSchemaWitness({ schemas, ...(workerFile === undefined ? {} : { workerFile }) }),
      (error: unknown) => {
        opening = undefined;
        throw error;
      },
    );
    return opening;
  }

  async function judge(message: Uint8Array): Promise<SchemaVerdict> {
    if (isClosed) return { kind: "unusable", code: "SCHEMA_STOPPED" };
    try {
      return await (await open()).validate(message);
    } catch (error) {
      return unusable(error);
    }
  }

  function tell(messageId: string, direction: "sent" | "received", verdict: SchemaVerdict): void {
    if (isClosed) return;
    const warning = warningOf(verdict);
    if (verdict.kind === "unusable") {
      if (toldFault === verdict.code) return;
      toldFault = verdict.code;
    }
    if (warning !== undefined) warn(`The message ${messageId}, ${direction}, ${warning}`);
  }

  async function check(message: NewOutboundMessage | NewInboundMessage, direction: "sent" | "received"): Promise<void> {
    const size = message.content.byteLength;
    if (waiting >= mostWaiting || waitingBytes + size > mostWaitingBytes) {
      if (!isTellingLoad) warn("More messages come than can be checked by your schemas: some pass unchecked.");
      isTellingLoad = true;
      return;
    }
    waiting += 1;
    waitingBytes += size;
    try {
      const contentType = message.attributes?.["contentType"];
      const text = typeof contentType === "string" ? contentType : "";
      const bytes = await businessMessageOf(message.content, text);
      if (bytes !== undefined) tell(message.messageId, direction, await judge(bytes));
    } catch (error) {
      // The message is stored and goes its way, whatever becomes of the check.
      tell(message.messageId, direction, unusable(error));
    } finally {
      waiting -= 1;
      waitingBytes -= size;
      if (waiting === 0) isTellingLoad = false;
    }
  }

  const watched: MessageStore = {
    ...store,
    async acceptOutbound(messages) {
      const accepted = await store.acceptOutbound(messages);
      for (const message of messages) void check(message, "sent");
      return accepted;
    },
    async acceptRequest(message, audit) {
      const accepted = await store.acceptRequest(message, audit);
      void check(message, "sent");
      return accepted;
    },
    async acceptInbound(message) {
      const accepted = await store.acceptInbound(message);
      if (accepted.kind === "accepted") void check(message, "received");
      return accepted;
    },
  };

  return {
    store: isWarning ? watched : store,
    judge,
    async close(): Promise<void> {
      isClosed = true;
      const opened = await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
}

// What people do with stored messages: each act is made by one of those who press at once, and kept with the name.
import type { PersonalAct, ResendOutcome } from "../../queue/model.js";
import { CpisError, isCpisError, type ErrorCode } from "../../errors.js";
import { isOutboundFile, releaseOfFile, resendFileByHand } from "../../mesh/operator-actions.js";
import { isRequest, releaseOfMessage, resendMessage } from "../../mhs/outbound/operator-actions.js";
import {
  attributesWithout,
  isMessageRowId,
  type MessageRowId,
  type StoredMessage,
  type StoredOutboundMessage,
} from "../../store/message-model.js";
import type { MessageStore, Transition } from "../../store/message-store.js";
import { nextLocalId } from "../exchange/mesh-exchange.js";
import type { LogActionName, LogActionOutcome, LogActionRequest } from "./message-log-model.js";
import { actionsOf, isKnownKind, neverSameAgain, statesToDealWith, toLogMessage } from "./message-log-rows.js";
import { noAnswers } from "./message-log-view.js";
import { isErrorCode, problemOf } from "./message-log-words.js";
import { uploadNotes } from "../upload/upload-rows.js";

export interface LogActsParts {
  readonly store: MessageStore;
  /** Milliseconds since 1970. */
  now(): number;
}

type Done = "done" | "already-done";

interface Acted {
  readonly kind: Done;
  readonly resentAs?: MessageRowId;
}

const longestName = 200;

/** Why these cannot be sent again; undefined for one that can. */
function refusalOfResend(message: StoredOutboundMessage): ErrorCode | undefined {
  const { errorCode = "" } = message;
  if (isRequest(message)) return "EBXML_NOT_RESENDABLE";
  if (neverSameAgain.has(errorCode) && isErrorCode(errorCode)) return errorCode;
  if (message.answeredAt !== undefined) return "CPIS_LOG_ANSWERED";
  const isEnded = message.state === "failed" || message.state === "expired";
  return isEnded && isKnownKind(message) ? undefined : "CPIS_LOG_NOT_POSSIBLE";
}

/** Throws STORE_*, MESH_*, EBXML_* and CPIS_LOG_* codes. */
type Act = (message: StoredMessage, act: PersonalAct) => Promise<Acted>;

export function createLogActs(parts: LogActsParts) {
  const { store } = parts;
  async function moved(transition: Transition, wasDone: () => Promise<boolean>): Promise<Acted> {
    if ((await store.transition(transition)) === "done") return { kind: "done" };
    if (await wasDone()) return { kind: "already-done" };
    throw new CpisError("CPIS_LOG_NOT_POSSIBLE");
  }

  async function hasLine(id: MessageRowId, code: string): Promise<boolean> {
    return (await store.history(id)).some((line) => line.code === code && line.by !== undefined);
  }

  async function resend(message: StoredMessage, act: PersonalAct): Promise<Acted> {
    if (message.direction !== "outbound") throw new CpisError("CPIS_LOG_NOT_POSSIBLE");
    const refusal = refusalOfResend(message);
    if (refusal !== undefined) throw new CpisError(refusal);
    const outcome: ResendOutcome = isOutboundFile(message)
      ? await resendFileByHand(message, act, { store, nextLocalId })
      : await resendMessage(message, act, store);
    // Whoever sends it again has dealt with it; without this line it stays in the list of what nobody saw.
    await store.dealWith({ id: message.id, states: statesToDealWith(message), at: act.at, by: act.by });
    return { kind: outcome.kind === "resent" ? "done" : "already-done", resentAs: outcome.id };
  }

  async function release(message: StoredMessage, act: PersonalAct): Promise<Acted> {
    if (message.direction !== "outbound") throw new CpisError("CPIS_LOG_NOT_POSSIBLE");
    const transition = isOutboundFile(message) ? releaseOfFile(message, act) : releaseOfMessage(message, act);
    return moved(transition, () => hasLine(message.id, "released"));
  }

  async function drop({ id, attributes }: StoredMessage, { by, at, forgotten }: PersonalAct): Promise<Acted> {
    const code = "CPIS_LOG_DROPPED";
    const changes = { errorCode: code, attributes: attributesWithout(attributes, forgotten) };
    return moved({ id, from: ["held"], to: "failed", at, by, code, changes }, () => hasLine(id, code));
  }

  async function dealWith(message: StoredMessage, { by, at }: PersonalAct): Promise<Acted> {
    const kind = await store.dealWith({ id: message.id, states: statesToDealWith(message), at, by });
    if (kind === "done" || kind === "already-done") return { kind };
    throw new CpisError("CPIS_LOG_NOT_POSSIBLE");
  }

  async function confirm(message: StoredMessage, { by, at }: PersonalAct): Promise<Acted> {
    const { id, state } = message;
    if (state === "confirmed") return { kind: "already-done" };
    if (!actionsOf(message).includes("confirm")) throw new CpisError("CPIS_LOG_NOT_POSSIBLE");
    const from = ["received", "delivered"] as const;
    const wasConfirmed = async (): Promise<boolean> => (await store.findById(id))?.state === "confirmed";
    return moved({ id, from, to: "confirmed", at, by, code: "confirmed-by-hand" }, wasConfirmed);
  }

  const acts: Readonly<Record<LogActionName, Act>> = { resend, release, drop, "deal-with": dealWith, confirm };

  async function outcomeOf(id: MessageRowId, { kind, resentAs }: Acted): Promise<LogActionOutcome> {
    const message = await store.findById(id);
    if (message === undefined) return refused("CPIS_LOG_MESSAGE_UNKNOWN");
    const successor = resentAs === undefined ? undefined : await store.findById(resentAs);
    if (successor === undefined) return { kind, message: toLogMessage(message, [], noAnswers) };
    return {
      kind,
      message: toLogMessage(message, [successor.id], noAnswers),
      resent: toLogMessage(successor, [], noAnswers),
    };
  }

  function refused(code: ErrorCode): LogActionOutcome {
    return { kind: "refused", error: { ...problemOf(code), code } };
  }

  /** See MessageLog.act. */
  return async (action: LogActionName, { id, by }: LogActionRequest): Promise<LogActionOutcome> => {
    const message = isMessageRowId(id) ? await store.findById(id) : undefined;
    if (message === undefined) return refused("CPIS_LOG_MESSAGE_UNKNOWN");
    try {
      const act = { by: by.slice(0, longestName), at: parts.now(), forgotten: uploadNotes };
      return await outcomeOf(message.id, await acts[action](message, act));
    } catch (error) {
      // What may be mended by itself is the caller's to tell; the rest is the answer.
      if (!isCpisError(error) || error.retryable) throw error;
      return refused(error.code);
    }
  };
}

// Contracts and events of stored messages, for the tests of what becomes of them.
import type { EbxmlError } from "../../../lib/ebxml/model.js";
import { CpisError } from "../../../lib/errors.js";
import type {
  DeliveryDecision,
  DeliveryEvent,
  DeliveryPolicy,
  DeliveryState,
} from "../../../lib/mhs/outbound/delivery-policy.js";
import type { RequestFailure } from "../../../lib/mhs/model.js";

export const minute = 60_000;
export const now = 1_000_000;
export const deadline = now + 4 * minute;

export const reliable: DeliveryPolicy = {
  pattern: "reliable",
  retries: 2,
  retryIntervalMilliseconds: minute,
  persistDurationMilliseconds: 5 * minute,
  resendable: "by-contract",
  completedBy: "acknowledgment",
  responseMilliseconds: 60 * minute,
  isAwaited: false,
};
export const express: DeliveryPolicy = { ...reliable, pattern: "express", retries: 0 };
export const forward: DeliveryPolicy = { ...reliable, pattern: "forward-reliable" };
export const query: DeliveryPolicy = { ...express, resendable: "never", completedBy: "response", isAwaited: true };
export const reliableQuery: DeliveryPolicy = { ...query, pattern: "reliable", retries: 2 };

export const sending: DeliveryState = { state: "sending", attempts: 1, deadline };

export function failed(outcome: RequestFailure, retryAfterMilliseconds?: number): DeliveryEvent {
  const retryAfter = retryAfterMilliseconds === undefined ? {} : { retryAfterMilliseconds };
  return { kind: "replied", meaning: { kind: "failed", outcome }, ...retryAfter };
}

export function fault(...codes: readonly string[]): DeliveryEvent {
  const errors = codes.map((errorCode) => ({
    codeContext: "urn:nhs:names:error:tms",
    errorCode,
    severity: "Error",
    location: "",
    description: "",
  }));
  const soapFault = { faultCode: "Server", faultString: "Application Exception", errors };
  return failed({ kind: "soap-fault", fault: soapFault, httpStatus: 500 });
}

export function errorList(...codes: readonly string[]): readonly EbxmlError[] {
  return codes.map((errorCode) => ({ errorCode, severity: "Error", codeContext: "urn:oasis" }));
}

export function http(httpStatus: number, retryAfterMilliseconds?: number): DeliveryEvent {
  return failed({ kind: "http-error", httpStatus }, retryAfterMilliseconds);
}

export const due: DeliveryEvent = { kind: "due" };
export const noReply: DeliveryEvent = { kind: "no-reply" };
export const acknowledged: DeliveryEvent = { kind: "acknowledged" };
export const ackInReply: DeliveryEvent = { kind: "replied", meaning: { kind: "acknowledged" } };
export const accepted: DeliveryEvent = { kind: "replied", meaning: { kind: "accepted" } };
export const noAckInReply: DeliveryEvent = { kind: "replied", meaning: { kind: "undecided", isForeign: false } };
export const refusedConnection: DeliveryEvent = {
  kind: "not-sent",
  error: new CpisError("EBXML_CONNECT_FAILED"),
  retryAt: now + 100,
};
export const refusedCertificate: DeliveryEvent = {
  kind: "not-sent",
  error: new CpisError("TLS_FAILED"),
  retryAt: now + 100,
};

/** One line of the table: what is decided, in one text. */
export function told(decision: DeliveryDecision): string {
  switch (decision.kind) {
    case "none":
      return "nothing";
    case "send":
      return `send ${decision.attempts} until ${decision.deadline - now}`;
    case "transition": {
      const next = decision.changes?.nextAttemptAt;
      const when = typeof next === "number" ? ` at ${next - now}` : "";
      return `${decision.to}${decision.code === undefined ? "" : ` ${decision.code}`}${when}`;
    }
  }
}

// Says whether a failure tells that the contract of a message is not the peer's any more.
import type { DeliveryEvent } from "./delivery-policy.js";
import type { RequestFailure, RequestOutcome } from "../model.js";

/** "Service or interaction not supported for the URI", of a fault. */
const faultCode = "101";
/** "Contract not found" and "unknown CPA id", of an ebXML error. */
const errorNumbers: ReadonlySet<string> = new Set(["402005", "501319"]);
const nameMismatch = "ERR_TLS_CERT_ALTNAME_INVALID";

/** Errors are wrapped in others, each of which names its cause. */
function isCausedBy(code: string, error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ("code" in current && current.code === code) return true;
  }
  return false;
}

/** True for what only a look into the directory can heal: a contract that is unknown, or a host of another name. */
export function showsStaleContract(failure: RequestOutcome | undefined): boolean {
  switch (failure?.kind) {
    case "soap-fault":
      return failure.fault.errors.some(({ errorCode }) => errorCode === faultCode);
    case "ebxml-error":
      return failure.errors.some(
        ({ errorCode, number, severity }) =>
          severity === "Error" && (errorNumbers.has(errorCode) || errorNumbers.has(number ?? "")),
      );
    case "not-sent":
      return isCausedBy(nameMismatch, failure.error);
    default:
      return false;
  }
}

/** What a message of the outbox failed of, if it did. */
export function failureOf(event: DeliveryEvent): RequestFailure | undefined {
  if (event.kind === "not-sent") return { kind: "not-sent", error: event.error };
  if (event.kind === "refused") return { kind: "ebxml-error", errors: event.errors };
  return event.kind === "replied" && event.meaning.kind === "failed" ? event.meaning.outcome : undefined;
}

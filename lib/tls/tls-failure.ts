// Puts the failures of TLS into words: which side refused what.
import { CpisError, type ErrorCode } from "../errors.js";

const unknownAuthority = "the peer's certificate is of an unknown authority";

/** What OpenSSL and Node say of a peer's certificate that we refuse. */
const refusalReasons: ReadonlyMap<string, string> = new Map([
  ["CERT_HAS_EXPIRED", "the peer's certificate has expired"],
  ["CERT_NOT_YET_VALID", "the peer's certificate is not valid yet"],
  ["CERT_REVOKED", "the peer's certificate is revoked"],
  ["INVALID_PURPOSE", "the peer's certificate is not meant for a server"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "name mismatch, the peer's certificate is for another host"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", unknownAuthority],
  ["SELF_SIGNED_CERT_IN_CHAIN", unknownAuthority],
  ["UNABLE_TO_GET_ISSUER_CERT", unknownAuthority],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", unknownAuthority],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", unknownAuthority],
  ["CERT_UNTRUSTED", unknownAuthority],
  // An authority of the same name, with another key.
  ["CERT_SIGNATURE_FAILURE", unknownAuthority],
  ["INVALID_CA", unknownAuthority],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "the peer does not speak TLS"],
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", "no common protocol version"],
  ["ERR_SSL_NO_PROTOCOLS_AVAILABLE", "no common protocol version"],
]);

/** Alerts (RFC 8446, 6.2) by which a peer refuses the handshake or our certificate, in the words of OpenSSL. */
const alertReasons: ReadonlyMap<string, string> = new Map([
  ["certificate required", "our client certificate was not accepted"],
  ["bad certificate", "our client certificate was not accepted"],
  ["unsupported certificate", "our client certificate was not accepted"],
  ["certificate revoked", "our client certificate was not accepted"],
  ["certificate expired", "our client certificate was not accepted"],
  ["certificate unknown", "our client certificate was not accepted"],
  ["no certificate", "our client certificate was not accepted"],
  ["unknown ca", "our client certificate was not accepted"],
  ["access denied", "our client certificate was not accepted"],
  ["handshake failure", "no common cipher, or our client certificate was not accepted"],
  ["insufficient security", "no common cipher"],
  ["protocol version", "no common protocol version"],
  ["unrecognized name", "the peer does not know the host name"],
]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Codes look like "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA". Gives "unknown ca". */
function alertOf(code: string): string | undefined {
  const words = /^ERR_SSL_.*ALERT_([A-Z_]+)$/.exec(code)?.[1];
  return words?.toLowerCase().replaceAll("_", " ");
}

/** Whether the peer refused the handshake by an alert, which TLS 1.3 allows to come after our side has finished. */
export function isHandshakeAlert(error: unknown): boolean {
  return alertReasons.has(alertOf(codeOf(error)) ?? "");
}

/** What the handshake failed of, as TLS_FAILED with the reason in words. Not retryable: certificates do not heal. */
export function describeTlsFailure(error: unknown): CpisError {
  const code = codeOf(error);
  const alert = alertOf(code);
  if (alert !== undefined) {
    const reason = alertReasons.get(alert) ?? "the peer broke off the handshake";
    return new CpisError("TLS_FAILED", { detail: `${reason} (alert: ${alert})`, cause: error });
  }
  const reason = refusalReasons.get(code) ?? `the handshake failed (${code === "" ? "no code" : code})`;
  return new CpisError("TLS_FAILED", { detail: reason, cause: error });
}

/** The handshake was cut or took too long. Retryable, as a connection that broke. */
export function tlsInterrupted(detail: string, cause?: unknown): CpisError {
  return new CpisError("TLS_FAILED", { detail, cause, retryable: true });
}

/** Whether the error means that the connection broke, rather than that somebody refused something. */
export function isBrokenConnection(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE", "ECONNABORTED", "ETIMEDOUT"].includes(codeOf(error));
}

/** No TCP connection could be made, told under the code of whoever wanted it. */
export function describeConnectFailure(error: unknown, connectFailed: ErrorCode): CpisError {
  const code = codeOf(error);
  const words: Readonly<Record<string, string>> = {
    ENOTFOUND: "the host name is unknown",
    EAI_AGAIN: "the name server does not answer",
    ECONNREFUSED: "the connection was refused",
    EHOSTUNREACH: "the host cannot be reached",
    ENETUNREACH: "the network cannot be reached",
    ETIMEDOUT: "the connection was not made in time",
  };
  const detail = words[code] ?? "the connection failed";
  return new CpisError(connectFailed, { detail: code === "" ? detail : `${detail} (${code})`, cause: error });
}

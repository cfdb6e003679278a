// Tells the failures of TLS apart: which side refused what.
import { definedOnly } from "../defined-only.js";
import { CpisError, type ErrorCode } from "../errors.js";

/** What OpenSSL and Node say of a peer's certificate that we refuse, or of a handshake that cannot be. */
const refusals: ReadonlyMap<string, ErrorCode> = new Map([
  ["CERT_HAS_EXPIRED", "TLS_PEER_EXPIRED"],
  ["CERT_NOT_YET_VALID", "TLS_PEER_NOT_YET_VALID"],
  ["CERT_REVOKED", "TLS_PEER_REVOKED"],
  ["INVALID_PURPOSE", "TLS_PEER_WRONG_PURPOSE"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "TLS_PEER_WRONG_NAME"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "TLS_PEER_AUTHORITY_UNKNOWN"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "TLS_PEER_AUTHORITY_UNKNOWN"],
  ["UNABLE_TO_GET_ISSUER_CERT", "TLS_PEER_AUTHORITY_UNKNOWN"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "TLS_PEER_AUTHORITY_UNKNOWN"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "TLS_PEER_AUTHORITY_UNKNOWN"],
  ["CERT_UNTRUSTED", "TLS_PEER_AUTHORITY_UNKNOWN"],
  // An authority of the same name, with another key.
  ["CERT_SIGNATURE_FAILURE", "TLS_PEER_AUTHORITY_UNKNOWN"],
  ["INVALID_CA", "TLS_PEER_AUTHORITY_UNKNOWN"],
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", "TLS_PROTOCOL_TOO_OLD"],
  ["ERR_SSL_NO_PROTOCOLS_AVAILABLE", "TLS_PROTOCOL_TOO_OLD"],
]);

/** Alerts (RFC 8446, 6.2) by which a peer refuses the handshake or our certificate, in the words of OpenSSL. */
const alerts: ReadonlyMap<string, ErrorCode> = new Map([
  ["certificate required", "TLS_CERTIFICATE_REQUIRED"],
  ["no certificate", "TLS_CERTIFICATE_REQUIRED"],
  ["bad certificate", "TLS_CERTIFICATE_REFUSED"],
  ["unsupported certificate", "TLS_CERTIFICATE_REFUSED"],
  ["certificate unknown", "TLS_CERTIFICATE_REFUSED"],
  ["access denied", "TLS_CERTIFICATE_REFUSED"],
  ["certificate revoked", "TLS_CERTIFICATE_REVOKED"],
  ["certificate expired", "TLS_CERTIFICATE_EXPIRED"],
  ["unknown ca", "TLS_CERTIFICATE_AUTHORITY_UNKNOWN"],
  ["handshake failure", "TLS_NO_COMMON_CIPHER"],
  ["insufficient security", "TLS_NO_COMMON_CIPHER"],
  ["protocol version", "TLS_PROTOCOL_TOO_OLD"],
  ["unrecognized name", "TLS_FAILED"],
]);

/** What is known of a handshake that failed. */
export interface HandshakeFacts {
  /** Of our own certificate, by this machine's clock. */
  readonly own: "none" | "valid" | "expired" | "not-yet-valid";
  /** Whether the peer had shown its certificate: then a protocol and a cipher were agreed. */
  readonly isPeerShown: boolean;
}

const nothingKnown: HandshakeFacts = { own: "valid", isPeerShown: false };

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Codes look like "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", those of later alerts lack the word. Gives "unknown ca". */
function alertOf(code: string): string | undefined {
  const words = /^ERR_SSL_(?:.*ALERT|TLSV1(?=_UNRECOGNIZED_NAME))_([A-Z_]+)$/.exec(code)?.[1];
  return words?.toLowerCase().replaceAll("_", " ");
}

/** Whether the peer refused the handshake by an alert, which TLS 1.3 allows to come after our side has finished. */
export function isHandshakeAlert(error: unknown): boolean {
  return alerts.has(alertOf(codeOf(error)) ?? "");
}

/** What a refusal of our certificate is called, if our own clock tells why. */
function refusedByDate({ own }: HandshakeFacts): ErrorCode | undefined {
  if (own === "expired") return "TLS_CERTIFICATE_EXPIRED";
  return own === "not-yet-valid" ? "TLS_CERTIFICATE_NOT_YET_VALID" : undefined;
}

/**
 * A server of TLS 1.2 that gets no certificate, or one that it cannot use, says no more than "handshake failure", as it
 * does before it has chosen a cipher. Servers differ in the alert for a certificate that is not of today.
 */
function codeOfAlert(alert: string, facts: HandshakeFacts): ErrorCode | undefined {
  const code = alerts.get(alert);
  switch (code) {
    case "TLS_NO_COMMON_CIPHER":
      if (!facts.isPeerShown) return code;
      return facts.own === "none" ? "TLS_CERTIFICATE_REQUIRED" : (refusedByDate(facts) ?? "TLS_CERTIFICATE_REFUSED");
    case "TLS_CERTIFICATE_REFUSED":
    case "TLS_CERTIFICATE_EXPIRED":
      return refusedByDate(facts) ?? code;
    default:
      return code;
  }
}

/** What the handshake failed of: TLS_*, and TLS_FAILED for the rest. Not retryable: certificates do not heal. */
export function describeTlsFailure(error: unknown, facts: HandshakeFacts = nothingKnown): CpisError {
  const code = codeOf(error);
  const alert = alertOf(code);
  if (alert !== undefined) {
    const known = codeOfAlert(alert, facts);
    const reason = alert === "unrecognized name" ? "the peer does not know the host name, " : "";
    return new CpisError(known ?? "TLS_FAILED", { detail: `${reason}alert: ${alert}`, cause: error });
  }
  const known = refusals.get(code);
  if (known !== undefined) return new CpisError(known, { cause: error });
  const isOther = code === "ERR_SSL_WRONG_VERSION_NUMBER";
  const reason = isOther ? "the peer does not speak TLS" : `the handshake failed (${code === "" ? "no code" : code})`;
  return new CpisError("TLS_FAILED", { detail: reason, cause: error });
}

/**
 * The peer closed the connection in the handshake. Many do so when they refuse our certificate, and give no alert: TLS_FAILED
 * and retryable, unless our own clock tells what is wrong with the certificate.
 */
export function closedInHandshake(facts: HandshakeFacts, cause?: unknown): CpisError {
  const code = refusedByDate(facts);
  const closed = "the peer closed the connection during the handshake";
  if (code !== undefined) return new CpisError(code, { detail: closed, ...definedOnly({ cause }) });
  return tlsInterrupted(`${closed}; it may not accept our certificate`, cause);
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

// Reads the names that a client certificate carries, to hold them against the ones allowed.
import type { PeerCertificate } from "node:tls";

/** Common names and DNS names, in lower case. */
function namesOf(certificate: PeerCertificate): readonly string[] {
  const commonNames: readonly (string | undefined)[] = [certificate.subject.CN].flat();
  const dnsNames = (certificate.subjectaltname ?? "").split(", ").filter((name) => name.startsWith("DNS:"));
  return [...commonNames, ...dnsNames.map((name) => name.slice("DNS:".length))]
    .filter((name) => name !== undefined)
    .map((name) => name.toLowerCase());
}

/** Without a list any certificate of the trusted authorities is allowed. */
export function isAllowedClient(certificate: PeerCertificate, allowedNames: readonly string[] | undefined): boolean {
  if (allowedNames === undefined || allowedNames.length === 0) return true;
  const names = namesOf(certificate);
  return allowedNames.some((allowed) => names.includes(allowed.trim().toLowerCase()));
}

// Decides whether a server's certificate belongs to the host that was asked for.
import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";

/** Hosts of the health network, whose certificates may carry the name in the subject only. */
const commonNameHosts = /\.ncrs\.nhs\.uk$/i;

function nameMismatch(): Error {
  return Object.assign(new Error("The certificate does not carry the host's name"), {
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
}

/** The attributes of a subject may come more than once. */
function hasCommonName(certificate: PeerCertificate, host: string): boolean {
  const commonNames: readonly (string | undefined)[] = [certificate.subject.CN].flat();
  return commonNames.some((name) => name?.toLowerCase() === host.toLowerCase());
}

/**
 * Gives undefined when the certificate is for the host, else an error with the code ERR_TLS_CERT_ALTNAME_INVALID.
 * The common name counts only for hosts under ncrs.nhs.uk, and only if the certificate has no DNS name at all.
 */
export function checkServerName(host: string, certificate: PeerCertificate): Error | undefined {
  const hasDnsName = /(?:^|, )DNS:/.test(certificate.subjectaltname ?? "");
  const isMatch =
    isIP(host) !== 0 || hasDnsName
      ? checkServerIdentity(host, certificate) === undefined
      : commonNameHosts.test(host) && hasCommonName(certificate, host);
  return isMatch ? undefined : nameMismatch();
}

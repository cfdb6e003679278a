// Decides whether a certificate carries the name that is meant: of a server that we ask, or of a client that asks us.
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
function commonNamesOf(certificate: PeerCertificate): readonly string[] {
  const commonNames: readonly (string | undefined)[] = [certificate.subject.CN].flat();
  return commonNames.filter((name) => name !== undefined).map((name) => name.toLowerCase());
}

/**
 * Node.js writes a name that holds a comma or another special character as a JSON string: only whole entries count, or
 * one name could pretend to be several.
 */
const alternativeName = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy;

/** In lower case; a name that had to be quoted is no host's name. */
function dnsNamesOf({ subjectaltname = "" }: PeerCertificate): readonly string[] {
  return [...subjectaltname.matchAll(alternativeName)]
    .filter(([, kind]) => kind === "DNS")
    .map(([, , name = ""]) => name.toLowerCase());
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
      : commonNameHosts.test(host) && commonNamesOf(certificate).includes(host.toLowerCase());
  return isMatch ? undefined : nameMismatch();
}

/**
 * Whose certificates a listener takes: those that carry one of these names, or any of its authorities. No name at all
 * takes nobody.
 */
export type ClientNames = readonly string[] | "any";

/** The names by which a client counts: its DNS names, and its common names only where it has none of those. */
export function clientNamesOf(certificate: PeerCertificate): readonly string[] {
  const dnsNames = dnsNamesOf(certificate);
  return dnsNames.length > 0 ? dnsNames : commonNamesOf(certificate);
}

/** Names are compared whole, ignoring case: a wildcard stands for itself only. */
export function isNamedClient(certificate: PeerCertificate, names: ClientNames): boolean {
  if (names === "any") return true;
  const shown = clientNamesOf(certificate);
  return names.some((name) => shown.includes(name.trim().toLowerCase()));
}

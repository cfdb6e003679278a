// Reads whose certificates they are, who issued them, and how long they are valid.
import { definedOnly } from "../defined-only.js";
import { X509Certificate } from "node:crypto";
import { createSecureContext, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import type { TlsMaterial } from "./tls-material.js";

export interface CertificateFacts {
  /** Common name; without one, the first DNS name or the whole subject. */
  readonly name: string;
  /** DNS names and IP addresses of the subject's alternative names. */
  readonly alternativeNames: readonly string[];
  /** Common name of the issuer; without one, its whole name. */
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  /** SHA-256, upper-case hex with colons. */
  readonly fingerprint: string;
}

/** Told of a chain that the other side has shown and that was accepted, leaf first. */
export type CertificateObserver = (chain: readonly CertificateFacts[]) => void;

export type Validity =
  | { readonly kind: "valid"; readonly daysLeft: number }
  | { readonly kind: "expired" }
  | { readonly kind: "not-yet-valid" };

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const dayMilliseconds = 86_400_000;
/** A chain of the public key infrastructure is three or four long; a peer could show any number. */
const longestChain = 8;

/** The name is one line for each attribute, as "CN=a.example". */
function commonNameIn(name: string): string | undefined {
  return /^CN=(.*)$/m.exec(name)?.[1];
}

/** What a peer has written into its certificate could forge a log line. */
function harmless(text: string): string {
  const clean = text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, " ").trim();
  return clean.length > 120 ? `${clean.slice(0, 117)}...` : clean;
}

function alternativeNamesOf(certificate: X509Certificate): readonly string[] {
  const entries = (certificate.subjectAltName ?? "").split(", ");
  return entries.flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []).map(harmless);
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  const alternativeNames = alternativeNamesOf(certificate);
  return {
    name: harmless(commonNameIn(certificate.subject) ?? alternativeNames[0] ?? certificate.subject),
    alternativeNames,
    issuer: harmless(commonNameIn(certificate.issuer) ?? certificate.issuer),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    fingerprint: certificate.fingerprint256,
  };
}

function readOne(bytes: string | Buffer): readonly CertificateFacts[] {
  try {
    return [factsOf(new X509Certificate(bytes))];
  } catch {
    // What cannot be read is refused, with a reason, by whoever makes the TLS context.
    return [];
  }
}

/** The certificates of PEM text in their order. What cannot be read is left out. */
export function readCertificates(pem: string | Buffer): readonly CertificateFacts[] {
  return (pem.toString().match(pemCertificate) ?? []).flatMap(readOne);
}

function givesCertificate(context: unknown): context is { getCertificate(): unknown } {
  return (
    typeof context === "object" && context !== null && typeof Reflect.get(context, "getCertificate") === "function"
  );
}

/**
 * A PKCS #12 file is opened by OpenSSL alone. Node.js gives the certificate in it from a part of the context that it does
 * not describe, so it may be missing.
 */
function readPfx(pfx: string | Buffer, passphrase: string | undefined): readonly CertificateFacts[] {
  try {
    const { context } = createSecureContext({
      pfx,
      ...definedOnly({ passphrase }),
    }) as { readonly context: unknown };
    if (!givesCertificate(context)) return [];
    const der = context.getCertificate();
    return Buffer.isBuffer(der) ? readOne(der) : [];
  } catch {
    // As above: it is refused elsewhere, with a reason.
    return [];
  }
}

/** Our certificate and what is sent with it, leaf first; of a PKCS #12 file the leaf only. Empty if none can be read. */
export function readOwnCertificates(
  material: Pick<TlsMaterial, "cert" | "pfx" | "passphrase">,
): readonly CertificateFacts[] {
  if (material.cert !== undefined) return readCertificates(material.cert);
  return material.pfx === undefined ? [] : readPfx(material.pfx, material.passphrase);
}

/** What the other side has shown on this connection, in DER, leaf first; empty without a certificate. */
export function peerChain(socket: TLSSocket): readonly Buffer[] {
  const chain: Buffer[] = [];
  let shown: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (shown !== undefined && Buffer.isBuffer(shown.raw) && chain.length < longestChain) {
    chain.push(shown.raw);
    // The last one names itself as its issuer.
    const issuer: DetailedPeerCertificate | undefined = shown.issuerCertificate;
    shown = issuer === shown ? undefined : issuer;
  }
  return chain;
}

/** The same, read. */
export function readPeerCertificates(socket: TLSSocket): readonly CertificateFacts[] {
  return peerChain(socket).flatMap(readOne);
}

/** `now` is in milliseconds since 1970; a day that has begun does not count. */
export function validityAt({ notBefore, notAfter }: CertificateFacts, now: number): Validity {
  if (now > notAfter) return { kind: "expired" };
  if (now < notBefore) return { kind: "not-yet-valid" };
  return { kind: "valid", daysLeft: Math.floor((notAfter - now) / dayMilliseconds) };
}

// Tells certificates that their authority has revoked: by lists of it (RFC 5280), and by what a server staples (RFC 6960).
import { verify, X509Certificate, type KeyObject } from "node:crypto";
import { CpisError } from "../errors.js";
import {
  DerError,
  derChildren,
  derTags,
  expectTag,
  isTime,
  parseDer,
  readBitString,
  readObjectIdentifier,
  readTime,
  type DerValue,
} from "./der.js";
import { asPem } from "./usable-material.js";

/** A list of which the signature was verified. */
export interface RevocationList {
  /** The authority's name, in DER. */
  readonly issuer: Buffer;
  /** Of the authority, for people. */
  readonly issuerName: string;
  /** Milliseconds since 1970; undefined: it does not say when the next one comes. */
  readonly nextUpdate: number | undefined;
  /** Serial numbers, in hex. */
  readonly revoked: ReadonlySet<string>;
}

/** Says whether one of these certificates, in DER, leaf first, is revoked. */
export interface RevocationCheck {
  isRevoked(chain: readonly Buffer[]): boolean;
}

const digests: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.1.1.11", "sha256"],
  ["1.2.840.113549.1.1.12", "sha384"],
  ["1.2.840.113549.1.1.13", "sha512"],
  ["1.2.840.10045.4.3.2", "sha256"],
  ["1.2.840.10045.4.3.3", "sha384"],
  ["1.2.840.10045.4.3.4", "sha512"],
]);

interface CertificateNames {
  readonly serial: string;
  readonly issuer: Buffer;
  readonly subject: Buffer;
}

/** Of a certificate: [0] version, serial number, algorithm, issuer, validity, subject. */
function namesOf(certificate: Buffer): CertificateNames {
  const [tbs] = derChildren(parseDer(certificate));
  const fields = derChildren(expectTag(tbs, derTags.sequence));
  const [serial, , issuer, , subject] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
  return {
    serial: serialOf(serial),
    issuer: expectTag(issuer, derTags.sequence).bytes,
    subject: expectTag(subject, derTags.sequence).bytes,
  };
}

function serialOf(value: DerValue | undefined): string {
  return expectTag(value, derTags.integer).content.toString("hex");
}

/** Of SEQUENCE { what is signed, algorithm, signature }. */
function isSignedBy(key: KeyObject, signed: DerValue, algorithm: DerValue | undefined, signature: Buffer): boolean {
  const digest = digests.get(readObjectIdentifier(derChildren(expectTag(algorithm, derTags.sequence))[0]));
  return digest !== undefined && verify(digest, signed.bytes, key, signature);
}

const pemList = /-----BEGIN (X509 )?CRL-----([A-Za-z0-9+/=\s]+)-----END (X509 )?CRL-----/g;
const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The lists of a file: PEM, one or several, or DER. */
function listsIn(file: Buffer): readonly Buffer[] {
  const blocks = [...file.toString("latin1").matchAll(pemList)];
  return blocks.length === 0 ? [file] : blocks.map(([, , base64 = ""]) => Buffer.from(base64, "base64"));
}

function authoritiesIn(ca: string | Buffer): readonly X509Certificate[] {
  return (asPem(ca).toString().match(pemCertificate) ?? []).map((pem) => new X509Certificate(pem));
}

function parseList(list: Buffer, authorities: readonly X509Certificate[]): RevocationList {
  const [tbs, algorithm, signature] = derChildren(parseDer(list));
  const signed = expectTag(tbs, derTags.sequence);
  const fields = derChildren(signed);
  const [, issuer, , next, ...rest] = fields[0]?.tag === derTags.integer ? fields.slice(1) : fields;
  const name = expectTag(issuer, derTags.sequence).bytes;
  const authority = authorities.find(
    (one) =>
      namesOf(one.raw).subject.equals(name) && isSignedBy(one.publicKey, signed, algorithm, readBitString(signature)),
  );
  if (authority === undefined) {
    throw new CpisError("TLS_CRL_INVALID", { detail: "it is not signed by an authority that is trusted here" });
  }
  const nextUpdate = isTime(next) ? readTime(next) : undefined;
  const entries = (isTime(next) ? rest : [next, ...rest]).find((field) => field?.tag === derTags.sequence);
  const revoked = entries === undefined ? [] : derChildren(entries).map((entry) => serialOf(derChildren(entry)[0]));
  return {
    issuer: name,
    issuerName: /^CN=(.*)$/m.exec(authority.subject)?.[1] ?? authority.subject,
    nextUpdate,
    revoked: new Set(revoked),
  };
}

/** Reads a file of revocation lists. Throws TLS_CRL_INVALID for one that is none, or not of these authorities. */
export function readRevocationLists(file: Buffer, ca: readonly (string | Buffer)[]): readonly RevocationList[] {
  const authorities = ca.flatMap(authoritiesIn);
  try {
    return listsIn(file).map((list) => parseList(list, authorities));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new CpisError("TLS_CRL_INVALID", { detail: "it is neither PEM nor DER of a revocation list", cause: error });
  }
}

/** Whether a certificate of the chain is on a list of its issuer. What cannot be read counts as revoked. */
export function isOnList(chain: readonly Buffer[], lists: readonly RevocationList[]): boolean {
  return chain.some((certificate) => {
    try {
      const { issuer, serial } = namesOf(certificate);
      return lists.some((list) => list.issuer.equals(issuer) && list.revoked.has(serial));
    } catch {
      return true;
    }
  });
}

/** The extended key usage of who may answer in an authority's place. */
const ocspSigning = "1.3.6.1.5.5.7.3.9";
const basicResponse = "1.3.6.1.5.5.7.48.1.1";

/** The authority itself, or who has a certificate of it for this purpose. */
function responderKeys(issuer: X509Certificate, certificates: DerValue | undefined): readonly KeyObject[] {
  const shown = certificates === undefined ? [] : derChildren(parseDer(certificates.content));
  const delegates = shown
    .map(({ bytes }) => new X509Certificate(bytes))
    .filter((one) => [one.keyUsage].flat().includes(ocspSigning) && one.verify(issuer.publicKey));
  return [issuer, ...delegates].map(({ publicKey }) => publicKey);
}

/**
 * Whether a stapled OCSP response, signed for the issuer, says that the certificate is revoked. One that cannot be read
 * or verified says nothing: whoever wants to hide a revocation staples nothing at all.
 */
export function isStapledRevoked(response: Buffer, chain: readonly Buffer[]): boolean {
  const [leaf, issuerBytes] = chain;
  if (leaf === undefined || issuerBytes === undefined) return false;
  try {
    const issuer = new X509Certificate(issuerBytes);
    const [status, wrapped] = derChildren(parseDer(response));
    if (expectTag(status, derTags.enumerated).content[0] !== 0 || wrapped === undefined) return false;
    const [kind, octets] = derChildren(parseDer(wrapped.content));
    if (readObjectIdentifier(kind) !== basicResponse) return false;
    const basic = derChildren(parseDer(expectTag(octets, derTags.octetString).content));
    const [data, algorithm, signature, certificates] = basic;
    const signed = expectTag(data, derTags.sequence);
    const isVerified = responderKeys(issuer, certificates).some((key) =>
      isSignedBy(key, signed, algorithm, readBitString(signature)),
    );
    if (!isVerified) return false;
    const responses = derChildren(signed).find(({ tag }) => tag === derTags.sequence);
    const { serial } = namesOf(leaf);
    return derChildren(expectTag(responses, derTags.sequence)).some((single) => {
      const [id, certificateStatus] = derChildren(single);
      return serialOf(derChildren(expectTag(id, derTags.sequence))[3]) === serial && certificateStatus?.tag === 0xa1;
    });
  } catch {
    return false;
  }
}

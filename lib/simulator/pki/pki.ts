// Makes the certificates of tests and demonstrations: an authority of its own that nothing live trusts.
import { createPrivateKey, randomBytes } from "node:crypto";
import net from "node:net";
// Before @peculiar/x509, which needs it.
import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
  type JsonGeneralName,
} from "@peculiar/x509";
import { CpisError } from "../../errors.js";

export type CertificateUsage = "client" | "server" | "both";

export interface CertificateRequest {
  readonly commonName: string;
  readonly dnsNames?: readonly string[];
  /** IPv4 or IPv6 addresses. */
  readonly ipAddresses?: readonly string[];
  readonly usage: CertificateUsage;
  /** Milliseconds since 1970. Default: an hour ago, so that a peer whose clock is slow still accepts it. */
  readonly notBefore?: number;
  /** Milliseconds since 1970. Default: two years from now. */
  readonly notAfter?: number;
}

/** Both as PEM text, the key as PKCS #8. */
export interface IssuedCertificate {
  readonly keyPem: string;
  readonly certPem: string;
}

export interface Pki {
  /** The authority's certificate: what the other side must trust. */
  readonly caPem: string;
  /**
   * Makes a key of RSA 2048, as Spine's TLS 1.2 suites demand, and a certificate for it. Takes about 0.1 s.
   * Throws CONFIG_INVALID for something that is not an address.
   */
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
  /** The authority's list of revoked certificates, as PEM text, with these certificates of its own on it. */
  revoke(certificatePems: readonly string[]): Promise<string>;
}

export interface PkiOptions {
  /** Milliseconds since 1970. */
  now(): number;
  /** Common name of the authority. */
  readonly authorityName?: string;
}

/** The authority as it is kept in a file. */
export interface AuthorityPem {
  readonly caKeyPem: string;
  readonly caPem: string;
}

/** In every subject and issuer, so that nobody takes these certificates for ones of NHS England. */
const organisation = "CP-IS simulator, not for live use";
const defaultAuthorityName = "CP-IS simulator authority";
const hourMilliseconds = 3_600_000;
const validityMilliseconds = 2 * 365 * 24 * hourMilliseconds;
const signing = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const keyGeneration = { ...signing, publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 };

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(keyGeneration, true, ["sign", "verify"]);
}

async function keyToPem(key: CryptoKey): Promise<string> {
  const der = await crypto.subtle.exportKey("pkcs8", key);
  return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" })
    .export({ type: "pkcs8", format: "pem" })
    .toString();
}

function pemToKey(pem: string): Promise<CryptoKey> {
  const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  return crypto.subtle.importKey("pkcs8", der, signing, false, ["sign"]);
}

function subject(commonName: string): { CN?: string[]; O?: string[] }[] {
  return [{ CN: [commonName] }, { O: [organisation] }];
}

/** Positive and never zero: some TLS libraries refuse other serial numbers. */
function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

/** Makes a new authority and its private key. */
export async function createAuthority(options: PkiOptions): Promise<AuthorityPem> {
  const keys = await newKeys();
  const now = options.now();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: subject(options.authorityName ?? defaultAuthorityName),
    notBefore: new Date(now - hourMilliseconds),
    notAfter: new Date(now + validityMilliseconds),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { caKeyPem: await keyToPem(keys.privateKey), caPem: toPem(certificate) };
}

function toPem(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

function extendedKeyUsage(usage: CertificateUsage): ExtendedKeyUsage[] {
  if (usage === "both") return [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth];
  return [usage === "client" ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth];
}

function alternativeNames(request: CertificateRequest): JsonGeneralName[] {
  const addresses = request.ipAddresses ?? [];
  if (!addresses.every((address) => net.isIP(address) !== 0)) {
    throw new CpisError("CONFIG_INVALID", { detail: "a certificate's address is not an IP address" });
  }
  return [
    ...(request.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...addresses.map((value) => ({ type: "ip" as const, value })),
  ];
}

export interface OpenAuthorityOptions {
  readonly authority: AuthorityPem;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Makes an authority out of its kept form. Rejects with whatever an unreadable key causes. */
export async function openAuthority(options: OpenAuthorityOptions): Promise<Pki> {
  const signingKey = await pemToKey(options.authority.caKeyPem);
  const authority = new X509Certificate(options.authority.caPem);
  const authorityKeyIdentifier = await AuthorityKeyIdentifierExtension.create(authority.publicKey);
  const issue = async (request: CertificateRequest): Promise<IssuedCertificate> => {
    const names = alternativeNames(request);
    const keys = await newKeys();
    const now = options.now();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: newSerialNumber(),
      subject: subject(request.commonName),
      issuer: authority.subject,
      notBefore: new Date(request.notBefore ?? now - hourMilliseconds),
      notAfter: new Date(request.notAfter ?? now + validityMilliseconds),
      signingAlgorithm: signing,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension(extendedKeyUsage(request.usage)),
        authorityKeyIdentifier,
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
      ],
    });
    return { keyPem: await keyToPem(keys.privateKey), certPem: toPem(certificate) };
  };
  const revoke = async (certificatePems: readonly string[]): Promise<string> => {
    const now = options.now();
    const list = await X509CrlGenerator.create({
      issuer: authority.subject,
      thisUpdate: new Date(now - hourMilliseconds),
      nextUpdate: new Date(now + validityMilliseconds),
      entries: certificatePems.map((pem) => ({
        serialNumber: new X509Certificate(pem).serialNumber,
        revocationDate: new Date(now - hourMilliseconds),
      })),
      extensions: [authorityKeyIdentifier],
      signingAlgorithm: signing,
      signingKey,
    });
    // OpenSSL takes a list under this name only (RFC 7468, 6).
    return `${list.toString("pem").replaceAll(/(BEGIN|END) CRL/g, "$1 X509 CRL")}\n`;
  };
  return { caPem: options.authority.caPem, issue, revoke };
}

/** An authority that lives in memory only. */
export async function createPki(options: PkiOptions): Promise<Pki> {
  return openAuthority({ ...options, authority: await createAuthority(options) });
}

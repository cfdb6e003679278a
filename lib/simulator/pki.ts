// Makes the certificates of tests and demonstrations: an authority of its own that nothing live trusts.
import {
  X509Certificate,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  randomBytes,
  sign,
  type KeyObject,
} from "node:crypto";
import net from "node:net";
import { promisify } from "node:util";
import {
  bitString,
  boolean,
  contextTagged,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  time,
  utf8String,
} from "./der.js";
import { CpisError } from "../errors.js";

export type CertificateUsage = "client" | "server" | "both";

export interface CertificateRequest {
  readonly commonName: string;
  readonly dnsNames?: readonly string[];
  /** IPv4 addresses. */
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
   * Throws CONFIG_INVALID for an address that is not IPv4.
   */
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
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
const sha256WithRsa = sequence(objectIdentifier("1.2.840.113549.1.1.11"), nullValue());
/** KeyUsage is a bit string, the first bit leftmost: digitalSignature 0, keyEncipherment 2, keyCertSign 5, cRLSign 6. */
const authorityKeyUsage = bitString(Buffer.from([0b0000_0110]), 1);
const endEntityKeyUsage = bitString(Buffer.from([0b1010_0000]), 5);

const newKeyPair = promisify(generateKeyPair);

function newKeys(): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return newKeyPair("rsa", { modulusLength: 2048 });
}

function name(commonName: string): Buffer {
  const part = (oid: string, value: string): Buffer => setOf(sequence(objectIdentifier(oid), utf8String(value)));
  return sequence(part("2.5.4.3", commonName), part("2.5.4.10", organisation));
}

function extension(oid: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(oid), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash("sha1")
    .update(publicKey.export({ type: "pkcs1", format: "der" }))
    .digest();
}

/** Positive and never zero: some TLS libraries refuse other serial numbers. */
function newSerialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

interface CertificateContent {
  readonly issuerName: string;
  readonly subjectName: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** RFC 5280, 4.1. */
function encodeCertificate(content: CertificateContent, signingKey: KeyObject): string {
  const toBeSigned = sequence(
    contextTagged(0, integer(Buffer.from([2])), "constructed"),
    integer(newSerialNumber()),
    sha256WithRsa,
    name(content.issuerName),
    sequence(time(content.notBefore), time(content.notAfter)),
    name(content.subjectName),
    content.publicKey.export({ type: "spki", format: "der" }),
    contextTagged(3, sequence(...content.extensions), "constructed"),
  );
  const certificate = sequence(toBeSigned, sha256WithRsa, bitString(sign("sha256", toBeSigned, signingKey)));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function encodePrivateKey(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Makes a new authority and its private key. */
export async function createAuthority(options: PkiOptions): Promise<AuthorityPem> {
  const keys = await newKeys();
  const now = options.now();
  const authorityName = options.authorityName ?? defaultAuthorityName;
  const caPem = encodeCertificate(
    {
      issuerName: authorityName,
      subjectName: authorityName,
      notBefore: now - hourMilliseconds,
      notAfter: now + validityMilliseconds,
      publicKey: keys.publicKey,
      extensions: [
        extension("2.5.29.19", true, sequence(boolean(true), integer(Buffer.from([0])))),
        extension("2.5.29.15", true, authorityKeyUsage),
        extension("2.5.29.14", false, octetString(keyIdentifier(keys.publicKey))),
      ],
    },
    keys.privateKey,
  );
  return { caKeyPem: encodePrivateKey(keys.privateKey), caPem };
}

function extendedKeyUsage(usage: CertificateUsage): Buffer {
  const server = objectIdentifier("1.3.6.1.5.5.7.3.1");
  const client = objectIdentifier("1.3.6.1.5.5.7.3.2");
  if (usage === "both") return sequence(server, client);
  return sequence(usage === "client" ? client : server);
}

function encodeAddress(address: string): Buffer {
  if (!net.isIPv4(address)) throw new CpisError("CONFIG_INVALID", { detail: "a certificate's address is not IPv4" });
  return Buffer.from(address.split(".").map(Number));
}

function alternativeNames(request: CertificateRequest): readonly Buffer[] {
  const names = [
    ...(request.dnsNames ?? []).map((dns) => contextTagged(2, Buffer.from(dns, "latin1"), "primitive")),
    ...(request.ipAddresses ?? []).map((address) => contextTagged(7, encodeAddress(address), "primitive")),
  ];
  return names.length === 0 ? [] : [extension("2.5.29.17", false, sequence(...names))];
}

export interface OpenAuthorityOptions {
  readonly authority: AuthorityPem;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Makes an authority out of its kept form. Throws whatever an unreadable key causes. */
export function openAuthority(options: OpenAuthorityOptions): Pki {
  const signingKey = createPrivateKey(options.authority.caKeyPem);
  const authorityKeyId = keyIdentifier(createPublicKey(signingKey));
  const authorityName = /^CN=(.*)$/m.exec(new X509Certificate(options.authority.caPem).subject)?.[1] ?? "";
  const issue = async (request: CertificateRequest): Promise<IssuedCertificate> => {
    const names = alternativeNames(request);
    const keys = await newKeys();
    const now = options.now();
    const certPem = encodeCertificate(
      {
        issuerName: authorityName,
        subjectName: request.commonName,
        notBefore: request.notBefore ?? now - hourMilliseconds,
        notAfter: request.notAfter ?? now + validityMilliseconds,
        publicKey: keys.publicKey,
        extensions: [
          extension("2.5.29.19", true, sequence()),
          extension("2.5.29.15", true, endEntityKeyUsage),
          extension("2.5.29.37", false, extendedKeyUsage(request.usage)),
          extension("2.5.29.35", false, sequence(contextTagged(0, authorityKeyId, "primitive"))),
          ...names,
        ],
      },
      signingKey,
    );
    return { keyPem: encodePrivateKey(keys.privateKey), certPem };
  };
  return { caPem: options.authority.caPem, issue };
}

/** An authority that lives in memory only. */
export async function createPki(options: PkiOptions): Promise<Pki> {
  return openAuthority({ ...options, authority: await createAuthority(options) });
}

// Says in words what is wrong with a key, certificate or authority before OpenSSL says it in numbers.
import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { CpisError } from "../errors.js";

type Bytes = string | Buffer;

const pemCertificate =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
/** Both ASN.1 forms, certificate and PKCS #12, are a SEQUENCE whose length takes more than one byte. */
const isDer = (bytes: Bytes): bytes is Buffer => Buffer.isBuffer(bytes) && bytes[0] === 0x30 && (bytes[1] ?? 0) > 0x80;

function invalid(detail: string, cause?: unknown): CpisError {
  return new CpisError("CONFIG_INVALID", cause === undefined ? { detail } : { detail, cause });
}

function readDer(bytes: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}

/** A certificate in DER as PEM; everything else as it is. */
export function asPem(bytes: Bytes): Bytes {
  return isDer(bytes) ? (readDer(bytes)?.toString() ?? bytes) : bytes;
}

/** In DER, and no certificate: a file that ends in .p12 or .pfx. */
export function isPkcs12(bytes: Bytes): boolean {
  return isDer(bytes) && readDer(bytes) === undefined;
}

/** Throws CONFIG_INVALID for text that is no PEM, with the reason. `what` names the setting. */
function refuseForm(bytes: Bytes, what: string): void {
  const text = bytes.toString("latin1");
  if (
    text.includes("\0-\0-") ||
    text.startsWith("\xff\xfe") ||
    text.startsWith("\xfe\xff") ||
    text.includes("-\0-\0")
  ) {
    throw invalid(`${what} is saved as UTF-16; save the file again as plain text (UTF-8 or ASCII)`);
  }
  if (/-----\\[rn]/.test(text)) {
    throw invalid(`${what} has \\n in place of line ends; put real line ends in their place`);
  }
}

function certificatesIn(bytes: Bytes, what: string): readonly X509Certificate[] {
  refuseForm(bytes, what);
  const blocks = bytes.toString().match(pemCertificate) ?? [];
  if (blocks.length === 0) throw invalid(`${what} holds no certificate`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw invalid(`${what} holds a certificate that cannot be read`, error);
  }
}

/** Throws CONFIG_INVALID for authorities that hold no certificate, which OpenSSL passes over in silence. */
export function judgeAuthorities(authorities: readonly Bytes[]): void {
  for (const authority of authorities) certificatesIn(authority, "the file of trusted authorities");
}

function readKey(key: Bytes, passphrase: string | undefined): KeyObject {
  refuseForm(key, "the private key");
  const isEncrypted = /ENCRYPTED/.test(key.toString("latin1"));
  try {
    return createPrivateKey(passphrase === undefined ? { key } : { key, passphrase });
  } catch (error) {
    if (!isEncrypted) throw invalid("the private key cannot be read", error);
    const lacks = passphrase === undefined || passphrase === "";
    throw invalid(
      lacks
        ? "the private key is encrypted and no passphrase is given"
        : "the passphrase does not open the private key",
      error,
    );
  }
}

/** Throws CONFIG_INVALID where key and certificate cannot be read, or do not belong together. */
export function judgeKeyPair(key: Bytes, cert: Bytes, passphrase: string | undefined): void {
  const [leaf, ...others] = certificatesIn(cert, "the certificate");
  const privateKey = readKey(key, passphrase);
  if (leaf === undefined || leaf.checkPrivateKey(privateKey)) return;
  throw invalid(
    others.some((other) => other.checkPrivateKey(privateKey))
      ? "the certificate file begins with its issuer; our own certificate has to come first, then that of its issuer"
      : "the private key does not belong to the certificate",
  );
}

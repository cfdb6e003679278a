// Makes a TLS context from keys and certificates given as plain data.
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { CpisError } from "../errors.js";

/** PEM text or bytes; `pfx` (PKCS #12) instead of key and certificate is allowed. */
export interface TlsMaterial {
  readonly key?: string | Buffer;
  /** Our certificate, followed by that of the authority that issued it. */
  readonly cert?: string | Buffer;
  readonly pfx?: string | Buffer;
  readonly passphrase?: string;
  /** The only authorities trusted: the public ones of the system are not. */
  readonly ca: string | Buffer | readonly (string | Buffer)[];
  /** OpenSSL names joined by colons, instead of the default list. */
  readonly ciphers?: string;
}

/**
 * Those of TLS 1.3, then the four of TLS 1.2 that NHS England asks for. A list without any of TLS 1.3 would switch that
 * version off.
 */
export const defaultCiphers = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_AES_128_GCM_SHA256",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "DHE-RSA-AES256-GCM-SHA384",
  "DHE-RSA-AES128-GCM-SHA256",
].join(":");

/** The options that both ends of a mutually authenticated connection share. Throws CONFIG_MISSING. */
export function tlsOptions(material: TlsMaterial): SecureContextOptions {
  const { key, cert, pfx, passphrase, ca } = material;
  const authorities = typeof ca === "string" || Buffer.isBuffer(ca) ? [ca] : [...ca];
  if (authorities.every((authority) => authority.length === 0)) {
    throw new CpisError("CONFIG_MISSING", { detail: "the trusted authorities of the TLS configuration" });
  }
  if (pfx === undefined && (key === undefined || cert === undefined)) {
    throw new CpisError("CONFIG_MISSING", { detail: "the certificate or the private key of the TLS configuration" });
  }
  return {
    ca: authorities,
    ...(key === undefined ? {} : { key }),
    ...(cert === undefined ? {} : { cert }),
    ...(pfx === undefined ? {} : { pfx }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ciphers: material.ciphers ?? defaultCiphers,
    minVersion: "TLSv1.2",
  };
}

/** Throws CONFIG_MISSING, or CONFIG_INVALID for a key, certificate or passphrase that cannot be used. */
export function createTlsContext(material: TlsMaterial): SecureContext {
  const options = tlsOptions(material);
  try {
    return createSecureContext(options);
  } catch (error) {
    throw new CpisError("CONFIG_INVALID", {
      detail: "the key, certificate or passphrase of the TLS configuration cannot be used",
      cause: error,
    });
  }
}

// Makes a TLS context from keys and certificates given as plain data.
import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import type { RevocationCheck } from "./revocation.js";
import { asPem, judgeAuthorities, judgeKeyPair } from "./usable-material.js";

/** PEM text or bytes, or a certificate in DER; `pfx` (PKCS #12) instead of key and certificate is allowed. */
export interface TlsMaterial {
  readonly key?: string | Buffer;
  /** Our certificate, followed by that of the authority that issued it. */
  readonly cert?: string | Buffer;
  readonly pfx?: string | Buffer;
  readonly passphrase?: string;
  /** The only authorities trusted: the public ones of the system are not. */
  readonly ca: string | Buffer | readonly (string | Buffer)[];
  /** The name that a server has to prove, in place of the one that it is reached by. */
  readonly serverName?: string;
  /** OpenSSL names joined by colons, instead of the default list. */
  readonly ciphers?: string;
  /** Asked of each certificate that the other side shows; without it none is known to be revoked. */
  readonly revocation?: RevocationCheck;
}

/** The authorities that Node.js brings along, and those of NODE_EXTRA_CA_CERTS. */
export const publicAuthorities: unique symbol = Symbol("the public authorities");

/** Whom a client trusts; it has a certificate of its own only where the server asks for one. */
export interface ServerTrust extends Omit<TlsMaterial, "ca"> {
  readonly ca: TlsMaterial["ca"] | typeof publicAuthorities;
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

function authoritiesOf(ca: TlsMaterial["ca"]): (string | Buffer)[] {
  const authorities = typeof ca === "string" || Buffer.isBuffer(ca) ? [ca] : [...ca];
  if (authorities.every((authority) => authority.length === 0)) {
    throw new CpisError("CONFIG_MISSING", { detail: "the trusted authorities of the TLS configuration" });
  }
  const read = authorities.map(asPem);
  judgeAuthorities(read);
  return read;
}

function certificateOptions(material: Omit<TlsMaterial, "ca">): SecureContextOptions {
  const { key, pfx, passphrase } = material;
  const cert = material.cert === undefined ? undefined : asPem(material.cert);
  if (pfx === undefined && (key === undefined || cert === undefined)) {
    throw new CpisError("CONFIG_MISSING", { detail: "the certificate or the private key of the TLS configuration" });
  }
  // Both empty stand for a client that shows none.
  if (key !== undefined && cert !== undefined && key.length + cert.length > 0) judgeKeyPair(key, cert, passphrase);
  return definedOnly({ key, cert, pfx, passphrase });
}

function protocolOptions(material: Omit<TlsMaterial, "ca">): SecureContextOptions {
  return {
    ciphers: material.ciphers ?? defaultCiphers,
    minVersion: "TLSv1.2",
    // Whom we speak with is settled by the first handshake.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}

/** The options that both ends of a mutually authenticated connection share. Throws CONFIG_MISSING. */
export function tlsOptions(material: TlsMaterial): SecureContextOptions {
  // What is missing of our own is told first.
  return { ...certificateOptions(material), ca: authoritiesOf(material.ca), ...protocolOptions(material) };
}

/** A context is all that a connection is made with, so what its peers are held against goes with it. */
const revocations = new WeakMap<SecureContext, RevocationCheck>();
const serverNames = new WeakMap<SecureContext, string>();

/** What the material of the context has named. */
export function revocationOf(context: SecureContext): RevocationCheck | undefined {
  return revocations.get(context);
}

/** The name that the server of a connection with this context has to prove. */
export function serverNameOf(context: SecureContext): string | undefined {
  return serverNames.get(context);
}

function createContext(
  options: SecureContextOptions,
  { revocation, serverName }: Pick<TlsMaterial, "revocation" | "serverName">,
): SecureContext {
  try {
    const context = createSecureContext(options);
    if (revocation !== undefined) revocations.set(context, revocation);
    if (serverName !== undefined) serverNames.set(context, serverName);
    return context;
  } catch (error) {
    throw new CpisError("CONFIG_INVALID", {
      detail: "the key, certificate or passphrase of the TLS configuration cannot be used",
      cause: error,
    });
  }
}

/** Throws CONFIG_MISSING, or CONFIG_INVALID for a key, certificate or passphrase that cannot be used. */
export function createTlsContext(material: TlsMaterial): SecureContext {
  return createContext(tlsOptions(material), material);
}

/** For a client whose server need not ask for a certificate. Throws as `createTlsContext`; half a certificate is missing. */
export function createClientContext(trust: ServerTrust): SecureContext {
  const { ca, key, cert, pfx } = trust;
  const hasCertificate = key !== undefined || cert !== undefined || pfx !== undefined;
  const options = {
    ...(hasCertificate ? certificateOptions(trust) : {}),
    ...(ca === publicAuthorities ? {} : { ca: authoritiesOf(ca) }),
    ...protocolOptions(trust),
  };
  return createContext(options, trust);
}

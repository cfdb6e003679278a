// Certificates of a core `tls-config` node, for a connection that is authenticated on both sides.
import { X509Certificate } from "node:crypto";
import { definedOnly } from "../../../lib/defined-only.js";
import { CpisError, type ErrorCode } from "../../../lib/errors.js";
import type { TlsMaterial } from "../../../lib/tls/tls-material.js";
import { asPem, isPkcs12 } from "../../../lib/tls/usable-material.js";
import type { Words } from "../runtime/words.js";

interface TlsConfigNode {
  readonly valid: boolean;
  addTLSOptions(options: object): unknown;
}

function isTlsConfigNode(node: unknown): node is TlsConfigNode {
  return typeof node === "object" && node !== null && "addTLSOptions" in node && "valid" in node;
}

/** The simulator's own certificates say so in their subject. */
const simulatorMark = "not for live use";
const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function isOfSimulator(pem: string | Buffer): boolean {
  const blocks = pem.toString().match(pemCertificate) ?? [];
  return blocks.some((block) => {
    try {
      return new X509Certificate(block).subject.includes(simulatorMark);
    } catch {
      // What cannot be read is refused later, with a reason of its own, when the TLS context is made.
      return false;
    }
  });
}

function material(options: object, name: string): string | Buffer | undefined {
  const value: unknown = Reflect.get(options, name);
  if (typeof value === "string") return value === "" ? undefined : value;
  return Buffer.isBuffer(value) && value.length > 0 ? asPem(value) : undefined;
}

function textOf(options: object, name: string): string | undefined {
  const value: unknown = Reflect.get(options, name);
  return typeof value === "string" ? value : undefined;
}

function refusal(code: ErrorCode, key: string, words: Words): CpisError {
  return new CpisError(code, { detail: words(key) });
}

/** `field` is the setting that names the node. */
function optionsOf(node: unknown, field: string, words: Words): object {
  if (!isTlsConfigNode(node)) throw refusal("CONFIG_MISSING", field, words);
  if (!node.valid) throw refusal("CONFIG_INVALID", "error.tlsInvalid", words);
  const options = {};
  node.addTLSOptions(options);
  if (Reflect.get(options, "rejectUnauthorized") === false) {
    throw refusal("CONFIG_INVALID", "error.tlsUnchecked", words);
  }
  return options;
}

function authoritiesOf(options: object, words: Words, acceptsSimulator: boolean): string | Buffer {
  const ca = material(options, "ca");
  if (ca === undefined) throw refusal("CONFIG_MISSING", "error.tlsNoAuthority", words);
  if (!acceptsSimulator && isOfSimulator(ca)) throw refusal("CONFIG_INVALID", "error.tlsOfSimulator", words);
  return ca;
}

/**
 * Gives the authorities alone, for a server that asks for no certificate of ours. Throws as `readTls`, but for what it
 * does not need.
 */
export function readAuthorities(
  node: unknown,
  field: string,
  words: Words,
  acceptsSimulator: boolean,
): string | Buffer {
  return authoritiesOf(optionsOf(node, field, words), words, acceptsSimulator);
}

/**
 * Gives certificates for both directions, in an object of its own. Throws CONFIG_MISSING or CONFIG_INVALID: the node is
 * not there or not valid, it lacks our certificate, its key or the authorities, it switches off the check of the other
 * side, or it holds certificates of the simulator where those are not accepted.
 */
export function readTls(node: unknown, words: Words, acceptsSimulator: boolean): TlsMaterial {
  const options = optionsOf(node, "field.tls", words);
  const [key, cert] = [material(options, "key"), material(options, "cert")];
  const pfx = material(options, "pfx") ?? (cert !== undefined && isPkcs12(cert) ? cert : undefined);
  const own = pfx === undefined ? { key, cert } : { pfx };
  if (pfx === undefined && (key === undefined || cert === undefined)) {
    throw refusal("CONFIG_MISSING", "error.tlsNoCertificate", words);
  }
  if (pfx === undefined && cert !== undefined && !acceptsSimulator && isOfSimulator(cert)) {
    throw refusal("CONFIG_INVALID", "error.tlsOfSimulator", words);
  }
  const ca = authoritiesOf(options, words, acceptsSimulator);
  return {
    ...definedOnly({
      ...own,
      passphrase: textOf(options, "passphrase"),
      serverName: textOf(options, "servername") || undefined,
    }),
    ca,
  };
}

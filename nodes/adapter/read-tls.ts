// Certificates of a core `tls-config` node, for a connection that is authenticated on both sides.
import { X509Certificate } from "node:crypto";
import { CpisError, type ErrorCode } from "../../lib/errors.js";
import type { TlsMaterial } from "../../lib/tls/tls-material.js";
import type { Words } from "./words.js";

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
  return Buffer.isBuffer(value) && value.length > 0 ? value : undefined;
}

/**
 * Gives certificates for both directions, in an object of its own. Throws CONFIG_MISSING or CONFIG_INVALID: the node is
 * not there or not valid, it lacks our certificate, its key or the authorities, it switches off the check of the other
 * side, or it holds certificates of the simulator where those are not accepted.
 */
export function readTls(node: unknown, words: Words, acceptsSimulator: boolean): TlsMaterial {
  const refuse = (code: ErrorCode, key: string): never => {
    throw new CpisError(code, { detail: words(key) });
  };
  if (!isTlsConfigNode(node)) return refuse("CONFIG_MISSING", "field.tls");
  if (!node.valid) return refuse("CONFIG_INVALID", "error.tlsInvalid");
  const options = {};
  node.addTLSOptions(options);
  if (Reflect.get(options, "rejectUnauthorized") === false) return refuse("CONFIG_INVALID", "error.tlsUnchecked");
  const [key, cert, ca] = [material(options, "key"), material(options, "cert"), material(options, "ca")];
  if (key === undefined || cert === undefined) return refuse("CONFIG_MISSING", "error.tlsNoCertificate");
  if (ca === undefined) return refuse("CONFIG_MISSING", "error.tlsNoAuthority");
  if (!acceptsSimulator && (isOfSimulator(cert) || isOfSimulator(ca)))
    return refuse("CONFIG_INVALID", "error.tlsOfSimulator");
  const passphrase: unknown = Reflect.get(options, "passphrase");
  return typeof passphrase === "string" ? { key, cert, ca, passphrase } : { key, cert, ca };
}

// The keys that protect stored content: one seals, older ones still open, and a secret of its own hashes.
import { CpisError } from "../errors.js";

/** Gives this many bytes that nobody can guess. */
export type RandomBytes = (size: number) => Uint8Array;

export interface ContentKey {
  /** Stands in the clear beside what the key sealed. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/**
 * The first key seals; all open. `hashSecret` stays when keys change, so that what was hashed is found for as long as
 * it is kept.
 */
export interface KeyRing {
  readonly keys: readonly [ContentKey, ...ContentKey[]];
  /** 32 bytes. */
  readonly hashSecret: Buffer;
}

const keyBytes = 32;
const idPattern = /^[a-z0-9]{1,32}$/;
const base64Pattern = /^[A-Za-z0-9+/]{43}=$/;

function createKey(randomBytes: RandomBytes): ContentKey {
  return { id: Buffer.from(randomBytes(8)).toString("hex"), key: Buffer.from(randomBytes(keyBytes)) };
}

export function createKeyRing(randomBytes: RandomBytes): KeyRing {
  return { keys: [createKey(randomBytes)], hashSecret: Buffer.from(randomBytes(keyBytes)) };
}

/** A ring whose new key seals and whose old ones still open. */
export function rotateKeyRing(ring: KeyRing, randomBytes: RandomBytes): KeyRing {
  return { ...ring, keys: [createKey(randomBytes), ...ring.keys] };
}

/** Drops the keys that no longer seal: only once nothing is sealed with them any more. */
export function retireOldKeys(ring: KeyRing): KeyRing {
  return { ...ring, keys: [ring.keys[0]] };
}

/** One line of JSON with the keys in the clear: it belongs in credentials or in a private file, nowhere else. */
export function encodeKeyRing(ring: KeyRing): string {
  return JSON.stringify({
    version: 1,
    keys: ring.keys.map(({ id, key }) => ({ id, key: key.toString("base64") })),
    hashSecret: ring.hashSecret.toString("base64"),
  });
}

function invalid(detail: string): CpisError {
  return new CpisError("STORE_KEY_INVALID", { detail });
}

function readFields(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`${name} is not an object`);
  return { ...value };
}

function readSecret(value: unknown, name: string): Buffer {
  if (typeof value !== "string" || !base64Pattern.test(value)) throw invalid(`${name} is not 32 bytes in base64`);
  return Buffer.from(value, "base64");
}

function readKey(value: unknown): ContentKey {
  const { id, key } = readFields(value, "a key");
  if (typeof id !== "string" || !idPattern.test(id)) throw invalid("a key's id is not 1 to 32 letters and digits");
  return { id, key: readSecret(key, "a key") };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error of JSON.parse quotes the text, which holds keys.
    throw invalid("it is not JSON");
  }
}

/** Throws STORE_KEY_INVALID, which never quotes what it read. */
export function parseKeyRing(text: string): KeyRing {
  const { version, keys, hashSecret } = readFields(parseJson(text), "the key ring");
  if (version !== 1) throw invalid("the key ring's version is not 1");
  if (!Array.isArray(keys)) throw invalid("the key ring has no list of keys");
  const [sealing, ...others] = keys.map(readKey);
  if (sealing === undefined) throw invalid("the key ring has no key");
  if (new Set(keys.map((entry: unknown) => readKey(entry).id)).size < keys.length) {
    throw invalid("two keys have the same id");
  }
  return { keys: [sealing, ...others], hashSecret: readSecret(hashSecret, "the hash secret") };
}

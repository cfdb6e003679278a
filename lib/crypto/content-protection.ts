// Seals stored content with AES-256-GCM and hashes what it is found by.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { CpisError } from "../errors.js";
import type { KeyRing, RandomBytes } from "./key-ring.js";

/** What a message store asks for; see its ContentProtection. */
export interface SealingProtection {
  readonly keyId: string;
  seal(content: Uint8Array, identity: string): Buffer;
  open(sealed: Uint8Array, identity: string): Buffer;
  hash(subject: string): string;
  authenticate(purpose: string, text: string): string;
}

const formatVersion = 1;
const nonceBytes = 12;
const tagBytes = 16;
const dataKeyBytes = 32;
/** The wrapped data key: its nonce, itself, its tag. */
const wrappedBytes = nonceBytes + dataKeyBytes + tagBytes;

function encrypt(key: Uint8Array | KeyObject, nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(associated);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Uint8Array | KeyObject, sealed: Uint8Array, associated: Uint8Array): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes));
  return Buffer.concat([plain, decipher.final()]);
}

/** Version, length of the key's id, the id: authenticated with the rest, so that no part can be exchanged. */
function header(keyId: string): Buffer {
  const id = Buffer.from(keyId, "latin1");
  return Buffer.concat([Buffer.from([formatVersion, id.length]), id]);
}

function associatedData(head: Uint8Array, purpose: string, identity: string): Buffer {
  return Buffer.concat([head, Buffer.from(`${purpose}\0${identity}`, "utf8")]);
}

function readKeyId(sealed: Uint8Array): string {
  const idLength = sealed[1] ?? 0;
  if (sealed[0] !== formatVersion || sealed.length < 2 + idLength + wrappedBytes + nonceBytes + tagBytes) {
    throw new CpisError("STORE_CONTENT_TAMPERED", { detail: "the sealed bytes have no header of ours" });
  }
  return Buffer.from(sealed.subarray(2, 2 + idLength)).toString("latin1");
}

/** Spaces and hyphens between the digits of an NHS number do not make it another one. */
function normalisedSubject(subject: string): string {
  return subject.normalize("NFKC").replace(/[\s-]/g, "").toUpperCase();
}

/**
 * Each content has a data key of its own, wrapped by the ring's first key: a key of the ring encrypts only random keys,
 * so the bound on random nonces (NIST SP 800-38D, 8.3: 2^32) is out of reach. Both layers are bound to the identity.
 * Sealed form: version, id length, id, wrapped data key, nonce, cipher text, tag. `open` throws STORE_KEY_UNKNOWN or
 * STORE_CONTENT_TAMPERED; a wrong key under a known id is not told from tampering.
 */
export function createContentProtection(ring: KeyRing, randomBytes: RandomBytes): SealingProtection {
  const [sealing] = ring.keys;
  const keys = new Map(ring.keys.map(({ id, key }) => [id, createSecretKey(key)]));
  const sealingKey = createSecretKey(sealing.key);
  /** One for each purpose, so that what one of them gives is of no use for another. */
  const derivedKey = (purpose: string): KeyObject =>
    createSecretKey(Buffer.from(hkdfSync("sha256", ring.hashSecret, Buffer.alloc(0), purpose, 32)));
  const hashKey = derivedKey("subject hash");
  const authenticationKeys = new Map<string, KeyObject>();

  return {
    keyId: sealing.id,
    seal(content, identity): Buffer {
      const head = header(sealing.id);
      const dataKey = randomBytes(dataKeyBytes);
      return Buffer.concat([
        head,
        encrypt(sealingKey, randomBytes(nonceBytes), dataKey, associatedData(head, "key", identity)),
        encrypt(dataKey, randomBytes(nonceBytes), content, associatedData(head, "content", identity)),
      ]);
    },
    open(sealed, identity): Buffer {
      const keyId = readKeyId(sealed);
      const key = keys.get(keyId);
      // The id is of the stored bytes, so it is shown only when it has the form of one of ours.
      if (key === undefined)
        throw new CpisError("STORE_KEY_UNKNOWN", /^[a-z0-9]+$/.test(keyId) ? { detail: keyId } : {});
      const head = header(keyId);
      const wrapped = sealed.subarray(head.length, head.length + wrappedBytes);
      try {
        const dataKey = decrypt(key, wrapped, associatedData(head, "key", identity));
        return decrypt(dataKey, sealed.subarray(head.length + wrappedBytes), associatedData(head, "content", identity));
      } catch (error) {
        throw new CpisError("STORE_CONTENT_TAMPERED", { cause: error });
      }
    },
    hash(subject): string {
      return createHmac("sha256", hashKey).update(normalisedSubject(subject)).digest("hex");
    },
    authenticate(purpose, text): string {
      const key = authenticationKeys.get(purpose) ?? derivedKey(`authentication: ${purpose}`);
      authenticationKeys.set(purpose, key);
      return createHmac("sha256", key).update(text, "utf8").digest("hex");
    },
  };
}

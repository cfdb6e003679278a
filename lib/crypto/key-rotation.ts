// Changes the key of a store for good: a new one seals, everything is sealed again, and the old ones go.
import { retireOldKeys, rotateKeyRing, type KeyRing, type RandomBytes } from "./key-ring.js";

/** A store that is opened with a ring. */
export interface RotatedStore {
  reseal(limit: number): Promise<{ readonly count: number; readonly hasMore: boolean }>;
  close(): Promise<void>;
}

export interface KeyRotationOptions {
  readonly ring: KeyRing;
  readonly randomBytes: RandomBytes;
  /** Keeps the ring where the store's next opening finds it; durable when it resolves. */
  save(ring: KeyRing): Promise<void>;
  /** Opens the store for nobody but this rotation. */
  open(ring: KeyRing): Promise<RotatedStore>;
}

export interface KeyRotation {
  readonly ring: KeyRing;
  /** Contents that were sealed again. */
  readonly resealed: number;
  /** Keys that are not in the ring any more. */
  readonly retired: number;
}

const batchSize = 200;

/**
 * The new key is saved beside the old ones before anything is sealed with it, and the old ones go only when nothing is
 * sealed with them: a rotation that is cut off at any point loses nothing, and is ended by the next one. The secret of
 * the hashes stays, so that what was hashed is found. Throws what `save` and the store throw; then all keys are kept.
 */
export async function rotateKeys(options: KeyRotationOptions): Promise<KeyRotation> {
  const { ring, randomBytes } = options;
  const rotated = rotateKeyRing(ring, randomBytes);
  await options.save(rotated);
  const store = await options.open(rotated);
  let resealed = 0;
  try {
    for (let hasMore = true; hasMore;) {
      const batch = await store.reseal(batchSize);
      resealed += batch.count;
      ({ hasMore } = batch);
    }
  } finally {
    await store.close();
  }
  const retired = retireOldKeys(rotated);
  await options.save(retired);
  return { ring: retired, resealed, retired: rotated.keys.length - 1 };
}

// Makes the Authorization header of the MESH API (MESH API, "Authorization header"): good for one request.
import { createHmac } from "node:crypto";
import type { MeshEffects } from "../model.js";

export interface MeshCredentials {
  /** Upper case. */
  readonly mailbox: string;
  readonly password: string;
  /** Of the environment. */
  readonly sharedKey: string;
}

export interface TokenInput extends MeshCredentials {
  /** A GUID that was never used before with this count. */
  readonly nonce: string;
  readonly nonceCount: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** yyyyMMddHHmm, UTC. */
function minuteOf(at: number): string {
  return new Date(at).toISOString().replace(/\D/g, "").slice(0, 12);
}

export function encodeAuthorization(input: TokenInput): string {
  const { mailbox, password, sharedKey, nonce, nonceCount, at } = input;
  const timestamp = minuteOf(at);
  const signed = `${mailbox}:${nonce}:${nonceCount}:${password}:${timestamp}`;
  const hash = createHmac("sha256", sharedKey).update(signed).digest("hex");
  return `NHSMESH ${mailbox}:${nonce}:${nonceCount}:${timestamp}:${hash}`;
}

/** Gives a header that no other call has got, also to calls at the same time. */
export type Authorizer = () => string;

/** Each has a nonce of its own, so that the order in which requests arrive does not matter. */
export function createAuthorizer(credentials: MeshCredentials, effects: MeshEffects): Authorizer {
  const { mailbox, password, sharedKey } = credentials;
  return () => {
    const nonce = effects.newUuid();
    return encodeAuthorization({ mailbox, password, sharedKey, nonce, nonceCount: 0, at: effects.now() });
  };
}

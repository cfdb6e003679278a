// Remembers which inbound messages were accepted, and the exact reply each was given.

/** A reply as bytes: a repeated message gets the same one again. */
export interface StoredReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

export interface InboundKey {
  readonly fromPartyKey: string;
  /** In comparable form, see comparableId. */
  readonly messageId: string;
}

export type InboundClaim =
  /** Not seen before: the caller must call `accept` or `release`. */
  | { readonly kind: "new"; accept(reply: StoredReply): Promise<void>; release(): Promise<void> }
  /** Seen and accepted, or another copy is being accepted now and was waited for. */
  | { readonly kind: "duplicate"; readonly reply: StoredReply; readonly isSameBody: boolean };

/**
 * Duplicate elimination by sender and MessageId (ebMS 2.0, 6.5.4). A claim on a key that another caller has open waits
 * for that caller; if it releases, the waiting claim becomes "new".
 */
export interface InboundRegister {
  claim(key: InboundKey, bodyDigest: string): Promise<InboundClaim>;
  close(): Promise<void>;
}

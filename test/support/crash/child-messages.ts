// What the parent and the process that will be killed tell each other: one JSON object a line.
import type { StateCount } from "../../../lib/store/message-store.js";
import type { MessagingContract } from "../../../lib/sds/contract.js";

export type OutboundPattern = "reliable" | "forwardReliable";

export type ChildStore =
  | { readonly kind: "sqlite"; readonly folder: string }
  | {
      readonly kind: "postgres";
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
      readonly password: string;
      readonly schema: string;
    };

/** All that a child must know; in a file, since it holds a key. */
export interface ChildSettings {
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string };
  readonly keyRing: string;
  readonly store: ChildStore;
  readonly channel: string;
  readonly leaseMilliseconds: number;
  readonly contracts: Readonly<Record<OutboundPattern | "express", MessagingContract>>;
  /** Where each delivery is written down before it is confirmed. */
  readonly deliveries: string;
}

export type ChildCommand =
  | {
      readonly kind: "send";
      readonly messageId: string;
      readonly hl7Id: string;
      readonly pattern: OutboundPattern;
      readonly completedBy: "acknowledgment" | "response";
      /** Messages with the same text must take effect in the order in which they were accepted. */
      readonly orderedBy?: string;
    }
  /** Asks the query and waits for its answer; the HL7 message in base 64. */
  | { readonly kind: "query"; readonly messageId: string; readonly payload: string }
  | { readonly kind: "count" };

export type ChildReport =
  | { readonly kind: "ready"; readonly port: number }
  /** After the promise was fulfilled, or because the message is in the store already. */
  | { readonly kind: "accepted"; readonly messageId: string }
  | { readonly kind: "not-accepted"; readonly messageId: string; readonly code: string }
  /** After the delivery was written down. */
  | { readonly kind: "delivered" }
  | { readonly kind: "asked"; readonly messageId: string; readonly outcome: string }
  | { readonly kind: "counts"; readonly counts: readonly StateCount[] }
  | { readonly kind: "undelivered"; readonly messageId: string; readonly state: string; readonly code: string }
  | { readonly kind: "set-aside"; readonly messageId: string; readonly code: string }
  | { readonly kind: "warning"; readonly code: string; readonly text: string };

// What the simulator does with one message it accepted: its HTTP reply, and the answers it posts.
import type { CodedText } from "../cpis/model.js";
import type { QueryResponseDeviation } from "./messages/query-response-deviations.js";

/** How an answer departs from the form that the schema describes: what real answers do, and what only a faulty one would. */
export interface ResponseShape {
  /** What real answers were seen to do to the form. */
  readonly deviations?: readonly QueryResponseDeviation[];
  /** Default OK. */
  readonly queryResponseCode?: "OK" | "NF" | "ID";
  /** Default: the number of plans in the answer. */
  readonly totalPlans?: number;
  /** The first plan starts on a day that no calendar has. */
  readonly isFirstPlanUnreadable?: boolean;
  /** Another number in the subject than the one asked for. */
  readonly subjectNhsNumber?: string;
  /** Another number in the echo of this very query. */
  readonly echoedNhsNumber?: string;
}

/** What is sent in reply to the request. */
export type ReplyConduct =
  /** 202: empty for express, with an Acknowledgment for reliable. `ack` is about the latter. */
  | { readonly kind: "accept"; readonly ack: "matching" | "wrong-reference" | "missing" }
  /** The connection stays open and nothing is ever sent. The message was taken in. */
  | { readonly kind: "silence" }
  /** The connection is cut. The message was not taken in. */
  | { readonly kind: "reset" }
  | { readonly kind: "http-error"; readonly status: number }
  | { readonly kind: "soap-fault"; readonly code: string }
  | { readonly kind: "ebxml-error"; readonly errorCode: string; readonly description: string };

/** What is said in one answer. */
export type AnswerContent =
  /** What the register holds: a record, or that there is none. */
  | { readonly kind: "register" }
  /** A record, shaped as told, whatever the register holds. "none": an answer without any plan. */
  | { readonly kind: "record"; readonly plans: "sample" | "none"; readonly shape: ResponseShape }
  /** QUQI_IN010000UK14. */
  | {
      readonly kind: "rejection";
      readonly queryResponseCode: "OK" | "NF" | "ID" | "absent";
      readonly reasons: readonly CodedText[];
    }
  /** MCCI_IN010000UK13. */
  | {
      readonly kind: "acknowledgement";
      readonly typeCode: "AA" | "AE" | "AR";
      readonly reasons: readonly CodedText[];
      readonly details: readonly CodedText[];
    }
  /** An interaction that answers nothing of CP-IS. */
  | { readonly kind: "unknown-interaction" }
  /** XML that ends in the middle. */
  | { readonly kind: "malformed" }
  /** More bytes than a listener takes. */
  | { readonly kind: "oversized" }
  /** The acknowledgment of a forward-reliable message. `isWrong`: it names another message. */
  | { readonly kind: "acknowledgment"; readonly isWrong: boolean }
  /** An ebXML MessageError as a message of its own. */
  | { readonly kind: "message-error"; readonly errorCode: string; readonly description: string };

export interface AnswerConduct {
  readonly content: AnswerContent;
  /** After the moment at which the answer would be sent otherwise. */
  readonly delayMilliseconds?: number;
  /** Waits as long as the simulator's setting for late answers says. */
  readonly isLate?: boolean;
  /** The HL7 messageRef names another message. */
  readonly hasWrongMessageRef?: boolean;
  /** The ebXML RefToMessageId names another message. */
  readonly hasWrongRefToMessageId?: boolean;
  /** The very bytes of the answer before are sent again. */
  readonly repeatsPrevious?: boolean;
  readonly lineEndsLf?: boolean;
}

export interface Conduct {
  readonly reply: ReplyConduct;
  readonly replyDelayMilliseconds: number;
  readonly answers: readonly AnswerConduct[];
  readonly answersBeforeReply: boolean;
}

/** What happens to a message of which nothing special is known. */
export const normalConduct: Conduct = {
  reply: { kind: "accept", ack: "matching" },
  replyDelayMilliseconds: 0,
  answers: [{ content: { kind: "register" } }],
  answersBeforeReply: false,
};

/** Whether the message counts as received: only then a repeated one is a duplicate, and an access is recorded. */
export function isTakenIn(reply: ReplyConduct): boolean {
  return reply.kind === "accept" || reply.kind === "silence";
}

// Posts one encoded message and says exactly what is known of its fate.
import type { EncodedMessage } from "../../ebxml/model.js";
import { definedOnly } from "../../defined-only.js";
import type { CpisError } from "../../errors.js";
import { defaultConnectTimeouts, type ConnectTimeouts } from "../../tls/connect-tls.js";
import type { CertificateObserver } from "../../tls/certificates.js";
import { createHttpsClient, type BrokenBy, type HttpsReply } from "../../tls/https-exchange.js";
import type { ProxySettings } from "../../tls/proxy.js";
import { createTlsContext, type TlsMaterial } from "../../tls/tls-material.js";

export interface SendTimeouts extends ConnectTimeouts {
  /** From the first byte of the request to the last byte of the reply. Default 30,000. */
  readonly replyMilliseconds: number;
}

export const defaultSendTimeouts: SendTimeouts = { ...defaultConnectTimeouts, replyMilliseconds: 30_000 };

/** Replies are signals of a kilobyte or two, unless the sending says that an answer may come in it. */
const defaultMaximumReplyBytes = 1_048_576;

export type SendResult =
  | {
      readonly kind: "replied";
      readonly httpStatus: number;
      readonly contentType?: string;
      /** Retry-After as it came: seconds or a date (RFC 9110, 10.2.3). */
      readonly retryAfter?: string;
      readonly body: Buffer;
    }
  /** The peer cannot have seen the message. */
  | { readonly kind: "not-sent"; readonly error: CpisError }
  /** At least a part was written, and there is no complete reply: the peer may have taken the message. */
  | { readonly kind: "unknown"; readonly reason: string; readonly isReplyTooLarge?: true };

export interface Sending {
  readonly url: URL;
  readonly message: EncodedMessage;
  /** Called right before the first byte is written; false stops it, and the result is "not-sent". */
  mayWrite(): boolean;
  /** Where the reply may be the answer: how long it may take, if that is longer, and how large it may be. */
  readonly answer?: { readonly replyMilliseconds: number; readonly maximumBytes: number };
}

export interface Sender {
  /** Never rejects. */
  send(sending: Sending): Promise<SendResult>;
  /** Ends all connections; what is under way fails. */
  close(): void;
}

export interface SenderOptions {
  readonly tls: TlsMaterial;
  readonly timeouts?: Partial<SendTimeouts>;
  readonly maximumReplyBytes?: number;
  /** Told of the peer's certificates at each new connection. */
  readonly peerShown?: CertificateObserver;
  /** Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
}

const brokenBeforeReply = "the connection broke before the reply was complete";

function unknown(by: BrokenBy, replyMilliseconds: number): SendResult {
  return {
    kind: "unknown",
    reason: by === "time" ? `no complete reply within ${replyMilliseconds} ms` : brokenBeforeReply,
  };
}

async function readReply(reply: HttpsReply, maximumBytes: number, replyMilliseconds: number): Promise<SendResult> {
  const whole = await reply.readWhole(maximumBytes);
  if (whole.kind === "broken") return unknown(whole.by, replyMilliseconds);
  if (whole.kind === "too-large") {
    return { kind: "unknown", reason: "the reply is larger than the limit", isReplyTooLarge: true };
  }
  const contentType = reply.headers.get("content-type");
  const retryAfter = reply.headers.get("retry-after");
  return {
    kind: "replied",
    httpStatus: reply.status,
    ...definedOnly({ contentType, retryAfter }),
    body: whole.body,
  };
}

/** Throws CONFIG_MISSING or CONFIG_INVALID for TLS material that cannot be used. */
export function createSender(options: SenderOptions): Sender {
  const timeouts = { ...defaultSendTimeouts, ...options.timeouts };
  const https = createHttpsClient({
    secureContext: createTlsContext(options.tls),
    timeouts,
    codes: { connectFailed: "EBXML_CONNECT_FAILED", incomplete: "EBXML_CONNECT_FAILED" },
    ...definedOnly({ peerShown: options.peerShown, proxy: options.proxy }),
  });
  const maximumReplyBytes = options.maximumReplyBytes ?? defaultMaximumReplyBytes;
  return {
    async send(sending) {
      const { url, message, answer } = sending;
      const replyMilliseconds = Math.max(timeouts.replyMilliseconds, answer?.replyMilliseconds ?? 0);
      // No Expect, no chunked coding, no compression: Spine takes none of them.
      const outcome = await https.exchange({
        method: "POST",
        url,
        headers: { SOAPAction: message.soapAction, "Content-Type": message.contentType },
        body: message.body,
        limit: { milliseconds: replyMilliseconds, from: "first-byte" },
        mayWrite: () => sending.mayWrite(),
      });
      if (outcome.kind === "not-sent") return outcome;
      if (outcome.kind === "broken") return unknown(outcome.by, replyMilliseconds);
      return readReply(outcome.reply, answer?.maximumBytes ?? maximumReplyBytes, replyMilliseconds);
    },
    close: () => https.close(),
  };
}

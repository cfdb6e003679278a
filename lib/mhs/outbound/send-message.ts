// Posts one encoded message and says exactly what is known of its fate.
import { request as httpsRequest } from "node:https";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { EncodedMessage } from "../../ebxml/model.js";
import { CpisError, isCpisError } from "../../errors.js";
import { defaultConnectTimeouts, type ConnectTimeouts } from "../../tls/connect-tls.js";
import type { CertificateObserver } from "../../tls/certificates.js";
import { ConnectionAgent } from "../../tls/connection-agent.js";
import { describeTlsFailure, isHandshakeAlert } from "../../tls/tls-failure.js";
import { createTlsContext, type TlsMaterial } from "../../tls/tls-material.js";

export interface SendTimeouts extends ConnectTimeouts {
  /** From the first byte of the request to the last byte of the reply. Default 30,000. */
  readonly replyMilliseconds: number;
}

export const defaultSendTimeouts: SendTimeouts = { ...defaultConnectTimeouts, replyMilliseconds: 30_000 };

/** Replies are signals of a kilobyte or two, unless the sending says that an answer may come in it. */
const defaultMaximumReplyBytes = 1_048_576;

const brokenBeforeReply = "the connection broke before the reply was complete";

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
}

interface SenderParts {
  readonly agent: ConnectionAgent;
  readonly replyMilliseconds: number;
  readonly maximumReplyBytes: number;
}

/** No Expect, no chunked coding, no compression: Spine takes none of them. */
function openRequest(sending: Sending, agent: ConnectionAgent): ClientRequest {
  const { url, message } = sending;
  return httpsRequest({
    agent,
    method: "POST",
    host: url.hostname,
    port: url.port === "" ? 443 : Number(url.port),
    path: `${url.pathname}${url.search}`,
    headers: {
      SOAPAction: message.soapAction,
      "Content-Type": message.contentType,
      "Content-Length": message.body.length,
    },
  });
}

/** Reads the reply whole; `finish` is called once or, if the connection breaks silently, not at all. */
function readReply(reply: IncomingMessage, maximumBytes: number, finish: (result: SendResult) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  reply.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maximumBytes) {
      finish({ kind: "unknown", reason: "the reply is larger than the limit", isReplyTooLarge: true });
      reply.destroy();
      return;
    }
    chunks.push(chunk);
  });
  reply.on("error", () => finish({ kind: "unknown", reason: brokenBeforeReply }));
  reply.on("end", () => {
    const { "content-type": contentType, "retry-after": retryAfter } = reply.headers;
    finish({
      kind: "replied",
      httpStatus: reply.statusCode ?? 0,
      ...(contentType === undefined ? {} : { contentType }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
      body: Buffer.concat(chunks),
    });
  });
}

/**
 * A TLS alert on a connection that was never used before is the peer's refusal of our certificate, and the request was
 * not read. On a used connection the same alert says nothing of the request.
 */
function failureAfterWriting(error: unknown, request: ClientRequest): SendResult {
  if (!request.reusedSocket && isHandshakeAlert(error)) return { kind: "not-sent", error: describeTlsFailure(error) };
  return { kind: "unknown", reason: brokenBeforeReply };
}

function failureBeforeWriting(error: unknown): SendResult {
  if (isCpisError(error)) return { kind: "not-sent", error };
  return { kind: "not-sent", error: new CpisError("EBXML_CONNECT_FAILED", { cause: error }) };
}

function exchange(sending: Sending, parts: SenderParts): Promise<SendResult> {
  const replyMilliseconds = Math.max(parts.replyMilliseconds, sending.answer?.replyMilliseconds ?? 0);
  const maximumReplyBytes = sending.answer?.maximumBytes ?? parts.maximumReplyBytes;
  return new Promise((resolve) => {
    let isWriting = false;
    let timer: NodeJS.Timeout | undefined;
    const request = openRequest(sending, parts.agent);
    const finish = (result: SendResult): void => {
      clearTimeout(timer);
      resolve(result);
    };
    request.on("socket", () => {
      if (!sending.mayWrite()) {
        finish({
          kind: "not-sent",
          error: new CpisError("EBXML_CONNECT_FAILED", { detail: "given up before sending" }),
        });
        request.destroy();
        return;
      }
      isWriting = true;
      timer = setTimeout(() => {
        finish({ kind: "unknown", reason: `no complete reply within ${replyMilliseconds} ms` });
        request.destroy();
      }, replyMilliseconds);
      request.end(sending.message.body);
    });
    request.on("response", (reply) => readReply(reply, maximumReplyBytes, finish));
    request.on("error", (error) =>
      finish(isWriting ? failureAfterWriting(error, request) : failureBeforeWriting(error)),
    );
    request.on("close", () => finish({ kind: "unknown", reason: brokenBeforeReply }));
  });
}

/** Throws CONFIG_MISSING or CONFIG_INVALID for TLS material that cannot be used. */
export function createSender(options: SenderOptions): Sender {
  const timeouts = { ...defaultSendTimeouts, ...options.timeouts };
  const agent = new ConnectionAgent(createTlsContext(options.tls), timeouts, "EBXML_CONNECT_FAILED", options.peerShown);
  const { replyMilliseconds } = timeouts;
  const maximumReplyBytes = options.maximumReplyBytes ?? defaultMaximumReplyBytes;
  return {
    send: (sending) => exchange(sending, { agent, replyMilliseconds, maximumReplyBytes }),
    close: () => agent.close(),
  };
}

// Posts answers to the parties over TLS with client certificate, on connections that are kept open.
import https from "node:https";
import type { IncomingMessage } from "node:http";
import { createSecureContext } from "node:tls";
import { undisturbed, type Disturbance } from "./network-fault.js";
import { createMessageOrder, waitForTurn } from "./message-order.js";
import { readSlowly } from "./read-slowly.js";
import type { EncodedMessage } from "../../ebxml/model.js";

export interface PostedReply {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: readonly string[];
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** A message to post, ready to be sent and to be sent again. */
export interface AnswerMessage {
  readonly messageId: string;
  readonly refToMessageId?: string;
  readonly conversationId: string;
  readonly action: string;
  readonly encoded: EncodedMessage;
}

export interface AnswerSender {
  /** Posts one message and gives the reply. Rejects when there is none, or when a fault keeps it from us. */
  post(url: string, message: AnswerMessage): Promise<PostedReply>;
  /** Cuts all connections. */
  close(): void;
}

export interface AnswerSenderOptions {
  readonly keyPem: string;
  readonly certPem: string;
  readonly caPem: string;
  readonly timeoutMilliseconds: number;
  /** What befalls this post. Asked once for each. */
  disturb(message: AnswerMessage): Disturbance;
  /** Aborted when the simulator closes. */
  readonly signal: AbortSignal;
}

/** An acknowledgment has about 1500 bytes; more than this is no reply to an answer. */
const maximumReplyBytes = 1_000_000;
const maximumConnections = 64;

function injected(what: string): Error {
  return new Error(`injected fault: ${what}`);
}

async function readReply(response: IncomingMessage, disturbance: Disturbance): Promise<PostedReply> {
  const cutAfterBytes = disturbance.replyCutAfterBytes ?? Infinity;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readSlowly(response, disturbance.bytesPerSecond)) {
    length += chunk.length;
    if (length >= cutAfterBytes) break;
    if (length > maximumReplyBytes) throw new Error("the reply is too large");
    chunks.push(chunk);
  }
  if (cutAfterBytes !== Infinity) {
    response.destroy();
    throw injected("the connection was cut in the reply");
  }
  if (disturbance.isAcknowledgmentLost) throw injected("the reply was lost");
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? "",
    rawHeaders: response.rawHeaders,
    contentType: response.headers["content-type"],
    body: Buffer.concat(chunks),
  };
}

/** The headers of Spine's own posts, in its order. */
export function postHeaders(url: URL, message: EncodedMessage): readonly (readonly [string, string])[] {
  return [
    ["User-Agent", "Mozilla/5.0 (compatible; pycurl)"],
    ["Host", url.host],
    ["Accept-Encoding", "none"],
    ["SOAPAction", message.soapAction],
    ["Accept", "*/*"],
    ["Content-Type", message.contentType],
    ["Content-Length", String(message.body.byteLength)],
  ];
}

export function createAnswerSender(options: AnswerSenderOptions): AnswerSender {
  // Made once: of key and certificates as text the agent would build the name of a connection for every post.
  const secureContext = createSecureContext({
    key: options.keyPem,
    cert: options.certPem,
    ca: options.caPem,
    minVersion: "TLSv1.2",
  });
  const agent = new https.Agent({ keepAlive: true, maxSockets: maximumConnections, secureContext });

  const order = createMessageOrder(options.signal);

  const attempt = (
    url: URL,
    message: EncodedMessage,
    disturbance: Disturbance,
  ): Promise<PostedReply | "stale-connection"> =>
    new Promise((resolve, reject) => {
      const request = https.request(url, {
        method: "POST",
        agent,
        headers: Object.fromEntries(postHeaders(url, message)),
        timeout: options.timeoutMilliseconds,
      });
      request.on("response", (response) => {
        readReply(response, disturbance).then(resolve, reject);
      });
      request.on("timeout", () => request.destroy(new Error("no reply in time")));
      request.on("error", (error) => {
        // The party closed a kept connection while it was idle: the message never reached it.
        if (request.reusedSocket && "code" in error && error.code === "ECONNRESET") resolve("stale-connection");
        else reject(error);
      });
      const cutAfterBytes = disturbance.requestCutAfterBytes;
      if (cutAfterBytes === undefined) request.end(message.body);
      else {
        // With nothing of the body written, not even the head would leave.
        request.write(message.body.subarray(0, Math.max(cutAfterBytes, 1)), () =>
          request.destroy(injected("the connection was cut in the request")),
        );
      }
    });

  const postOnce = async (url: URL, message: EncodedMessage, disturbance: Disturbance): Promise<PostedReply> => {
    for (let attempts = 0; attempts < 3; attempts += 1) {
      const reply = await attempt(url, message, disturbance);
      if (reply !== "stale-connection") return reply;
    }
    throw new Error("the party closes its connections at once");
  };

  return {
    post: async (url, message) => {
      const target = new URL(url);
      const disturbance = options.disturb(message);
      if (disturbance.isDropped) throw injected("the message was lost");
      await waitForTurn(disturbance, order, options.signal);
      const post = postOnce(target, message.encoded, disturbance);
      if (disturbance.reorderMilliseconds === undefined) post.finally(() => order.passed()).catch(() => undefined);
      if (disturbance.isDuplicated) await Promise.allSettled([post, postOnce(target, message.encoded, undisturbed)]);
      return post;
    },
    close: () => {
      agent.destroy();
    },
  };
}

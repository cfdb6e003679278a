// Posts answers to the parties over TLS with client certificate, on connections that are kept open.
import https from "node:https";
import type { IncomingMessage } from "node:http";
import type { EncodedMessage } from "../ebxml/model.js";

export interface PostedReply {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: readonly string[];
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

export interface AnswerSender {
  /** Posts one message and gives the reply. Rejects when there is none. */
  post(url: string, message: EncodedMessage): Promise<PostedReply>;
  /** Cuts all connections. */
  close(): void;
}

export interface AnswerSenderOptions {
  readonly keyPem: string;
  readonly certPem: string;
  readonly caPem: string;
  readonly timeoutMilliseconds: number;
}

/** An acknowledgment has about 1500 bytes; more than this is no reply to an answer. */
const maximumReplyBytes = 1_000_000;
const maximumConnections = 64;

async function readReply(response: IncomingMessage): Promise<PostedReply> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumReplyBytes) throw new Error("the reply is too large");
    chunks.push(chunk);
  }
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
  const agent = new https.Agent({
    keepAlive: true,
    maxSockets: maximumConnections,
    key: options.keyPem,
    cert: options.certPem,
    ca: options.caPem,
    minVersion: "TLSv1.2",
  });

  const attempt = (url: URL, message: EncodedMessage): Promise<PostedReply | "stale-connection"> =>
    new Promise((resolve, reject) => {
      const request = https.request(url, {
        method: "POST",
        agent,
        headers: Object.fromEntries(postHeaders(url, message)),
        timeout: options.timeoutMilliseconds,
      });
      request.on("response", (response) => {
        readReply(response).then(resolve, reject);
      });
      request.on("timeout", () => request.destroy(new Error("no reply in time")));
      request.on("error", (error) => {
        // The party closed a kept connection while it was idle: the message never reached it.
        if (request.reusedSocket && "code" in error && error.code === "ECONNRESET") resolve("stale-connection");
        else reject(error);
      });
      request.end(message.body);
    });

  return {
    post: async (url, message) => {
      const target = new URL(url);
      for (let attempts = 0; attempts < 3; attempts += 1) {
        const reply = await attempt(target, message);
        if (reply !== "stale-connection") return reply;
      }
      throw new Error("the party closes its connections at once");
    },
    close: () => {
      agent.destroy();
    },
  };
}

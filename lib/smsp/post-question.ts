// Posts one question over TLS and says exactly what is known of its fate.
import { request as httpsRequest } from "node:https";
import type { ClientRequest, IncomingMessage } from "node:http";
import { CpisError, isCpisError } from "../errors.js";
import type { ConnectionAgent } from "../tls/connection-agent.js";
import { describeTlsFailure, isHandshakeAlert } from "../tls/tls-failure.js";

export interface PostedReply {
  readonly status: number;
  readonly contentType?: string;
  readonly body: Buffer;
}

export type PostResult =
  | { readonly kind: "answered"; readonly reply: PostedReply }
  | { readonly kind: "not-sent"; readonly error: CpisError }
  | { readonly kind: "timeout"; readonly error: CpisError }
  | { readonly kind: "unparseable"; readonly error: CpisError };

export interface Posting {
  readonly url: URL;
  readonly soapAction: string;
  readonly body: Buffer;
  readonly agent: ConnectionAgent;
  /** From now to the last byte of the reply, connecting included. */
  readonly answerMilliseconds: number;
  readonly maximumBytes: number;
  readonly signal?: AbortSignal;
}

const brokenOff = "the connection broke before the reply was complete";

function unknownOutcome(detail: string): PostResult {
  return { kind: "timeout", error: new CpisError("SMSP_OUTCOME_UNKNOWN", { detail }) };
}

function invalidReply(detail: string): PostResult {
  return { kind: "unparseable", error: new CpisError("SMSP_RESPONSE_INVALID", { detail }) };
}

function notConnected(detail: string): PostResult {
  return { kind: "not-sent", error: new CpisError("SMSP_CONNECT_FAILED", { detail }) };
}

function openRequest({ url, soapAction, body, agent }: Posting): ClientRequest {
  return httpsRequest({
    agent,
    method: "POST",
    host: url.hostname,
    port: url.port === "" ? 443 : Number(url.port),
    path: `${url.pathname}${url.search}`,
    headers: {
      SOAPAction: `"${soapAction}"`,
      "Content-Type": "text/xml; charset=utf-8",
      "Content-Length": body.length,
      "Accept-Encoding": "identity",
    },
  });
}

/** Reads the reply whole; `finish` is called once or, if the connection breaks silently, not at all. */
function readReply(reply: IncomingMessage, maximumBytes: number, finish: (result: PostResult) => void): void {
  const refuse = (detail: string): void => {
    finish(invalidReply(detail));
    reply.destroy();
  };
  const { "content-encoding": coding = "identity", "content-type": contentType } = reply.headers;
  reply.on("error", () => finish(unknownOutcome(brokenOff)));
  if (coding.trim().toLowerCase() !== "identity") {
    refuse("it is compressed, which was not asked for");
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  reply.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maximumBytes) refuse(`it is larger than ${maximumBytes} bytes`);
    else chunks.push(chunk);
  });
  reply.on("end", () => {
    const typed = contentType === undefined ? {} : { contentType };
    const body = Buffer.concat(chunks);
    finish({ kind: "answered", reply: { status: reply.statusCode ?? 0, ...typed, body } });
  });
}

function failureBeforeWriting(error: unknown): PostResult {
  if (isCpisError(error)) return { kind: "not-sent", error };
  return { kind: "not-sent", error: new CpisError("SMSP_CONNECT_FAILED", { cause: error }) };
}

/**
 * A TLS alert on a connection that was never used before is the peer's refusal of our certificate, and the question was
 * not read. On a used connection the same alert says nothing of the question.
 */
function failureAfterWriting(error: Error, request: ClientRequest): PostResult {
  if (!request.reusedSocket && isHandshakeAlert(error)) return { kind: "not-sent", error: describeTlsFailure(error) };
  // The codes of Node.js's HTTP parser.
  const isNoHttp = "code" in error && typeof error.code === "string" && error.code.startsWith("HPE_");
  return isNoHttp ? invalidReply("it is no HTTP") : unknownOutcome(brokenOff);
}

/** Posts once: whatever happens after the first byte, the question is not posted again. Never rejects. */
export function postQuestion(posting: Posting): Promise<PostResult> {
  const { signal, answerMilliseconds } = posting;
  return new Promise((resolve) => {
    let isWriting = false;
    let isOver = false;
    const request = openRequest(posting);
    const finish = (result: PostResult): void => {
      isOver = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve(result);
    };
    const giveUp = (result: PostResult): void => {
      finish(result);
      request.destroy();
    };
    const onAbort = (): void => {
      if (isWriting) giveUp(unknownOutcome("the wait was ended"));
      else giveUp({ kind: "not-sent", error: new CpisError("CONFIG_CLOSED") });
    };
    const onTimeout = (): void => {
      const within = `within ${answerMilliseconds} ms`;
      if (isWriting) giveUp(unknownOutcome(`no complete reply ${within}`));
      else giveUp(notConnected(`no connection ${within}`));
    };
    const timer = setTimeout(onTimeout, answerMilliseconds);
    request.on("socket", () => {
      if (isOver) return;
      isWriting = true;
      request.end(posting.body);
    });
    request.on("response", (reply) => readReply(reply, posting.maximumBytes, finish));
    request.on("error", (error) =>
      finish(isWriting ? failureAfterWriting(error, request) : failureBeforeWriting(error)),
    );
    request.on("close", () => finish(unknownOutcome(brokenOff)));
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted === true) onAbort();
  });
}

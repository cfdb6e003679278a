// Makes one GET over TLS and says exactly what came back, or what failed.
import { request as httpsRequest } from "node:https";
import type { IncomingMessage } from "node:http";
import { CpisError, isCpisError } from "../errors.js";
import type { ConnectionAgent } from "../tls/connection-agent.js";
import { describeTlsFailure, isBrokenConnection, isHandshakeAlert } from "../tls/tls-failure.js";

export interface DirectoryReply {
  readonly status: number;
  readonly body: Buffer;
}

export interface DirectoryRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: ConnectionAgent;
  readonly maximumBytes: number;
  /** Its reason is the error of a request that is given up. */
  readonly signal: AbortSignal;
}

type Attempt =
  | { readonly kind: "replied"; readonly reply: DirectoryReply }
  /** A kept connection was closed by the peer while it was idle: the next try gets another one. */
  | { readonly kind: "stale-connection" };

/** As many kept connections may be stale as there are look-ups side by side; few are. */
const maximumTries = 4;

function givenUp(signal: AbortSignal): CpisError {
  return isCpisError(signal.reason) ? signal.reason : new CpisError("CONFIG_CLOSED");
}

function brokenOff(cause?: unknown): CpisError {
  return new CpisError("SDS_UNAVAILABLE", { detail: "the connection broke before the answer was complete", cause });
}

function failureOf(error: unknown, isFirstUse: boolean): CpisError {
  if (isCpisError(error)) return error;
  if (isFirstUse && isHandshakeAlert(error)) return describeTlsFailure(error);
  if (isBrokenConnection(error)) return brokenOff(error);
  return new CpisError("SDS_RESPONSE_INVALID", { detail: "it is no HTTP" });
}

function readBody(reply: IncomingMessage, maximumBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    reply.on("data", (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= maximumBytes) return;
      reject(new CpisError("SDS_RESPONSE_INVALID", { detail: `it is larger than ${maximumBytes} bytes` }));
      reply.destroy();
    });
    reply.on("error", (error) => reject(brokenOff(error)));
    reply.on("close", () => reject(brokenOff()));
    reply.on("end", () => resolve(Buffer.concat(chunks)));
  });
}

async function readReply(reply: IncomingMessage, maximumBytes: number): Promise<DirectoryReply> {
  const coding = reply.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (coding !== "identity") {
    reply.destroy();
    throw new CpisError("SDS_RESPONSE_INVALID", { detail: "it is compressed, which was not asked for" });
  }
  return { status: reply.statusCode ?? 0, body: await readBody(reply, maximumBytes) };
}

function attempt({ url, headers, agent, maximumBytes, signal }: DirectoryRequest): Promise<Attempt> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      agent,
      method: "GET",
      host: url.hostname,
      port: url.port === "" ? 443 : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers,
    });
    let hasReply = false;
    const onAbort = (): void => {
      reject(givenUp(signal));
      request.destroy();
    };
    signal.addEventListener("abort", onAbort);
    request.on("response", (reply) => {
      hasReply = true;
      readReply(reply, maximumBytes).then((whole) => resolve({ kind: "replied", reply: whole }), reject);
    });
    request.on("error", (error) => {
      if (!hasReply && request.reusedSocket && isBrokenConnection(error)) resolve({ kind: "stale-connection" });
      else reject(failureOf(error, !request.reusedSocket));
    });
    request.on("close", () => {
      signal.removeEventListener("abort", onAbort);
      // After a response its own events say how it ended.
      if (!hasReply) reject(brokenOff());
    });
    if (signal.aborted) onAbort();
    else request.end();
  });
}

/**
 * Gives the whole reply, whatever its status. A question may be asked twice, so one that met a stale connection is.
 * Throws SDS_CONNECT_FAILED, TLS_*, SDS_UNAVAILABLE, SDS_RESPONSE_INVALID, or the reason of the signal.
 */
export async function askDirectory(request: DirectoryRequest): Promise<DirectoryReply> {
  for (let tries = 1; tries <= maximumTries; tries += 1) {
    const result = await attempt(request);
    if (result.kind === "replied") return result.reply;
  }
  throw brokenOff();
}

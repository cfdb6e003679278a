// Reaches a peer through an HTTP proxy: CONNECT, with our own TLS inside. The proxy sees the name of the peer and nothing else.
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import { describeConnectFailure } from "./tls-failure.js";

export interface ProxySettings {
  /** "http://proxy.example:3128"; https is taken too. A name and password in it count as the two below. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /**
   * Hosts that are reached without it: a name, which means what is below it as well, an address, either with ":port", or "*".
   * This machine itself always is.
   */
  readonly noProxy: readonly string[];
}

export interface ProxyRoute {
  readonly url: URL;
  /** Of the Proxy-Authorization header. */
  readonly authorization?: string;
}

/** The proxy on the way to a peer; undefined: none. */
export type ProxyChoice = (host: string, port: number) => ProxyRoute | undefined;

export interface TunnelTarget {
  readonly host: string;
  readonly port: number;
}

/** The names and passwords of a URL are written with percent signs. */
function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Throws CONFIG_INVALID; no text repeats the address, which may hold a password. */
function routeOf({ url: text, username, password }: ProxySettings): ProxyRoute {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === "") {
    throw new CpisError("CONFIG_INVALID", { detail: "the address of the proxy must begin with http:// or https://" });
  }
  const name = username ?? plain(url.username);
  const secret = password ?? plain(url.password);
  if (name === "" && secret === "") return { url };
  return { url, authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}` };
}

function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function isExempt(entry: string, host: string, port: number): boolean {
  if (entry === "*") return true;
  const [, name = "", onlyPort] = /^(.*?)(?::(\d{1,5}))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (onlyPort !== undefined && Number(onlyPort) !== port) return false;
  const wanted = bare(name.replace(/^\*?\./, ""));
  if (wanted === "") return false;
  return host === wanted || (isIP(host) === 0 && host.endsWith(`.${wanted}`));
}

function listOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== "");
}

/** HTTPS_PROXY and NO_PROXY, in either case; undefined without the first. */
export function environmentProxy(environment: NodeJS.ProcessEnv = process.env): ProxySettings | undefined {
  const url = environment["HTTPS_PROXY"] ?? environment["https_proxy"] ?? "";
  const noProxy = environment["NO_PROXY"] ?? environment["no_proxy"] ?? "";
  return url.trim() === "" ? undefined : { url, noProxy: listOf(noProxy) };
}

/** By the settings, or by the environment where there are none. Throws CONFIG_INVALID. */
export function chooseProxy(settings: ProxySettings | undefined = environmentProxy()): ProxyChoice {
  if (settings === undefined) return () => undefined;
  const route = routeOf(settings);
  return (host, port) => {
    const name = bare(host);
    const isDirect = isThisMachine(name) || settings.noProxy.some((entry) => isExempt(entry.trim(), name, port));
    return isDirect ? undefined : route;
  };
}

function refusal(status: number): CpisError {
  if (status === 407) return new CpisError("TLS_PROXY_AUTHENTICATION", { detail: "status 407" });
  return new CpisError("TLS_PROXY_REFUSED", { detail: `status ${status}`, retryable: status >= 500 || status === 429 });
}

function unreachable(detail: string): CpisError {
  return new CpisError("TLS_PROXY_UNREACHABLE", { detail });
}

/**
 * Gives a connection on which whatever is written reaches the peer. Rejects with TLS_PROXY_*, or CONFIG_CLOSED when the signal
 * aborts.
 */
export function openTunnel(
  { url, authorization }: ProxyRoute,
  { host, port }: TunnelTarget,
  timeoutMilliseconds: number,
  signal: AbortSignal,
): Promise<Socket> {
  const peer = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === "https:";
    const request = (isSecure ? httpsRequest : httpRequest)({
      method: "CONNECT",
      host: bare(url.hostname),
      port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
      path: peer,
      headers: { Host: peer, ...definedOnly({ "Proxy-Authorization": authorization }) },
      agent: false,
    });
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    const fail = (error: CpisError): void => {
      finish();
      reject(error);
      request.destroy();
    };
    const onAbort = (): void => fail(new CpisError("CONFIG_CLOSED"));
    const timer = setTimeout(
      () => fail(unreachable(`no answer within ${timeoutMilliseconds} ms`)),
      timeoutMilliseconds,
    );
    request.on("connect", ({ statusCode = 0 }, socket: Socket, head) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        fail(refusal(statusCode));
      } else if (head.length > 0) {
        // A peer that speaks TLS says nothing before we do.
        socket.destroy();
        fail(new CpisError("TLS_PROXY_REFUSED", { detail: "it answers in the place of the peer" }));
      } else {
        finish();
        resolve(socket);
      }
    });
    request.on("error", (error) => fail(describeConnectFailure(error, "TLS_PROXY_UNREACHABLE")));
    request.on("close", () => fail(unreachable("the connection broke")));
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else request.end();
  });
}

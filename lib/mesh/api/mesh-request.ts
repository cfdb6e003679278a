// Makes one call of the MESH API: a fresh token for each try, and no more tries than are harmless.
import { backOff } from "../../time/back-off.js";
import { setTimeout as wait } from "node:timers/promises";
import { CpisError } from "../../errors.js";
import type { CertificateObserver } from "../../tls/certificates.js";
import { defaultConnectTimeouts, type ConnectTimeouts } from "../../tls/connect-tls.js";
import { createHttpsClient, type BrokenBy, type HttpsReply, type HttpsRequest } from "../../tls/https-exchange.js";
import type { ProxySettings } from "../../tls/proxy.js";
import { createTlsContext, type TlsMaterial } from "../../tls/tls-material.js";
import type { Authorizer } from "./authorization.js";
import { complaintText, readComplaint } from "./read-answer.js";
import { codeOfRefusal } from "../refusal-code.js";

/** An answer that was read whole, of a status that the call itself understands. */
export interface Reply {
  readonly kind: "replied";
  readonly status: number;
  /** As it came. */
  readonly body: Buffer;
}

/** Why a call came to nothing. */
export interface Failure {
  /**
   * "not-sent": MESH cannot have seen it. "unauthorised": refused twice, with a new token each. "unavailable": MESH is
   * busy or out of order; "broken": no whole answer came; "invalid": an answer that its API does not describe. After
   * the last three MESH may have done what it was asked.
   */
  readonly kind: "not-sent" | "unauthorised" | "unavailable" | "broken" | "invalid";
  readonly error: CpisError;
  /** What came, if anything did. */
  readonly status?: number;
  readonly body?: Buffer;
}

export interface Call extends Pick<HttpsRequest, "method" | "headers" | "body"> {
  /** With its query; comes after the path of the base URL. */
  readonly path: string;
  /** Called right before the first byte is written. */
  onWriting?(): void;
  /** It does something that MESH would do a second time: only a refused token is followed by another try. */
  readonly isSentOnce?: boolean;
}

export interface CallerOptions {
  /** https; a path in it comes before that of each call. */
  readonly baseUrl: string;
  readonly tls: TlsMaterial;
  /** From the first byte of a request to the last of its reply. */
  readonly requestTimeoutMilliseconds: number;
  readonly timeouts?: Partial<ConnectTimeouts>;
  /** Told of the peer's certificates at each new connection. */
  readonly peerShown?: CertificateObserver;
  /** Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
}

export interface CallerParts extends CallerOptions {
  readonly authorize: Authorizer;
  readonly busyPauseMilliseconds: number;
  now(): number;
}

export interface Opened {
  readonly kind: "opened";
  readonly reply: HttpsReply;
}

export interface Caller {
  call(call: Call): Promise<Reply | Failure>;
  /** The same for a call whose body, with status 200 or 206, is not read here. */
  open(call: Call): Promise<Opened | Reply | Failure>;
  /** Ends all connections; what is under way fails. */
  close(): void;
}

const accept = "application/vnd.mesh.v2+json";
const maximumTries = 3;
/** Five thousand message ids take a third of it. */
const maximumAnswerBytes = 1_048_576;
/** Of a call that carries no file either way. */
const shortCallMilliseconds = 60_000;
const tokenWindowMilliseconds = 2 * 60 * 60 * 1000;

/** An answer that its call does not know. */
export function invalid({ status, body }: Reply): Failure {
  const complaint = readComplaint(body);
  const code = status === 403 ? codeOfRefusal(complaint.code) : "MESH_RESPONSE_INVALID";
  const error = new CpisError(code, { detail: complaintText(status, complaint) });
  return { kind: "invalid", error, status, body };
}

function broken(reason: string, cause?: unknown): Failure {
  return { kind: "broken", error: new CpisError("MESH_UNAVAILABLE", { detail: reason, cause }) };
}

const brokenTexts: Readonly<Record<BrokenBy, string>> = {
  connection: "the connection broke before the reply",
  time: "no whole reply came in time",
  signal: "the wait was ended",
  "no-http": "what came is no HTTP",
  body: "the file could not be read while it was sent",
};

/** MESH's codes have two digits. A decision under one of them is no doubt about who we are. */
function isRefusalOfItsOwn({ body }: Reply): boolean {
  return /^\d{2}$/.test(readComplaint(body).code ?? "");
}

/** By the list of NHS England's own client for Python, and any other fault of a server. */
function isBusy(status: number): boolean {
  return status === 425 || status === 429 || status >= 500;
}

/** A clock that is off is the one cause that the answer itself shows. */
function clockText(headers: ReadonlyMap<string, string>, now: number): string {
  const theirs = Date.parse(headers.get("date") ?? "");
  const minutes = Math.round((now - theirs) / 60_000);
  const isOff = Math.abs(now - theirs) > tokenWindowMilliseconds;
  return isOff ? `; the clock of this machine is ${Math.abs(minutes)} minutes ${minutes > 0 ? "fast" : "slow"}` : "";
}

/** Throws CONFIG_INVALID. */
function readBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.protocol === "https:" && url.username === "" && url.search === "" && url.hash === "";
  if (!isPlain) throw new CpisError("CONFIG_INVALID", { detail: "the base URL of MESH is not a plain https address" });
  return url.href.replace(/\/$/, "");
}

/** Throws CONFIG_MISSING or CONFIG_INVALID. */
export function createCaller(parts: CallerParts): Caller {
  const base = readBaseUrl(parts.baseUrl);
  const longest = parts.requestTimeoutMilliseconds;
  const http = createHttpsClient({
    secureContext: createTlsContext(parts.tls),
    timeouts: { ...defaultConnectTimeouts, ...parts.timeouts },
    codes: { connectFailed: "MESH_CONNECT_FAILED", incomplete: "MESH_INCOMPLETE" },
    ...(parts.peerShown === undefined ? {} : { peerShown: parts.peerShown }),
    ...(parts.proxy === undefined ? {} : { proxy: parts.proxy }),
  });

  function unauthorised({ status, body }: Reply, headers: ReadonlyMap<string, string>): Failure {
    const detail = complaintText(status, readComplaint(body)) + clockText(headers, parts.now());
    return { kind: "unauthorised", error: new CpisError("MESH_UNAUTHORISED", { detail }), status, body };
  }

  function unavailable({ status, body }: Reply): Failure {
    const detail = complaintText(status, readComplaint(body));
    return { kind: "unavailable", error: new CpisError("MESH_UNAVAILABLE", { detail }), status, body };
  }

  async function tryOnce(call: Call, isOpened: boolean): Promise<Opened | Reply | Failure> {
    const outcome = await http.exchange({
      method: call.method,
      ...(call.body === undefined ? {} : { body: call.body }),
      url: new URL(`${base}${call.path}`),
      headers: { ...call.headers, Accept: accept, Authorization: parts.authorize() },
      limit: {
        milliseconds: isOpened || call.body !== undefined ? longest : Math.min(longest, shortCallMilliseconds),
        from: "first-byte",
      },
      mayWrite: () => {
        call.onWriting?.();
        return true;
      },
    });
    if (outcome.kind === "not-sent") return outcome;
    if (outcome.kind === "broken") return broken(brokenTexts[outcome.by]);
    const { reply } = outcome;
    if (isOpened && (reply.status === 200 || reply.status === 206)) return { kind: "opened", reply };
    const whole = await reply.readWhole(maximumAnswerBytes);
    if (whole.kind === "too-large") return broken(`an answer of more than ${maximumAnswerBytes} bytes`);
    if (whole.kind === "broken") return broken(brokenTexts[whole.by]);
    const read: Reply = { kind: "replied", status: reply.status, body: whole.body };
    if (read.status === 403 && !isRefusalOfItsOwn(read)) return unauthorised(read, reply.headers);
    return isBusy(read.status) ? unavailable(read) : read;
  }

  async function run(call: Call, isOpened: false): Promise<Reply | Failure>;
  async function run(call: Call, isOpened: true): Promise<Opened | Reply | Failure>;
  async function run(call: Call, isOpened: boolean): Promise<Opened | Reply | Failure> {
    let isRefused = false;
    for (let tries = 1; ; tries += 1) {
      const result = await tryOnce(call, isOpened);
      switch (result.kind) {
        case "unauthorised":
          if (isRefused) return result;
          isRefused = true;
          break;
        case "unavailable":
        case "broken":
          if (call.isSentOnce === true || tries >= maximumTries) return result;
          await wait(backOff(parts.busyPauseMilliseconds, tries));
          break;
        case "not-sent":
        case "invalid":
        case "opened":
        case "replied":
          return result;
      }
    }
  }

  return {
    call: (call) => run(call, false),
    open: (call) => run(call, true),
    close: () => http.close(),
  };
}

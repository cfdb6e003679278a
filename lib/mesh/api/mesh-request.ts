// Makes one call of the MESH API: a fresh token for each try, and no more tries than are harmless.
import { setTimeout as wait } from "node:timers/promises";
import { CpisError, isCpisError } from "../../errors.js";
import type { Authorizer } from "./authorization.js";
import type { HttpClient, HttpOutcome, HttpReply, HttpRequest } from "./http-exchange.js";
import { complaintText, readComplaint } from "./read-answer.js";

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

export interface Call extends HttpRequest {
  /** It does something that MESH would do a second time: only a refused token is followed by another try. */
  readonly isSentOnce?: boolean;
}

export interface CallerParts {
  readonly http: HttpClient;
  readonly authorize: Authorizer;
  readonly busyPauseMilliseconds: number;
  now(): number;
}

export interface Opened {
  readonly kind: "opened";
  readonly reply: HttpReply;
}

export interface Caller {
  call(call: Call): Promise<Reply | Failure>;
  /** The same for a call whose body, with status 200 or 206, is not read here. */
  open(call: Call): Promise<Opened | Reply | Failure>;
}

const accept = "application/vnd.mesh.v2+json";
const maximumTries = 3;
/** Five thousand message ids take a third of it. */
const maximumAnswerBytes = 1_048_576;
const tokenWindowMilliseconds = 2 * 60 * 60 * 1000;

async function readWhole(reply: HttpReply): Promise<Reply> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of reply.body) {
    bytes += piece.length;
    if (bytes > maximumAnswerBytes) {
      reply.discard();
      throw new CpisError("MESH_RESPONSE_INVALID", { detail: `an answer of more than ${maximumAnswerBytes} bytes` });
    }
    pieces.push(piece);
  }
  return { kind: "replied", status: reply.status, body: Buffer.concat(pieces) };
}

/** An answer that its call does not know. */
export function invalid({ status, body }: Reply): Failure {
  const error = new CpisError("MESH_RESPONSE_INVALID", { detail: complaintText(status, readComplaint(body)) });
  return { kind: "invalid", error, status, body };
}

function broken(reason: string, cause?: unknown): Failure {
  return { kind: "broken", error: new CpisError("MESH_UNAVAILABLE", { detail: reason, cause }) };
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

export function createCaller(parts: CallerParts): Caller {
  async function exchange(call: Call): Promise<HttpOutcome> {
    const headers = { ...call.headers, Accept: accept, Authorization: parts.authorize() };
    return parts.http.exchange({ ...call, headers });
  }

  function unauthorised({ status, body }: Reply, headers: ReadonlyMap<string, string>): Failure {
    const detail = complaintText(status, readComplaint(body)) + clockText(headers, parts.now());
    return { kind: "unauthorised", error: new CpisError("MESH_UNAUTHORISED", { detail }), status, body };
  }

  function unavailable({ status, body }: Reply): Failure {
    const detail = complaintText(status, readComplaint(body));
    return { kind: "unavailable", error: new CpisError("MESH_UNAVAILABLE", { detail }), status, body };
  }

  async function tryOnce(call: Call, isOpened: boolean): Promise<Opened | Reply | Failure> {
    const outcome = await exchange(call);
    if (outcome.kind === "not-sent") return outcome;
    if (outcome.kind === "broken") return broken(outcome.reason);
    const { reply } = outcome;
    if (isOpened && (reply.status === 200 || reply.status === 206)) return { kind: "opened", reply };
    try {
      const read = await readWhole(reply);
      if (read.status === 403) return unauthorised(read, reply.headers);
      return isBusy(read.status) ? unavailable(read) : read;
    } catch (error) {
      return broken(isCpisError(error) ? error.message : "the answer could not be read", error);
    }
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
          await wait(parts.busyPauseMilliseconds * 2 ** (tries - 1));
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
  };
}

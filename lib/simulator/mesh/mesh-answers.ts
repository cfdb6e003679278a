// Words answers and refusals as the two versions of the MESH API do.
import { definedOnly } from "../../defined-only.js";

/** Of the API, by the request's Accept header. */
export type MeshVersion = 1 | 2;

export interface MeshAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type MeshEventName = "SEND" | "TRANSFER" | "COLLECT" | "RECEIVE";

/** Why a request is refused. */
export interface MeshProblem {
  readonly status: number;
  readonly message: string;
  readonly event?: MeshEventName;
  readonly code?: string;
  readonly messageId?: string;
  /** The one header or parameter that is wrong; its name in lower case. */
  readonly location?: readonly ["header" | "query", string];
  /** With a location: what kind of mistake it is. */
  readonly type?: string;
}

const versionedType = /^application\/vnd\.mesh\.v(\d{1,9})\+json$/;

/** The version asked for: an unknown one is served as 2; "malformed" for what only looks like a version. */
export function parseVersion(accept: string | undefined): MeshVersion | "malformed" {
  const asked = (accept ?? "")
    .split(",")
    .map((type) => (type.split(";")[0] ?? "").trim().toLowerCase())
    .find((type) => type.includes("vnd.mesh"));
  if (asked === undefined) return 1;
  const number = versionedType.exec(asked)?.[1];
  if (number === undefined) return "malformed";
  return Number(number) === 1 ? 1 : 2;
}

function contentTypeOf(version: MeshVersion): string {
  return version === 2 ? "application/vnd.mesh.v2+json" : "application/json";
}

/** Without a body. */
export function emptyAnswer(status: number): MeshAnswer {
  return { status, headers: {}, body: Buffer.alloc(0) };
}

export function jsonAnswer(version: MeshVersion, status: number, value: object): MeshAnswer {
  return { status, headers: { "Content-Type": contentTypeOf(version) }, body: Buffer.from(JSON.stringify(value)) };
}

function problemDetail(problem: MeshProblem): object {
  const { location, event = "", code = "", message } = problem;
  return location === undefined
    ? { event, code, msg: message }
    : { loc: location, msg: message, type: problem.type ?? "value_error" };
}

/** `{message_id?, detail: [...]}` in version 2, `{messageID?, errorEvent, errorCode, errorDescription}` in version 1. */
export function refusalAnswer(version: MeshVersion, problem: MeshProblem): MeshAnswer {
  const { messageId, event = "", code = "", message, status, location } = problem;
  if (version === 2) {
    const named = messageId === undefined ? {} : { message_id: messageId };
    return jsonAnswer(2, status, { ...named, detail: [problemDetail(problem)] });
  }
  return jsonAnswer(1, status, {
    ...definedOnly({ messageID: messageId }),
    errorEvent: event,
    errorCode: code,
    errorDescription: location === undefined ? message : `${location[1]}: ${message}`,
  });
}

/** A header that must be there is not. */
export function missingHeader(name: string): MeshProblem {
  return {
    status: 400,
    message: "field required",
    location: ["header", name.toLowerCase()],
    type: "value_error.missing",
  };
}

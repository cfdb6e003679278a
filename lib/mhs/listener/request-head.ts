// Judges an HTTP request to the listener by its head alone, before any of its body is read.
import type { IncomingHttpHeaders } from "node:http";
import { parseContentType } from "../../ebxml/content-type.js";
import type { RefusalReason } from "../model.js";

export interface RequestHead {
  readonly method: string | undefined;
  /** The request target, with or without query. */
  readonly target: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

export interface HeadRules {
  /** For example "/mhs/ebxml". */
  readonly path: string;
  readonly maximumBodyBytes: number;
}

export interface HeadRefusal {
  readonly status: number;
  readonly reason: RefusalReason;
}

/** Messages and signals; which of the two it is, the body says. */
const mediaTypes: ReadonlySet<string> = new Set(["multipart/related", "text/xml", "application/soap+xml"]);

/** The first failure decides: path, method, length, size, media type. Gives undefined when the body may be read. */
export function judgeRequestHead(head: RequestHead, rules: HeadRules): HeadRefusal | undefined {
  const { method, target = "", headers } = head;
  if (target.split("?", 1)[0] !== rules.path) return { status: 404, reason: "unknown-path" };
  if (method !== "POST") return { status: 405, reason: "method" };
  const length = headers["content-length"];
  if (length === undefined && headers["transfer-encoding"] === undefined) return { status: 411, reason: "no-length" };
  if (length !== undefined && Number(length) > rules.maximumBodyBytes) return { status: 413, reason: "too-large" };
  const { mediaType } = parseContentType(headers["content-type"] ?? "");
  if (!mediaTypes.has(mediaType)) return { status: 415, reason: "media-type" };
  return undefined;
}

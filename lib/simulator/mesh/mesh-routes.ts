// Finds the call that a method and a path name.
import type { MeshCallName } from "./mesh-faults.js";

export type MeshRoute =
  | { readonly kind: "call"; readonly name: MeshCallName; readonly parameters: Readonly<Record<string, string>> }
  | { readonly kind: "refused"; readonly status: 400 | 404 | 405; readonly message: string };

interface RoutePattern {
  readonly name: MeshCallName;
  readonly methods: readonly string[];
  /** A part in braces is variable; one that ends in "#" is a number. */
  readonly parts: readonly string[];
}

function pattern(name: MeshCallName, methods: string, path: string): RoutePattern {
  return { name, methods: methods.split(" "), parts: path.split("/") };
}

/** The first that fits counts. */
const patterns: readonly RoutePattern[] = [
  pattern("lookupEndpoint", "GET", "endpointlookup/{odsCode}/{workflowId}"),
  pattern("searchWorkflow", "GET", "workflowsearch/{workflowId}"),
  pattern("handshake", "POST", "{mailbox}"),
  pattern("listInbox", "GET", "{mailbox}/inbox"),
  pattern("fetch", "GET HEAD", "{mailbox}/inbox/{id}"),
  pattern("fetch", "GET HEAD", "{mailbox}/inbox/{id}/{chunk#}"),
  pattern("acknowledge", "PUT", "{mailbox}/inbox/{id}/status/acknowledged"),
  pattern("send", "POST", "{mailbox}/outbox"),
  pattern("sendChunk", "POST", "{mailbox}/outbox/{id}/{chunk#}"),
  pattern("track", "GET", "{mailbox}/outbox/tracking"),
  pattern("trackLocalId", "GET", "{mailbox}/outbox/tracking/{localId}"),
  pattern("count", "GET", "{mailbox}/count"),
];

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not the percent encoding of any text.
    return undefined;
  }
}

function match(parts: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (parts.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? "";
    const name = /^\{(\w+)(#?)\}$/.exec(part);
    if (name === null ? segment !== part : segment === "") return undefined;
    if (name?.[2] === "#" && !/^\d{1,9}$/.test(segment)) return undefined;
    if (name?.[1] !== undefined) parameters[name[1]] = segment;
  }
  return parameters;
}

/** `path` without its query. */
export function findRoute(method: string, path: string, acceptsHandshakeByGet: boolean): MeshRoute {
  const [empty, prefix, ...encoded] = path.split("/");
  const notFound = { kind: "refused", status: 404, message: "Not Found" } as const;
  if (empty !== "" || prefix !== "messageexchange") return notFound;
  const segments: string[] = [];
  for (const part of encoded) {
    const segment = decode(part);
    if (segment === undefined) return { kind: "refused", status: 400, message: "The path is not well formed" };
    segments.push(segment);
  }
  let isKnownPath = false;
  for (const { name, methods, parts } of patterns) {
    const parameters = match(parts, segments);
    if (parameters === undefined) continue;
    const isAllowed = methods.includes(method) || (name === "handshake" && method === "GET" && acceptsHandshakeByGet);
    if (isAllowed) return { kind: "call", name, parameters };
    isKnownPath = true;
  }
  return isKnownPath ? { kind: "refused", status: 405, message: "Method Not Allowed" } : notFound;
}

// Carries one HTTP request of MESH through: version, route, authorization, faults, call.
import { setTimeout as pause } from "node:timers/promises";
import { emptyAnswer, parseVersion, refusalAnswer, type MeshAnswer, type MeshVersion } from "./mesh-answers.js";
import type { MeshAuthorization } from "./mesh-authorization.js";
import type { MeshCarrier, MeshOffice } from "./mesh-call.js";
import { faultOf, type MeshCallName, type MeshFault, type MeshFaults } from "./mesh-faults.js";
import { acknowledgeMessage, fetchMessage } from "./mesh-fetch.js";
import { countInbox, listInbox, shakeHands } from "./mesh-inbox.js";
import type { MeshHttpEnd, MeshHttpRequest } from "./mesh-listener.js";
import { lookUpMailboxes } from "./mesh-lookup.js";
import { findRoute, type MeshRoute } from "./mesh-routes.js";
import { sendChunk, sendMessage } from "./mesh-send.js";
import { headerOf } from "./mesh-send-headers.js";
import { trackLocalId, trackMessage } from "./mesh-tracking.js";

export interface ExchangeParts {
  readonly office: MeshOffice;
  readonly authorization: MeshAuthorization;
  readonly faults: MeshFaults;
  /** Aborted when the server closes. */
  readonly signal: AbortSignal;
}

export interface MeshExchangeOutcome {
  readonly end: MeshHttpEnd;
  /** Of an authorized caller. */
  readonly mailbox?: string;
}

type AuthorizedCallName = Exclude<MeshCallName, "lookupEndpoint" | "searchWorkflow">;

const carriers: Readonly<Record<AuthorizedCallName, MeshCarrier>> = {
  handshake: shakeHands,
  listInbox,
  fetch: fetchMessage,
  acknowledge: acknowledgeMessage,
  send: sendMessage,
  sendChunk,
  track: trackMessage,
  trackLocalId,
  count: countInbox,
};

type RoutedCall = Extract<MeshRoute, { kind: "call" }>;

function answered(answer: MeshAnswer, { behaviours }: MeshOffice, lengthDifference = 0): MeshHttpEnd {
  const isPlain = behaviours.jsonContentType === "plain" && answer.headers["Content-Type"]?.endsWith("+json") === true;
  const labelled = isPlain ? { ...answer, headers: { ...answer.headers, "Content-Type": "application/json" } } : answer;
  return { kind: "answer", answer: labelled, headerCase: behaviours.headerCase, lengthDifference };
}

async function disturb(answer: MeshAnswer, faults: readonly MeshFault[], parts: ExchangeParts): Promise<MeshHttpEnd> {
  const delay = faultOf(faults, "delayAnswer");
  // Throws when the server closes meanwhile, and the connection is cut.
  if (delay !== undefined) await pause(delay.milliseconds, undefined, { signal: parts.signal });
  if (faultOf(faults, "dropAnswer") !== undefined) return { kind: "cut" };
  if (faultOf(faults, "unavailableAfter") !== undefined) return answered(emptyAnswer(503), parts.office);
  return answered(answer, parts.office, faultOf(faults, "wrongContentLength")?.difference);
}

async function carryOutAuthorized(
  request: MeshHttpRequest,
  route: RoutedCall & { readonly name: AuthorizedCallName },
  version: MeshVersion,
  parts: ExchangeParts,
): Promise<MeshExchangeOutcome> {
  const { office } = parts;
  const { parameters, name } = route;
  const checked = parts.authorization.check(request.headers.authorization, parameters["mailbox"] ?? "");
  if (checked.kind === "refused") return { end: answered(refusalAnswer(version, checked.problem), office) };
  const { mailbox } = checked.mailbox;
  const chunk = name === "fetch" ? { chunk: Number(parameters["chunk"] ?? "1") } : {};
  const faults = parts.faults.take({ call: name, mailbox, ...chunk });
  if (faultOf(faults, "unavailableBefore") !== undefined) return { end: answered(emptyAnswer(503), office), mailbox };
  const query = new URLSearchParams(request.url.split("?").slice(1).join("?"));
  const { headers } = request;
  const readBody = (): ReturnType<MeshHttpRequest["readBody"]> => request.readBody();
  const answer = await carriers[name]({ version, mailbox, headers, query, parameters, faults, readBody }, office);
  return { end: await disturb(answer, faults, parts), mailbox };
}

/** Any bytes on any path come to an end here; throws only when the request itself is cut. */
export async function carryOutExchange(request: MeshHttpRequest, parts: ExchangeParts): Promise<MeshExchangeOutcome> {
  const { office } = parts;
  const refused = (version: MeshVersion, status: number, message: string): MeshExchangeOutcome => ({
    end: answered(refusalAnswer(version, { status, message }), office),
  });
  const version = parseVersion(headerOf(request.headers, "accept"));
  if (version === "malformed") return refused(2, 400, "Accept names no version of this service");
  const path = request.url.split("?")[0] ?? "";
  const route = findRoute(request.method, path, office.behaviours.acceptsHandshakeByGet);
  if (route.kind === "refused") return refused(version, route.status, route.message);
  const { name, parameters } = route;
  if (name === "lookupEndpoint" || name === "searchWorkflow") {
    const wanted = { odsCode: parameters["odsCode"], workflowId: parameters["workflowId"] ?? "" };
    return { end: answered(lookUpMailboxes(version, office.directory, wanted), office) };
  }
  return carryOutAuthorized(request, { ...route, name }, version, parts);
}

// Lets the editor have a deployed transport checked: one admin route for all of them, behind a permission of its own.
import type { NodeAPI } from "node-red";
import { CpisError } from "../../../lib/errors.js";
import { checkConnection } from "../../../lib/services/connection-check/connection-check.js";
import type { CheckStep, ConnectionCheck } from "../../../lib/services/connection-check/connection-check-model.js";
import { toCpisError } from "../runtime/run-input.js";
import { systemEffects } from "../runtime/this-process.js";

/**
 * Connecting to others is more than reading, so a user with the scope "read" may not: the name ends in neither ".read" nor
 * ".write". Who has "*", or is given it by name, may.
 */
export const checkPermission = "cp-is.check";
export const checkPath = "/cp-is/connection-check/:id";

/** What there is to check, and what ends when it has been. */
export interface PreparedCheck {
  readonly check: ConnectionCheck;
  close?(): void;
}

/** A node that can be checked. */
export interface CheckedNode {
  /** Rejects with what keeps it from being checked. */
  prepareCheck(signal: AbortSignal): Promise<PreparedCheck>;
}

export interface Reply {
  readonly status: number;
  readonly body: object;
}

/** As much as the route needs of express. */
interface Request {
  readonly params: { readonly id?: string };
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
interface Response {
  status(code: number): { json(body: object): unknown };
  on(event: "close", listener: () => void): unknown;
}

function isCheckedNode(node: unknown): node is CheckedNode {
  return typeof node === "object" && node !== null && typeof Reflect.get(node, "prepareCheck") === "function";
}

async function prepare(node: CheckedNode, signal: AbortSignal): Promise<PreparedCheck> {
  try {
    return await node.prepareCheck(signal);
  } catch (error) {
    return { check: { kind: "unusable", error: toCpisError(error) } };
  }
}

async function runCheck(node: CheckedNode, signal: AbortSignal): Promise<readonly CheckStep[]> {
  const { check, ...prepared } = await prepare(node, signal);
  try {
    const steps: CheckStep[] = [];
    for await (const step of checkConnection(check, { effects: systemEffects, signal })) steps.push(step);
    return steps;
  } finally {
    prepared.close?.();
  }
}

/** Never rejects. */
export type CheckDesk = (id: string, signal: AbortSignal) => Promise<Reply>;

/** One check of a node at a time: more would be a way to press the other side. */
export function createCheckDesk(findNode: (id: string) => unknown): CheckDesk {
  const running = new Set<string>();
  return async (id, signal) => {
    const node = findNode(id);
    if (!isCheckedNode(node)) return { status: 404, body: { reason: "not-deployed" } };
    if (running.has(id)) return { status: 409, body: { reason: "running" } };
    running.add(id);
    try {
      return { status: 200, body: { steps: await runCheck(node, signal) } };
    } catch (error) {
      const { code, advice } = new CpisError("CPIS_INTERNAL", { cause: error });
      return { status: 500, body: { reason: "failed", code, advice } };
    } finally {
      running.delete(id);
    }
  };
}

/** A form of another site can post anything but this type without asking first. */
function isJson({ headers }: Request): boolean {
  return /^application\/json\b/i.test(String(headers["content-type"] ?? ""));
}

const served = new WeakSet();

/** Once for each admin server, however many nodes ask for it. Without one there is no editor, and no route. */
export function serveConnectionChecks(RED: NodeAPI): void {
  const admin: unknown = RED.httpAdmin;
  if (typeof admin !== "function" || served.has(admin)) return;
  served.add(admin);
  const answer = createCheckDesk((id) => RED.nodes.getNode(id));
  RED.httpAdmin.post(checkPath, RED.auth.needsPermission(checkPermission), (request: Request, response: Response) => {
    if (!isJson(request)) {
      response.status(415).json({ reason: "not-json" });
      return;
    }
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    answer(request.params.id ?? "", gone.signal)
      .then(({ status, body }) => response.status(status).json(body))
      .catch(() => undefined);
  });
}

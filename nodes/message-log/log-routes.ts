// The admin routes of the message log: what each asks of a user, and how it answers.
import type { NodeAPI } from "node-red";
import { CpisError, type ErrorCode } from "../../lib/errors.js";
import { logActions, type LogActionName } from "../../lib/services/message-log/message-log-model.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { nobody, type LogDesk, type Onlooker } from "./log-service.js";
import {
  readAdopter,
  readFilter,
  readMessageId,
  readOwner,
  readPageRequest,
  readStoreKey,
} from "./read-log-request.js";

const base = "/cp-is/message-log";

/** Metadata: what happened, when, with which ids and codes. Ends in ".read", so a user with the scope "read" has it. */
const readPermission = "cp-is.messages.read";

/** What an answer was, and searching by NHS number: whether a child has a record is a child's detail. */
const answersPermission = "cp-is.messages.answers";

/**
 * A child's details. Node-RED gives every permission that ends in ".read" or ".write" to whoever has the scope "read"
 * or "write": so neither this name nor those of the actions do. Who has "*", or is given it by name, may.
 */
const contentPermission = "cp-is.messages.content";
const exportPermission = "cp-is.messages.export";

/** Stored work that no transport owns: to give it to one. To end it is to drop it. */
const adoptPermission = "cp-is.messages.adopt";

function actionPermission(action: LogActionName): string {
  return `cp-is.messages.${action}`;
}

/** As much as the routes need of express. */
interface Request {
  readonly body?: unknown;
  readonly user?: unknown;
  readonly headers: { readonly "content-type"?: string | undefined };
}
interface Response {
  readonly headersSent: boolean;
  /** Whether the one who asked has gone. */
  readonly destroyed: boolean;
  setHeader(name: string, value: string): unknown;
  status(code: number): { json(body: object): unknown };
  write(text: string): boolean;
  end(): unknown;
  destroy(): unknown;
  once(event: "drain" | "close", listener: () => void): unknown;
}

type Work = (body: object, user: string) => Promise<object>;

const statusOf: Partial<Record<ErrorCode, number>> = {
  CPIS_LOG_REQUEST_INVALID: 400,
  CPIS_INVALID_NHS_NUMBER: 400,
  CPIS_LOG_ANSWERS_WITHHELD: 403,
  CPIS_LOG_WITHOUT_USERS: 403,
  CPIS_LOG_NOT_POSSIBLE: 409,
  CPIS_LOG_NO_STORE: 404,
  CPIS_LOG_MESSAGE_UNKNOWN: 404,
  CPIS_INTERNAL: 500,
};

/** Of Node-RED's log-in. */
function nameOf({ user }: Request): string {
  const name: unknown = typeof user === "object" && user !== null ? Reflect.get(user, "username") : undefined;
  return typeof name === "string" && name !== "" ? name : nobody;
}

/** Another site's page can make a browser send a form, but not JSON. */
function bodyOf({ body, headers }: Request): object {
  const isJson = /^application\/json\b/i.test(headers["content-type"] ?? "");
  if (!isJson || typeof body !== "object" || body === null) {
    throw new CpisError("CPIS_LOG_REQUEST_INVALID", { detail: "body" });
  }
  return body;
}

function refuse(response: Response, error: unknown): void {
  const { code, message, advice } = toCpisError(error);
  response.status(statusOf[code] ?? 503).json({ code, message, advice });
}

function noStore(response: Response): void {
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("X-Content-Type-Options", "nosniff");
}

async function writeCsv(response: Response, pieces: AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) {
    if (!response.headersSent) response.setHeader("Content-Type", "text/csv; charset=utf-8");
    if (response.destroyed) return;
    if (response.write(piece)) continue;
    await new Promise<void>((resolve) => {
      response.once("drain", resolve);
      response.once("close", resolve);
    });
  }
  response.end();
}

/** Registers the routes; each refuses whoever lacks its permission. */
export function serveMessageLog(RED: NodeAPI, desk: LogDesk): void {
  function post(path: string, permission: string, work: Work): void {
    RED.httpAdmin.post(
      `${base}/${path}`,
      RED.auth.needsPermission(permission),
      (request: Request, response: Response) => {
        noStore(response);
        Promise.resolve()
          .then(() => work(bodyOf(request), nameOf(request)))
          .then(
            (body) => void response.status(200).json(body),
            (error: unknown) => refuse(response, error),
          )
          .catch(() => undefined);
      },
    );
  }

  post("stores", readPermission, () => Promise.resolve(desk.stores()));
  /** The same twice: for those who see messages, and under answers/ for those who also see what answers were. */
  function postBoth(path: string, work: (body: object, onlooker: Onlooker) => Promise<object>): void {
    post(path, readPermission, (body, by) => work(body, { by, mayAnswers: false }));
    post(`answers/${path}`, answersPermission, (body, by) => work(body, { by, mayAnswers: true }));
  }

  postBoth("messages", (body, onlooker) => desk.list(readStoreKey(body), readPageRequest(body), onlooker));
  postBoth("entries", (body, onlooker) => desk.entries(readStoreKey(body), readPageRequest(body), onlooker));
  postBoth("conversation", (body, onlooker) => desk.conversation(readStoreKey(body), readMessageId(body), onlooker));
  postBoth("overview", (body, onlooker) => desk.overview(readStoreKey(body), onlooker));
  post("content", contentPermission, (body, by) => desk.content(readStoreKey(body), { id: readMessageId(body), by }));
  post("stranded", readPermission, (body) => desk.stranded(readStoreKey(body)));
  post("adopt", adoptPermission, (body, by) =>
    desk.adopt(readStoreKey(body), { ...readOwner(body), by }, readAdopter(body)),
  );
  post("end-work", actionPermission("drop"), (body, by) =>
    desk.endWork(readStoreKey(body), { ...readOwner(body), by }),
  );
  for (const action of logActions) {
    post(action, actionPermission(action), (body, by) =>
      desk.act(readStoreKey(body), action, { id: readMessageId(body), by }),
    );
  }

  function postExport(path: string, permissions: readonly string[], mayAnswers: boolean): void {
    RED.httpAdmin.post(
      `${base}/${path}`,
      ...permissions.map((permission) => RED.auth.needsPermission(permission)),
      (request: Request, response: Response) => {
        noStore(response);
        const onlooker = { by: nameOf(request), mayAnswers };
        Promise.resolve()
          .then(() => bodyOf(request))
          .then((body) => desk.export(readStoreKey(body), readFilter(Reflect.get(body, "filter")), onlooker))
          .then((pieces) => writeCsv(response, pieces))
          .catch((error: unknown) => {
            if (response.headersSent) response.destroy();
            else refuse(response, error);
          })
          .catch(() => undefined);
      },
    );
  }

  postExport("export", [exportPermission], false);
  postExport("answers/export", [exportPermission, answersPermission], true);
}

// What the message browser needs of the page around it: the editor's sidebar, or a window of its own.
import type { WithheldReason } from "../../../lib/services/message-log/message-log-model.js";

export type Translate = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/** Why there is no answer, in words. */
export interface Problem {
  readonly message: string;
  readonly code?: string;
  readonly advice?: string;
}

export function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && !(value instanceof Error) && "message" in value;
}

interface Reply {
  /** 0 when nobody answered. */
  readonly status: number;
  readonly text: string;
}

/** One of the two surroundings. */
export interface Host {
  readonly kind: "sidebar" | "page";
  readonly translate: Translate;
  /** Relative to the editor's address, with its log-in. */
  send(path: string, body: string): Promise<Reply>;
  hasPermission(permission: string): boolean;
  copy(text: string, from: HTMLElement): void;
  /** Calls back with the keys of the stores whose messages have changed; with none when that is not known. */
  onChanged(changed: (stores: readonly string[]) => void): void;
}

export type Right =
  "answers" | "content" | "export" | "resend" | "release" | "drop" | "deal-with" | "confirm" | "adopt";

export interface Requests {
  /** The body says what is wanted, so that no address does. Rejects with a Problem. `Answer` is what the route gives. */
  post<Answer>(path: string, body?: object): Promise<Answer>;
  postText(path: string, body: object): Promise<string>;
  chooseStore(key: string | undefined): void;
  may(right: Right): boolean;
}

/** Asked under another address by those who may see what answers were. */
const twofold = ["messages", "entries", "conversation", "overview", "export"];

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemOf({ status, text }: Reply, _: Translate): Problem {
  const body = parse(text);
  if (isProblem(body) && typeof body.message === "string") return body;
  if (status === 401 || status === 403) return { message: _("problem.noPermission") };
  return { message: _(status === 0 ? "problem.noConnection" : "problem.noAnswer") };
}

export function createRequests(host: Host): Requests {
  let store: string | undefined;
  const may = (right: Right): boolean => host.hasPermission(`cp-is.messages.${right}`);

  async function postText(path: string, body: object): Promise<string> {
    const place = twofold.includes(path) && may("answers") ? `answers/${path}` : path;
    const asked = JSON.stringify(store === undefined ? body : { store, ...body });
    const reply = await host.send(`cp-is/message-log/${place}`, asked);
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is said to the reader, and no fault
    if (reply.status !== 200) throw problemOf(reply, host.translate);
    return reply.text;
  }

  return {
    async post<Answer>(path: string, body: object = {}): Promise<Answer> {
      return JSON.parse(await postText(path, body)) as Answer;
    },
    postText,
    chooseStore(key): void {
      store = key;
    },
    may,
  };
}

export function withheldWords(_: Translate, reason: WithheldReason | undefined): string | undefined {
  return reason === undefined ? undefined : _(reason === "no-users" ? "withheld.no-users" : "withheld.no-permission");
}

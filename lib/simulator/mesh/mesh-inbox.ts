// Shows a mailbox to its owner: what waits in it, page by page, and how much.
import { emptyAnswer, jsonAnswer, missingHeader, type MeshProblem } from "./mesh-answers.js";
import { refuse, type MeshCarrier } from "./mesh-call.js";
import { headerOf } from "./mesh-send-headers.js";

const minimumResults = 10;
const maximumResults = 5000;
const defaultResults = 500;
const handshakeHeaders = ["mex-ClientVersion", "mex-OSName", "mex-OSVersion"] as const;

function problemOfParameter(name: string, message: string): MeshProblem {
  return { status: 400, message, location: ["query", name], type: "value_error" };
}

/** How many to show; undefined when it is not allowed. */
function readMaximum(text: string | null): number | undefined {
  if (text === null) return defaultResults;
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return number >= minimumResults && number <= maximumResults ? number : undefined;
}

/**
 * `X` equals, `X*` begins with, `*X*` contains, each turned round by a `!` before it. Undefined when it is none of these.
 */
export function parseWorkflowFilter(text: string): ((workflowId: string) => boolean) | undefined {
  const fields = /^(!?)(\*?)([^*!]+)(\*?)$/.exec(text);
  if (fields === null) return undefined;
  const [, not, before, part = "", after] = fields;
  if (before === "*" && after !== "*") return undefined;
  const isFound = (workflowId: string): boolean => {
    if (before === "*") return workflowId.includes(part);
    return after === "*" ? workflowId.startsWith(part) : workflowId === part;
  };
  return (workflowId) => isFound(workflowId) !== (not === "!");
}

function linkTo(mailbox: string, query: URLSearchParams, continueFrom?: number): string {
  const parameters = new URLSearchParams(query);
  if (continueFrom !== undefined) parameters.set("continue_from", String(continueFrom));
  const text = parameters.toString();
  return `/messageexchange/${mailbox}/inbox${text === "" ? "" : `?${text}`}`;
}

/** POST /{mailbox}: proves the credentials. */
export const shakeHands: MeshCarrier = (call) => {
  const missing = handshakeHeaders.find((name) => (headerOf(call.headers, name.toLowerCase()) ?? "") === "");
  if (missing !== undefined) return refuse(call, missingHeader(missing));
  return call.version === 2 ? emptyAnswer(200) : jsonAnswer(1, 200, { mailboxId: call.mailbox });
};

/** GET /{mailbox}/inbox. A page is taken first and filtered after: so it can be empty although more follows. */
export const listInbox: MeshCarrier = (call, { messages }) => {
  const maximum = readMaximum(call.query.get("max_results"));
  if (maximum === undefined) {
    return refuse(call, problemOfParameter("max_results", `must be from ${minimumResults} to ${maximumResults}`));
  }
  const continueFrom = call.query.get("continue_from") ?? "0";
  if (!/^\d{1,15}$/.test(continueFrom)) {
    return refuse(call, problemOfParameter("continue_from", "is not from a link of this service"));
  }
  const filterText = call.query.get("workflow_filter") ?? "";
  const isWanted = filterText === "" ? () => true : parseWorkflowFilter(filterText);
  if (isWanted === undefined) {
    return refuse(call, problemOfParameter("workflow_filter", "is none of the allowed forms"));
  }
  const waiting = messages.waiting(call.mailbox);
  const remaining = waiting.filter(({ sequence }) => sequence > Number(continueFrom));
  const page = remaining.slice(0, maximum);
  const last = remaining.length > page.length ? page.at(-1) : undefined;
  return jsonAnswer(call.version, 200, {
    messages: page.filter(({ head }) => isWanted(head.workflowId)).map(({ id }) => id),
    links: {
      self: linkTo(call.mailbox, call.query),
      ...(last === undefined ? {} : { next: linkTo(call.mailbox, call.query, last.sequence) }),
    },
    approx_inbox_count: waiting.length,
  });
};

/** GET /{mailbox}/count */
export const countInbox: MeshCarrier = (call, { messages }) => {
  const count = messages.waiting(call.mailbox).length;
  return jsonAnswer(call.version, 200, { count, allResultsIncluded: true });
};

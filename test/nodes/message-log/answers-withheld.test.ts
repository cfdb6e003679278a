// Who may not see what an answer was learns from no route whether there is a record: the log of a child who has one and of a child who
// has none are the same to them, but for ids and times.
import assert from "node:assert/strict";
import { outcomeFilters, type LogEntry, type LogPage } from "../../../lib/services/message-log/message-log-model.js";
import { messageLogFlow } from "../../support/e2e/message-log-flow.js";
import { nodeRedLines, passwordOf, startNodeRed, type RunningNodeRed } from "../../support/e2e/node-red-process.js";

/** "keeper" may also export, and see content; neither may see what an answer was. */
const users = { engineer: "*", reader: "read", keeper: ["cp-is.messages.read", "cp-is.messages.export"] };
type User = keyof typeof users;

const children = { record: "9990001014", none: "8888888888" } as const;
type Child = keyof typeof children;
type Message = LogPage["messages"][number];

/** Of one child: the question, and what came back. */
interface Exchange {
  readonly question: Message;
  readonly answer: Message;
}

/** Asked for each of the two exchanges. */
type Look = readonly [title: string, path: string, body: (exchange: Exchange) => object];

const interactions = ["REPC_IN000007GB01", "QUQI_IN010000UK14", "MCCI_IN010000UK13", "answer"];
const conversation = ({ question }: Exchange): object => ({ conversationId: question.conversationId });
const both = (title: string, body: Look[2]): readonly Look[] => [
  [`${title}, message by message`, "messages", body],
  [`${title}, one row a conversation`, "entries", body],
];
const looks: readonly Look[] = [
  ["the conversation, opened by the question", "conversation", ({ question }) => ({ id: question.id })],
  ["the conversation, opened by the answer", "conversation", ({ answer }) => ({ id: answer.id })],
  ...both("a search by conversation", (exchange) => ({ filter: conversation(exchange) })),
  ...both("an order by size that is asked for", (exchange) => ({
    ...{ filter: conversation(exchange), sort: "contentBytes", order: "contentBytes" },
  })),
  ...both("those that need a person", (exchange) => ({ filter: { ...conversation(exchange), needsPerson: true } })),
  ...both("what came in", (exchange) => ({ filter: { ...conversation(exchange), direction: "inbound" } })),
  ...both("what is confirmed", (exchange) => ({ filter: { ...conversation(exchange), states: ["confirmed"] } })),
  ...outcomeFilters.flatMap((outcome) =>
    both(`the outcome ${outcome}`, (exchange) => ({ filter: { ...conversation(exchange), outcomes: [outcome] } })),
  ),
  ...interactions.flatMap((interaction) =>
    both(`the interaction ${interaction}`, (exchange) => ({ filter: { ...conversation(exchange), interaction } })),
  ),
  ...["CPIS_APPLICATION_ERROR", "CPIS_NO_RECORD", "EBXML_NO_RESPONSE"].flatMap((errorCode) =>
    both(`the code ${errorCode}`, (exchange) => ({ filter: { ...conversation(exchange), errorCode } })),
  ),
  ["a page of one", "messages", (exchange) => ({ filter: conversation(exchange), limit: 1 })],
  ["an export", "export", (exchange) => ({ filter: conversation(exchange) })],
  ...outcomeFilters.map((outcome): Look => [
    `an export of the outcome ${outcome}`,
    "export",
    (exchange) => ({ filter: { ...conversation(exchange), outcomes: [outcome] } }),
  ]),
];

/** Whether an acknowledgment overtakes the answer, and how long each step took, differs between any two exchanges. */
const differing = /^(id|at|messageId|next|acknowledgedAt|.*At|.*Milliseconds|spans|historyOf)$/;

function withoutIds(text: string): string {
  return text
    .replace(/[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}/gi, "UUID")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME");
}

function isAcknowledgment(event: unknown): boolean {
  return typeof event === "object" && event !== null && Reflect.get(event, "kind") === "acknowledgment";
}

function comparable(value: unknown): unknown {
  if (typeof value === "string") return withoutIds(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const all: readonly unknown[] = value;
    return all
      .filter((each) => !isAcknowledgment(each))
      .map((each) => JSON.stringify(comparable(each)))
      .sort();
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (differing.test(key) ? [] : [[key, comparable(each)]])),
  );
}

/** By the name of the column. */
const differingColumns: readonly string[] = ["number", "acknowledged", "answered", "duration ms"];

function comparableCsv(text: string): unknown {
  const [head = [], ...lines] = text.split("\r\n").map((each) => each.split(","));
  return lines.map((cells) =>
    cells.map((cell, at) => (differingColumns.includes(head[at] ?? "") ? "" : withoutIds(cell))),
  );
}

/** Without what differs between any two exchanges, whatever was answered. */
function withoutIdsAndTimes(text: string): unknown {
  return text.startsWith("{") ? comparable(JSON.parse(text)) : comparableCsv(text);
}

describe("what the message log withholds from those who may not see answers", () => {
  const line = nodeRedLines.find((name) => name === process.env["NODE_RED_PACKAGE"]) ?? "node-red";
  const tokens = new Map<User, string>();
  let nodeRed: RunningNodeRed;
  let exchanges: Readonly<Record<Child, Exchange>>;

  async function post(path: string, body: object, user: User): Promise<{ readonly status: number; text: string }> {
    const response = await fetch(`${nodeRed.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${tokens.get(user) ?? ""}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  }

  const ask = (path: string, body: object, user: User): ReturnType<typeof post> =>
    post(`cp-is/message-log/${path}`, body, user);

  /** Asks again until it is so. */
  async function eventually<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
    for (let tries = 0; tries < 1_500; tries += 1) {
      const value = await look();
      if (value !== undefined) return value;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return assert.fail(`waited in vain for ${what}\n${nodeRed.log()}`);
  }

  async function list(filter: object): Promise<LogPage["messages"]> {
    const { status, text } = await ask("answers/messages", { filter }, "engineer");
    return status === 200 ? (JSON.parse(text) as LogPage).messages : [];
  }

  async function exchangeOf(child: Child): Promise<Exchange> {
    await eventually("the inject node", async () =>
      (await post(`inject/${child}`, {}, "engineer")).status === 200 ? true : undefined,
    );
    return eventually(`the answer of ${child}`, async () => {
      const [asked] = await list({ nhsNumber: children[child], direction: "outbound" });
      const messages = asked === undefined ? [] : await list({ conversationId: asked.conversationId });
      const question = messages.find(({ direction }) => direction === "outbound");
      const answer = messages.find(({ direction }) => direction === "inbound");
      const isOver = question?.durationMilliseconds !== undefined && answer?.durationMilliseconds !== undefined;
      return isOver ? { question, answer } : undefined;
    });
  }

  before(async () => {
    const flow = messageLogFlow();
    const inject = flow.find((node) => Reflect.get(node, "id") === "ask");
    assert.ok(inject !== undefined);
    const [, ...others] = Reflect.get(inject, "props") as object[];
    const asking = Object.entries(children).map(([id, number]) => ({
      ...inject,
      id,
      name: id,
      props: [{ p: "payload", v: JSON.stringify(number), vt: "json" }, ...others],
    }));
    nodeRed = await startNodeRed(line, [...flow, ...asking], users);
    for (const user of ["engineer", "reader", "keeper"] as const) {
      const grant = { client_id: "node-red-editor", grant_type: "password", scope: "" };
      const { text } = await post("auth/token", { ...grant, username: user, password: passwordOf(user) }, user);
      tokens.set(user, String(Reflect.get(JSON.parse(text) as object, "access_token")));
    }
    await eventually("the store", async () =>
      (await ask("messages", {}, "reader")).status === 200 ? true : undefined,
    );
    exchanges = { record: await exchangeOf("record"), none: await exchangeOf("none") };
  });
  after(() => nodeRed.stop());

  it("is there to be withheld: who may see answers sees two that differ", async () => {
    const { record, none } = exchanges;
    assert.deepEqual([record.answer.interaction, none.answer.interaction], ["REPC_IN000007GB01", "QUQI_IN010000UK14"]);
    for (const path of ["conversation", "messages", "entries"]) {
      const [first, second] = await Promise.all(
        [record, none].map(async (exchange) => {
          const body = path === "conversation" ? { id: exchange.question.id } : { filter: conversation(exchange) };
          return withoutIdsAndTimes((await ask(`answers/${path}`, body, "engineer")).text);
        }),
      );
      assert.notDeepEqual(first, second, path);
    }
  });

  for (const [title, path, body] of looks) {
    it(`is the same for both children in ${title}`, async () => {
      const user = path === "export" ? "keeper" : "reader";
      const { record, none } = exchanges;
      const [first, second] = await Promise.all([record, none].map((each) => ask(path, body(each), user)));
      assert.equal(first?.status, 200, first?.text);
      assert.deepEqual(withoutIdsAndTimes(first.text), withoutIdsAndTimes(second?.text ?? ""));
      assert.doesNotMatch(first.text, /REPC_IN000007|QUQI_IN010000UK14|not-found|record/);
    });
  }

  it("is in no row of the whole list, in no count, and in no state that anybody may read", async () => {
    const { text } = await ask("entries", {}, "reader");
    const rows = (JSON.parse(text) as { readonly entries: readonly LogEntry[] }).entries.map((row) =>
      withoutIdsAndTimes(JSON.stringify(row)),
    );
    assert.equal(rows.length, 2);
    assert.deepEqual(rows[0], rows[1]);
    for (const told of [text, (await ask("overview", {}, "reader")).text, (await ask("export", {}, "keeper")).text]) {
      assert.doesNotMatch(told, /REPC_IN000007|QUQI_IN010000UK14|"found"|not-found|no CP-IS record|record found/);
    }
  });

  it("is told to nobody who asks by the other path, or by an NHS number", async () => {
    for (const path of ["messages", "entries", "conversation", "overview", "export"]) {
      for (const user of ["reader", "keeper"] as const) {
        const body = { id: exchanges.record.question.id };
        assert.equal((await ask(`answers/${path}`, body, user)).status, 401, path);
      }
    }
    for (const path of ["messages", "entries", "export"]) {
      const refusals = await Promise.all(
        Object.values(children).map((nhsNumber) => ask(path, { filter: { nhsNumber } }, "keeper")),
      );
      assert.equal(refusals[0]?.status, 403);
      assert.deepEqual(refusals[0], refusals[1]);
    }
  });
});

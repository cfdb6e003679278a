// What each route of the message log asks of a user, and how it answers what it cannot read.
import assert from "node:assert/strict";
import { CpisError } from "../../../lib/errors.js";
import type { LogConversation, LogEntryPage, LogPage } from "../../../lib/services/message-log/message-log-model.js";
import { createLogDesk, type LogDesk, type SidebarOverview } from "../../../nodes/message-log/log-service.js";
import { serveMessageLog } from "../../../nodes/message-log/log-routes.js";
import { readFilter } from "../../../nodes/message-log/read-log-request.js";

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: ReadonlyMap<string, string>;
}
type Handler = (request: object, response: object) => void;
interface Route {
  readonly permissions: readonly string[];
  readonly handler: Handler;
}

function routesOf(desk: LogDesk): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  const RED = {
    httpAdmin: {
      post: (path: string, ...all: readonly [...permissions: string[], handler: Handler]) => {
        const [handler, ...permissions] = [...all].reverse() as [Handler, ...string[]];
        routes.set(path, { permissions: permissions.reverse(), handler });
      },
    },
    auth: { needsPermission: (permission: string) => permission },
  };
  // The part of the runtime that the routes use.
  serveMessageLog(RED as never, desk);
  return routes;
}

function ask(
  desk: LogDesk,
  path: string,
  body: unknown,
  contentType = "application/json",
  user: object = { username: "anne" },
): Promise<Answer> {
  const headers = new Map<string, string>();
  return new Promise((resolve) => {
    const response = {
      headersSent: false,
      destroyed: false,
      setHeader: (name: string, value: string) => headers.set(name, value),
      status: (status: number) => ({ json: (answer: unknown) => resolve({ status, body: answer, headers }) }),
    };
    const handler = routesOf(desk).get(`/cp-is/message-log/${path}`)?.handler;
    assert.ok(handler !== undefined, path);
    handler({ body, headers: { "content-type": contentType }, user }, response);
  });
}

function codeOf({ body }: Answer): unknown {
  return Reflect.get(body as object, "code");
}

const never = (): never => assert.fail("not to be asked");
const idle: LogDesk = {
  stores: () => ({ stores: [], transports: [], hasUsers: true }),
  list: () => Promise.resolve<LogPage>({ messages: [] }),
  entries: () => Promise.resolve<LogEntryPage>({ entries: [] }),
  conversation: () => Promise.resolve<LogConversation>(never()),
  content: never,
  overview: () => Promise.resolve<SidebarOverview>(never()),
  act: never,
  stranded: never,
  adopt: never,
  endWork: never,
  export: never,
};

describe("the routes of the message log", () => {
  it("ask each for a right of its own, and only that for metadata is one of every reader", () => {
    const permissions = [...routesOf(idle)].map(([path, { permissions: all }]) => [
      path.replace("/cp-is/message-log/", ""),
      ...all,
    ]);
    assert.deepEqual(permissions, [
      ["stores", "cp-is.messages.read"],
      ["messages", "cp-is.messages.read"],
      ["answers/messages", "cp-is.messages.answers"],
      ["entries", "cp-is.messages.read"],
      ["answers/entries", "cp-is.messages.answers"],
      ["conversation", "cp-is.messages.read"],
      ["answers/conversation", "cp-is.messages.answers"],
      ["overview", "cp-is.messages.read"],
      ["answers/overview", "cp-is.messages.answers"],
      ["content", "cp-is.messages.content"],
      ["stranded", "cp-is.messages.read"],
      ["adopt", "cp-is.messages.adopt"],
      ["end-work", "cp-is.messages.drop"],
      ["resend", "cp-is.messages.resend"],
      ["release", "cp-is.messages.release"],
      ["drop", "cp-is.messages.drop"],
      ["deal-with", "cp-is.messages.deal-with"],
      ["confirm", "cp-is.messages.confirm"],
      ["export", "cp-is.messages.export"],
      ["answers/export", "cp-is.messages.export", "cp-is.messages.answers"],
    ]);
  });

  it("answer what nobody may keep", async () => {
    const { status, headers } = await ask(idle, "messages", {});
    assert.equal(status, 200);
    assert.equal(headers.get("Cache-Control"), "no-store");
  });

  const unreadable: readonly (readonly [string, unknown])[] = [
    ["a page that is too long", { limit: 201 }],
    ["a page of nothing", { limit: 0 }],
    ["a filter of another kind", { filter: [] }],
    ["a filter that is not known", { filter: { surname: "MarkFamily" } }],
    ["a state that is none", { filter: { states: ["MarkFamily"] } }],
    ["an outcome that is none", { filter: { outcomes: ["MarkFamily"] } }],
    ["a flag that is none", { filter: { needsPerson: "MarkFamily" } }],
    ["a time that is none", { filter: { from: "MarkFamily" } }],
    ["a text that is too long", { filter: { interaction: "MarkFamily".repeat(40) } }],
    ["a store that is no text", { store: { MarkFamily: 1 } }],
  ];
  for (const [what, body] of unreadable) {
    it(`refuse ${what}, and repeat nothing of it`, async () => {
      const answer = await ask(idle, "messages", body);
      assert.deepEqual([answer.status, codeOf(answer)], [400, "CPIS_LOG_REQUEST_INVALID"]);
      assert.doesNotMatch(JSON.stringify(answer.body), /MarkFamily/);
    });
  }

  it("refuse a form, which another site's page could send", async () => {
    const answer = await ask(idle, "resend", { id: "1" }, "application/x-www-form-urlencoded");
    assert.equal(codeOf(answer), "CPIS_LOG_REQUEST_INVALID");
  });

  it("say why an NHS number is none, and not which", async () => {
    const answer = await ask(idle, "messages", { filter: { nhsNumber: "999 000 0094" } });
    assert.deepEqual([answer.status, codeOf(answer)], [400, "CPIS_INVALID_NHS_NUMBER"]);
    assert.doesNotMatch(JSON.stringify(answer.body), /0094/);
  });

  it("take an NHS number as people write it", () => {
    assert.deepEqual(readFilter({ nhsNumber: " 999 000 0093", direction: null }), { nhsNumber: "9990000093" });
  });

  it("hand an act on with the name of who is logged in", async () => {
    const asked: unknown[] = [];
    const act: LogDesk["act"] = (store, action, request) => {
      asked.push([store, action, request]);
      return Promise.reject(new CpisError("CPIS_LOG_MESSAGE_UNKNOWN"));
    };
    const answer = await ask({ ...idle, act }, "release", { store: "main", id: 7 });
    assert.deepEqual([answer.status, codeOf(answer)], [404, "CPIS_LOG_MESSAGE_UNKNOWN"]);
    assert.match(String(Reflect.get(answer.body as object, "advice")), /^Retention/);
    assert.deepEqual(asked, [["main", "release", { id: 7, by: "anne" }]]);
  });

  it("tell nothing of an error that is not ours but its place", async () => {
    const list = (): never => {
      throw new Error("MarkFamily");
    };
    const answer = await ask({ ...idle, list }, "messages", {});
    assert.deepEqual([answer.status, codeOf(answer)], [500, "CPIS_INTERNAL"]);
    assert.doesNotMatch(JSON.stringify(answer.body), /MarkFamily/);
  });

  it("show content to nobody where Node-RED asks nobody to log in", async () => {
    const answer = await ask(createLogDesk({ hasUsers: false }), "content", { id: 1 });
    assert.deepEqual([answer.status, codeOf(answer)], [403, "CPIS_LOG_WITHOUT_USERS"]);
  });

  it("show content to nobody whose name is not known, whatever such users may do", async () => {
    const desk = createLogDesk({ hasUsers: true });
    const answer = await ask(desk, "content", { id: 1 }, "application/json", { anonymous: true });
    assert.deepEqual([answer.status, codeOf(answer)], [403, "CPIS_LOG_WITHOUT_USERS"]);
  });

  it("say so when no message store is open", async () => {
    const desk = createLogDesk({ hasUsers: true });
    for (const path of ["messages", "conversation", "overview", "content", "resend", "export"]) {
      const answer = await ask(desk, path, { id: 1 });
      assert.deepEqual([answer.status, codeOf(answer)], [404, "CPIS_LOG_NO_STORE"], path);
    }
  });
});

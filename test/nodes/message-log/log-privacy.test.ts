// The routes of the message log in a Node-RED that asks its users to log in: who sees what, and what nobody sees.
import assert from "node:assert/strict";
import path from "node:path";
import type { LogConversation, LogPage } from "../../../lib/services/message-log/message-log-model.js";
import type { SidebarOverview, StoreChoices } from "../../../nodes/message-log/log-service.js";
import { child, markers, messageLogFlow } from "../../support/e2e/message-log-flow.js";
import { nodeRedLines, passwordOf, startNodeRed, type RunningNodeRed } from "../../support/e2e/node-red-process.js";
import { allBytes, withDefaultStore } from "../../support/nodes/message-store/stored.js";

const users = {
  engineer: "*",
  reader: "read",
  keeper: ["cp-is.messages.read", "cp-is.messages.content", "cp-is.messages.export"],
};
type User = keyof typeof users;

interface Answer {
  readonly status: number;
  readonly text: string;
}

function leaks(text: string): string[] {
  return markers.filter((marker) => text.toLowerCase().includes(marker.toLowerCase()));
}

describe("the message log of a Node-RED with users", () => {
  const line = nodeRedLines.find((name) => name === process.env["NODE_RED_PACKAGE"]) ?? "node-red";
  const tokens = new Map<User, string>();
  let nodeRed: RunningNodeRed;
  let ids: readonly number[] = [];

  async function post(path: string, body: object, user?: User): Promise<Answer> {
    const token = user === undefined ? {} : { authorization: `Bearer ${tokens.get(user) ?? ""}` };
    const response = await fetch(`${nodeRed.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...token },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  }

  function ask(path: string, body: object, user?: User): Promise<Answer> {
    return post(`cp-is/message-log/${path}`, body, user);
  }

  async function list(filter: object = {}): Promise<LogPage["messages"]> {
    const { status, text } = await ask("answers/messages", { filter }, "engineer");
    assert.equal(status, 200, text);
    return (JSON.parse(text) as LogPage).messages;
  }

  /** Asks again until the store is open and so many messages have come to their end. */
  async function ended(count: number): Promise<void> {
    for (let tries = 0; tries < 1_500; tries += 1) {
      const isOpen = (await ask("messages", {}, "engineer")).status === 200;
      const messages = isOpen ? await list() : [];
      if (isOpen && messages.filter(({ durationMilliseconds }) => durationMilliseconds !== undefined).length >= count)
        return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail(`waited in vain for ${count} messages\n${nodeRed.log()}`);
  }

  async function press(node: string): Promise<void> {
    for (let tries = 0; tries < 1_500; tries += 1) {
      if ((await post(`inject/${node}`, {}, "engineer")).status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail(node);
  }

  before(async () => {
    nodeRed = await startNodeRed(line, messageLogFlow(), users);
    for (const user of ["engineer", "reader", "keeper"] as const) {
      const grant = { client_id: "node-red-editor", grant_type: "password", scope: "" };
      const { text } = await post("auth/token", { ...grant, username: user, password: passwordOf(user) });
      tokens.set(user, String(Reflect.get(JSON.parse(text) as object, "access_token")));
    }
    await ended(0);
    await press("upload");
    await ended(2);
    await press("ask");
    await ended(4);
    await press("break");
    await press("upload");
    await ended(5);
    ids = (await list()).map(({ id }) => id);
  });

  after(async () => {
    await nodeRed.stop();
  });

  it("has loaded the sidebar, with its texts", async () => {
    const get = async (path: string, accept: string): Promise<string> => {
      const headers = { accept, authorization: `Bearer ${tokens.get("reader") ?? ""}` };
      return (await fetch(`${nodeRed.url}${path}`, { headers })).text();
    };
    const sets = JSON.parse(await get("plugins", "application/json")) as Record<string, unknown>[];
    const own = sets.find(({ id }) => id === "@cp-is/node-red/message-log");
    assert.ok(own !== undefined && own["err"] === undefined);
    assert.match(await get("plugins", "text/html"), /RED\.plugins\.registerPlugin/);
    assert.match(await get("locales/@cp-is/node-red/message-log?lng=en-US", "application/json"), /CP-IS messages/);
  });

  it("lists what went through, the failed upload among it", async () => {
    assert.ok(ids.length >= 5);
    const [failed] = await list({ states: ["failed"] });
    assert.equal(failed?.error?.code, "EBXML_REFUSED");
    assert.deepEqual(failed.actions, ["resend", "deal-with"]);
  });

  it("names no child in any metadata", async () => {
    const answers: Answer[] = [];
    for (const path of ["stores", "messages", "overview", "export"]) answers.push(await ask(path, {}, "engineer"));
    for (const id of ids) answers.push(await ask("conversation", { id }, "engineer"));
    for (const { status, text } of answers) assert.deepEqual([status, leaks(text)], [200, []]);
    const { certificates } = JSON.parse(answers[2]?.text ?? "") as SidebarOverview;
    assert.deepEqual([...new Set(certificates.map(({ owner }) => owner))].sort(), ["client", "own", "peer"]);
    const conversation = JSON.parse(answers.at(-1)?.text ?? "") as LogConversation;
    assert.ok(conversation.events.length > 1);
  });

  it("finds a child's messages by the number, and repeats it nowhere", async () => {
    const found = await list({ nhsNumber: "999 000 0093" });
    assert.ok(found.length >= 1 && found.length < ids.length);
    assert.deepEqual(await list({ nhsNumber: "999 000 1014" }), []);
    assert.deepEqual(leaks(JSON.stringify(found)), []);
  });

  it("tells a reader of an answer that it came, and not whether there is a record", async () => {
    const page = JSON.parse((await ask("messages", {}, "reader")).text) as LogPage;
    assert.equal(page.withheld, "no-permission");
    const full = await list();
    const answer = full.find(({ interaction }) => interaction === "REPC_IN000007GB01");
    assert.ok(answer?.contentBytes !== undefined);
    const told = page.messages.find(({ id }) => id === answer.id);
    assert.deepEqual(
      [told?.interaction, told?.interactionName, told?.contentBytes, told?.error],
      ["answer", "answer", undefined, undefined],
    );
    const tells = /REPC_IN00000[37]|QUQI_IN|MCCI_IN|FileResponse|response to a query|without a record/;
    const texts = [JSON.stringify(page)];
    for (const id of ids) texts.push((await ask("conversation", { id }, "reader")).text);
    texts.push((await ask("overview", {}, "reader")).text);
    texts.push((await ask("export", {}, "keeper")).text);
    for (const text of texts) assert.doesNotMatch(text, tells);
    assert.match((await ask("answers/conversation", { id: answer.id }, "engineer")).text, tells);
  });

  it("finds no answer for a reader by what it was, and nothing by a number", async () => {
    for (const filter of [{ interaction: "REPC_IN000007GB01" }, { interaction: "QUQI_IN010000UK14" }]) {
      const page = JSON.parse((await ask("messages", { filter }, "reader")).text) as LogPage;
      assert.deepEqual(page.messages, []);
    }
    const searched = await ask("messages", { filter: { nhsNumber: "999 000 0093" } }, "reader");
    assert.deepEqual([searched.status, /CPIS_LOG_ANSWERS_WITHHELD/.test(searched.text)], [403, true]);
    const exported = await ask("export", { filter: { nhsNumber: "999 000 0093" } }, "keeper");
    assert.equal(exported.status, 403);
    for (const path of ["answers/messages", "answers/conversation", "answers/overview", "answers/export"]) {
      for (const user of ["reader", "keeper"] as const) {
        assert.equal((await ask(path, { id: ids[0] }, user)).status, 401, path);
      }
    }
  });

  it("shows content to those who have the right to content, and to no other reader", async () => {
    const id = (await list({ states: ["failed"] }))[0]?.id;
    for (const user of ["engineer", "keeper"] as const) {
      const { status, text } = await ask("content", { id }, user);
      assert.equal(status, 200);
      assert.ok(text.includes(child.familyName) && text.includes(child.nhsNumber));
    }
    assert.deepEqual(await ask("content", { id }, "reader"), { status: 401, text: "" });
  });

  it("asks the store that is named, and no other", async () => {
    const { stores, hasUsers } = JSON.parse((await ask("stores", {}, "reader")).text) as StoreChoices;
    assert.deepEqual([stores.length, hasUsers], [1, true]);
    assert.equal((await ask("messages", { store: stores[0]?.key }, "reader")).status, 200);
    assert.match((await ask("messages", { store: "another" }, "reader")).text, /CPIS_LOG_NO_STORE/);
    assert.match((await ask("conversation", { id: 999_999 }, "reader")).text, /CPIS_LOG_MESSAGE_UNKNOWN/);
  });

  const acts = ["content", "resend", "release", "drop", "deal-with", "confirm", "export"];

  it("refuses every route to who is not logged in, and all but metadata to a reader", async () => {
    for (const path of ["stores", "messages", "conversation", "overview"]) {
      assert.equal((await ask(path, { id: ids[0] })).status, 401, path);
      assert.equal((await ask(path, { id: ids[0] }, "reader")).status, 200, path);
    }
    for (const path of acts) {
      assert.equal((await ask(path, { id: ids[0] })).status, 401, path);
      assert.equal((await ask(path, { id: ids[0] }, "reader")).status, 401, path);
    }
    assert.equal((await ask("resend", { id: ids[0] }, "keeper")).status, 401);
  });

  it("sends a failed upload again once, however often it is asked to", async () => {
    await press("mend");
    const id = (await list({ states: ["failed"] }))[0]?.id;
    const outcomes = await Promise.all([1, 2].map(() => ask("resend", { id }, "engineer")));
    const kinds = outcomes.map(({ text }) => String(Reflect.get(JSON.parse(text) as object, "kind")));
    assert.deepEqual(kinds.sort(), ["already-done", "done"]);
    assert.equal((await list()).filter(({ originalId }) => originalId === id).length, 1);
    const { text } = await ask("messages", { filter: { states: ["failed"], needsPerson: true } }, "reader");
    assert.deepEqual(JSON.parse(text), { messages: [], withheld: "no-permission" });
  });

  it("has each look, each act and each export on record, with who did it, and no refused one", async () => {
    await nodeRed.halt();
    const entries = await withDefaultStore(nodeRed.folder, (store) => store.readAudit(0, 1000));
    const staff = entries.filter(({ event }) => !event.startsWith("query-"));
    const looks = ["number-searched", "answers-viewed"];
    assert.deepEqual(
      staff.filter(({ event }) => !looks.includes(event)).map(({ event, userId }) => `${event} ${userId ?? ""}`),
      [
        "messages-exported engineer",
        "messages-exported keeper",
        "content-viewed engineer",
        "content-viewed keeper",
        ...["message-resent engineer", "message-resent engineer", "act-ended engineer", "act-ended engineer"],
      ],
    );
    const ended = staff.filter(({ event }) => event === "act-ended");
    assert.deepEqual(ended.map(({ outcome }) => outcome).sort(), ["already-done", "done"]);
    const resent = staff.filter(({ event }) => event === "message-resent").map(({ number }) => number);
    assert.deepEqual(ended.map(({ concerns }) => concerns).sort(), resent);
    assert.ok(staff.filter(({ event }) => /content|resent/.test(event)).every(({ messageId }) => messageId));
    const searched = staff.filter(({ event }) => event === "number-searched");
    // The two numbers that were asked for, each by its keyed hash.
    assert.equal(new Set(searched.map(({ subjectHash }) => subjectHash)).size, 2);
    const viewed = staff.filter(({ event, userId }) => event === "answers-viewed" && userId === "engineer");
    assert.equal(new Set(viewed.flatMap(({ conversationId }) => conversationId ?? [])).size, 1);
    assert.ok(viewed.some(({ conversationId }) => conversationId === undefined));
    assert.ok([...searched, ...viewed].every(({ userId }) => userId === "engineer"));
    assert.deepEqual(leaks(JSON.stringify(entries)), []);
  });

  it("leaves no trace of a child in the log or in a file", () => {
    assert.deepEqual(leaks(nodeRed.log()), []);
    const stored = allBytes(path.join(nodeRed.folder, "cp-is"));
    assert.ok(stored.length > 10_000);
    assert.deepEqual(leaks(stored), []);
  });
});

describe("the message log of a Node-RED that asks nobody to log in", () => {
  const line = nodeRedLines.find((name) => name === process.env["NODE_RED_PACKAGE"]) ?? "node-red";
  let nodeRed: RunningNodeRed;

  async function ask(path: string, body: object): Promise<Answer> {
    const response = await fetch(`${nodeRed.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  }

  async function answered(): Promise<LogPage> {
    for (let tries = 0; tries < 150; tries += 1) {
      const { status, text } = await ask("cp-is/message-log/answers/messages", {});
      const page = status === 200 ? (JSON.parse(text) as LogPage) : undefined;
      if (page?.messages.some(({ refToMessageId }) => refToMessageId !== undefined) === true) return page;
      if (page?.messages.length === 0) await ask("inject/ask", {});
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return assert.fail(`waited in vain for an answer\n${nodeRed.log()}`);
  }

  before(async () => {
    nodeRed = await startNodeRed(line, messageLogFlow());
  });

  after(async () => {
    await nodeRed.stop();
  });

  it("shows what the simulator answered, says that only that is shown, and finds it by number", async () => {
    const page = await answered();
    assert.equal(page.withheld, "no-users");
    assert.ok(page.messages.some(({ interaction }) => interaction === "QUQI_IN010000UK14"));
    const body = { filter: { nhsNumber: "999 000 0093" } };
    const found = JSON.parse((await ask("cp-is/message-log/answers/messages", body)).text) as LogPage;
    assert.ok(found.messages.length > 0);
  });

  it("shows nothing of an answer, and finds nobody, once its transport is not the simulator's", async () => {
    const real = messageLogFlow().map((node) =>
      Reflect.get(node, "type") === "ebxml transport" ? { ...node, environment: "Integration" } : node,
    );
    const deployed = await fetch(`${nodeRed.url}flows`, {
      method: "POST",
      headers: { "content-type": "application/json", "Node-RED-API-Version": "v2" },
      body: JSON.stringify({ flows: real }),
    });
    assert.equal(deployed.status, 200);
    const { status, text } = await ask("cp-is/message-log/answers/messages", { filter: { nhsNumber: "999 000 0093" } });
    assert.deepEqual(
      [status, /CPIS_LOG_WITHOUT_USERS|CPIS_LOG_NO_STORE/.test(text)],
      [status === 404 ? 404 : 403, true],
    );
    const page = await ask("cp-is/message-log/answers/messages", {});
    assert.doesNotMatch(page.text, /REPC_IN|QUQI_IN|MCCI_IN/);
  });
});

// The message browser in a window of its own: with the editor's log-in, and live like the editor.
import { createBrowser } from "./browser.js";
import type { Host, Translate } from "./host.js";
import { accessToken, ask, base, isGranted, property, readTexts } from "./page-requests.js";
import { button, element, icon } from "./kit.js";
import { pageAddress, readAddress, takeTheme } from "./page-link.js";

const topic = "cp-is-message-log/changed";
const reconnectMilliseconds = 5000;
const copiedMilliseconds = 1000;

/** Follows the editor's channel; calls back when something has changed, and after each interruption. */
function listen(changed: (stores: readonly string[] | undefined) => void): void {
  const socket = new WebSocket(new URL("comms", base).href.replace(/^http/, "ws"));
  const subscribe = (): void => socket.send(JSON.stringify({ subscribe: topic }));
  socket.addEventListener("open", () => {
    const token = accessToken();
    if (token === undefined) subscribe();
    else socket.send(JSON.stringify({ auth: token }));
  });
  socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const message: unknown = JSON.parse(String(data));
    if (property(message, "auth") === "ok") subscribe();
    if (!Array.isArray(message)) return;
    for (const each of message) {
      const stores = property(property(each, "data"), "stores");
      if (property(each, "topic") === topic && Array.isArray(stores)) changed(stores.map(String));
    }
  });
  socket.addEventListener("close", () => {
    window.setTimeout(() => {
      listen(changed);
      changed(undefined);
    }, reconnectMilliseconds);
  });
}

function pageHost(translate: Translate, user: unknown): Host {
  return {
    kind: "page",
    translate,
    async send(path, body) {
      const reply = await ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      return reply === undefined ? { status: 0, text: "" } : { status: reply.status, text: await reply.text() };
    },
    hasPermission: (permission) => user === undefined || isGranted(property(user, "permissions"), permission),
    copy(text, from) {
      // Over plain HTTP from another machine a browser offers no clipboard but this one.
      const field = element("textarea", { "aria-hidden": "true", class: "cp-is-log-hidden" }, text);
      document.body.append(field);
      field.select();
      // eslint-disable-next-line @typescript-eslint/no-deprecated
      document.execCommand("copy");
      field.remove();
      from.focus();
      from.classList.add("cp-is-log-copied");
      window.setTimeout(() => from.classList.remove("cp-is-log-copied"), copiedMilliseconds);
    },
    onChanged: (changed) => listen((stores) => changed(stores ?? [])),
  };
}

function askToLogIn(_: Translate): void {
  document.body.replaceChildren(
    element("div", { class: "cp-is-log cp-is-log-in-page" }, [
      element("h1", {}, _("page.title")),
      element("p", {}, _("page.logIn")),
      element("p", {}, element("a", { href: base }, _("page.toEditor"))),
    ]),
  );
  window.addEventListener("storage", () => accessToken() !== undefined && window.location.reload());
}

async function start(): Promise<void> {
  takeTheme();
  const _ = await readTexts();
  document.title = _("page.title");
  const settings = await ask("settings");
  if (settings?.ok !== true) {
    askToLogIn(_);
    return;
  }
  const user = property((await settings.json()) as unknown, "user");
  let address = window.location.hash;
  const browser = createBrowser({
    host: pageHost(_, user),
    extra: element("span", {}, [
      element("a", { href: "rehearsal.html" }, _("page.toRehearsal")),
      " ",
      button(icon("fa-refresh"), () => browser.refreshNow(), {
        "aria-label": _("list.refresh"),
        title: _("list.refresh"),
      }),
    ]),
    linkTo: (store, conversationId) =>
      pageAddress(base, store === undefined ? { conversationId } : { store, conversationId }),
    showing(store, conversationId) {
      const wanted =
        conversationId === undefined ? {} : store === undefined ? { conversationId } : { store, conversationId };
      window.history.replaceState(undefined, "", pageAddress(base, wanted));
      address = window.location.hash;
    },
  });
  document.body.replaceChildren(element("h1", { class: "cp-is-log-hidden" }, _("page.title")), browser.element);
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.matches("input, select, textarea");
    if (event.key !== "/" || isTyping) return;
    event.preventDefault();
    browser.focusFilter();
  });
  window.addEventListener("hashchange", () => {
    if (window.location.hash !== address) browser.want(readAddress(window.location.hash));
  });
  browser.want(readAddress(address));
}

void start();

// Runs in the editor: the whole sidebar, what it shows and when it asks again.
import { createActions } from "./log-actions.js";
import { createContent } from "./log-content.js";
import { createConversation } from "./log-conversation.js";
import { createDiagram } from "./log-diagram.js";
import { createElements } from "./log-elements.js";
import { createFilter } from "./log-filter.js";
import { createList } from "./log-list.js";
import { createOverview } from "./log-overview.js";
import { createRequests } from "./log-requests.js";
import { createWords } from "./log-words.js";

export function createPanel($, RED, window, translate) {
  const { document } = window;
  const kit = createElements(document);
  const words = createWords(translate, RED);
  const requests = createRequests($, RED, words);
  const { element, icon, button, redraw } = kit;
  const { _ } = words;
  const betweenRefreshes = 2000;
  const overviewEvery = 60000;

  let choices = { stores: [], hasUsers: false };
  let chosenStore;
  let shownId;
  let isStale = true;
  let isBusy = false;
  let lastRefresh = 0;
  let timer;
  let overviewTimer;

  function problemBox({ code, message, advice }) {
    return element("div", { class: "cp-is-log-problem" }, [
      element("div", {}, [icon("fa-times-circle"), " ", message]),
      advice && element("div", { class: "cp-is-log-advice" }, advice),
      code && element("code", { class: "cp-is-log-code" }, code),
    ]);
  }

  const note = element("div", { class: "cp-is-log-status", role: "status", "aria-live": "polite" });
  const storeRow = element("div", { class: "cp-is-log-row" });
  const filter = createFilter(window, RED, kit, words, () => {
    list.begin();
    refreshNow();
  });
  const list = createList(kit, words, {
    post: requests.post,
    readRequest: () => ({ filter: { ...filter.read(), ...(filter.isAttention() ? { isUndealt: true } : {}) } }),
    open: openMessage,
    learn: filter.learn,
    reload: refreshNow,
  });
  const content = createContent(kit, words, {
    post: requests.post,
    may: requests.may,
    hasUsers: () => choices.hasUsers,
    problemBox,
  });
  const actions = createActions(document, kit, words, { post: requests.post, may: requests.may, done: acted });
  const conversation = createConversation(RED, { ...kit, diagram: createDiagram(window, kit, words) }, words, {
    post: requests.post,
    actions,
    content,
    problemBox,
    badge: list.badge,
    open: openMessage,
    close: closeMessage,
  });
  const overview = createOverview(kit, words, {
    post: requests.post,
    nameOf: filter.nameOf,
    showError: filter.showError,
  });
  const exporter =
    requests.may("export") && button([icon("fa-download"), " ", _("list.export")], () => void exportCsv());
  const listView = element("div", { class: "cp-is-log-view" }, [
    storeRow,
    overview.element,
    filter.elements,
    list.elements,
    exporter && element("div", { class: "cp-is-log-row" }, exporter),
  ]);
  const root = element("div", { class: "cp-is-log", onkeydown: escape }, [note, listView, conversation.element]);

  /** What has been said already is not read out again. */
  function tell(...children) {
    const next = element("div", {}, children);
    if (next.textContent !== note.textContent) note.replaceChildren(next);
  }

  function isVisible() {
    return document.visibilityState === "visible" && root.isConnected && root.getClientRects().length > 0;
  }

  function chooseStore(key) {
    chosenStore = key;
    requests.chooseStore(key);
    list.begin();
  }

  async function readStores() {
    choices = await requests.post("stores", {});
    const { stores } = choices;
    if (!stores.some(({ key }) => key === chosenStore)) chooseStore(stores.length > 0 ? stores[0].key : undefined);
    const id = "cp-is-log-store";
    const options = stores.map(({ key, label }) =>
      element("option", { value: key, selected: key === chosenStore }, label),
    );
    const onchange = (event) => {
      chooseStore(event.target.value);
      refreshNow();
    };
    redraw(
      storeRow,
      stores.length < 2
        ? []
        : [
            element("label", { for: id }, _("list.store")),
            element("select", { id, onchange, "data-key": "store" }, options),
          ],
    );
    return stores.length > 0;
  }

  function sayWhatIsListed(many) {
    if (many === undefined) return;
    if (many > 0) tell(_(list.isFirst() ? "list.shown" : "list.shownOlder", { n: many }));
    else tell(_(filter.isNarrow() ? "list.noneFound" : "list.none"));
  }

  async function refreshOverview() {
    overview.place(root.clientHeight);
    const milliseconds = await overview.refresh();
    if (milliseconds > 0) overviewLater(milliseconds);
  }

  /** Once more, when what has changed is counted. */
  function overviewLater(milliseconds) {
    window.clearTimeout(overviewTimer);
    overviewTimer = window.setTimeout(lookAgain, milliseconds + 100);
  }

  function lookAgain() {
    if (isVisible() && shownId === undefined && chosenStore !== undefined) void guarded(refreshOverview);
  }

  async function refreshList() {
    if (await readStores()) {
      listView.classList.remove("cp-is-log-closed");
      sayWhatIsListed(await list.refresh());
      await refreshOverview();
      return;
    }
    listView.classList.add("cp-is-log-closed");
    list.clear();
    tell(element("div", {}, _("list.noStore")), element("div", { class: "cp-is-log-advice" }, _("list.noStoreAdvice")));
  }

  async function guarded(work) {
    try {
      await work();
    } catch (problem) {
      if (problem instanceof Error) throw problem;
      tell(problemBox(problem));
    }
  }

  async function refresh() {
    if (isBusy) {
      isStale = true;
      return;
    }
    isBusy = true;
    isStale = false;
    lastRefresh = Date.now();
    root.setAttribute("aria-busy", "true");
    try {
      await guarded(() => (shownId === undefined ? refreshList() : conversation.refresh()));
    } finally {
      isBusy = false;
      root.removeAttribute("aria-busy");
      if (isStale) later();
    }
  }

  function refreshNow() {
    window.clearTimeout(timer);
    timer = undefined;
    void refresh();
  }

  /** What changed is asked for once, when it can be seen. */
  function later() {
    isStale = true;
    if (timer !== undefined || !isVisible()) return;
    const wait = Math.max(0, lastRefresh + betweenRefreshes - Date.now());
    timer = window.setTimeout(() => {
      timer = undefined;
      if (isVisible()) void refresh();
    }, wait);
  }

  function shown() {
    if (isStale) refreshNow();
  }

  function openMessage(id) {
    shownId = id;
    listView.hidden = true;
    tell();
    return guarded(() => conversation.show(id));
  }

  function closeMessage() {
    const id = shownId;
    shownId = undefined;
    conversation.leave();
    listView.hidden = false;
    list.focus(id);
    refreshNow();
  }

  function escape(event) {
    if (event.key !== "Escape" || shownId === undefined || event.target.closest("dialog")) return;
    event.stopPropagation();
    closeMessage();
  }

  /** After an action: what came of it, and a resend's own conversation. */
  async function acted(message, { problem, text, resent }) {
    if (resent && shownId === message.id) await openMessage(resent.id);
    else await guarded(() => conversation.refresh());
    tell(
      problem ? problemBox(problem) : element("div", { class: "cp-is-log-good" }, [icon("fa-check-circle"), " ", text]),
    );
    list.begin();
  }

  async function exportCsv() {
    await guarded(async () => {
      const text = await requests.post("export", { filter: filter.read() }, "text");
      const url = window.URL.createObjectURL(new window.Blob([text], { type: "text/csv" }));
      const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "");
      const link = element("a", { href: url, download: `cp-is-messages-${stamp}.csv` });
      document.body.append(link);
      link.click();
      link.remove();
      window.setTimeout(() => window.URL.revokeObjectURL(url), 1000);
    });
  }

  RED.comms.subscribe("cp-is-message-log/changed", (_topic, { stores }) => {
    if (chosenStore === undefined || stores.includes(chosenStore)) later();
  });
  document.addEventListener("visibilitychange", () => isVisible() && shown());
  window.setInterval(lookAgain, overviewEvery);

  const refreshButton = $(
    button(icon("fa-refresh"), refreshNow, { "aria-label": _("list.refresh"), title: _("list.refresh") }),
  );
  return { element: root, toolbar: $("<div>").append(refreshButton.addClass("red-ui-sidebar-header-button")), shown };
}

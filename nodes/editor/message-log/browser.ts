// The message browser: what it shows, and when it asks again. The same in the sidebar and in a window of its own.
import type { LogEntry, LogEntryPage, LogMessage } from "../../../lib/services/message-log/message-log-model.js";
import { createActions, createContent, problemBox, type Acted } from "./actions.js";
import { createConversation } from "./conversation.js";
import { createFilter, type FieldName, type Transport } from "./filter.js";
import { createRequests, isProblem, type Host } from "./host.js";
import { button, element, icon, redraw, type Child } from "./kit.js";
import { createList } from "./list.js";
import { createOverview } from "./overview.js";
import { createStranded } from "./stranded.js";
import { createWords } from "./words.js";

const betweenRefreshes = 2000;
const overviewEvery = 60_000;

interface Choices {
  readonly stores: readonly { readonly key: string; readonly label: string }[];
  readonly transports: readonly Transport[];
  readonly hasUsers: boolean;
}

/** What a link asks for: ids only. */
export interface Wanted {
  readonly store?: string;
  readonly conversationId?: string;
  readonly filter?: Readonly<Partial<Record<FieldName, string>>>;
}

export interface BrowserParts {
  readonly host: Host;
  /** Stands beside the filters: what leads from the sidebar to the page. */
  readonly extra?: Child;
  linkTo(store: string | undefined, conversationId: string): string;
  /** The page keeps its address by it. */
  showing?(store: string | undefined, conversationId: string | undefined): void;
}

export interface MessageBrowser {
  readonly element: HTMLElement;
  refreshNow(): void;
  /** It has come into sight. */
  shown(): void;
  want(wanted: Wanted): void;
  focusFilter(): void;
}

export function createBrowser(parts: BrowserParts): MessageBrowser {
  const { host, extra } = parts;
  const words = createWords(host.translate);
  const requests = createRequests(host);
  const { _ } = words;
  const isPage = host.kind === "page";

  let choices: Choices = { stores: [], transports: [], hasUsers: false };
  let chosenStore: string | undefined;
  let shownId: number | undefined;
  let shownConversation: string | undefined;
  let wanted: Wanted | undefined;
  let isStale = true;
  let isBusy = false;
  let lastRefresh = 0;
  let timer: number | undefined;
  let overviewTimer: number | undefined;

  const note = element("div", { class: "cp-is-log-status", role: "status", "aria-live": "polite" });
  const storeRow = element("div", { class: "cp-is-log-row" });
  const headExtra = element("span", { class: "cp-is-log-extra" });
  const noteRow = element("div", { class: "cp-is-log-note-row" }, note);
  const filter = createFilter(words, {
    requests,
    isNarrow: !isPage,
    extra: headExtra,
    note: noteRow,
    changed: () => {
      list.begin();
      refreshNow();
    },
  });
  const list = createList(words, {
    requests,
    kind: host.kind,
    readFilter: () => filter.read(),
    open: (entry) => void openEntry(entry),
    learn: (entries) => filter.learn(entries),
    transportName: (id) => filter.transportName(id),
    reload: () => refreshNow(),
  });
  const exporter =
    requests.may("export") && button([icon("fa-download"), " ", _("list.export")], () => void exportCsv());
  redraw(headExtra, [list.columnChoice, isPage && exporter, extra]);
  const content = createContent(words, requests, () => choices.hasUsers);
  const conversation = createConversation(words, {
    host,
    requests,
    actions: createActions(words, requests, acted),
    content,
    transportName: (id) => filter.transportName(id),
    linkTo: (conversationId) => parts.linkTo(chosenStore, conversationId),
    open: (id) => void openMessage(id),
    close: () => closeConversation(),
  });
  const overview = createOverview(words, {
    requests,
    nameOf: (interaction) => filter.nameOf(interaction),
    transportName: (id) => filter.transportName(id),
    showError: (errorCode) => filter.set({ errorCode }),
    showOutcome: (outcome) => filter.set({ outcome }),
  });
  const stranded = createStranded(words, requests);
  const listView = element("div", { class: "cp-is-log-view" }, [
    element("div", { class: "cp-is-log-head" }, [storeRow, filter.head]),
    filter.form,
    stranded.element,
    isPage && overview.element,
    list.elements,
    !isPage && overview.element,
    !isPage && element("div", { class: "cp-is-log-row" }, exporter),
  ]);
  const root = element("div", { class: `cp-is-log cp-is-log-in-${host.kind}`, onkeydown: onKey }, [
    listView,
    conversation.element,
  ]);
  conversation.element.hidden = true;

  /** What has been said already is not read out again. */
  function tell(...children: readonly Child[]): void {
    const next = element("div", {}, children);
    if (next.textContent !== note.textContent) note.replaceChildren(next);
    // In the sidebar the conversation has the place of the list, and of its note.
    if (!isPage && shownId !== undefined) root.prepend(note);
    else noteRow.append(note);
  }

  function isVisible(): boolean {
    return document.visibilityState === "visible" && root.isConnected && root.getClientRects().length > 0;
  }

  function chooseStore(key: string | undefined): void {
    chosenStore = key;
    requests.chooseStore(key);
    list.begin();
  }

  async function readStores(): Promise<boolean> {
    choices = await requests.post<Choices>("stores");
    const { stores } = choices;
    if (!stores.some(({ key }) => key === chosenStore)) chooseStore(stores[0]?.key);
    filter.offerTransports(choices.transports);
    const id = "cp-is-log-store";
    const options = stores.map(({ key, label }) =>
      element("option", { value: key, selected: key === chosenStore }, label),
    );
    const select = element("select", { id, "data-key": "store" }, options);
    select.addEventListener("change", () => {
      chooseStore(select.value);
      refreshNow();
    });
    redraw(storeRow, stores.length < 2 ? [] : [element("label", { for: id }, _("list.store")), select]);
    return stores.length > 0;
  }

  function sayWhatIsListed(many: number | undefined): void {
    if (many === undefined) return;
    if (many > 0) tell(_(list.isFirst() ? "list.shown" : "list.shownOlder", { n: many }));
    else tell(_(filter.isNarrow() ? "list.noneFound" : "list.none"));
  }

  async function refreshOverview(): Promise<void> {
    const milliseconds = await overview.refresh();
    if (milliseconds <= 0) return;
    // Once more, when what has changed is counted.
    window.clearTimeout(overviewTimer);
    overviewTimer = window.setTimeout(lookAgain, milliseconds + 100);
  }

  function isListShown(): boolean {
    return isPage || shownId === undefined;
  }

  function lookAgain(): void {
    if (isVisible() && isListShown() && chosenStore !== undefined) void guarded(refreshOverview);
  }

  async function refreshList(): Promise<void> {
    if (!(await readStores())) {
      listView.classList.add("cp-is-log-closed");
      list.clear();
      stranded.clear();
      tell(
        element("div", {}, _("list.noStore")),
        element("div", { class: "cp-is-log-advice" }, _("list.noStoreAdvice")),
      );
      return;
    }
    listView.classList.remove("cp-is-log-closed");
    if (await follow()) return;
    await stranded.refresh();
    sayWhatIsListed(await list.refresh());
    await refreshOverview();
  }

  /** What a link asked for; true when it changed what is listed, which is then asked for anew. */
  async function follow(): Promise<boolean> {
    if (wanted === undefined) return false;
    const { store, conversationId, filter: values } = wanted;
    wanted = undefined;
    if (store !== undefined && choices.stores.some(({ key }) => key === store)) chooseStore(store);
    if (conversationId !== undefined) {
      const request = { filter: { conversationId }, limit: 1 };
      const [entry] = (await requests.post<LogEntryPage>("entries", request)).entries;
      if (entry === undefined) tell(problemBox({ message: _("conversation.notFound") }));
      else await openEntry(entry);
    }
    if (values === undefined) return false;
    filter.set(values);
    return true;
  }

  async function guarded(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (problem) {
      if (!isProblem(problem)) throw problem;
      tell(problemBox(problem));
    }
  }

  async function refresh(): Promise<void> {
    if (isBusy) {
      isStale = true;
      return;
    }
    isBusy = true;
    isStale = false;
    lastRefresh = Date.now();
    root.setAttribute("aria-busy", "true");
    try {
      if (isListShown()) await guarded(refreshList);
      if (shownId !== undefined) await guarded(() => conversation.refresh());
    } finally {
      isBusy = false;
      root.removeAttribute("aria-busy");
      if (hasChanged()) later();
    }
  }

  function hasChanged(): boolean {
    return isStale;
  }

  function refreshNow(): void {
    window.clearTimeout(timer);
    timer = undefined;
    void refresh();
  }

  /** What changed is asked for once, when it can be seen. */
  function later(): void {
    isStale = true;
    if (timer !== undefined || !isVisible()) return;
    const wait = Math.max(0, lastRefresh + betweenRefreshes - Date.now());
    timer = window.setTimeout(() => {
      timer = undefined;
      if (isVisible()) void refresh();
    }, wait);
  }

  async function openMessage(id: number): Promise<void> {
    shownId = id;
    conversation.element.hidden = false;
    root.classList.add("cp-is-log-has-conversation");
    if (!isPage) {
      listView.hidden = true;
      tell();
    }
    await guarded(async () => {
      shownConversation = await conversation.show(id);
      list.mark(shownConversation);
      parts.showing?.(chosenStore, shownConversation);
    });
  }

  function openEntry({ id }: LogEntry): Promise<void> {
    return openMessage(id);
  }

  function closeConversation(): void {
    const last = shownConversation;
    shownId = undefined;
    shownConversation = undefined;
    conversation.leave();
    conversation.element.hidden = true;
    root.classList.remove("cp-is-log-has-conversation");
    listView.hidden = false;
    list.mark(undefined);
    list.focus(last);
    parts.showing?.(chosenStore, undefined);
    refreshNow();
  }

  function onKey(event: KeyboardEvent): void {
    const { target } = event;
    if (event.key !== "Escape" || shownId === undefined || (target instanceof Element && target.closest("dialog")))
      return;
    event.stopPropagation();
    closeConversation();
  }

  /** After an action: what came of it, and a resend's own conversation. */
  async function acted({ message, problem, text, resent }: Acted): Promise<void> {
    if (resent !== undefined && isOpen(message)) await openMessage(resent.id);
    else await guarded(() => conversation.refresh());
    tell(
      problem === undefined
        ? element("div", { class: "cp-is-log-good" }, [icon("fa-check-circle"), " ", text])
        : problemBox(problem),
    );
    list.begin();
  }

  function isOpen({ conversationId }: LogMessage): boolean {
    return shownConversation === conversationId;
  }

  async function exportCsv(): Promise<void> {
    await guarded(async () => {
      const text = await requests.postText("export", { filter: filter.read() });
      const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
      const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "");
      const link = element("a", { href: url, download: `cp-is-messages-${stamp}.csv` });
      document.body.append(link);
      link.click();
      link.remove();
      window.setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
  }

  host.onChanged((stores) => {
    if (chosenStore === undefined || stores.length === 0 || stores.includes(chosenStore)) later();
  });
  const shown = (): void => {
    if (isStale) refreshNow();
  };
  document.addEventListener("visibilitychange", () => {
    if (isVisible()) shown();
  });
  window.setInterval(lookAgain, overviewEvery);

  return {
    element: root,
    refreshNow,
    shown,
    want(next): void {
      wanted = next;
      refreshNow();
    },
    focusFilter: () => filter.focus(),
  };
}

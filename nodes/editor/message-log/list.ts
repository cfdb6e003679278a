// One page of conversations, newest first; older ones take its place, so memory stays bounded.
import type {
  LogEntry,
  LogEntryPage,
  LogMessage,
  LogOutcome,
} from "../../../lib/services/message-log/message-log-model.js";
import { withheldWords, type Host, type Requests } from "./host.js";
import { button, element, icon, newId, redraw, type Child } from "./kit.js";
import { outcomeIcon, type Words } from "./words.js";

export interface ListParts {
  readonly requests: Requests;
  readonly kind: Host["kind"];
  readFilter(): object;
  open(entry: LogEntry): void;
  learn(entries: readonly LogEntry[]): void;
  transportName(id: string): string;
  reload(): void;
}

export interface List {
  readonly elements: readonly Child[];
  /** For the page: which columns are shown. Undefined in the sidebar, which has room for one line. */
  readonly columnChoice: Child;
  /** Gives how many are shown, or undefined when it was overtaken by a later one. */
  refresh(): Promise<number | undefined>;
  isFirst(): boolean;
  begin(): void;
  clear(): void;
  focus(conversationId: string | undefined): void;
  mark(conversationId: string | undefined): void;
}

export function outcomeBadge(outcome: LogOutcome): HTMLElement {
  return element("span", { class: `cp-is-log-state cp-is-log-${outcome.tone}` }, [
    icon(outcomeIcon(outcome)),
    " ",
    outcome.words,
  ]);
}

const pageSize = 50;
const columnNames = [
  "outcome",
  "what",
  "time",
  "transport",
  "code",
  "state",
  "duration",
  "attempts",
  "messages",
  "conversationId",
] as const;
type Column = (typeof columnNames)[number];
const usualColumns: readonly Column[] = ["outcome", "what", "time", "transport", "code", "duration"];
const kept = "cp-is-message-log-columns";

function readColumns(): ReadonlySet<Column> {
  const names = window.localStorage.getItem(kept)?.split(",") ?? usualColumns;
  return new Set(columnNames.filter((name) => name === "outcome" || names.includes(name)));
}

interface Sorting {
  readonly column: Column;
  readonly isDescending: boolean;
}

export function createList(words: Words, parts: ListParts): List {
  const { _ } = words;
  const isTable = parts.kind === "page";
  const rows = isTable
    ? element("tbody")
    : element("ul", { class: "cp-is-log-rows", "aria-label": _("list.label"), onkeydown: move });
  const head = element("tr");
  const table = element("table", { class: "cp-is-log-list", onkeydown: move }, [
    element("caption", { class: "cp-is-log-hidden" }, _("list.label")),
    element("thead", {}, head),
    rows,
  ]);
  const pager = element("div", { class: "cp-is-log-row cp-is-log-pager" });
  const note = element("div", { class: "cp-is-log-note cp-is-log-withheld" });
  /** Where each page begins, up to the one that is shown. */
  let begins: (string | undefined)[] = [undefined];
  let page: LogEntryPage = { entries: [] };
  let current: string | undefined;
  let opened: string | undefined;
  let asked = 0;
  let isTurned = false;
  let columns = readColumns();
  let sorting: Sorting | undefined;

  function details({ attempts, originalId, isDealtWith }: LogMessage): string {
    const told: string[] = [];
    if (attempts > 1) told.push(_("list.attempts", { n: attempts }));
    if (originalId !== undefined) told.push(_("list.resend"));
    if (isDealtWith) told.push(_("list.dealtWith"));
    return told.join(" · ");
  }

  function time(at: number): HTMLElement {
    return element("time", { datetime: new Date(at).toISOString(), title: words.fullTime(at) }, words.shortTime(at));
  }

  function what({ lead }: LogEntry): Child {
    return [
      icon(lead.direction === "outbound" ? "fa-arrow-right" : "fa-arrow-left"),
      " ",
      element("span", { class: "cp-is-log-hidden" }, `${_(`direction.${lead.direction}`)} `),
      element("b", {}, lead.interactionName),
    ];
  }

  function opener(entry: LogEntry, content: Child): HTMLElement {
    const { conversationId } = entry;
    return element(
      "button",
      {
        type: "button",
        class: "cp-is-log-item",
        "data-key": `entry-${conversationId}`,
        tabindex: "-1",
        "aria-current": conversationId === opened ? "true" : undefined,
        onclick: () => parts.open(entry),
      },
      content,
    );
  }

  function line(entry: LogEntry): HTMLElement {
    const { problem } = entry.outcome;
    return element(
      "li",
      {},
      opener(entry, [
        outcomeBadge(entry.outcome),
        element("span", { class: "cp-is-log-what" }, [
          what(entry),
          problem !== undefined && element("code", {}, ` ${problem.code}`),
          element("span", { class: "cp-is-log-soft" }, ` ${details(entry.lead)}`),
        ]),
        time(entry.at),
      ]),
    );
  }

  /** What a column shows, and by what it is sorted. */
  const cells: Readonly<Record<Column, (entry: LogEntry) => readonly [shown: Child, sortedBy: string | number]>> = {
    outcome: (entry) => [opener(entry, outcomeBadge(entry.outcome)), entry.outcome.words],
    what: (entry) => [
      [what(entry), element("span", { class: "cp-is-log-soft" }, ` ${details(entry.lead)}`)],
      entry.lead.interactionName,
    ],
    time: ({ at }) => [time(at), at],
    transport: ({ lead }) => [parts.transportName(lead.channel), parts.transportName(lead.channel)],
    code: ({ outcome: { problem } }) => [
      problem !== undefined && element("code", { title: problem.message }, problem.code),
      problem?.code ?? "",
    ],
    state: ({ lead }) => [_(`state.${lead.state}`), _(`state.${lead.state}`)],
    duration: ({ lead: { durationMilliseconds: took } }) => [took !== undefined && words.duration(took), took ?? -1],
    attempts: ({ lead }) => [lead.attempts, lead.attempts],
    messages: ({ messages }) => [messages, messages],
    conversationId: ({ conversationId }) => [element("code", {}, conversationId), conversationId],
  };

  function tableRow(entry: LogEntry): HTMLElement {
    const shown = [...columns].map((name) =>
      element(
        name === "outcome" ? "th" : "td",
        { class: `cp-is-log-cell-${name}`, scope: name === "outcome" && "row" },
        [cells[name](entry)[0]],
      ),
    );
    const onclick = (event: MouseEvent): void => {
      if (!(event.target instanceof Element) || event.target.closest("button") === null) parts.open(entry);
    };
    return element("tr", { onclick, class: entry.conversationId === opened && "cp-is-log-opened" }, shown);
  }

  function sorted(): readonly LogEntry[] {
    if (sorting === undefined) return page.entries;
    const { column, isDescending } = sorting;
    const compare = (one: LogEntry, other: LogEntry): number => {
      const [a, b] = [cells[column](one)[1], cells[column](other)[1]];
      const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
      return isDescending ? -order : order;
    };
    return [...page.entries].sort(compare);
  }

  function sortBy(column: Column): void {
    const isSame = sorting?.column === column;
    if (isSame && sorting?.isDescending === true) sorting = undefined;
    else sorting = { column, isDescending: isSame };
    draw();
  }

  function headOf(column: Column): Child {
    const way = sorting?.column === column ? (sorting.isDescending ? "descending" : "ascending") : undefined;
    const sign = way === undefined ? "fa-sort" : way === "ascending" ? "fa-sort-asc" : "fa-sort-desc";
    return element("th", { scope: "col", "aria-sort": way ?? "none" }, [
      element(
        "button",
        { type: "button", class: "cp-is-log-sort", onclick: () => sortBy(column), "data-key": `sort-${column}` },
        [_(`column.${column}`), " ", icon(sign)],
      ),
    ]);
  }

  function items(): HTMLElement[] {
    return [...rows.querySelectorAll<HTMLElement>(".cp-is-log-item")];
  }

  /** One stop for the Tab key; the arrows go from conversation to conversation. */
  function makeStop(item: HTMLElement | undefined): void {
    for (const each of items()) each.tabIndex = each === item ? 0 : -1;
    current = item?.dataset["key"];
  }

  function move(event: KeyboardEvent): void {
    if (!(event.target instanceof HTMLElement)) return;
    const from = event.target.closest<HTMLElement>(".cp-is-log-item");
    if (from === null) return;
    const all = items();
    const here = all.indexOf(from);
    const places: Readonly<Record<string, number>> = {
      ArrowDown: here + 1,
      ArrowUp: here - 1,
      Home: 0,
      End: all.length - 1,
    };
    const wanted = all[places[event.key] ?? -1];
    if (wanted === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    makeStop(wanted);
    wanted.focus();
  }

  function turn(text: string, name: string, to: () => void): Child {
    return button([icon(name), " ", text], to, { "data-key": name });
  }

  function turned(): void {
    current = undefined;
    isTurned = true;
    parts.reload();
  }

  function older(): void {
    begins.push(page.next);
    turned();
  }

  function newer(): void {
    begins.pop();
    turned();
  }

  function draw(): void {
    if (isTable) redraw(head, [...columns].map(headOf));
    redraw(rows, sorted().map(isTable ? tableRow : line));
    makeStop(items().find(({ dataset }) => dataset["key"] === current) ?? items()[0]);
    redraw(pager, [
      begins.length > 1 && turn(_("list.newer"), "fa-chevron-left", newer),
      page.next !== undefined && turn(_("list.older"), "fa-chevron-right", older),
    ]);
    redraw(note, [withheldWords(_, page.withheld)]);
    if (isTurned) items()[0]?.focus();
    isTurned = false;
  }

  function chooseColumn(name: Column, isShown: boolean): void {
    columns = new Set(columnNames.filter((each) => (each === name ? isShown : columns.has(each))));
    window.localStorage.setItem(kept, [...columns].join());
    draw();
  }

  function columnBoxes(): Child {
    return columnNames
      .filter((name) => name !== "outcome")
      .map((name) => {
        const id = newId();
        const box = element("input", { type: "checkbox", id, checked: columns.has(name) });
        box.addEventListener("change", () => chooseColumn(name, box.checked));
        return element("div", {}, [box, " ", element("label", { for: id }, _(`column.${name}`))]);
      });
  }

  return {
    elements: [note, isTable ? table : rows, pager],
    columnChoice:
      isTable &&
      element("details", { class: "cp-is-log-columns" }, [
        element("summary", { class: "cp-is-log-button" }, [icon("fa-columns"), " ", _("list.columns")]),
        element("div", { class: "cp-is-log-menu" }, columnBoxes()),
      ]),
    async refresh(): Promise<number | undefined> {
      asked += 1;
      const mine = asked;
      const after = begins.at(-1);
      const request = { filter: parts.readFilter(), limit: pageSize };
      const found = await parts.requests.post<LogEntryPage>(
        "entries",
        after === undefined ? request : { ...request, after },
      );
      if (mine !== asked) return undefined;
      page = found;
      parts.learn(page.entries);
      draw();
      return page.entries.length;
    },
    isFirst: () => begins.length === 1,
    begin(): void {
      begins = [undefined];
      current = undefined;
    },
    clear(): void {
      page = { entries: [] };
      draw();
    },
    focus(conversationId): void {
      const item = items().find(({ dataset }) => dataset["key"] === `entry-${conversationId ?? ""}`) ?? items()[0];
      makeStop(item);
      item?.focus();
    },
    mark(conversationId): void {
      opened = conversationId;
      draw();
    },
  };
}

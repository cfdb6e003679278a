// The fields by which conversations are found, and the chips that say in words what is shown.
import { outcomeFilters, type LogEntry } from "../../../lib/services/message-log/message-log-model.js";
import { button, element, icon, newId, redraw, type Child } from "./kit.js";
import type { Requests } from "./host.js";
import { states, type Words } from "./words.js";

export interface Transport {
  /** The channel of its messages. */
  readonly id: string;
  readonly node: string;
  readonly label: string;
}

export interface Filter {
  /** Never scrolls away. */
  readonly head: readonly Child[];
  readonly form: readonly Child[];
  /** What is asked of the server; made anew each time, since "today" moves on. */
  read(): object;
  isNarrow(): boolean;
  /** Offers what the shown entries have. */
  learn(entries: readonly LogEntry[]): void;
  offerTransports(transports: readonly Transport[]): void;
  nameOf(interaction: string): string;
  transportName(id: string): string;
  set(values: Readonly<Partial<Record<FieldName, string>>>): void;
  focus(): void;
}

const day = 86_400_000;
const fieldNames = [
  "outcome",
  "direction",
  "state",
  "interaction",
  "channel",
  "errorCode",
  "nhsNumber",
  "conversationId",
] as const;
export type FieldName = (typeof fieldNames)[number];
const largestSuggestions = 50;

type Control = HTMLInputElement | HTMLSelectElement;

export interface FilterParts {
  readonly requests: Requests;
  /** The sidebar has no room for words that a sign can say. */
  readonly isNarrow: boolean;
  readonly extra: Child;
  readonly note: Child;
  changed(): void;
}

export function createFilter(words: Words, parts: FilterParts): Filter {
  const { requests, isNarrow } = parts;
  const { _ } = words;
  const known: Readonly<Record<"interaction" | "errorCode", Map<string, string>>> = {
    interaction: new Map(),
    errorCode: new Map(),
  };
  let transports: readonly Transport[] = [];
  const fields = new Map<string, Control>();

  function moment(name: string): object {
    const at = Date.parse(fields.get(name)?.value ?? "");
    return Number.isNaN(at) ? {} : { [name]: at };
  }

  const periods: Readonly<Record<string, () => object>> = {
    today: () => ({ from: new Date().setHours(0, 0, 0, 0) }),
    hour: () => ({ from: Date.now() - day / 24 }),
    day: () => ({ from: Date.now() - day }),
    week: () => ({ from: Date.now() - 7 * day }),
    month: () => ({ from: Date.now() - 30 * day }),
    all: () => ({}),
    between: () => ({ ...moment("from"), ...moment("before") }),
  };

  function row(name: string, control: Control, more?: Child): HTMLElement {
    control.id = newId();
    fields.set(name, control);
    return element("div", { class: "cp-is-log-field" }, [
      element("label", { for: control.id }, _(`filter.${name}`)),
      control,
      more,
    ]);
  }

  function options(choices: readonly (readonly [value: string, text: string])[]): Child {
    return choices.map(([value, text]) => element("option", { value }, text));
  }

  function select(name: string, choices: readonly (readonly [string, string])[]): HTMLElement {
    return row(name, element("select", { onchange: apply }, options([["", _("filter.any")], ...choices])));
  }

  const plain = { type: "text", autocomplete: "off", spellcheck: "false", onchange: apply } as const;
  const lists = {
    interaction: element("datalist", { id: newId() }),
    errorCode: element("datalist", { id: newId() }),
  };

  /** Takes any text; what the shown entries have is offered. */
  function suggested(name: keyof typeof lists): HTMLElement {
    return row(name, element("input", { ...plain, list: lists[name].id }), lists[name]);
  }

  const period = element(
    "select",
    { class: "cp-is-log-period", "aria-label": _("filter.period"), onchange: choosePeriod },
    options(Object.keys(periods).map((name) => [name, _(`period.${name}`)])),
  );
  const between = element("div", { class: "cp-is-log-between", hidden: true }, [
    row("from", element("input", { type: "datetime-local", onchange: apply })),
    row("before", element("input", { type: "datetime-local", onchange: apply })),
  ]);
  const label = (name: string, text: string): Child => [
    icon(name),
    " ",
    element("span", { class: isNarrow && "cp-is-log-hidden" }, text),
  ];
  const attention = button(label("fa-exclamation-triangle", _("filter.attention")), toggleAttention, {
    "aria-pressed": "false",
    "data-key": "attention",
    title: _("filter.attention"),
  });
  const maySearch = requests.may("answers");
  const form = element("form", { class: "cp-is-log-filter", hidden: true, id: newId(), onsubmit: submit }, [
    select(
      "outcome",
      outcomeFilters.map((each) => [each, _(`outcomeName.${each}`)]),
    ),
    select(
      "direction",
      ["outbound", "inbound"].map((each) => [each, _(`direction.${each}`)]),
    ),
    select(
      "state",
      states.map((each) => [each, _(`state.${each}`)]),
    ),
    suggested("interaction"),
    select("channel", []),
    suggested("errorCode"),
    row("conversationId", element("input", { ...plain, maxlength: "300" })),
    maySearch && row("nhsNumber", element("input", { ...plain, inputmode: "numeric", maxlength: "40" })),
    maySearch && element("div", { class: "cp-is-log-note" }, _("filter.nhsNumberNote")),
    element("div", { class: "cp-is-log-row" }, [
      element("button", { type: "submit", class: "cp-is-log-button" }, _("filter.apply")),
      button(_("filter.clear"), clear),
    ]),
  ]);
  const more = button(label("fa-filter", _("filter.more")), toggleForm, {
    title: _("filter.more"),
    "aria-expanded": "false",
    "aria-controls": form.id,
    "data-key": "filters",
  });
  const chips = element("ul", { class: "cp-is-log-chips", "aria-label": _("filter.shown") });

  function valueOf(name: string): string {
    return fields.get(name)?.value.trim() ?? "";
  }

  function isAttention(): boolean {
    return attention.getAttribute("aria-pressed") === "true";
  }

  function chosen(): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (const name of fieldNames) {
      const value = valueOf(name);
      if (value === "") continue;
      if (name === "state") found["states"] = [value];
      else if (name === "outcome") found["outcomes"] = [value];
      else found[name] = value;
    }
    if (isAttention()) found["needsPerson"] = true;
    return found;
  }

  function wordsOf(name: FieldName, value: string): string {
    const control = fields.get(name);
    const isChoice = control instanceof HTMLSelectElement;
    if (name === "interaction") return known.interaction.get(value) ?? value;
    // The number itself is not written where others can read it over a shoulder.
    if (name === "nhsNumber") return "••• ••• ••••";
    return isChoice ? (control.selectedOptions[0]?.textContent ?? value) : value;
  }

  function chip(text: string, key: string, remove: (() => void) | undefined): Child {
    return element("li", { class: "cp-is-log-chip" }, [
      element("span", {}, text),
      remove !== undefined &&
        button(icon("fa-times"), remove, {
          "aria-label": _("filter.remove", { what: text }),
          "data-key": `chip-${key}`,
        }),
    ]);
  }

  function showChips(): void {
    const isAnyTime = period.value === "all";
    redraw(chips, [
      // In the sidebar the choice of the time itself says it.
      !isNarrow && chip(_(`period.${period.value}`), "period", isAnyTime ? undefined : () => choose("all")),
      isAttention() && chip(_("filter.attention"), "attention", toggleAttention),
      fieldNames
        .filter((name) => valueOf(name) !== "")
        .map((name) =>
          chip(`${_(`filter.${name}`)}: ${wordsOf(name, valueOf(name))}`, name, () => {
            put(name, "");
            apply();
          }),
        ),
    ]);
  }

  /** A link from a node names the transport's node, which is not what owns its messages. */
  function channelOf(value: string): string {
    return transports.find(({ node }) => node === value)?.id ?? value;
  }

  function put(name: string, value: string): void {
    const control = fields.get(name);
    if (control === undefined) return;
    if (
      control instanceof HTMLSelectElement &&
      value !== "" &&
      ![...control.options].some((each) => each.value === value)
    )
      control.append(element("option", { value }, value));
    control.value = value;
  }

  function choose(name: string): void {
    period.value = name;
    choosePeriod();
  }

  function apply(): void {
    showChips();
    parts.changed();
  }

  function submit(event: Event): void {
    event.preventDefault();
    apply();
  }

  function choosePeriod(): void {
    between.hidden = period.value !== "between";
    apply();
  }

  function toggleAttention(): void {
    attention.setAttribute("aria-pressed", String(!isAttention()));
    if (isAttention()) put("state", "");
    apply();
  }

  function toggleForm(): void {
    form.hidden = !form.hidden;
    more.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) fields.get("outcome")?.focus();
  }

  function clear(): void {
    form.reset();
    attention.setAttribute("aria-pressed", "false");
    apply();
  }

  function suggest(name: keyof typeof lists, value: string, label: string): void {
    if (known[name].has(value) || known[name].size >= largestSuggestions) return;
    known[name].set(value, label);
    lists[name].append(element("option", { value, label }));
  }

  showChips();
  return {
    head: [
      element("div", { class: "cp-is-log-row cp-is-log-bar-row" }, [period, attention, more, parts.extra]),
      element("div", { class: "cp-is-log-shown" }, [chips, parts.note]),
    ],
    form: [between, form],
    read: () => ({ ...periods[period.value]?.(), ...chosen() }),
    isNarrow: () => period.value !== "all" || Object.keys(chosen()).length > 0,
    learn(entries): void {
      for (const { lead, outcome } of entries) {
        suggest("interaction", lead.interaction, lead.interactionName);
        const { problem } = outcome;
        if (problem !== undefined) suggest("errorCode", problem.code, problem.message);
      }
    },
    offerTransports(all): void {
      transports = all;
      const control = fields.get("channel");
      if (control === undefined) return;
      const kept = channelOf(control.value);
      redraw(control, [options([["", _("filter.any")], ...all.map(({ id, label }) => [id, label] as const)])]);
      put("channel", kept);
      showChips();
    },
    nameOf: (interaction) => known.interaction.get(interaction) ?? interaction,
    transportName: (id) => transports.find((each) => each.id === id)?.label ?? id,
    set(values): void {
      form.reset();
      for (const [name, value] of Object.entries(values)) put(name, name === "channel" ? channelOf(value) : value);
      apply();
    },
    focus(): void {
      if (form.hidden) toggleForm();
      else fields.get("outcome")?.focus();
    },
  };
}

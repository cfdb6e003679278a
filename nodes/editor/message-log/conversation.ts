// One conversation: what came of it, as a picture, and each of its messages with all that is known of it.
import type {
  LogConversation,
  LogHistoryLine,
  LogMessage,
} from "../../../lib/services/message-log/message-log-model.js";
import { problemBox, type Actions, type ContentPanes } from "./actions.js";
import { createDiagram } from "./diagram.js";
import { withheldWords, type Host, type Requests } from "./host.js";
import { button, element, icon, redraw, type Child } from "./kit.js";
import { outcomeBadge } from "./list.js";
import { stateIcon, stateTone, type Words } from "./words.js";

export interface ConversationParts {
  readonly host: Host;
  readonly requests: Requests;
  readonly actions: Actions;
  readonly content: ContentPanes;
  transportName(id: string): string;
  /** That can be pasted into a ticket: of ids only. */
  linkTo(conversationId: string): string;
  /** The message with this number. */
  open(id: number): void;
  close(): void;
}

export interface ConversationView {
  readonly element: HTMLElement;
  refresh(): Promise<void>;
  leave(): void;
  /** Gives the id of the conversation. */
  show(id: number): Promise<string>;
}

export function createConversation(words: Words, parts: ConversationParts): ConversationView {
  const { _ } = words;
  const { host, requests, actions, content } = parts;
  const diagrams = createDiagram(words);
  const place = element("div", { class: "cp-is-log-conversation" });
  let shownText: string | undefined;
  let shownId: number | undefined;

  function badge({ state }: LogMessage): HTMLElement {
    return element("span", { class: `cp-is-log-state cp-is-log-${stateTone(state)}` }, [
      icon(stateIcon(state)),
      " ",
      _(`state.${state}`),
    ]);
  }

  function copyButton(what: string, text: string, sign = "fa-clipboard"): HTMLElement {
    const pressed = button(icon(sign), () => host.copy(text, pressed), { "aria-label": what, title: what });
    return pressed;
  }

  function copyable(name: string, value: string | undefined): Child {
    if (value === undefined) return undefined;
    return [
      element("dt", {}, _(`fact.${name}`)),
      element("dd", { class: "cp-is-log-id" }, [
        element("code", {}, value),
        copyButton(_("fact.copy", { what: _(`fact.${name}`) }), value),
      ]),
    ];
  }

  function fact(name: string, value: Child): Child {
    return value === undefined ? undefined : [element("dt", {}, _(`fact.${name}`)), element("dd", {}, value)];
  }

  function timeFact(name: string, at: number | undefined): Child {
    if (at === undefined) return undefined;
    return fact(name, element("time", { datetime: new Date(at).toISOString() }, words.fullTime(at)));
  }

  function linkTo(id: number): HTMLElement {
    return button(_("fact.messageNumber", { n: id }), () => parts.open(id), { class: "cp-is-log-link" });
  }

  function history(lines: readonly LogHistoryLine[], id: number): Child {
    if (lines.length === 0) return undefined;
    const line = ({ at, state, code, by }: LogHistoryLine): HTMLElement =>
      element("li", {}, [
        element("time", { datetime: new Date(at).toISOString() }, words.shortTime(at)),
        " ",
        _(`state.${state}`),
        code !== undefined && element("code", { class: "cp-is-log-code" }, ` ${code}`),
        by !== undefined && ` ${_("history.by", { who: by })}`,
      ]);
    return element("details", {}, [
      element("summary", { "data-key": `history-${id}` }, _("history.title", { n: lines.length })),
      element("ol", { class: "cp-is-log-history" }, lines.map(line)),
    ]);
  }

  function section(message: LogMessage, lines: readonly LogHistoryLine[]): HTMLElement {
    const { resentAs = [], durationMilliseconds: took, contentBytes: bytes, originalId } = message;
    return element("section", { class: "cp-is-log-message", "data-message": message.id }, [
      element("h4", {}, [
        icon(message.direction === "outbound" ? "fa-arrow-right" : "fa-arrow-left"),
        " ",
        element("span", { class: "cp-is-log-hidden" }, `${_(`direction.${message.direction}`)} `),
        message.interactionName,
      ]),
      element("div", { class: "cp-is-log-row" }, [
        badge(message),
        message.isDealtWith && element("span", { class: "cp-is-log-soft" }, _("list.dealtWith")),
      ]),
      message.error !== undefined && problemBox(message.error),
      actions.buttonsOf(message),
      element("dl", { class: "cp-is-log-facts" }, [
        timeFact("accepted", message.createdAt),
        timeFact("acknowledged", message.acknowledgedAt),
        timeFact("answered", message.answeredAt),
        fact("duration", took === undefined ? undefined : words.duration(took)),
        fact("attempts", String(message.attempts)),
        timeFact("nextAttempt", message.nextAttemptAt),
        fact("transport", parts.transportName(message.channel)),
        fact("interaction", message.interaction),
        fact("size", bytes === undefined ? undefined : _("fact.bytes", { n: words.number(bytes) })),
        fact("resendOf", originalId === undefined ? undefined : linkTo(originalId)),
        fact("resentAs", resentAs.length === 0 ? undefined : resentAs.map(linkTo)),
        copyable("messageId", message.messageId),
        copyable("refToMessageId", message.refToMessageId),
      ]),
      history(lines, message.id),
      content.paneOf(message),
    ]);
  }

  /** A reader's opened lists stay open. */
  function keepOpen(render: () => void): void {
    const keyOf = (details: HTMLDetailsElement): string | undefined =>
      details.querySelector<HTMLElement>("summary")?.dataset["key"];
    const all = (): HTMLDetailsElement[] => [...place.querySelectorAll("details")];
    const openKeys = new Set(all().flatMap((details) => (details.open ? [keyOf(details)] : [])));
    render();
    for (const details of all()) details.open = openKeys.has(keyOf(details));
  }

  function draw(conversation: LogConversation): void {
    const { conversationId, outcome, messages, historyOf, events, spans, isCut, withheld } = conversation;
    const reason = withheldWords(_, withheld);
    const back =
      host.kind === "page"
        ? [icon("fa-times"), " ", _("conversation.close")]
        : [icon("fa-chevron-left"), " ", _("conversation.back")];
    keepOpen(() =>
      redraw(place, [
        element("div", { class: "cp-is-log-row" }, [
          button(back, () => parts.close(), { "data-key": "back" }),
          element("span", { class: "cp-is-log-grow" }),
          copyButton(_("conversation.link"), parts.linkTo(conversationId), "fa-link"),
        ]),
        element("h3", { tabindex: "-1", "data-key": "title", class: "cp-is-log-title" }, [
          element("span", { class: "cp-is-log-hidden" }, `${_("conversation.title")}: `),
          outcomeBadge(outcome),
        ]),
        outcome.problem !== undefined && problemBox(outcome.problem),
        reason !== undefined && element("div", { class: "cp-is-log-note" }, reason),
        element("dl", { class: "cp-is-log-facts" }, copyable("conversationId", conversationId)),
        isCut && element("div", { class: "cp-is-log-note" }, _("conversation.cut")),
        diagrams.diagram(events),
        diagrams.timeBar(spans),
        messages.map((message) => section(message, historyOf[message.id] ?? [])),
      ]),
    );
  }

  async function refresh(): Promise<void> {
    const id = shownId;
    if (id === undefined) return;
    const conversation = await requests.post<LogConversation>("conversation", { id });
    if (id !== shownId) return;
    place.dataset["conversation"] = conversation.conversationId;
    const text = JSON.stringify(conversation);
    if (text === shownText) return;
    shownText = text;
    draw(conversation);
  }

  function leave(): void {
    shownId = undefined;
    shownText = undefined;
    delete place.dataset["conversation"];
    content.forget();
    place.replaceChildren();
  }

  return {
    element: place,
    refresh,
    leave,
    async show(id): Promise<string> {
      leave();
      shownId = id;
      await refresh();
      const chosen =
        place.querySelectorAll(".cp-is-log-message").length > 1 ? place.querySelector(`[data-message="${id}"]`) : null;
      chosen?.classList.add("cp-is-log-chosen");
      place.scrollTop = 0;
      place.querySelector<HTMLElement>("h3")?.focus({ preventScroll: false });
      return place.dataset["conversation"] ?? "";
    },
  };
}

// Runs in the editor: one conversation, as a picture, and each of its messages with all that is known of it.
export function createConversation(RED, kit, words, { post, actions, content, problemBox, badge, open, close }) {
  const { element, icon, button, redraw } = kit;
  const { _ } = words;
  const place = element("div", { class: "cp-is-log-conversation" });
  let shownText;
  let shownId;

  function copyable(name, value) {
    if (value === undefined) return undefined;
    const copy = (event) => RED.clipboard.copyText(value, event.currentTarget);
    return [
      element("dt", {}, _("fact." + name)),
      element("dd", { class: "cp-is-log-id" }, [
        element("code", {}, value),
        button(icon("fa-clipboard"), copy, {
          "aria-label": _("fact.copy", { what: _("fact." + name) }),
          title: _("fact.copy", { what: _("fact." + name) }),
        }),
      ]),
    ];
  }

  function fact(name, value) {
    return value === undefined ? undefined : [element("dt", {}, _("fact." + name)), element("dd", {}, value)];
  }

  function timeFact(name, at) {
    return at === undefined
      ? undefined
      : fact(name, element("time", { datetime: new Date(at).toISOString() }, words.fullTime(at)));
  }

  function linkTo(id) {
    return button(_("fact.messageNumber", { n: id }), () => open(id), { class: "cp-is-log-link" });
  }

  function history(lines, id) {
    if (lines.length === 0) return undefined;
    const line = ({ at, stateWords, state, code, by }) =>
      element("li", {}, [
        element("time", { datetime: new Date(at).toISOString() }, words.shortTime(at)),
        " ",
        _("state." + state) || stateWords,
        code && element("code", { class: "cp-is-log-code" }, " " + code),
        by && " " + _("history.by", { who: by }),
      ]);
    return element("details", {}, [
      element("summary", { "data-key": "history-" + id }, _("history.title", { n: lines.length })),
      element("ol", { class: "cp-is-log-history" }, lines.map(line)),
    ]);
  }

  function section(message, lines) {
    const resent = message.resentAs || [];
    return element("section", { class: "cp-is-log-message", "data-message": message.id }, [
      element("h4", {}, [
        icon(message.direction === "outbound" ? "fa-arrow-right" : "fa-arrow-left"),
        " ",
        element("span", { class: "cp-is-log-hidden" }, _("direction." + message.direction) + " "),
        message.interactionName,
      ]),
      element("div", { class: "cp-is-log-row" }, [
        badge(message),
        message.isDealtWith && element("span", { class: "cp-is-log-soft" }, _("list.dealtWith")),
      ]),
      message.error && problemBox(message.error),
      actions.buttonsOf(message),
      element("dl", { class: "cp-is-log-facts" }, [
        timeFact("accepted", message.createdAt),
        timeFact("acknowledged", message.acknowledgedAt),
        timeFact("answered", message.answeredAt),
        fact(
          "duration",
          message.durationMilliseconds === undefined ? undefined : words.duration(message.durationMilliseconds),
        ),
        fact("attempts", String(message.attempts)),
        timeFact("nextAttempt", message.nextAttemptAt),
        fact("transport", words.transport(message.channel)),
        fact("interaction", message.interaction),
        fact(
          "size",
          message.contentBytes === undefined ? undefined : _("fact.bytes", { n: words.number(message.contentBytes) }),
        ),
        fact("resendOf", message.originalId === undefined ? undefined : linkTo(message.originalId)),
        fact("resentAs", resent.length === 0 ? undefined : resent.map(linkTo)),
        copyable("messageId", message.messageId),
        copyable("refToMessageId", message.refToMessageId),
      ]),
      history(lines, message.id),
      content.paneOf(message),
    ]);
  }

  /** A reader's opened lists stay open. */
  function keepOpen(render) {
    const keyOf = (details) => details.querySelector("summary").dataset.key;
    const all = () => [...place.querySelectorAll("details")];
    const openKeys = new Set(
      all()
        .filter(({ open: isOpen }) => isOpen)
        .map(keyOf),
    );
    render();
    for (const details of all()) details.open = openKeys.has(keyOf(details));
  }

  function draw(conversation) {
    const { diagram, timeBar } = kit.diagram;
    keepOpen(() =>
      redraw(
        place,
        [
          button([icon("fa-chevron-left"), " ", _("conversation.back")], close, { "data-key": "back" }),
          element("h3", { tabindex: "-1", "data-key": "title" }, _("conversation.title")),
          element("dl", { class: "cp-is-log-facts" }, copyable("conversationId", conversation.conversationId)),
          conversation.withheld && element("div", { class: "cp-is-log-note" }, _("withheld." + conversation.withheld)),
          conversation.isCut && element("div", { class: "cp-is-log-note" }, _("conversation.cut")),
          diagram(conversation.events),
          timeBar(conversation.spans),
          conversation.messages.map((message) => section(message, conversation.historyOf[message.id] || [])),
        ].flat(2),
      ),
    );
  }

  async function refresh() {
    const id = shownId;
    const conversation = await post("conversation", { id });
    if (id !== shownId) return;
    const text = JSON.stringify(conversation);
    if (text === shownText) return;
    shownText = text;
    draw(conversation);
  }

  function leave() {
    shownId = undefined;
    shownText = undefined;
    content.forget();
    place.replaceChildren();
  }

  return {
    element: place,
    refresh,
    leave,
    async show(id) {
      leave();
      shownId = id;
      await refresh();
      const title = place.querySelector("h3");
      const chosen =
        place.querySelectorAll(".cp-is-log-message").length > 1 &&
        place.querySelector(`[data-message="${Number(id)}"]`);
      if (chosen) chosen.classList.add("cp-is-log-chosen");
      if (title) title.focus({ preventScroll: false });
    },
  };
}

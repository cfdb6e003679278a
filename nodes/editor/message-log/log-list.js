// Runs in the editor: one page of messages, newest first; older ones take its place, so memory stays bounded.
export function createList({ element, icon, button, redraw }, words, { post, readRequest, open, learn, reload }) {
  const { _ } = words;
  const pageSize = 50;
  const rows = element("ul", { class: "cp-is-log-rows", "aria-label": _("list.label"), onkeydown: move });
  const pager = element("div", { class: "cp-is-log-row cp-is-log-pager" });
  /** Where each page begins, up to the one that is shown. */
  let begins = [undefined];
  let next;
  let current;
  let asked = 0;
  let isTurned = false;

  function badge(message) {
    return element("span", { class: "cp-is-log-state cp-is-log-" + words.stateTone(message.state) }, [
      icon(words.stateIcon(message.state)),
      " ",
      _("state." + message.state),
    ]);
  }

  function details(message) {
    const parts = [];
    if (message.durationMilliseconds !== undefined) parts.push(words.duration(message.durationMilliseconds));
    if (message.attempts > 1) parts.push(_("list.attempts", { n: message.attempts }));
    if (message.originalId !== undefined) parts.push(_("list.resend"));
    if (message.isDealtWith) parts.push(_("list.dealtWith"));
    return parts.join(" · ");
  }

  function row(message) {
    const at = message.createdAt;
    const out = message.direction === "outbound";
    const content = [
      element("span", { class: "cp-is-log-line" }, [
        badge(message),
        element("time", { datetime: new Date(at).toISOString(), title: words.fullTime(at) }, words.shortTime(at)),
      ]),
      element("span", { class: "cp-is-log-line" }, [
        element("span", { class: "cp-is-log-what" }, [
          icon(out ? "fa-arrow-right" : "fa-arrow-left"),
          " ",
          element("span", { class: "cp-is-log-hidden" }, _("direction." + message.direction) + " "),
          message.interactionName,
        ]),
        element("span", { class: "cp-is-log-soft" }, details(message)),
      ]),
      message.error && element("code", { class: "cp-is-log-line cp-is-log-code" }, message.error.code),
    ];
    const key = "message-" + message.id;
    const attributes = { type: "button", class: "cp-is-log-item", "data-key": key, tabindex: "-1" };
    return element("li", {}, element("button", { ...attributes, onclick: () => open(message.id) }, content));
  }

  function items() {
    return [...rows.querySelectorAll(".cp-is-log-item")];
  }

  /** One stop for the Tab key; the arrows go from message to message. */
  function makeStop(item) {
    for (const each of items()) each.tabIndex = each === item ? 0 : -1;
    current = item && item.dataset.key;
  }

  function move(event) {
    const all = items();
    const here = all.indexOf(event.target.closest(".cp-is-log-item"));
    const wanted = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (wanted === undefined || all[wanted] === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    makeStop(all[wanted]);
    all[wanted].focus();
  }

  const note = element("div", { class: "cp-is-log-note" });

  function turn(text, name, to) {
    return button([icon(name), " ", text], to, { "data-key": name });
  }

  function turned() {
    current = undefined;
    isTurned = true;
    reload();
  }

  function older() {
    begins.push(next);
    turned();
  }

  function newer() {
    begins.pop();
    turned();
  }

  function draw(page) {
    const all = page.messages.map(row);
    redraw(rows, all);
    makeStop(items().find((item) => item.dataset.key === current) || items()[0]);
    next = page.next;
    redraw(pager, [
      begins.length > 1 && turn(_("list.newer"), "fa-chevron-left", newer),
      next !== undefined && turn(_("list.older"), "fa-chevron-right", older),
    ]);
    if (isTurned && all.length > 0) items()[0].focus();
    isTurned = false;
    learn(page.messages);
    redraw(note, page.withheld === undefined ? [] : [_("withheld." + page.withheld)]);
    return page.messages.length;
  }

  /** Gives how many are shown, or undefined when it was overtaken by a later one. */
  async function refresh() {
    asked += 1;
    const mine = asked;
    const after = begins.at(-1);
    const request = { ...readRequest(), limit: pageSize, ...(after === undefined ? {} : { after }) };
    const page = await post("messages", request);
    return mine === asked ? draw(page) : undefined;
  }

  return {
    elements: [note, rows, pager],
    refresh,
    isFirst: () => begins.length === 1,
    badge,
    begin() {
      begins = [undefined];
      current = undefined;
    },
    clear: () => draw({ messages: [] }),
    focus(id) {
      const item = items().find(({ dataset }) => dataset.key === "message-" + id) || items()[0];
      if (item === undefined) return;
      makeStop(item);
      item.focus();
    },
  };
}

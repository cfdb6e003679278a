// Runs in the editor: the content of a message, fetched only when asked for and forgotten when it is closed.
export function createContent({ element, icon, button }, { _ }, { post, may, hasUsers, problemBox }) {
  /** What is open, by the message's number: a refresh must not take it from the reader. */
  let opened = new Map();

  function part({ title, mediaType, text, isCut }) {
    return element("section", {}, [
      element("h5", {}, [title, " ", element("span", { class: "cp-is-log-soft" }, mediaType)]),
      element("pre", { tabindex: "0", "aria-label": title }, text),
      isCut && element("div", { class: "cp-is-log-note" }, _("content.cut")),
    ]);
  }

  function shown(content) {
    if (content.kind === "content") return content.parts.map(part);
    return element("div", { class: "cp-is-log-note" }, content.kind === "gone" ? content.text : _("content.unknown"));
  }

  async function toggle(message, place, pressed) {
    if (opened.has(message.id)) {
      opened.delete(message.id);
      place.replaceChildren();
      pressed.setAttribute("aria-expanded", "false");
      return;
    }
    pressed.setAttribute("aria-expanded", "true");
    opened.set(message.id, place);
    place.replaceChildren(element("div", { class: "cp-is-log-note", role: "status" }, _("content.loading")));
    const mine = opened;
    let children;
    try {
      children = shown(await post("content", { id: message.id }));
    } catch (problem) {
      children = problemBox(problem);
    }
    if (opened === mine && opened.get(message.id) === place) place.replaceChildren(...[children].flat());
  }

  function paneOf(message) {
    if (!may("content")) return undefined;
    if (!hasUsers()) return element("div", { class: "cp-is-log-note" }, _("content.noUsers"));
    const kept = opened.get(message.id);
    const place = kept || element("div", { class: "cp-is-log-content" });
    const press = (event) => void toggle(message, place, event.currentTarget);
    return [
      button([icon("fa-eye"), " ", _("content.show")], press, {
        "aria-expanded": String(kept !== undefined),
        "data-key": "content-" + message.id,
      }),
      element("div", { class: "cp-is-log-note" }, _("content.recorded")),
      place,
    ];
  }

  return {
    paneOf,
    forget() {
      for (const place of opened.values()) place.replaceChildren();
      opened = new Map();
    },
  };
}

// Runs in the editor: draws what went between the flow, this system and the other side, and where the time went.
export function createDiagram(window, { element, svg, newId }, words) {
  const { _ } = words;
  const rowHeight = 40;
  const headHeight = 30;
  const letterWidth = 6.2;
  const timeWidth = 78;

  function actorsOf(events) {
    const present = new Set(events.flatMap(({ from, to }) => [from, to]));
    return ["flow", "here", "peer"].filter((actor) => present.has(actor));
  }

  function cut(text, width) {
    const many = Math.max(6, Math.floor(width / letterWidth));
    return text.length <= many ? text : text.slice(0, many - 1) + "…";
  }

  function lifeline(actor, x, height, width) {
    return svg("g", {}, [
      svg("line", { class: "cp-is-log-life", x1: x, x2: x, y1: headHeight, y2: height }),
      svg("text", { class: "cp-is-log-actor", x, y: 18, "text-anchor": "middle" }, cut(_("actor." + actor), width)),
    ]);
  }

  /** The end of an arrow: a cross where it failed, a point where it arrived. */
  function head(kind, x, y, way) {
    if (kind === "failure") {
      return svg("path", { class: "cp-is-log-end", d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` });
    }
    return svg("path", { class: "cp-is-log-point", d: `M${x} ${y}l${-8 * way} -4.5v9z` });
  }

  function arrow(event, places, y) {
    const from = places[event.from];
    const to = places[event.to];
    if (from === to) {
      const mark = event.kind === "failure" ? head("failure", from, y) : undefined;
      return mark || svg("circle", { class: "cp-is-log-point", cx: from, cy: y, r: 4.5 });
    }
    const way = to > from ? 1 : -1;
    const end = event.kind === "failure" ? to - 14 * way : to - 6 * way;
    const line = svg("line", { class: "cp-is-log-arrow", x1: from, x2: end, y1: y, y2: y });
    return [line, head(event.kind, event.kind === "failure" ? end : to, y, way)];
  }

  function step(event, number, places, width) {
    const top = headHeight + number * rowHeight;
    const what = event.code === undefined ? event.label : event.label + " · " + event.code;
    const text = svg("text", { class: "cp-is-log-step", x: 4, y: top + 15 }, [
      svg("tspan", { class: "cp-is-log-at" }, words.exactTime(event.at)),
      svg("tspan", { x: timeWidth }, cut(what, width - timeWidth - 4)),
    ]);
    return svg("g", { class: "cp-is-log-kind-" + event.kind }, [text, arrow(event, places, top + 27)]);
  }

  function draw(events, width) {
    const actors = actorsOf(events);
    const margin = Math.min(60, width / 6);
    const between = actors.length > 1 ? (width - 2 * margin) / (actors.length - 1) : 0;
    const places = Object.fromEntries(actors.map((actor, index) => [actor, margin + index * between]));
    const height = headHeight + events.length * rowHeight + 6;
    const [title, text] = [newId(), newId()];
    const first = events[0].at;
    const last = events[events.length - 1].at;
    const told = { n: events.length, from: words.fullTime(first), to: words.fullTime(last) };
    return svg(
      "svg",
      {
        class: "cp-is-log-diagram",
        role: "img",
        width,
        height,
        viewBox: `0 0 ${width} ${height}`,
        "aria-labelledby": title + " " + text,
      },
      svg("title", { id: title }, _("diagram.title")),
      svg("desc", { id: text }, _("diagram.description", told)),
      actors.map((actor) => lifeline(actor, places[actor], height, between - 4)),
      events.map((event, number) => step(event, number, places, width)),
    );
  }

  function table(events) {
    const heads = ["time", "way", "what"].map((name) => element("th", { scope: "col" }, _("diagram." + name)));
    const body = events.map((event) =>
      element("tr", { class: "cp-is-log-kind-" + event.kind }, [
        element("td", {}, words.exactTime(event.at)),
        element("td", {}, _("diagram.fromTo", { from: _("actor." + event.from), to: _("actor." + event.to) })),
        element("td", {}, [event.label, event.code && element("code", { class: "cp-is-log-code" }, " " + event.code)]),
      ]),
    );
    return element("table", { class: "cp-is-log-table" }, [
      element("caption", { class: "cp-is-log-hidden" }, _("diagram.caption")),
      element("thead", {}, element("tr", {}, heads)),
      element("tbody", {}, body),
    ]);
  }

  /** Follows the width of the sidebar. */
  function diagram(events) {
    if (events.length === 0) return undefined;
    const place = element("div", { class: "cp-is-log-drawing" });
    let drawn = 0;
    const observer = new window.ResizeObserver(() => {
      const width = Math.min(560, Math.floor(place.clientWidth));
      if (width < 100 || width === drawn) return;
      drawn = width;
      place.replaceChildren(draw(events, width));
    });
    observer.observe(place);
    const more = element("details", {}, [
      element("summary", { "data-key": "table" }, _("diagram.asTable")),
      table(events),
    ]);
    return [place, more];
  }

  /** Numbers tell the parts apart; the colours only help. */
  function timeBar(spans) {
    const total = spans.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    if (spans.length === 0 || total === 0) return undefined;
    const part = ({ milliseconds }, index) =>
      element(
        "span",
        { class: "cp-is-log-part cp-is-log-part-" + (index % 4), style: `flex-grow: ${milliseconds}` },
        milliseconds / total > 0.08 && String(index + 1),
      );
    const line = ({ label, milliseconds }, index) =>
      element("li", {}, [
        element("span", { class: "cp-is-log-swatch cp-is-log-part-" + (index % 4), "aria-hidden": "true" }, index + 1),
        element("span", { class: "cp-is-log-grow" }, label),
        words.duration(milliseconds),
      ]);
    return [
      element("h4", {}, _("time.title", { total: words.duration(total) })),
      element("div", { class: "cp-is-log-bar", "aria-hidden": "true" }, spans.map(part)),
      element("ol", { class: "cp-is-log-legend" }, spans.map(line)),
    ];
  }

  return { diagram, timeBar };
}

// Draws what went between the flow, this system and the other side, and where the time went.
import type { LogActor, LogEvent, LogSpan } from "../../../lib/services/message-log/message-log-model.js";
import { element, newId, svg, type Child } from "./kit.js";
import type { Words } from "./words.js";

const rowHeight = 40;
const headHeight = 30;
/** Times have a column of their own, which no lifeline crosses. */
const timeWidth = 84;
const edge = 4;
const largestWidth = 640;
const smallestWidth = 100;

type Places = Readonly<Record<LogActor, number>>;

/** Cuts a text by the width that it really has. */
function createCutter(place: Element): (text: string, width: number, isBold?: boolean) => string {
  const context = document.createElement("canvas").getContext("2d");
  const { fontFamily } = window.getComputedStyle(place);
  return (text, width, isBold = false) => {
    if (context === null) return text;
    context.font = `${isBold ? "bold " : ""}11px ${fontFamily}`;
    const fits = (part: string): boolean => context.measureText(part).width <= width;
    if (fits(text)) return text;
    let length = text.length;
    while (length > 1 && !fits(`${text.slice(0, length)}…`)) length -= 1;
    return `${text.slice(0, length)}…`;
  };
}

/** The end of an arrow: a cross where it failed, a point where it arrived. */
function tip(kind: LogEvent["kind"], x: number, y: number, way: number): SVGElement {
  return kind === "failure"
    ? svg("path", { class: "cp-is-log-end", d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` })
    : svg("path", { class: "cp-is-log-point", d: `M${x} ${y}l${-8 * way} -4.5v9z` });
}

function arrow({ from: sender, to: receiver, kind }: LogEvent, places: Places, y: number): Child {
  const [from, to] = [places[sender], places[receiver]];
  if (from === to) {
    return kind === "failure"
      ? tip(kind, from, y, 1)
      : svg("circle", { class: "cp-is-log-point", cx: from, cy: y, r: 4.5 });
  }
  const way = to > from ? 1 : -1;
  const end = kind === "failure" ? to - 14 * way : to - 6 * way;
  return [
    svg("line", { class: "cp-is-log-arrow", x1: from, x2: end, y1: y, y2: y }),
    tip(kind, kind === "failure" ? end : to, y, way),
  ];
}

function labelOf({ label, code }: LogEvent): string {
  return code === undefined ? label : `${label} · ${code}`;
}

export interface Diagrams {
  diagram(events: readonly LogEvent[]): Child;
  timeBar(spans: readonly LogSpan[]): Child;
}

export function createDiagram(words: Words): Diagrams {
  const { _ } = words;
  const nameOf = (actor: LogActor): string => _(`actor.${actor}`);

  function placesOf(events: readonly LogEvent[], width: number): readonly [LogActor[], Places] {
    const present = new Set(events.flatMap(({ from, to }) => [from, to]));
    const actors = (["flow", "here", "peer"] as const).filter((actor) => present.has(actor));
    const [first, last] = [timeWidth + 24, width - 40];
    const between = actors.length > 1 ? (last - first) / (actors.length - 1) : 0;
    const places: Record<LogActor, number> = { flow: first, here: first, peer: first };
    actors.forEach((actor, index) => (places[actor] = first + index * between));
    return [actors, places];
  }

  function draw(place: Element, events: readonly LogEvent[], width: number): SVGElement {
    const cut = createCutter(place);
    const [actors, places] = placesOf(events, width);
    const height = headHeight + events.length * rowHeight + 6;
    const [title, text] = [newId(), newId()];
    const told = {
      n: events.length,
      from: words.fullTime(events[0]?.at ?? 0),
      to: words.fullTime(events.at(-1)?.at ?? 0),
    };
    const lifeline = (actor: LogActor): SVGElement =>
      svg("g", {}, [
        svg("line", { class: "cp-is-log-life", x1: places[actor], x2: places[actor], y1: headHeight, y2: height }),
        svg(
          "text",
          { class: "cp-is-log-actor", x: places[actor], y: 18, "text-anchor": "middle" },
          cut(nameOf(actor), 2 * Math.min(width - places[actor] - 2, places[actor] - timeWidth + 22), true),
        ),
      ]);
    const step = (event: LogEvent, number: number): SVGElement => {
      const top = headHeight + number * rowHeight;
      const label = svg("text", { class: "cp-is-log-step", y: top + 15 }, [
        svg("tspan", { class: "cp-is-log-at", x: edge }, words.exactTime(event.at)),
        svg("tspan", { x: timeWidth }, cut(labelOf(event), width - timeWidth - edge)),
      ]);
      return svg("g", { class: `cp-is-log-kind-${event.kind}` }, [
        // The whole text, for who stays with the pointer; the table has it for everybody.
        svg("title", {}, labelOf(event)),
        label,
        arrow(event, places, top + 27),
      ]);
    };
    const frame = { width, height, viewBox: `0 0 ${width} ${height}` };
    return svg(
      "svg",
      { class: "cp-is-log-diagram", role: "img", ...frame, "aria-labelledby": `${title} ${text}` },
      svg("title", { id: title }, _("diagram.title")),
      svg("desc", { id: text }, _("diagram.description", told)),
      actors.map(lifeline),
      events.map(step),
    );
  }

  function table(events: readonly LogEvent[]): HTMLElement {
    const heads = ["time", "way", "what"].map((name) => element("th", { scope: "col" }, _(`diagram.${name}`)));
    const body = events.map(({ kind, at, from, to, label, code }) =>
      element("tr", { class: `cp-is-log-kind-${kind}` }, [
        element("td", {}, words.exactTime(at)),
        element("td", {}, _("diagram.fromTo", { from: nameOf(from), to: nameOf(to) })),
        element("td", {}, [label, code !== undefined && element("code", { class: "cp-is-log-code" }, ` ${code}`)]),
      ]),
    );
    return element("table", { class: "cp-is-log-table" }, [
      element("caption", { class: "cp-is-log-hidden" }, _("diagram.caption")),
      element("thead", {}, element("tr", {}, heads)),
      element("tbody", {}, body),
    ]);
  }

  /** Follows the width of its place. */
  function diagram(events: readonly LogEvent[]): Child {
    if (events.length === 0) return undefined;
    const place = element("div", { class: "cp-is-log-drawing" });
    let drawn = 0;
    const observer = new ResizeObserver(() => {
      const width = Math.min(largestWidth, Math.floor(place.clientWidth));
      if (width < smallestWidth || width === drawn) return;
      drawn = width;
      place.replaceChildren(draw(place, events, width));
    });
    observer.observe(place);
    const asTable = element("summary", { "data-key": "table" }, _("diagram.asTable"));
    return [place, element("details", {}, [asTable, table(events)])];
  }

  /** Numbers tell the parts apart; the colours only help. */
  function timeBar(spans: readonly LogSpan[]): Child {
    const total = spans.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    if (total === 0) return undefined;
    const part = ({ milliseconds }: LogSpan, index: number): HTMLElement =>
      element(
        "span",
        { class: `cp-is-log-part cp-is-log-part-${index % 4}`, style: `flex-grow: ${milliseconds}` },
        milliseconds / total > 0.08 && String(index + 1),
      );
    const line = ({ label, milliseconds }: LogSpan, index: number): HTMLElement =>
      element("li", {}, [
        element("span", { class: `cp-is-log-swatch cp-is-log-part-${index % 4}`, "aria-hidden": "true" }, index + 1),
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

// How things go, in a few small pictures above the list.
import type { InteractionLatency, OverviewBucket, OverviewSpan, QueueDepth } from "../../../lib/services/overview.js";
import { outcomeFilters } from "../../../lib/services/message-log/message-log-model.js";
import type { Requests } from "./host.js";
import { element, icon, newId, redraw, svg, type Child } from "./kit.js";
import type { Words } from "./words.js";

interface Certificate {
  readonly channel: string;
  readonly owner: string;
  readonly notAfter: number;
}

interface OverviewAnswer {
  readonly at: number;
  readonly hour: OverviewSpan;
  readonly day: OverviewSpan;
  readonly queues: readonly QueueDepth[];
  readonly certificates: readonly Certificate[];
  readonly freshMilliseconds: number;
}

export interface OverviewParts {
  readonly requests: Requests;
  nameOf(interaction: string): string;
  transportName(id: string): string;
  showError(code: string): void;
  showOutcome(outcome: string): void;
}

const barHeight = 26;
const shownLines = 5;
const shownInteractions = 4;
const soonDays = 30;
const dayMilliseconds = 86_400_000;

export interface OverviewPanel {
  readonly element: HTMLElement;
  /** Gives in how many milliseconds it would be newer, and 0 when it is the newest. */
  refresh(): Promise<number>;
}

export function createOverview(words: Words, parts: OverviewParts): OverviewPanel {
  const { _ } = words;
  const body = element("div", { id: newId() });
  const brief = element("span", { class: "cp-is-log-soft" });
  const root = element("details", { class: "cp-is-log-overview" }, [
    element("summary", { "data-key": "overview" }, [_("overview.title"), " ", brief]),
    body,
  ]);
  let latest: OverviewAnswer | undefined;
  let span: "hour" | "day" = "hour";

  type Counted = "accepted" | "failed";

  function sum(buckets: readonly OverviewBucket[], name: Counted): number {
    return buckets.reduce((total, bucket) => total + bucket[name], 0);
  }

  function counted(value: number, isAtLeast: boolean): string {
    return words.number(value) + (isAtLeast ? "+" : "");
  }

  /** One bar for each part of the time. */
  function bars(buckets: readonly OverviewBucket[], name: Counted, label: string): SVGElement {
    const most = Math.max(1, ...buckets.map((bucket) => bucket[name]));
    const width = 100 / buckets.length;
    const id = newId();
    const bar = (bucket: OverviewBucket, index: number): SVGElement => {
      const height = bucket[name] === 0 ? 0 : Math.max(2, (bucket[name] / most) * barHeight);
      return svg("rect", { x: index * width + width * 0.1, y: barHeight - height, width: width * 0.8, height });
    };
    const told = {
      n: buckets.length,
      from: words.shortTime(buckets[0]?.from ?? 0),
      most: words.number(most),
      total: words.number(sum(buckets, name)),
    };
    return svg(
      "svg",
      {
        class: `cp-is-log-bars cp-is-log-bars-${name}`,
        role: "img",
        viewBox: `0 0 100 ${barHeight}`,
        preserveAspectRatio: "none",
        "aria-labelledby": id,
      },
      svg("title", { id }, `${label}: ${_("overview.bars", told)}`),
      svg("line", { x1: 0, x2: 100, y1: barHeight, y2: barHeight }),
      buckets.map(bar),
    );
  }

  function counts({ buckets }: OverviewSpan): Child {
    const isAtLeast = buckets.some((bucket) => bucket.isAtLeast);
    return (["accepted", "failed"] as const).map((name) => {
      const label = _(`overview.${name}`);
      return element("div", { class: "cp-is-log-card" }, [
        element("div", { class: "cp-is-log-soft" }, label),
        element("div", { class: "cp-is-log-figure" }, counted(sum(buckets, name), isAtLeast)),
        bars(buckets, name, label),
      ]);
    });
  }

  function titled(title: string, content: Child): Child {
    return [element("h4", {}, title), content];
  }

  function queues({ at, queues: all }: OverviewAnswer): Child {
    const busy = all.filter(({ waiting, held }) => waiting + held > 0);
    if (busy.length === 0) return undefined;
    const line = ({ channel, waiting, held, oldestAt }: QueueDepth): HTMLElement => {
      const told = [_("overview.waiting", { n: words.number(waiting) })];
      if (held > 0) told.push(_("overview.held", { n: words.number(held) }));
      if (oldestAt !== undefined) told.push(_("overview.oldest", { age: words.duration(Math.max(0, at - oldestAt)) }));
      return element("li", {}, [
        element("span", { class: "cp-is-log-grow" }, parts.transportName(channel)),
        element("span", {}, told.join(" · ")),
      ]);
    };
    return titled(_("overview.queues"), element("ul", { class: "cp-is-log-lines" }, busy.map(line)));
  }

  function latencies({ latencies: all }: OverviewSpan): Child {
    const shown = all.filter(({ direction }) => direction === "outbound").slice(0, shownInteractions);
    if (shown.length === 0) return undefined;
    const heads = ["half", "most", "nearlyAll"].map((name) =>
      element("th", { scope: "col", title: _(`overview.${name}`) }, _(`overview.${name}Short`)),
    );
    const row = ({ interaction, acknowledged, answered }: InteractionLatency): HTMLElement => {
      const { p50 = 0, p95 = 0, p99 = 0 } = answered ?? acknowledged ?? {};
      return element("tr", {}, [
        element("th", { scope: "row" }, [
          parts.nameOf(interaction),
          answered === undefined && element("span", { class: "cp-is-log-soft" }, ` ${_("overview.toAcknowledgment")}`),
        ]),
        [p50, p95, p99].map((value) => element("td", {}, words.duration(value))),
      ]);
    };
    return titled(
      _("overview.latencies"),
      element("table", { class: "cp-is-log-table" }, [
        element("caption", { class: "cp-is-log-hidden" }, _("overview.latencies")),
        element("thead", {}, element("tr", {}, [element("td"), heads])),
        element("tbody", {}, shown.map(row)),
      ]),
    );
  }

  function ranked(
    title: string,
    lines: readonly (readonly [key: string, text: Child, count: string, show?: (() => void) | undefined])[],
  ): Child {
    if (lines.length === 0) return undefined;
    const line = ([key, text, count, show]: (typeof lines)[number]): HTMLElement =>
      element("li", {}, [
        show === undefined
          ? element("span", { class: "cp-is-log-grow" }, text)
          : element(
              "button",
              { type: "button", class: "cp-is-log-link cp-is-log-grow", onclick: show, "data-key": key },
              text,
            ),
        count,
      ]);
    return titled(title, element("ol", { class: "cp-is-log-lines" }, lines.slice(0, shownLines).map(line)));
  }

  function outcomes({ outcomes: all = [] }: OverviewSpan): Child {
    return ranked(
      _("overview.outcomes"),
      all.map(({ outcome, count, isAtLeast }) => {
        const known = outcomeFilters.find((each) => each === outcome);
        const text = known === undefined ? outcome : _(`outcomeName.${known}`);
        const show = known === undefined ? undefined : () => parts.showOutcome(known);
        return [`outcome-${outcome}`, text, counted(count, isAtLeast), show];
      }),
    );
  }

  function errors({ errors: all }: OverviewSpan): Child {
    return ranked(
      _("overview.errors"),
      all.map(({ code, count, isAtLeast }) => [
        `error-${code}`,
        element("code", {}, code),
        counted(count, isAtLeast),
        () => parts.showError(code),
      ]),
    );
  }

  /** Of each transport the one that ends first. */
  function certificates({ at, certificates: all }: OverviewAnswer): Child {
    const first = new Map<string, Certificate>();
    for (const certificate of all) {
      const known = first.get(certificate.channel);
      if (known === undefined || certificate.notAfter < known.notAfter) first.set(certificate.channel, certificate);
    }
    if (first.size === 0) return undefined;
    const line = ({ channel, owner, notAfter }: Certificate): HTMLElement => {
      const days = Math.floor((notAfter - at) / dayMilliseconds);
      const isSoon = days < soonDays;
      return element("li", { class: isSoon && "cp-is-log-warn" }, [
        element("span", { class: "cp-is-log-grow" }, `${parts.transportName(channel)}, ${_(`overview.${owner}`)}`),
        element("span", {}, [
          isSoon && [icon("fa-exclamation-triangle"), " "],
          days < 0 ? _("overview.ended") : _("overview.daysLeft", { n: days }),
        ]),
      ]);
    };
    const lines = [...first.values()].sort((one, other) => one.notAfter - other.notAfter).map(line);
    return titled(_("overview.certificates"), element("ul", { class: "cp-is-log-lines" }, lines));
  }

  function choice(name: typeof span): HTMLElement {
    const onclick = (): void => {
      span = name;
      draw();
    };
    const state = { "aria-pressed": String(span === name), "data-key": `span-${name}` };
    return element("button", { type: "button", class: "cp-is-log-button", ...state, onclick }, _(`overview.${name}`));
  }

  function draw(): void {
    if (latest === undefined) return;
    const shown = latest[span];
    redraw(body, [
      element("div", { class: "cp-is-log-row" }, [choice("hour"), choice("day")]),
      element("div", { class: "cp-is-log-cards" }, counts(shown)),
      outcomes(shown),
      errors(shown),
      queues(latest),
      certificates(latest),
      latencies(shown),
    ]);
  }

  return {
    element: root,
    async refresh(): Promise<number> {
      latest = await parts.requests.post<OverviewAnswer>("overview");
      const { buckets } = latest.hour;
      const isAtLeast = buckets.some((bucket) => bucket.isAtLeast);
      const [all, failed] = (["accepted", "failed"] as const).map((name) => counted(sum(buckets, name), isAtLeast));
      brief.textContent = _("overview.brief", { all: all ?? "", failed: failed ?? "" });
      draw();
      return latest.freshMilliseconds;
    },
  };
}

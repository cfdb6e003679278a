// Runs in the editor: how things go, in a few small pictures above the list.
export function createOverview({ element, svg, icon, redraw, newId }, words, { post, nameOf, showError }) {
  const { _ } = words;
  const barHeight = 26;
  const shownErrors = 5;
  const shownInteractions = 4;
  const body = element("div", { id: newId() });
  let latest;
  let span = "hour";

  function sum(buckets, name) {
    return buckets.reduce((total, bucket) => total + bucket[name], 0);
  }

  function counted(value, isAtLeast) {
    return words.number(value) + (isAtLeast ? "+" : "");
  }

  /** One bar for each part of the time. */
  function bars(buckets, name, label) {
    const most = Math.max(1, ...buckets.map((bucket) => bucket[name]));
    const width = 100 / buckets.length;
    const id = newId();
    const bar = (bucket, index) => {
      const height = bucket[name] === 0 ? 0 : Math.max(2, (bucket[name] / most) * barHeight);
      const place = { x: index * width + width * 0.1, y: barHeight - height, width: width * 0.8, height };
      return svg("rect", place);
    };
    const told = {
      n: buckets.length,
      from: words.shortTime(buckets[0].from),
      most: words.number(most),
      total: words.number(sum(buckets, name)),
    };
    return svg(
      "svg",
      {
        class: "cp-is-log-bars cp-is-log-bars-" + name,
        role: "img",
        viewBox: `0 0 100 ${barHeight}`,
        preserveAspectRatio: "none",
        "aria-labelledby": id,
      },
      svg("title", { id }, label + ": " + _("overview.bars", told)),
      svg("line", { x1: 0, x2: 100, y1: barHeight, y2: barHeight }),
      buckets.map(bar),
    );
  }

  function card(label, figure, picture) {
    return element("div", { class: "cp-is-log-card" }, [
      element("div", { class: "cp-is-log-soft" }, label),
      element("div", { class: "cp-is-log-figure" }, figure),
      picture,
    ]);
  }

  function counts({ buckets }) {
    const isAtLeast = buckets.some((bucket) => bucket.isAtLeast);
    return ["accepted", "failed"].map((name) => {
      const label = _("overview." + name);
      return card(label, counted(sum(buckets, name), isAtLeast), bars(buckets, name, label));
    });
  }

  function queueCard({ channel, waiting, held, oldestAt }) {
    const age = oldestAt === undefined ? undefined : words.duration(Math.max(0, latest.at - oldestAt));
    const parts = [
      _("overview.waiting", { n: words.number(waiting) }),
      held > 0 && _("overview.held", { n: words.number(held) }),
      age && _("overview.oldest", { age }),
    ];
    return element("li", {}, [
      element("span", { class: "cp-is-log-grow" }, words.transport(channel)),
      element("span", {}, parts.filter(Boolean).join(" · ")),
    ]);
  }

  function titled(title, content) {
    return [element("h4", {}, title), content];
  }

  function queues() {
    const busy = latest.queues.filter(({ waiting, held }) => waiting + held > 0);
    if (busy.length === 0) return undefined;
    return titled(_("overview.queues"), element("ul", { class: "cp-is-log-lines" }, busy.map(queueCard)));
  }

  function latencyRow({ interaction, acknowledged, answered }) {
    const { p50, p95, p99 } = answered || acknowledged;
    return element("tr", {}, [
      element("th", { scope: "row" }, [
        nameOf(interaction),
        !answered && element("span", { class: "cp-is-log-soft" }, " " + _("overview.toAcknowledgment")),
      ]),
      [p50, p95, p99].map((value) => element("td", {}, words.duration(value))),
    ]);
  }

  function latencies({ latencies: all }) {
    const shown = all.filter(({ direction }) => direction === "outbound").slice(0, shownInteractions);
    if (shown.length === 0) return undefined;
    const heads = ["half", "most", "nearlyAll"].map((name) =>
      element("th", { scope: "col", title: _("overview." + name) }, _("overview." + name + "Short")),
    );
    return titled(
      _("overview.latencies"),
      element("table", { class: "cp-is-log-table" }, [
        element("caption", { class: "cp-is-log-hidden" }, _("overview.latencies")),
        element("thead", {}, element("tr", {}, [element("td"), heads])),
        element("tbody", {}, shown.map(latencyRow)),
      ]),
    );
  }

  function errors({ errors: all }) {
    if (all.length === 0) return undefined;
    const line = ({ code, count, isAtLeast }) =>
      element("li", {}, [
        element(
          "button",
          { type: "button", class: "cp-is-log-link cp-is-log-grow", onclick: () => showError(code), "data-key": code },
          element("code", {}, code),
        ),
        counted(count, isAtLeast),
      ]);
    return titled(
      _("overview.errors"),
      element("ol", { class: "cp-is-log-lines" }, all.slice(0, shownErrors).map(line)),
    );
  }

  /** Of each transport the one that ends first. */
  function nextToEnd() {
    const first = new Map();
    for (const certificate of latest.certificates) {
      const known = first.get(certificate.channel);
      if (known === undefined || certificate.notAfter < known.notAfter) first.set(certificate.channel, certificate);
    }
    return [...first.values()].sort((one, other) => one.notAfter - other.notAfter);
  }

  function certificate({ channel, owner, notAfter }) {
    const days = Math.floor((notAfter - latest.at) / 86400000);
    const isSoon = days < 30;
    return element("li", { class: isSoon ? "cp-is-log-warn" : "" }, [
      element("span", { class: "cp-is-log-grow" }, words.transport(channel) + ", " + _("overview." + owner)),
      element("span", {}, [
        isSoon && [icon("fa-exclamation-triangle"), " "],
        days < 0 ? _("overview.ended") : _("overview.daysLeft", { n: days }),
      ]),
    ]);
  }

  function certificates() {
    const all = nextToEnd();
    if (all.length === 0) return undefined;
    return titled(_("overview.certificates"), element("ul", { class: "cp-is-log-lines" }, all.map(certificate)));
  }

  function choice(name) {
    const choose = () => {
      span = name;
      draw();
    };
    return element(
      "button",
      {
        type: "button",
        class: "cp-is-log-button",
        "aria-pressed": String(span === name),
        "data-key": "span-" + name,
        onclick: choose,
      },
      _("overview." + name),
    );
  }

  function draw() {
    const shown = latest[span];
    redraw(body, [
      element("div", { class: "cp-is-log-row" }, [choice("hour"), choice("day")]),
      element("div", { class: "cp-is-log-cards" }, counts(shown)),
      queues(),
      certificates(),
      latencies(shown),
      errors(shown),
    ]);
  }

  function summarise() {
    const { buckets } = latest.hour;
    const isAtLeast = buckets.some((bucket) => bucket.isAtLeast);
    const [all, failed] = ["accepted", "failed"].map((name) => counted(sum(buckets, name), isAtLeast));
    brief.textContent = _("overview.brief", { all, failed });
  }

  /** Gives in how many milliseconds it would be newer, and 0 when it is the newest. */
  async function refresh() {
    latest = await post("overview", {});
    summarise();
    draw();
    return latest.freshMilliseconds;
  }

  const brief = element("span", { class: "cp-is-log-soft" });
  const root = element("details", { class: "cp-is-log-overview" }, [
    element("summary", { "data-key": "overview" }, [_("overview.title"), " ", brief]),
    body,
  ]);
  let isPlaced = false;

  return {
    element: root,
    refresh,
    /** In a low sidebar the list needs the room. */
    place(height) {
      if (isPlaced || height === 0) return;
      isPlaced = true;
      root.open = height > 480;
    },
  };
}

// Runs in the editor: times, durations and states in words.
export function createWords(translate, RED) {
  const icons = {
    queued: "fa-clock-o",
    sending: "fa-paper-plane-o",
    "awaiting-acknowledgement": "fa-hourglass-half",
    "awaiting-response": "fa-hourglass-half",
    completed: "fa-check-circle",
    failed: "fa-times-circle",
    expired: "fa-calendar-times-o",
    held: "fa-pause-circle",
    received: "fa-inbox",
    delivered: "fa-share-square-o",
    confirmed: "fa-check-circle",
    rejected: "fa-ban",
  };
  const tones = {
    completed: "good",
    confirmed: "good",
    failed: "bad",
    expired: "bad",
    rejected: "bad",
    held: "warn",
  };
  const timeOnly = new Intl.DateTimeFormat(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  const dayAndTime = new Intl.DateTimeFormat(undefined, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });
  const decimal = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

  function isToday(at) {
    return new Date(at).toDateString() === new Date().toDateString();
  }

  function exactTime(at) {
    return timeOnly.format(at) + "." + String(new Date(at).getMilliseconds()).padStart(3, "0");
  }

  function duration(milliseconds) {
    const seconds = milliseconds / 1000;
    if (milliseconds < 1000) return translate("duration.milliseconds", { n: Math.round(milliseconds) });
    if (seconds < 60) return translate("duration.seconds", { n: decimal.format(seconds) });
    if (seconds < 3600) return translate("duration.minutes", { n: Math.floor(seconds / 60) });
    if (seconds < 172800) return translate("duration.hours", { n: decimal.format(seconds / 3600) });
    return translate("duration.days", { n: Math.floor(seconds / 86400) });
  }

  /** The name that the user gave to a transport; its id for one that is gone. */
  function transport(id) {
    const node = RED.nodes.node(id);
    return (node && (node.name || node.type)) || id;
  }

  return {
    _: translate,
    shortTime: (at) => (isToday(at) ? timeOnly.format(at) : dayAndTime.format(at)),
    fullTime: (at) => full.format(at),
    exactTime,
    duration,
    transport,
    number: (value) => decimal.format(value),
    stateIcon: (state) => icons[state] || "fa-circle-o",
    stateTone: (state) => tones[state] || "open",
    states: Object.keys(icons),
    attention: ["failed", "expired", "rejected", "held"],
  };
}

// Runs in the editor: the fields by which messages are found.
export function createFilter(window, RED, { element, icon, button, newId }, words, changed) {
  const { _ } = words;
  const day = 86400000;
  const periods = {
    today: () => ({ from: new Date().setHours(0, 0, 0, 0) }),
    hour: () => ({ from: Date.now() - day / 24 }),
    day: () => ({ from: Date.now() - day }),
    week: () => ({ from: Date.now() - 7 * day }),
    month: () => ({ from: Date.now() - 30 * day }),
    all: () => ({}),
    between: () => ({ ...moment("from"), ...moment("before") }),
  };
  const fields = {};

  function moment(name) {
    const at = Date.parse(fields[name].value);
    return Number.isNaN(at) ? {} : { [name]: at };
  }

  function row(name, control, extra) {
    const id = newId();
    control.setAttribute("id", id);
    fields[name] = control;
    return element("div", { class: "cp-is-log-field" }, [
      element("label", { for: id }, _("filter." + name)),
      control,
      extra,
    ]);
  }

  function options(choices) {
    return choices.map(([value, text]) => element("option", { value }, text));
  }

  function select(name, choices) {
    return row(name, element("select", { onchange: apply }, options([["", _("filter.any")], ...choices])));
  }

  /** Takes any text; what the shown messages have is offered. */
  function suggested(name) {
    const list = element("datalist", { id: newId() });
    const input = element("input", {
      type: "text",
      list: list.id,
      autocomplete: "off",
      spellcheck: "false",
      onchange: apply,
    });
    suggestions[name] = { list, known: new Map() };
    return row(name, input, list);
  }

  function transports() {
    const found = [];
    RED.nodes.eachConfig((node) => {
      if (/^(ebxml|mesh) transport$/.test(node.type)) found.push([node.id, words.transport(node.id)]);
      return true;
    });
    return found;
  }

  const suggestions = {};
  const maySearch = RED.user.hasPermission("cp-is.messages.answers");
  const period = element(
    "select",
    { class: "cp-is-log-period", "aria-label": _("filter.period"), onchange: choosePeriod },
    options(Object.keys(periods).map((name) => [name, _("period." + name)])),
  );
  const between = element("div", { class: "cp-is-log-between", hidden: true }, [
    row("from", element("input", { type: "datetime-local", onchange: apply })),
    row("before", element("input", { type: "datetime-local", onchange: apply })),
  ]);
  const attention = button([icon("fa-exclamation-triangle"), " ", _("filter.attention")], toggleAttention, {
    "aria-pressed": "false",
    "data-key": "attention",
  });
  const number = row(
    "nhsNumber",
    element("input", {
      type: "text",
      inputmode: "numeric",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: "40",
      onchange: apply,
    }),
  );
  const form = element("form", { class: "cp-is-log-filter", hidden: true, id: newId(), onsubmit: submit }, [
    select(
      "direction",
      ["outbound", "inbound"].map((each) => [each, _("direction." + each)]),
    ),
    select(
      "state",
      words.states.map((each) => [each, _("state." + each)]),
    ),
    suggested("interaction"),
    select("channel", []),
    suggested("errorCode"),
    maySearch && number,
    maySearch && element("div", { class: "cp-is-log-note" }, _("filter.nhsNumberNote")),
    element("div", { class: "cp-is-log-row" }, [
      element("button", { type: "submit", class: "cp-is-log-button" }, _("filter.apply")),
      button(_("filter.clear"), clear),
    ]),
  ]);
  const moreText = element("span", {}, _("filter.more"));
  const more = button([icon("fa-filter"), " ", moreText], toggleForm, {
    "aria-expanded": "false",
    "aria-controls": form.id,
  });

  function text(name) {
    const value = fields[name].value.trim();
    return value === "" ? {} : { [name]: value };
  }

  function isAttention() {
    return attention.getAttribute("aria-pressed") === "true";
  }

  function chosenStates() {
    if (fields.state.value !== "") return { states: [fields.state.value] };
    return isAttention() ? { states: words.attention } : {};
  }

  function chosen() {
    const texts = ["direction", "interaction", "channel", "errorCode", "nhsNumber"].map(text);
    return Object.assign({}, ...texts, chosenStates());
  }

  function showCount() {
    const filled = ["direction", "state", "interaction", "channel", "errorCode", "nhsNumber"];
    const many = filled.filter((name) => fields[name].value.trim() !== "").length;
    moreText.textContent = many === 0 ? _("filter.more") : _("filter.moreUsed", { n: many });
  }

  function apply() {
    showCount();
    changed();
  }

  function submit(event) {
    event.preventDefault();
    apply();
  }

  function choosePeriod() {
    between.hidden = period.value !== "between";
    apply();
  }

  function toggleAttention() {
    attention.setAttribute("aria-pressed", String(!isAttention()));
    if (isAttention()) fields.state.value = "";
    apply();
  }

  function toggleForm() {
    form.hidden = !form.hidden;
    more.setAttribute("aria-expanded", String(!form.hidden));
    if (form.hidden) return;
    const kept = fields.channel.value;
    fields.channel.replaceChildren(...options([["", _("filter.any")], ...transports()]));
    fields.channel.value = kept;
    fields.direction.focus();
  }

  function clear() {
    form.reset();
    attention.setAttribute("aria-pressed", "false");
    apply();
  }

  function suggest(name, value, label) {
    const { list, known } = suggestions[name];
    if (known.has(value) || known.size >= 50) return;
    known.set(value, label);
    list.append(element("option", { value, label }));
  }

  return {
    elements: [element("div", { class: "cp-is-log-row" }, [period, attention, more]), between, form],
    /** Made anew each time, since "today" moves on. */
    read: () => ({ ...periods[period.value](), ...chosen() }),
    isAttention,
    isNarrow: () => period.value !== "all" || Object.keys(chosen()).length > 0,
    learn(messages) {
      for (const { interaction, interactionName, error } of messages) {
        suggest("interaction", interaction, interactionName);
        if (error) suggest("errorCode", error.code, error.message);
      }
    },
    nameOf: (interaction) => suggestions.interaction.known.get(interaction) || interaction,
    showError(code) {
      fields.errorCode.value = code;
      if (form.hidden) toggleForm();
      apply();
    },
  };
}

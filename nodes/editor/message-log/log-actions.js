// Runs in the editor: the buttons of what may be done with a message; each asks once, in plain words.
export function createActions(document, { element, icon, button, newId }, { _ }, { post, may, done }) {
  const icons = {
    resend: "fa-repeat",
    release: "fa-play",
    drop: "fa-trash-o",
    "deal-with": "fa-check",
    confirm: "fa-check",
  };

  /** The Enter key alone does nothing: the focus stands on the button that leaves. */
  function ask(action, caution) {
    const [title, text] = [newId(), newId()];
    return new Promise((resolve) => {
      const finish = (isYes) => {
        if (!dialog.isConnected) return;
        dialog.close();
        dialog.remove();
        resolve(isYes);
      };
      const cancel = button(_("ask.cancel"), () => finish(false), { autofocus: true });
      const dialog = element(
        "dialog",
        {
          class: "cp-is-log-dialog",
          role: "alertdialog",
          "aria-labelledby": title,
          "aria-describedby": text,
          oncancel: () => finish(false),
          onkeydown: (event) => event.stopPropagation(),
        },
        element("h4", { id: title }, _("action." + action)),
        element("div", { id: text }, [
          element("p", {}, _("ask." + action)),
          caution && element("p", { class: "cp-is-log-warn" }, [icon("fa-exclamation-triangle"), " ", caution.text]),
        ]),
        element("div", { class: "cp-is-log-row" }, [
          cancel,
          button(_("action." + action), () => finish(true), { "data-key": "confirm-" + action }),
        ]),
      );
      document.body.append(dialog);
      dialog.showModal();
      cancel.focus();
    });
  }

  async function run(action, message, pressed) {
    if (!(await ask(action, (message.cautions || {})[action]))) return pressed.focus();
    pressed.disabled = true;
    try {
      const outcome = await post(action, { id: message.id });
      if (outcome.kind === "refused") await done(message, { problem: outcome.error });
      else await done(message, { text: _("outcome." + outcome.kind + "." + action), resent: outcome.resent });
    } catch (problem) {
      await done(message, { problem });
    }
  }

  function buttonsOf(message) {
    const allowed = message.actions.filter((action) => icons[action] && may(action));
    if (allowed.length === 0) return undefined;
    const one = (action) =>
      button(
        [icon(icons[action]), " ", _("action." + action)],
        (event) => void run(action, message, event.currentTarget),
        { "data-key": action + "-" + message.id },
      );
    return element("div", { class: "cp-is-log-row" }, allowed.map(one));
  }

  return { buttonsOf };
}

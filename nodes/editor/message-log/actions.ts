// What may be done with a message, each asked once in plain words, and its content, fetched only when asked for.
import type { SchemaVerdict } from "../../../lib/schema/model.js";
import type {
  LogActionName,
  LogActionOutcome,
  LogContent,
  LogContentPart,
  LogMessage,
} from "../../../lib/services/message-log/message-log-model.js";
import { isProblem, type Problem, type Requests } from "./host.js";
import { button, element, icon, newId, type Child } from "./kit.js";
import type { Words } from "./words.js";

export function problemBox({ code, message, advice }: Problem): HTMLElement {
  return element("div", { class: "cp-is-log-problem" }, [
    element("div", {}, [icon("fa-times-circle"), " ", message]),
    advice !== undefined && advice !== "" && element("div", { class: "cp-is-log-advice" }, advice),
    code !== undefined && element("code", { class: "cp-is-log-code" }, code),
  ]);
}

/** What came of an action. */
export interface Acted {
  readonly message: LogMessage;
  readonly problem?: Problem;
  readonly text?: string;
  readonly resent?: LogMessage;
}

export interface Actions {
  /** Undefined where nothing may be done with the message, or not by this user. */
  buttonsOf(message: LogMessage): Child;
}

export interface ContentPanes {
  paneOf(message: LogMessage): Child;
  forget(): void;
}

const actionIcons: Readonly<Record<LogActionName, string>> = {
  resend: "fa-repeat",
  release: "fa-play",
  drop: "fa-trash-o",
  "deal-with": "fa-check",
  confirm: "fa-check",
};

/** Asks once, in plain words. The Enter key alone does nothing: the focus stands on the button that leaves. */
export function ask(
  { _ }: Words,
  asked: { readonly title: string; readonly text: string; readonly caution?: string | undefined },
): Promise<boolean> {
  const [title, text] = [newId(), newId()];
  return new Promise((resolve) => {
    const finish = (isYes: boolean): void => {
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
        onkeydown: (event: KeyboardEvent) => event.stopPropagation(),
      },
      element("h4", { id: title }, asked.title),
      element("div", { id: text }, [
        element("p", {}, asked.text),
        asked.caution !== undefined &&
          element("p", { class: "cp-is-log-warn" }, [icon("fa-exclamation-triangle"), " ", asked.caution]),
      ]),
      element("div", { class: "cp-is-log-row" }, [cancel, button(asked.title, () => finish(true))]),
    );
    document.body.append(dialog);
    dialog.showModal();
    cancel.focus();
  });
}

export function createActions(words: Words, requests: Requests, done: (acted: Acted) => Promise<void>): Actions {
  const { _ } = words;

  async function run(action: LogActionName, message: LogMessage, pressed: HTMLButtonElement): Promise<void> {
    const title = _(`action.${action}`);
    if (!(await ask(words, { title, text: _(`ask.${action}`), caution: message.cautions?.[action]?.text }))) {
      pressed.focus();
      return;
    }
    pressed.disabled = true;
    try {
      const outcome = await requests.post<LogActionOutcome>(action, { id: message.id });
      if (outcome.kind === "refused") {
        await done({ message, problem: outcome.error });
        return;
      }
      const text = _(`outcome.${outcome.kind}.${action}`);
      await done(outcome.resent === undefined ? { message, text } : { message, text, resent: outcome.resent });
    } catch (problem) {
      if (!isProblem(problem)) throw problem;
      await done({ message, problem });
    }
  }

  function buttonsOf(message: LogMessage): Child {
    const allowed = message.actions.filter((action) => requests.may(action));
    if (allowed.length === 0) return undefined;
    const one = (action: LogActionName): HTMLElement => {
      const pressed = button(
        [icon(actionIcons[action]), " ", _(`action.${action}`)],
        () => void run(action, message, pressed),
        {
          "data-key": `${action}-${message.id}`,
        },
      );
      return pressed;
    };
    return element("div", { class: "cp-is-log-row" }, allowed.map(one));
  }

  return { buttonsOf };
}

export function createContent(words: Words, requests: Requests, hasUsers: () => boolean): ContentPanes {
  const { _ } = words;
  /** What is open, by the message's number: a refresh must not take it from the reader. */
  let opened = new Map<number, HTMLElement>();

  function findings(verdict: SchemaVerdict & { readonly kind: "invalid" }): readonly HTMLElement[] {
    return verdict.findings.map(({ line, element: name, attribute, rule }) => {
      const where = attribute === undefined ? name : `${name}/@${attribute}`;
      return element("li", {}, _("content.schema.finding", { line: String(line), where, rule }));
    });
  }

  function verdictOf({ schema, schemaLines }: LogContentPart): Child {
    switch (schema?.kind) {
      case undefined:
        return undefined;
      case "valid":
        return element("div", { class: "cp-is-log-schema" }, [
          icon("fa-check"),
          " ",
          _("content.schema.valid", { schema: schema.schema }),
        ]);
      case "invalid":
        return element("div", { class: "cp-is-log-schema" }, [
          icon("fa-exclamation-triangle"),
          " ",
          _("content.schema.invalid", { schema: schema.schema, count: words.number(schema.total) }),
          schemaLines === "stored" && ` ${_("content.schema.stored")}`,
          element("ul", {}, findings(schema)),
        ]);
      case "no-schema":
        return element("div", { class: "cp-is-log-schema" }, _("content.schema.none"));
      case "not-checked":
        return element("div", { class: "cp-is-log-schema" }, _("content.schema.notChecked", { code: schema.code }));
      case "unusable": {
        const detail = schema.detail === undefined ? "" : `, ${schema.detail}`;
        return element(
          "div",
          { class: "cp-is-log-schema" },
          _("content.schema.unusable", { code: `${schema.code}${detail}` }),
        );
      }
    }
  }

  function part(shown: LogContentPart): HTMLElement {
    const { title, mediaType, text, isCut } = shown;
    return element("section", {}, [
      element("h5", {}, [title, " ", element("span", { class: "cp-is-log-soft" }, mediaType)]),
      verdictOf(shown),
      element("pre", { tabindex: "0", "aria-label": title }, text),
      isCut && element("div", { class: "cp-is-log-note" }, _("content.cut")),
    ]);
  }

  function shown(content: LogContent): readonly HTMLElement[] {
    if (content.kind === "content") return content.parts.map(part);
    const text = content.kind === "gone" ? content.text : _("content.unknown");
    return [element("div", { class: "cp-is-log-note" }, text)];
  }

  async function toggle({ id }: LogMessage, place: HTMLElement, pressed: HTMLElement): Promise<void> {
    if (opened.has(id)) {
      opened.delete(id);
      place.replaceChildren();
      pressed.setAttribute("aria-expanded", "false");
      return;
    }
    pressed.setAttribute("aria-expanded", "true");
    opened.set(id, place);
    place.replaceChildren(element("div", { class: "cp-is-log-note", role: "status" }, _("content.loading")));
    const mine = opened;
    let children: readonly HTMLElement[];
    try {
      children = shown(await requests.post<LogContent>("content", { id }));
    } catch (problem) {
      if (!isProblem(problem)) throw problem;
      children = [problemBox(problem)];
    }
    if (opened === mine && opened.get(id) === place) place.replaceChildren(...children);
  }

  function paneOf(message: LogMessage): Child {
    if (!requests.may("content")) return undefined;
    if (!hasUsers()) return element("div", { class: "cp-is-log-note" }, _("content.noUsers"));
    const kept = opened.get(message.id);
    const place = kept ?? element("div", { class: "cp-is-log-content" });
    const pressed = button([icon("fa-eye"), " ", _("content.show")], () => void toggle(message, place, pressed), {
      "aria-expanded": String(kept !== undefined),
      "data-key": `content-${message.id}`,
    });
    return [pressed, element("div", { class: "cp-is-log-note" }, _("content.recorded")), place];
  }

  return {
    paneOf,
    forget(): void {
      for (const place of opened.values()) place.replaceChildren();
      opened = new Map();
    },
  };
}

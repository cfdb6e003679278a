// Stored work that no transport owns: a person gives it to one, or ends it.
import { ask, problemBox } from "./actions.js";
import { isProblem, type Problem, type Requests } from "./host.js";
import { button, element, icon, redraw } from "./kit.js";
import type { Words } from "./words.js";

interface StrandedWork {
  readonly channel: string;
  readonly party: string;
  readonly count: number;
  readonly oldestAt: number;
  readonly adopters: readonly { readonly id: string; readonly label: string }[];
}

export interface Stranded {
  readonly element: HTMLElement;
  refresh(): Promise<void>;
  clear(): void;
}

export function createStranded(words: Words, requests: Requests): Stranded {
  const { _ } = words;
  const boxes = element("div");
  /** Stays until the next decision, whatever is read anew meanwhile. */
  const note = element("div", { role: "status" });
  const place = element("div", { class: "cp-is-log-stranded" }, [note, boxes]);

  async function decide(
    work: StrandedWork,
    path: "adopt" | "end-work",
    asked: { title: string; text: string },
    to?: string,
  ) {
    if (!(await ask(words, asked))) return;
    const { channel, party } = work;
    let said: HTMLElement;
    try {
      const body = to === undefined ? { channel, party } : { channel, party, to };
      const { count } = await requests.post<{ readonly count: number }>(path, body);
      said = element("div", { class: "cp-is-log-good" }, [
        icon("fa-check-circle"),
        " ",
        _(to === undefined ? "stranded.ended" : "stranded.adopted", { n: count }),
      ]);
    } catch (problem) {
      if (!isProblem(problem)) throw problem;
      said = problemBox(problem satisfies Problem);
    }
    redraw(note, [said]);
    await refresh();
  }

  function box(work: StrandedWork): HTMLElement {
    const { channel, count, oldestAt, adopters } = work;
    const told = { n: count, owner: channel, since: words.fullTime(oldestAt) };
    const give = ({ id, label }: StrandedWork["adopters"][number]): HTMLElement => {
      const asked = {
        title: _("stranded.give", { transport: label }),
        text: _("stranded.askGive", { ...told, transport: label }),
      };
      return button(asked.title, () => void decide(work, "adopt", asked, id), { "data-key": `adopt-${channel}-${id}` });
    };
    const end = (): HTMLElement => {
      const asked = { title: _("stranded.end"), text: _("stranded.askEnd", told) };
      return button(asked.title, () => void decide(work, "end-work", asked), { "data-key": `end-${channel}` });
    };
    return element("div", { class: "cp-is-log-problem" }, [
      element("div", {}, [icon("fa-exclamation-triangle"), " ", _("stranded.text", told)]),
      element("div", { class: "cp-is-log-advice" }, _("stranded.advice")),
      element("div", { class: "cp-is-log-row" }, [
        requests.may("adopt") && adopters.map(give),
        requests.may("drop") && end(),
      ]),
    ]);
  }

  async function refresh(): Promise<void> {
    const { stranded } = await requests.post<{ readonly stranded: readonly StrandedWork[] }>("stranded");
    redraw(boxes, stranded.map(box));
  }

  return { element: place, refresh, clear: () => redraw(boxes, []) };
}

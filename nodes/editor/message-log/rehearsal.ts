// The rehearsal's page: starts it, shows how far it is, and gives its reports to read, to download and to compare.
import type { RehearsalReport, RehearsalRole, RehearsalState } from "../../../lib/rehearsal/model.js";
import { button, element } from "./kit.js";
import { takeTheme } from "./page-link.js";
import { ask, base, property, readTexts } from "./page-requests.js";

interface Report {
  readonly html: string;
  readonly json: RehearsalReport;
}

const roles: readonly RehearsalRole[] = ["hospital", "authority"];
const betweenMilliseconds = 1000;

type Answer<Reply> =
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "denied" }
  | { readonly kind: "refused"; readonly text: string }
  | { readonly kind: "no-answer" };

async function post<Reply>(path: string, body: object): Promise<Answer<Reply>> {
  const headers = { "Content-Type": "application/json" };
  const response = await ask(`cp-is/rehearsal/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (response === undefined) return { kind: "no-answer" };
  if (response.ok) return { kind: "reply", reply: (await response.json()) as Reply };
  if (response.status === 401 || response.status === 403) return { kind: "denied" };
  const said: unknown = await response.json().catch(() => undefined);
  const [code, message] = [property(said, "code"), property(said, "message")];
  return typeof code === "string" && typeof message === "string"
    ? { kind: "refused", text: `${code}: ${message}` }
    : { kind: "no-answer" };
}

function give(text: string, type: string, name: string | undefined): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  if (name === undefined) {
    window.open(address, "_blank", "noopener");
    return;
  }
  element("a", { href: address, download: name }).click();
}

async function start(): Promise<void> {
  takeTheme();
  const _ = await readTexts();
  document.title = _("rehearsal.title");
  const status = element("p", { role: "status" });
  const list = element("ul", { class: "cp-is-rehearsal-reports" });
  const buttons = roles.map((role) =>
    button(_("rehearsal.start", { role: _(`rehearsal.${role}`) }), () => {
      void post<RehearsalState>("start", { role }).then(follow);
    }),
  );
  let shown = "";

  function failureOf(answer: Exclude<Answer<unknown>, { readonly kind: "reply" }>): string {
    switch (answer.kind) {
      case "denied":
        return _("rehearsal.denied");
      case "refused":
        return answer.text;
      case "no-answer":
        return _("rehearsal.noAnswer");
    }
  }

  function line({ id, role, startedAt, counts }: RehearsalState["reports"][number], all: RehearsalState["reports"]) {
    const text = _("rehearsal.report", {
      role: _(`rehearsal.${role}`),
      at: new Date(startedAt).toLocaleString(),
      passed: counts.passed,
      failed: counts.failed,
      impossible: counts["not-possible"],
    });
    const others = all.filter((other) => other.role === role && other.id !== id);
    const choice = element("select", {}, [
      element("option", { value: "" }, _("rehearsal.alone")),
      ...others.map((other) => element("option", { value: other.id }, new Date(other.startedAt).toLocaleString())),
    ]);
    const offer = (label: string, use: (report: Report) => void): HTMLElement =>
      button(_(label), () => {
        void post<Report>("report", { id, ...(choice.value === "" ? {} : { compare: choice.value }) }).then(
          (answer) => {
            if (answer.kind === "reply") use(answer.reply);
            else status.textContent = failureOf(answer);
          },
        );
      });
    return element("li", {}, [
      element("p", {}, text),
      others.length > 0 && element("label", {}, [_("rehearsal.compare"), " ", choice]),
      offer("rehearsal.open", ({ html }) => give(html, "text/html", undefined)),
      offer("rehearsal.html", ({ html }) => give(html, "text/html", `rehearsal-${role}.html`)),
      offer("rehearsal.json", ({ json }) =>
        give(JSON.stringify(json, null, 2), "application/json", `rehearsal-${role}.json`),
      ),
    ]);
  }

  function show(state: RehearsalState): void {
    const { running, failure, reports } = state;
    for (const each of buttons) each.toggleAttribute("disabled", running !== undefined);
    status.textContent =
      running === undefined
        ? failure === undefined
          ? _("rehearsal.idle")
          : `${failure.code}: ${failure.message}`
        : _("rehearsal.running", { ...running, role: _(`rehearsal.${running.role}`) });
    const ids = reports.map(({ id }) => id).join(" ");
    if (ids === shown && list.childElementCount > 0) return;
    shown = ids;
    list.replaceChildren(
      ...(reports.length === 0
        ? [element("li", {}, _("rehearsal.none"))]
        : reports.map((report) => line(report, reports))),
    );
  }

  function followLater(): void {
    window.setTimeout(() => void post<RehearsalState>("state", {}).then(follow), betweenMilliseconds);
  }

  function follow(answer: Answer<RehearsalState>): void {
    if (answer.kind === "reply") show(answer.reply);
    else status.textContent = failureOf(answer);
    // A run goes on while the page cannot ask about it.
    const mayRun = answer.kind === "reply" ? answer.reply.running !== undefined : answer.kind === "no-answer";
    if (mayRun) followLater();
  }

  document.body.replaceChildren(
    element("main", { class: "cp-is-log cp-is-rehearsal" }, [
      element("h1", {}, _("rehearsal.title")),
      element("p", {}, _("rehearsal.about")),
      element("div", { class: "cp-is-log-row" }, buttons),
      status,
      element("h2", {}, _("rehearsal.reports")),
      list,
      element("p", {}, element("a", { href: "messages.html" }, _("page.toMessages"))),
      element("p", {}, element("a", { href: base }, _("page.toEditor"))),
    ]),
  );
  follow(await post<RehearsalState>("state", {}));
}

void start();

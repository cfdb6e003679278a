// The button that has a deployed transport checked, and the list of what was found.
import type { EditorNode } from "./field-checks.js";

declare const RED: {
  readonly nodes: { dirty(): boolean };
  readonly user: { hasPermission(permission: string): boolean };
};

type StepResult = "pass" | "warn" | "fail" | "skipped";

interface Proposal {
  readonly setting: string;
  readonly value: string;
}

interface CheckStep {
  readonly title: string;
  readonly result: StepResult;
  readonly seen: readonly string[];
  readonly code?: string;
  readonly advice?: string;
  /** For a field of the dialog. */
  readonly proposal?: Proposal;
}

/** Fills the place in an open dialog; gives what ends it with the dialog. */
export type ShowConnectionCheck = (config: EditorNode, place: JQuery) => () => void;

const icons: Readonly<Record<StepResult | "running", string>> = {
  pass: "fa-check-circle",
  warn: "fa-exclamation-triangle",
  fail: "fa-times-circle",
  skipped: "fa-minus-circle",
  running: "fa-circle-o-notch",
};

function icon(name: keyof typeof icons): JQuery {
  return $("<i>", { class: `fa cp-is-check-icon ${icons[name]}`, "aria-hidden": "true" });
}

function reasonOf({ responseJSON: body }: JQuery.jqXHR): unknown {
  return typeof body === "object" && body !== null ? Reflect.get(body, "reason") : undefined;
}

/** `node` is the name of the node's file, with which the keys of its catalogue begin. */
export function connectionCheck(node: string): ShowConnectionCheck {
  return function showConnectionCheck(config, place) {
    const _ = (key: string): string => config._(`${node}.${key}`);
    const results: Readonly<Record<StepResult, string>> = {
      pass: _("check.pass"),
      warn: _("check.warn"),
      fail: _("check.fail"),
      skipped: _("check.skipped"),
    };
    const button = $("<button>", { type: "button", class: "red-ui-button cp-is-check-button" });
    const summary = $("<div>", { class: "cp-is-check-summary", role: "status", "aria-live": "polite" });
    const changes = $("<div>", { class: "cp-is-check-note cp-is-check-unsaved" }).append(
      icon("warn"),
      " ",
      $("<strong>").text(_("check.unsaved")),
    );
    const list = $("<ol>", { class: "cp-is-check-steps" });
    let request: JQuery.jqXHR<{ readonly steps: readonly CheckStep[] }> | undefined;
    let isTyped = false;

    /** Puts the value into its field of the dialog, where it can be changed before it is deployed. */
    function take({ setting, value }: Proposal): JQuery {
      const field = $(`#node-config-input-${setting}`);
      const button = $("<button>", { type: "button", class: "red-ui-button red-ui-button-small cp-is-check-take" });
      button.text(`${_("check.take")}: ${value}`).on("click", () => {
        field.val(value).trigger("change").trigger("focus");
        isTyped = true;
        showChanges();
      });
      return $("<div>").append(button);
    }

    function step({ title, result, seen, code, advice, proposal }: CheckStep): JQuery {
      const head = $("<div>").append($("<strong>").text(title), " ", $("<span>").text(results[result]));
      const body = $("<div>", { class: "cp-is-check-body" }).append(head);
      for (const line of seen) body.append($("<div>", { class: "cp-is-check-seen" }).text(line));
      if (advice !== undefined && advice !== "") {
        const line = $("<div>", { class: "cp-is-check-advice" }).text(`${_("check.advice")} ${advice}`);
        if (code !== undefined) line.append(" ", $("<code>").text(code));
        body.append(line);
      }
      if (proposal !== undefined) body.append(take(proposal));
      return $("<li>", { class: `cp-is-check-${result}` }).append(icon(result), body);
    }

    function summarise(steps: readonly CheckStep[]): string {
      const count = (result: StepResult): number => steps.filter((one) => one.result === result).length;
      const parts: string[] = [];
      if (count("fail") > 0) parts.push(`${count("fail")} ${_("check.countFail")}`);
      if (count("warn") > 0) parts.push(`${count("warn")} ${_("check.countWarn")}`);
      return parts.length > 0 ? parts.join(", ") : _("check.countNone");
    }

    function refused(xhr: JQuery.jqXHR): string {
      const reason = reasonOf(xhr);
      if (xhr.status === 401 || xhr.status === 403) return _("check.noPermission");
      if (reason === "not-deployed") return _("check.notDeployed");
      if (reason === "running") return _("check.runningElsewhere");
      return xhr.status === 0 ? _("check.noServer") : _("check.noResult");
    }

    function showChanges(): void {
      changes.toggle(isTyped || RED.nodes.dirty());
    }

    function run(): void {
      if (request !== undefined) return;
      showChanges();
      list.empty();
      button.attr("aria-disabled", "true").addClass("disabled");
      summary
        .empty()
        .append(icon("running").addClass("cp-is-check-turning"), " ", $("<span>").text(_("check.running")));
      request = $.ajax({
        url: `cp-is/connection-check/${encodeURIComponent(config.id)}`,
        type: "POST",
        contentType: "application/json",
        data: "{}",
        dataType: "json",
      });
      request
        .done(({ steps }) => {
          list.append(steps.map(step));
          summary.empty().text(summarise(steps));
        })
        .fail((xhr, status) => {
          if (status !== "abort") summary.empty().text(refused(xhr));
        })
        .always(() => {
          request = undefined;
          button.removeAttr("aria-disabled").removeClass("disabled");
        });
    }

    button.append(
      $("<i>", { class: "fa fa-stethoscope", "aria-hidden": "true" }),
      " ",
      $("<span>").text(_("check.button")),
    );
    const isAllowed = RED.user.hasPermission("cp-is.check");
    if (isAllowed) button.on("click", run);
    else button.prop("disabled", true).addClass("disabled");
    const note = $("<div>", { class: "cp-is-check-note" }).text(isAllowed ? _("check.note") : _("check.noPermission"));
    place.empty().append(button, note, changes, summary, list);
    // Only what a person does: the editor's own fields tell of changes while the dialog is being built.
    place.parent().on("input.cp-is-check change.cp-is-check", (event) => {
      if (event.originalEvent === undefined) return;
      isTyped = true;
      showChanges();
    });
    showChanges();
    return () => {
      request?.abort();
      place.parent().off(".cp-is-check");
    };
  };
}

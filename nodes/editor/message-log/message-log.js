// The message log's tab in the sidebar: the global `cpIsMessageLog` of the plugin's script.
import { createPanel } from "./log-panel.js";

const id = "cp-is-message-log";

/** `translate` gives the texts of the plugin's catalogue. */
export function addTab($, RED, window, translate) {
  if (!RED.user.hasPermission("cp-is.messages.read")) return;
  const panel = createPanel($, RED, window, translate);
  RED.actions.add(id + ":show", () => RED.sidebar.show(id));
  RED.sidebar.addTab({
    id,
    label: translate("tab.label"),
    name: translate("tab.name"),
    iconClass: "fa fa-exchange",
    content: panel.element,
    toolbar: panel.toolbar,
    pinned: true,
    enableOnEdit: true,
    action: id + ":show",
    onchange: panel.shown,
  });
}

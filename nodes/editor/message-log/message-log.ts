// The message log's tab in the sidebar: the global `cpIsMessageLog` of the plugin's script.
import { createBrowser } from "./browser.js";
import type { Host, Translate } from "./host.js";
import { button, icon } from "./kit.js";
import { editorBase, pageAddress, rememberTheme } from "./page-link.js";

declare const RED: {
  readonly user: { hasPermission(permission: string): boolean };
  readonly actions: { add(name: string, action: () => void): void };
  readonly sidebar: { addTab(tab: object): void; show(id: string): void };
  readonly clipboard: { copyText(text: string, element: HTMLElement): void };
  readonly comms: {
    subscribe(topic: string, callback: (topic: string, message: { readonly stores: readonly string[] }) => void): void;
  };
};

const id = "cp-is-message-log";

function sidebarHost(translate: Translate): Host {
  return {
    kind: "sidebar",
    translate,
    send: (path, body) =>
      new Promise((resolve) => {
        // The editor adds its address and its log-in to what jQuery asks.
        void $.ajax({
          url: path,
          type: "POST",
          contentType: "application/json",
          dataType: "text",
          data: body,
          complete: (xhr) => resolve({ status: xhr.status, text: xhr.responseText || "" }),
        });
      }),
    hasPermission: (permission) => RED.user.hasPermission(permission),
    copy: (text, from) => RED.clipboard.copyText(text, from),
    onChanged: (changed) => RED.comms.subscribe(`${id}/changed`, (_topic, { stores }) => changed(stores)),
  };
}

/** `translate` gives the texts of the plugin's catalogue. */
export function addTab(translate: Translate): void {
  if (!RED.user.hasPermission("cp-is.messages.read")) return;
  const openPage = button(
    icon("fa-external-link"),
    () => {
      rememberTheme();
      window.open(pageAddress(editorBase(), {}), id);
    },
    { "aria-label": translate("page.open"), title: translate("page.open") },
  );
  const browser = createBrowser({
    host: sidebarHost(translate),
    extra: openPage,
    linkTo: (store, conversationId) =>
      pageAddress(editorBase(), store === undefined ? { conversationId } : { store, conversationId }),
  });
  const refresh = button(icon("fa-refresh"), () => browser.refreshNow(), {
    "aria-label": translate("list.refresh"),
    title: translate("list.refresh"),
  });
  RED.actions.add(`${id}:show`, () => RED.sidebar.show(id));
  RED.sidebar.addTab({
    id,
    label: translate("tab.label"),
    name: translate("tab.name"),
    iconClass: "fa fa-exchange",
    content: browser.element,
    toolbar: $("<div>").append($(refresh).addClass("red-ui-sidebar-header-button")),
    pinned: true,
    enableOnEdit: true,
    action: `${id}:show`,
    onchange: () => browser.shown(),
  });
}

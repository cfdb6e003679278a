// The button in a node's dialog that opens the message browser on the messages of this node.
import { icon } from "./kit.js";
import { editorBase, pageAddress, rememberTheme } from "./page-link.js";
import type { Wanted } from "./browser.js";

declare const RED: {
  _(key: string): string;
  readonly user: { hasPermission(permission: string): boolean };
};

/** `filterOf` is asked when the button is pressed, since the fields of the dialog may change. */
export function messagesOfNode(place: JQuery, filterOf: () => NonNullable<Wanted["filter"]>): void {
  place.empty();
  if (!RED.user.hasPermission("cp-is.messages.read")) return;
  const press = (): void => {
    rememberTheme();
    window.open(pageAddress(editorBase(), { filter: filterOf() }), "cp-is-message-log");
  };
  const button = $("<button>", { type: "button", class: "red-ui-button" }).on("click", press);
  place.append(
    button.append(icon("fa-exchange"), " ", $("<span>").text(RED._("@cp-is/node-red/message-log:page.ofNode"))),
  );
}

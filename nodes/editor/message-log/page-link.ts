// The message browser's own window: its address, whose part behind # goes to no server and names ids only, and its look.
import type { Wanted } from "./browser.js";

const page = "resources/@cp-is/node-red/messages.html";
const fields = ["outcome", "direction", "state", "interaction", "channel", "errorCode", "conversationId"] as const;

/** `base` ends with a slash: the address of the editor. */
export function pageAddress(base: string, { store, conversationId, filter = {} }: Wanted): string {
  const parts = new URLSearchParams();
  if (store !== undefined) parts.set("store", store);
  if (conversationId !== undefined) parts.set("conversation", conversationId);
  for (const name of fields) {
    const value = filter[name];
    if (value !== undefined) parts.set(name, value);
  }
  const hash = parts.toString();
  return new URL(hash === "" ? page : `${page}#${hash}`, base).href;
}

export function readAddress(hash: string): Wanted {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const [store, conversationId] = [parts.get("store"), parts.get("conversation")];
  const filter: Record<string, string> = {};
  for (const name of fields) {
    const value = parts.get(name);
    if (value !== null) filter[name] = value;
  }
  return {
    ...(store === null ? {} : { store }),
    ...(conversationId === null ? {} : { conversationId }),
    ...(Object.keys(filter).length === 0 ? {} : { filter }),
  };
}

/** Where the editor is, as seen from the editor. */
export function editorBase(): string {
  return window.location.href.replace(/[?#].*$/, "").replace(/[^/]*$/, "");
}

/** The page looks as the editor did when it was last seen: Node-RED 5 has a dark theme. */
const kept = "cp-is-message-log-dark";
const dark = "nr-theme-dark";

export function rememberTheme(): void {
  window.localStorage.setItem(kept, String(document.documentElement.classList.contains(dark)));
}

export function takeTheme(): void {
  document.documentElement.classList.toggle(dark, window.localStorage.getItem(kept) === "true");
}

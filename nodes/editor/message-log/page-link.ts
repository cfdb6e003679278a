// The address of the message browser's own window. Its part behind # goes to no server, and names ids only.
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

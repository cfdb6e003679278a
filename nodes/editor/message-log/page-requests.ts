// What a page beside the editor asks of it: with the log-in of the editor, and in its language.
import type { Translate } from "./host.js";

/** The address of the editor, which ends with a slash: this page lies in resources/@cp-is/node-red/ under it. */
export const base = new URL("../../../", window.location.href).href;
export function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** Where the editor keeps it: by its own path, since several editors may share an address. */
export function accessToken(): string | undefined {
  const suffix = new URL(base).pathname.slice(0, -1).replaceAll("/", "-");
  const stored = window.localStorage.getItem(`auth-tokens${suffix}`);
  const token = property(stored === null ? undefined : (JSON.parse(stored) as unknown), "access_token");
  return typeof token === "string" ? token : undefined;
}

export async function ask(path: string, options: RequestInit = {}): Promise<Response | undefined> {
  const token = accessToken();
  const headers = new Headers(options.headers);
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(new URL(path, base), { ...options, headers, credentials: "same-origin" });
  } catch {
    return undefined;
  }
}

function flatten(value: unknown, prefix: string, into: Map<string, string>): Map<string, string> {
  if (typeof value === "string") return into.set(prefix, value);
  if (typeof value !== "object" || value === null) return into;
  for (const [key, inner] of Object.entries(value)) flatten(inner, prefix === "" ? key : `${prefix}.${key}`, into);
  return into;
}

export async function readTexts(): Promise<Translate> {
  const chosen = window.localStorage.getItem("editor-language") ?? window.navigator.language;
  const texts = new Map<string, string>();
  // What a language lacks stays in English.
  for (const language of new Set(["en-US", chosen.replace(/[^0-9A-Za-z-].*/, "")])) {
    const reply = await ask(`locales/@cp-is/node-red/message-log?lng=${language}`);
    if (reply?.ok === true) flatten((await reply.json()) as unknown, "", texts);
  }
  return (key, values = {}) =>
    Object.entries(values).reduce(
      (text, [name, value]) => text.replaceAll(`__${name}__`, () => String(value)),
      texts.get(key) ?? key,
    );
}

/** As Node-RED decides it; the server decides again. */
export function isGranted(scope: unknown, permission: string): boolean {
  if (Array.isArray(scope)) return scope.some((each) => isGranted(each, permission));
  if (scope === "*" || scope === permission) return true;
  if (scope === "read" || scope === "*.read") return /(^|\.)read$/.test(permission);
  if (scope === "write" || scope === "*.write") return /(^|\.)write$/.test(permission);
  return false;
}

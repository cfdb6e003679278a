// The HTTP proxy of a transport, from Node-RED's own "http proxy" config node.
import { definedOnly } from "../../../lib/defined-only.js";
import { CpisError } from "../../../lib/errors.js";
import { chooseProxy, type ProxySettings } from "../../../lib/tls/proxy.js";

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** `node`: what the transport's field leads to. Throws CONFIG_MISSING, with the field's label, or CONFIG_INVALID. */
export function readProxy(node: unknown, label: string): ProxySettings {
  if (typeof node !== "object" || node === null) throw new CpisError("CONFIG_MISSING", { detail: label });
  const url = textOf(Reflect.get(node, "url"));
  if (url === undefined) throw new CpisError("CONFIG_MISSING", { detail: label });
  const exempt: unknown = Reflect.get(node, "noproxy");
  const credentials: unknown = Reflect.get(node, "credentials");
  const secret = (name: string): string | undefined =>
    typeof credentials === "object" && credentials !== null ? textOf(Reflect.get(credentials, name)) : undefined;
  const username = secret("username");
  const password = secret("password");
  const settings: ProxySettings = {
    url,
    noProxy: Array.isArray(exempt) ? exempt.filter((entry): entry is string => textOf(entry) !== undefined) : [],
    ...definedOnly({ username, password }),
  };
  chooseProxy(settings);
  return settings;
}

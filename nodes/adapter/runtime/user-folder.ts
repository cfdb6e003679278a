// The user directory of this Node-RED.
import type { NodeAPI } from "node-red";
import { CpisError } from "../../../lib/errors.js";

/** Throws CONFIG_MISSING where Node-RED is embedded in a program that names none. */
export function userFolderOf(RED: NodeAPI): string {
  const folder: unknown = Reflect.get(RED.settings, "userDir");
  if (typeof folder === "string" && folder !== "") return folder;
  throw new CpisError("CONFIG_MISSING", { detail: "userDir" });
}

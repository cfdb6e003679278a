// By which transport a node's files go: two kinds of config node, of which the dialog shows one.
import type { NodeAPI } from "node-red";
import { CpisError } from "../../../lib/errors.js";
import type { FieldReader } from "../runtime/field-rules.js";
import { isFileTransportNode, type FileTransport } from "./file-transport-model.js";
import type { Words } from "../runtime/words.js";

/** Throws CONFIG_MISSING, or CONFIG_INVALID for a transport that offers no files. */
export function findFileTransport(RED: NodeAPI, fields: FieldReader, words: Words): FileTransport {
  const over = fields.choice("over", ["mesh", "ebxml"], "mesh");
  const property = over === "mesh" ? "meshTransport" : "ebxmlTransport";
  const found: unknown = RED.nodes.getNode(fields.text(property));
  if (isFileTransportNode(found)) return found.fileTransport;
  // It is there, and does not offer what this node needs.
  if (
    over === "ebxml" &&
    typeof found === "object" &&
    found !== null &&
    Reflect.get(found, "type") === "ebxml transport"
  ) {
    throw new CpisError("CONFIG_INVALID", { detail: words("error.noFiles") });
  }
  throw new CpisError("CONFIG_MISSING", { detail: words(`field.${property}`) });
}

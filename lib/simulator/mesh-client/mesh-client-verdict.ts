// Decides what becomes of a file that was put into OUT: sent into the simulated MESH, or refused by its code.
import { definedOnly } from "../../defined-only.js";
import { isCpisError } from "../../errors.js";
import { type ControlFile, findMissingElement } from "../../mesh/folders/control-file.js";
import type { SimulatedMesh } from "../mesh/mesh-model.js";

export type ClientVerdict =
  | { readonly kind: "sent"; readonly messageId: string }
  /** `code` as MESH has it; "" for none. */
  | { readonly kind: "refused"; readonly code: string };

export interface VerdictParts {
  /** Of the client. */
  readonly mailbox: string;
  readonly mesh: SimulatedMesh;
}

function refused(code: string): ClientVerdict {
  return { kind: "refused", code };
}

/** The codes of incomplete control files are those that MESH has for their elements. */
function findFault(control: ControlFile, content: Buffer, { mailbox, mesh }: VerdictParts): string | undefined {
  const { version, messageType, from, to, workflowId } = control;
  if (version !== "1.0") return "09";
  if (messageType !== "Data") return "11";
  if (findMissingElement(control) !== undefined) return "06";
  if (to === undefined) return "08";
  if (from?.toUpperCase() !== mailbox) return "07";
  if (content.length === 0) return "02";
  const known: readonly string[] = Object.values(mesh.workflowIds);
  return workflowId !== undefined && known.includes(workflowId) ? undefined : "17";
}

export function judgeControl(control: ControlFile, content: Buffer, parts: VerdictParts): ClientVerdict {
  const fault = findFault(control, content, parts);
  const { to = "", workflowId = "", localId, subject } = control;
  if (fault !== undefined) return refused(fault);
  try {
    const messageId = parts.mesh.deliver({
      from: parts.mailbox,
      to,
      workflowId,
      ...definedOnly({ localId, subject }),
      content,
    });
    return { kind: "sent", messageId };
  } catch (error) {
    // An unknown recipient, or a text that cannot be a header.
    if (!isCpisError(error) || error.code !== "CONFIG_INVALID") throw error;
    return refused(error.detail?.includes("is not a known mailbox") === true ? "12" : "06");
  }
}

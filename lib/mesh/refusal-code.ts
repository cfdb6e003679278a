// What a refusal of MESH is to the sender, by MESH's own code.
import type { ErrorCode } from "../errors.js";

const codeByStatus: Readonly<Record<string, ErrorCode>> = {
  "12": "MESH_RECIPIENT_UNKNOWN",
  "14": "MESH_UNDELIVERED",
  "15": "MESH_BAD_FILE",
  "16": "MESH_SENDER_NOT_ALLOWED",
  "17": "MESH_WORKFLOW_NOT_REGISTERED",
};

/** `statusCode` as MESH writes it, for example "12"; may be missing. */
export function codeOfRefusal(statusCode: string | undefined): ErrorCode {
  return codeByStatus[statusCode ?? ""] ?? "MESH_REFUSED";
}

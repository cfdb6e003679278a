// The control files that the simulated MESH client writes: beside what was sent, what came, and as a report.
import { definedOnly } from "../../defined-only.js";
import type { ControlFile, ControlStatus } from "../../mesh/folders/control-file.js";
import type { ClientVerdict } from "./mesh-client-verdict.js";
import type { SimulatedMeshMessage } from "../mesh/mesh-model.js";
import { meshDigits } from "../mesh/mesh-time.js";

function statusAt(now: number, status: Omit<ControlStatus, "dateTime">): ControlStatus {
  return { dateTime: meshDigits(now, 14), ...status };
}

/** As it was, with what became of it. */
export function sentControl(control: ControlFile, verdict: ClientVerdict, now: number): ControlFile {
  if (verdict.kind === "sent") {
    const status = statusAt(now, { event: "SEND", status: "SUCCESS", code: "00", description: "Sent" });
    return { ...control, dtsId: verdict.messageId, statusRecords: [status] };
  }
  const code = verdict.code === "" ? {} : { code: verdict.code };
  const status = statusAt(now, { event: "SEND", status: "ERROR", ...code, description: "Refused by MESH" });
  return { ...control, statusRecords: [status] };
}

function commonTo(message: SimulatedMeshMessage): Omit<ControlFile, "statusRecords"> {
  const { workflowId, localId, subject } = message;
  return {
    version: "1.0",
    addressType: "DTS",
    workflowId,
    ...definedOnly({ localId, subject }),
  };
}

export function deliveredControl(message: SimulatedMeshMessage, now: number): ControlFile {
  const { messageId, from, to } = message;
  const description = "Transferred to recipient mailbox";
  return {
    ...commonTo(message),
    messageType: "Data",
    ...definedOnly({ from }),
    to,
    dtsId: messageId,
    isCompressed: false,
    statusRecords: [statusAt(now, { event: "TRANSFER", status: "SUCCESS", code: "00", description })],
  };
}

export interface ReportDetails {
  readonly mailbox: string;
  readonly names: "failed-file" | "report" | "nothing";
  readonly now: number;
}

/** Which message the real client names in it is not known. */
export function reportControl(message: SimulatedMeshMessage, { mailbox, names, now }: ReportDetails): ControlFile {
  const { messageId, report } = message;
  const named = names === "report" ? messageId : report?.linkedMessageId;
  const status = statusAt(now, {
    event: "TRANSFER",
    status: "ERROR",
    ...(report?.statusCode === undefined ? {} : { code: report.statusCode }),
    ...(report === undefined ? {} : { description: report.description }),
  });
  return {
    ...commonTo(message),
    messageType: "Report",
    to: mailbox,
    ...(names === "nothing" || named === undefined ? {} : { dtsId: named }),
    statusRecords: [status],
  };
}

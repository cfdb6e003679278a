// Reads the fault at the simulated MESH that a JSON command carries.
import { readArray, readChoice, readNumber, readObject, readOptionalText, type JsonObject } from "../json-fields.js";
import type { MeshCallName, MeshFault, MeshFaultInjection } from "./mesh-faults.js";
import { known } from "../../hl7v3/data-types.js";

const faultKinds: readonly MeshFault["kind"][] = [
  "dropAnswer",
  "unavailableBefore",
  "unavailableAfter",
  "delayAnswer",
  "storeTwice",
  "reportBeforeAnswer",
  "deliverAgain",
  "wrongContentLength",
  "stillUploading",
  "chunkMissing",
];
const callNames: readonly MeshCallName[] = [
  "handshake",
  "listInbox",
  "fetch",
  "acknowledge",
  "send",
  "sendChunk",
  "track",
  "trackLocalId",
  "lookupEndpoint",
  "searchWorkflow",
  "count",
];
const delayRange = { minimum: 0, maximum: 600_000, isInteger: true };
const countRange = { minimum: 1, maximum: 1_000_000, isInteger: true };
const differenceRange = { minimum: -1_000_000, maximum: 1_000_000, isInteger: true };

function readFault(fields: JsonObject): MeshFault {
  const kind = readChoice(fields["kind"], "fault.kind", faultKinds);
  switch (kind) {
    case "delayAnswer":
      return { kind, milliseconds: readNumber(fields["milliseconds"], "fault.milliseconds", delayRange) };
    case "reportBeforeAnswer":
      return known<Extract<MeshFault, { kind: typeof kind }>>({
        kind,
        statusCode: readOptionalText(fields["statusCode"], "fault.statusCode"),
        description: readOptionalText(fields["description"], "fault.description"),
      });
    case "wrongContentLength":
      return { kind, difference: readNumber(fields["difference"], "fault.difference", differenceRange) };
    case "chunkMissing":
      return { kind, chunk: readNumber(fields["chunk"], "fault.chunk", countRange) };
    default:
      return { kind };
  }
}

/** `{fault: {kind, ...}, calls?, mailbox?, times?}`. Throws CONFIG_INVALID. */
export function readMeshFaultInjection(fields: JsonObject): MeshFaultInjection {
  const { calls, times } = fields;
  return known<MeshFaultInjection>({
    fault: readFault(readObject(fields["fault"], "fault")),
    calls:
      calls === undefined
        ? undefined
        : readArray(calls, "calls", callNames.length).map((call) => readChoice(call, "calls", callNames)),
    mailbox: readOptionalText(fields["mailbox"], "mailbox"),
    times: times === undefined ? undefined : readNumber(times, "times", countRange),
  });
}

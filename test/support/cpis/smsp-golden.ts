// The golden vectors of what a Spine mini service is asked and answers, and the models they are written from.
import type { QueryStub } from "../../../lib/cpis/query/query-stub.js";
import type { SmspResponse } from "../../../lib/simulator/messages/query-response.js";
import { smspStatus, type SmspStatusCode } from "../../../lib/cpis/query/smsp-status.js";
import { stub, success } from "../itk/samples.js";
import { childPayload, clinician, severalPlansResponse, systemWithLead } from "./samples.js";

export const failureCodes: readonly SmspStatusCode[] = [
  "SMSP-0001",
  "SMSP-0002",
  "SMSP-0003",
  "SMSP-0004",
  "SMSP-0005",
  "SMSP-9999",
  "CPIS-9999",
];

export const stubVectors: readonly { readonly name: string; readonly model: QueryStub }[] = [
  { name: "person-author-without-role-profile", model: stub },
  { name: "person-author", model: { ...stub, author: clinician } },
  { name: "system-author-with-responsible-person", model: { ...stub, author: systemWithLead } },
];

/** A response that says nothing but its status. */
export function statusOnly(code: SmspStatusCode): SmspResponse {
  const payload = { ...success.payload, totalAccesses: 0, totalPlans: 0, accesses: [], records: [] };
  return { status: smspStatus(code), payload };
}

const several = severalPlansResponse.payload ?? childPayload;

export const smspVectors: readonly { readonly name: string; readonly model: SmspResponse }[] = [
  { name: "smsp-0000-unborn-child-protection-plan", model: success },
  { name: "smsp-0000-child-protection-plan", model: { ...success, payload: childPayload } },
  { name: "smsp-0000-four-plans-of-two-local-authorities", model: { ...success, payload: several } },
  { name: "smsp-0000-without-plan", model: statusOnly("SMSP-0000") },
  { name: "cpis-0001-no-record", model: statusOnly("CPIS-0001") },
  ...failureCodes.map((code) => ({ name: code.toLowerCase(), model: statusOnly(code) })),
];

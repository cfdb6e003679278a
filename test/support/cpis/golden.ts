// The golden vectors of the CP-IS query and its response: the model and deviations that each file is written from.
import type { QueryRequest } from "../../../lib/cpis/query/query-request.js";
import type { QueryResponse } from "../../../lib/simulator/messages/query-response.js";
import type { QueryResponseDeviation } from "../../../lib/simulator/messages/query-response-deviations.js";
import {
  clinician,
  emptyResponse,
  personRequest,
  response,
  severalPlansResponse,
  systemRequest,
  systemWithLead,
  unbornResponse,
  urgentCare,
} from "./samples.js";

const { kind, userId, role, name, organisation } = clinician;

/** What is written without the optional fields that parsing always gives. */
export const requestVectors: readonly { readonly name: string; readonly model: QueryRequest }[] = [
  { name: "person-author", model: personRequest },
  { name: "person-author-with-another-sds-role", model: { ...personRequest, sdsRole: "R0670" } },
  {
    name: "person-author-without-role-profile",
    model: { ...systemRequest(urgentCare), author: { kind, userId: userId!, role: role!, name, organisation } },
  },
  { name: "system-author-with-responsible-person", model: systemRequest(systemWithLead) },
  { name: "system-author-alone", model: systemRequest(urgentCare) },
];

interface ResponseVector {
  readonly name: string;
  readonly model: QueryResponse;
  readonly deviations: readonly QueryResponseDeviation[];
}

const { transmission, reasons } = response;

export const strictResponseVectors: readonly ResponseVector[] = [
  { name: "child-protection-plan", model: response, deviations: [] },
  { name: "unborn-child-protection-plan", model: unbornResponse, deviations: [] },
  { name: "four-plans-of-two-local-authorities", model: severalPlansResponse, deviations: [] },
  { name: "empty-response", model: emptyResponse, deviations: [] },
  {
    name: "no-data-found-without-subject",
    model: { transmission, reasons, queryResponseCode: "NF" },
    deviations: [],
  },
];

export const deviatingResponseVectors: readonly ResponseVector[] = [
  { name: "d1-grouped-accesses", model: response, deviations: ["grouped-accesses"] },
  { name: "d1-grouped-records", model: severalPlansResponse, deviations: ["grouped-records"] },
  { name: "d1-grouped-in-one-act", model: severalPlansResponse, deviations: ["grouped-in-one-act"] },
  { name: "d2-extra-wrapper", model: response, deviations: ["extra-wrapper"] },
  { name: "d3-missing-person-id", model: severalPlansResponse, deviations: ["missing-person-id"] },
  { name: "d4-family-name-first", model: severalPlansResponse, deviations: ["family-name-first"] },
  { name: "d5-unzoned-times", model: response, deviations: ["unzoned-times"] },
  { name: "d5-minute-times", model: response, deviations: ["minute-times"] },
  { name: "d6-lower-case-organisation-codes", model: unbornResponse, deviations: ["lower-case-organisation-codes"] },
  { name: "d8-prefixed", model: response, deviations: ["prefixed"] },
  { name: "d8-no-namespace", model: response, deviations: ["no-namespace"] },
  { name: "d8-bare-payload", model: response, deviations: ["bare-payload"] },
  { name: "d9-no-query-ack", model: response, deviations: ["no-query-ack"] },
  { name: "d10-swapped-asids", model: response, deviations: ["swapped-asids", "unlisted-version-code"] },
  { name: "d11-oldest-access-first", model: response, deviations: ["oldest-access-first", "no-total-accesses"] },
  { name: "d12-unknown-plan-template", model: severalPlansResponse, deviations: ["unknown-plan-template"] },
  { name: "d12-unreadable-first-start-date", model: severalPlansResponse, deviations: ["unreadable-first-start-date"] },
  { name: "d12-unreadable-start-dates", model: severalPlansResponse, deviations: ["unreadable-start-dates"] },
  {
    name: "shape-of-the-reply-of-2014",
    model: severalPlansResponse,
    deviations: [
      "grouped-accesses",
      "grouped-in-one-act",
      "extra-wrapper",
      "missing-person-id",
      "family-name-first",
      "unzoned-times",
      "lower-case-organisation-codes",
      "no-total-plans",
    ],
  },
];

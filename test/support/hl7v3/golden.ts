// The golden vectors of the HL7 V3 replies: the model and form that each file is written from.
import type {
  ApplicationAcknowledgement,
  QueryFailure,
  QueryFailureForm,
} from "../../../lib/simulator/messages/application-acknowledgement.js";
import type { InteractionForm } from "../../../lib/hl7v3/interaction.js";
import {
  acknowledgement,
  applicationError,
  businessError,
  notFoundCodes,
  notOnCpis,
  replyTransmission,
  spineCode,
} from "./samples.js";

interface Golden<Model, Form> {
  readonly name: string;
  readonly model: Model;
  readonly form: Form;
}

export const acknowledgementVectors: readonly Golden<ApplicationAcknowledgement, InteractionForm>[] = [
  { name: "accepted", model: { ...applicationError, acknowledgement: acknowledgement("AA"), reasons: [] }, form: {} },
  { name: "application-error", model: applicationError, form: {} },
  {
    name: "application-rejected-with-details",
    model: {
      transmission: replyTransmission,
      acknowledgement: {
        ...acknowledgement("AR"),
        details: [
          { typeCode: "ER", code: spineCode("100", "ASID check failed") },
          { typeCode: "IF", code: { code: "200" } },
        ],
      },
      reasons: [businessError, { code: "101" }],
    },
    form: {},
  },
  {
    name: "accepted-in-another-element",
    model: { ...applicationError, acknowledgement: acknowledgement("AA"), reasons: [] },
    form: { wrappedIn: "successfulUploadResponse" },
  },
];

const { transmission, reasons } = notOnCpis;
const withoutQueryAck: QueryFailure = { transmission, acknowledgement: acknowledgement("AE"), reasons };

export const queryFailureVectors: readonly Golden<QueryFailure, QueryFailureForm>[] = [
  { name: "nhs-number-not-on-cpis", model: notOnCpis, form: {} },
  { name: "without-query-ack", model: withoutQueryAck, form: {} },
  { name: "no-data-found", model: { ...notOnCpis, reasons: [], queryResponseCode: "NF" }, form: {} },
  {
    name: "not-on-cpis-and-another-code",
    model: { ...notOnCpis, reasons: [...notFoundCodes, businessError] },
    form: {},
  },
  { name: "prefixed", model: notOnCpis, form: { namespace: "prefixed" } },
  {
    name: "wrapped-without-namespace",
    model: notOnCpis,
    form: { namespace: "none", wrappedIn: "CP-ISNHSQueryResponse" },
  },
];

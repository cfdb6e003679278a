// Distribution envelopes that the tests write and read. All people are invented.
import type { PersonAuthor } from "../../../lib/cpis/model.js";
import { parseNhsNumber } from "../../../lib/cpis/nhs-number.js";
import { bareQueryStubNode, type QueryStub } from "../../../lib/cpis/query/query-stub.js";
import {
  smspResponseNode,
  type ResponsePayload,
  type SmspResponse,
} from "../../../lib/simulator/messages/query-response.js";
import { smspStatus } from "../../../lib/cpis/query/smsp-status.js";
import { parseHl7Time } from "../../../lib/hl7v3/timestamp.js";
import type { DistributionEnvelope } from "../../../lib/itk/distribution-envelope.js";
import { distributionServices, interactionKey, odsAddress, odsIdentity } from "../../../lib/itk/names.js";
import type { ToolkitFault } from "../../../lib/itk/toolkit-fault.js";
import type { WebServiceHeader } from "../../../lib/itk/web-service-message.js";
import { county, urgentCare } from "../cpis/samples.js";

export const mother = parseNhsNumber("9990000034");
export const stubEventId = "0E000000-0000-4000-8000-000000000003";

const clinician: PersonAuthor = {
  kind: "person",
  userId: "100000000001",
  role: {
    code: "R8000",
    codeSystem: "2.16.840.1.113883.2.1.3.2.4.17.196",
    displayName: "Clinical Practitioner Access Role",
  },
  name: { given: ["Ann"], family: "Example" },
  organisation: { code: "X9X", codeType: "organisation", name: "EXAMPLE HOSPITAL TRUST" },
};

export const stub: QueryStub = {
  nhsNumber: mother,
  author: clinician,
  eventId: stubEventId,
  queriedAt: parseHl7Time("20260302101500+0000"),
};

export const unbornPayload: ResponsePayload = {
  respondedAt: parseHl7Time("202603021015+0000"),
  eventId: stubEventId,
  totalAccesses: 1,
  totalPlans: 1,
  accesses: [
    {
      accessId: "0E000000-0000-4000-8000-000000000006",
      accessedAt: parseHl7Time("202601142210+0000"),
      author: urgentCare,
      nhsNumber: mother,
    },
  ],
  records: [
    {
      localAuthority: county,
      plans: [{ planType: "unborn-child-protection-plan", startDate: "2026-02-02T09:00", endDate: "2026-08-02T09:00" }],
      subjects: [
        { kind: "mother", nhsNumber: mother, birthDate: "1995-06-07", givenName: "Test", familyName: "Mother" },
      ],
    },
  ],
};

export const success: SmspResponse = { status: smspStatus("SMSP-0000"), payload: unbornPayload };

const requestId = "uuid_0E000000-0000-4000-8000-000000000002";
const replyId = "uuid_0E000000-0000-4000-8000-000000000005";

export const request: DistributionEnvelope = {
  header: {
    service: distributionServices.request,
    trackingId: "0E000000-0000-4000-8000-000000000001",
    addresses: [odsAddress("X7X")],
    auditIdentities: [odsIdentity("X9X")],
    manifest: [{ mimeType: "text/xml", id: requestId, profileId: "urn:nhs-en:profile:CP-ISNHSQuery-v2-0" }],
    senderAddress: odsAddress("X9X"),
    specifications: [{ key: interactionKey, value: "urn:nhs-itk:interaction:CP-ISNHSQuery-v1-0" }],
  },
  payloads: [{ id: requestId, content: bareQueryStubNode(stub) }],
};

export const reply: DistributionEnvelope = {
  header: {
    service: distributionServices.reply,
    trackingId: "0E000000-0000-4000-8000-000000000004",
    addresses: [odsAddress("X9X")],
    auditIdentities: [odsIdentity("X7X")],
    manifest: [{ mimeType: "text/xml", id: replyId, profileId: "urn:nhs-en:profile:SMSP-CP-ISNHSQueryResponse-v1-0" }],
    senderAddress: odsAddress("X7X"),
    specifications: [{ key: interactionKey, value: "urn:nhs-itk:interaction:SMSP-CP-ISNHSQueryResponse-v1-0" }],
  },
  payloads: [{ id: replyId, content: smspResponseNode(success) }],
};

export const requestHeader: WebServiceHeader = {
  messageId: "uuid:0E000000-0000-4000-8000-000000000010",
  action: distributionServices.request,
  to: "https://smsp.example.nhs.uk/smsp",
  security: {
    username: "EXAMPLE HOSPITAL TRUST",
    createdAt: "2026-03-02T10:15:00Z",
    expiresAt: "2026-03-02T10:25:00Z",
  },
};

export const replyHeader: WebServiceHeader = {
  messageId: "uuid:0E000000-0000-4000-8000-000000000011",
  action: distributionServices.reply,
  relatesTo: requestHeader.messageId,
};

export const toolkitFault: ToolkitFault = {
  faultCode: "Client",
  faultString: "A client related error has occurred, see detail element for further information",
  errorId: "0E000000-0000-4000-8000-000000000020",
  errorCode: "2100",
  errorText: "Unable to process message",
};

// Writes the reply of a simulated Spine mini service: the payload with its status, in its envelopes.
import { definedOnly } from "../../defined-only.js";
import { samplePlans, toResponsePayload } from "../cpis/answer-payload.js";
import type { SimulatorEffects, RegisterAccess } from "../model.js";
import type { CpisRegister } from "../cpis/register.js";
import type { HttpReply } from "../spine/replies.js";
import type { ResponseShape } from "../behaviour.js";
import { findSmspNumber } from "./smsp-numbers.js";
import type { SmspConduct } from "./smsp-behaviour.js";
import type { CodedText, Plan } from "../../cpis/model.js";
import type { QueryStub } from "../../cpis/query/query-stub.js";
import { smspResponseNode } from "../messages/query-response.js";
import { smspStatus, type SmspStatusCode } from "../../cpis/query/smsp-status.js";
import { hl7TimeAt } from "../../hl7v3/timestamp.js";
import { distributionEnvelopeNode, type DistributionHeader } from "../../itk/distribution-envelope.js";
import { distributionServices, interactionKey, odsAddress, odsIdentity } from "../../itk/names.js";
import { encodeToolkitFault } from "../../itk/toolkit-fault.js";
import { encodeWebServiceMessage, type ReceivedWebServiceHeader } from "../../itk/web-service-message.js";
import type { XmlNode } from "../../xml/encode-xml.js";

const replyInteraction = "urn:nhs-itk:interaction:SMSP-CP-ISNHSQueryResponse-v1-0";
const replyProfile = "urn:nhs-en:profile:SMSP-CP-ISNHSQueryResponse-v1-0";
/** WS-Addressing 1.0 Core, 2.1: the reply goes back on the connection of the request. */
const anonymousAddress = "http://www.w3.org/2005/08/addressing/anonymous";
const xmlType = { "Content-Type": "text/xml; charset=utf-8" };

export interface SmspAnswerParts {
  readonly register: CpisRegister;
  readonly effects: SimulatorEffects;
  readonly providerOdsCode: string;
}

interface Found {
  readonly plans: readonly Plan[];
  readonly accesses: readonly RegisterAccess[];
  readonly shape?: ResponseShape;
}

function findPlans(query: QueryStub, { register, effects }: SmspAnswerParts): Found | undefined {
  const { nhsNumber, eventId, author } = query;
  if (findSmspNumber(nhsNumber) !== undefined) {
    const now = effects.now();
    return { plans: samplePlans(nhsNumber, now), accesses: [{ accessId: eventId, accessedAt: now, author }] };
  }
  const record = register.find(nhsNumber);
  if (record === undefined) return undefined;
  const shape = record.shape === undefined ? {} : { shape: record.shape };
  return { plans: record.plans, accesses: register.accesses(nhsNumber), ...shape };
}

/** A payload that says nothing but the status: both totals are 0 and mean nothing. */
export function statusNode(status: CodedText, eventId: string, effects: SimulatorEffects): XmlNode {
  const payload = {
    respondedAt: hl7TimeAt(effects.now()),
    eventId,
    totalAccesses: 0,
    totalPlans: 0,
    accesses: [],
    records: [],
  };
  return smspResponseNode({ status, payload }, ["minute-times"]);
}

/** Times are written to the minute, as mini services do. */
export function answerNode(query: QueryStub, conduct: SmspConduct, parts: SmspAnswerParts): XmlNode {
  if (conduct.kind === "status") {
    return statusNode({ ...smspStatus("SMSP-9999"), code: conduct.code }, query.eventId, parts.effects);
  }
  const special = findSmspNumber(query.nhsNumber);
  const isRefused = special !== undefined && special.status !== "SMSP-0000";
  const found = isRefused ? undefined : findPlans(query, parts);
  if (found === undefined) {
    const code: SmspStatusCode = special?.status ?? "CPIS-0001";
    return statusNode(smspStatus(code), query.eventId, parts.effects);
  }
  const payload = toResponsePayload({ query, ...found }, parts.effects.now());
  const deviations = [...(found.shape?.deviations ?? []), "minute-times"] as const;
  return smspResponseNode({ status: smspStatus("SMSP-0000"), payload }, deviations);
}

function prefixOf(messageId: string | undefined): string {
  return /^(?:urn:)?uuid:/i.exec(messageId ?? "")?.[0] ?? "";
}

interface Asked {
  readonly soap: ReceivedWebServiceHeader;
  readonly header: Partial<DistributionHeader>;
}

/** Status 200 whatever the payload says; the addresses of the request change their places. */
export function encodeSmspReply(
  asked: Asked,
  content: XmlNode,
  conduct: SmspConduct,
  parts: SmspAnswerParts,
): HttpReply {
  const { effects, providerOdsCode } = parts;
  const id = `uuid_${effects.newUuid()}`;
  const envelope = distributionEnvelopeNode({
    header: {
      service: distributionServices.reply,
      trackingId: effects.newUuid(),
      addresses: asked.header.senderAddress === undefined ? [] : [asked.header.senderAddress],
      auditIdentities: [odsIdentity(providerOdsCode)],
      manifest: [{ mimeType: "text/xml", id, profileId: replyProfile }],
      senderAddress: odsAddress(providerOdsCode),
      specifications: [{ key: interactionKey, value: replyInteraction }],
    },
    payloads: [{ id, content }],
  });
  const prefix = prefixOf(asked.soap.messageId);
  const relatesTo = conduct.kind === "unrelated" ? `${prefix}${effects.newUuid()}` : asked.soap.messageId;
  const header = {
    messageId: `${prefix}${effects.newUuid()}`,
    action: distributionServices.reply,
    to: anonymousAddress,
    ...definedOnly({ relatesTo }),
  };
  return {
    status: 200,
    headers: { ...xmlType, SOAPAction: `"${distributionServices.reply}"` },
    body: encodeWebServiceMessage(header, envelope),
  };
}

/** The envelope could not be read or routed, or a fault was asked for. */
export function smspFaultReply(
  faultCode: "Client" | "Server",
  errorText: string,
  effects: SimulatorEffects,
): HttpReply {
  const body = encodeToolkitFault({
    faultCode,
    faultString: "A toolkit error occurred",
    errorId: effects.newUuid(),
    // Invented: the codes of real providers are not public.
    errorCode: faultCode === "Client" ? "SIM2100" : "SIM2200",
    errorText,
  });
  return { status: 500, headers: xmlType, body };
}

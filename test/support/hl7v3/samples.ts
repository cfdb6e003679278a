// Models of the HL7 V3 messages that the tests write and read.
import type {
  ApplicationAcknowledgement,
  QueryFailure,
} from "../../../lib/simulator/messages/application-acknowledgement.js";
import { parseHl7Time } from "../../../lib/hl7v3/timestamp.js";
import type { Acknowledgement, Transmission } from "../../../lib/hl7v3/transmission-wrapper.js";
import type { CodedText } from "../../../lib/hl7v3/values.js";

export const ownAsid = "200000000001";
export const spineAsid = "990000000001";
export const queryMessageId = "0A000000-0000-4000-8000-000000000001";

export const replyTransmission: Transmission = {
  messageId: "0B000000-0000-4000-8000-000000000002",
  createdAt: parseHl7Time("20260302101501"),
  versionCode: "V3NPfIT3.0",
  processingCode: "P",
  fromAsid: spineAsid,
  toAsid: ownAsid,
};

export function spineCode(code: string, displayName: string): CodedText {
  return { code, codeSystem: "2.16.840.1.113883.2.1.3.2.4.17.42", displayName, qualifier: "ER" };
}

export const notFoundCodes: readonly CodedText[] = [
  spineCode("1", "NHS Number Not Found"),
  spineCode("NHSNCC002", "NHS Number Not Found"),
];
export const businessError = spineCode("GE002", "Unexpected business error encountered.");

export function acknowledgement(typeCode: "AA" | "AE" | "AR"): Acknowledgement {
  return { typeCode, details: [], messageRef: queryMessageId };
}

export const notOnCpis: QueryFailure = {
  transmission: replyTransmission,
  acknowledgement: acknowledgement("AE"),
  reasons: notFoundCodes,
  queryResponseCode: "ID",
};

export const applicationError: ApplicationAcknowledgement = {
  transmission: replyTransmission,
  acknowledgement: acknowledgement("AE"),
  reasons: [businessError],
};

// The messages that the measurements are made with.
import type { PersonAuthor } from "../../lib/cpis/model.js";
import { parseNhsNumber } from "../../lib/cpis/nhs-number.js";
import { encodeQueryRequest } from "../../lib/cpis/query/query-request.js";
import { encodeQueryResponse } from "../../lib/simulator/messages/query-response.js";
import { encodeBusinessMessage } from "../../lib/ebxml/encode-message.js";
import type { BusinessMessage } from "../../lib/ebxml/model.js";
import { reliabilityElements } from "../../lib/ebxml/reliability.js";
import { hl7TimeAt } from "../../lib/hl7v3/timestamp.js";
import { parseConversationId, parseCpaId, parseMessageId, parsePartyKey } from "../../lib/identifiers.js";

export const author: PersonAuthor = {
  kind: "person",
  userId: "990000001001",
  roleProfileId: "990000001002",
  role: { code: "R8000", codeSystem: "2.16.840.1.113883.2.1.3.2.4.17.196", displayName: "Clinical Practitioner" },
  name: { prefix: "Dr", given: ["Ann"], family: "Example" },
  organisation: { code: "X9X", codeType: "organisation", name: "EXAMPLE HOSPITAL TRUST" },
};

export const nhsNumber = parseNhsNumber("9990001014");
const at = Date.UTC(2026, 0, 14, 22, 10);
const uuid = (index: number): string => `0A000000-0000-4000-8000-${String(index).padStart(12, "0")}`;

export function buildQueryText(index: number): string {
  return encodeQueryRequest({
    nhsNumber,
    author,
    fromAsid: "200000000001",
    toAsid: "990000000001",
    messageId: uuid(index),
    eventId: uuid(index + 1),
    queriedAt: hl7TimeAt(at),
  });
}

export function wrapPayload(payload: Buffer, index: number): BusinessMessage {
  return {
    kind: "message",
    header: {
      fromPartyKey: parsePartyKey("ZT7-900145"),
      toPartyKey: parsePartyKey("ZSP-0000001"),
      cpaId: parseCpaId("S9000001A9000101"),
      conversationId: parseConversationId(uuid(index + 2)),
      service: "urn:nhs:names:services:cpisquery",
      action: "QUPC_IN000006GB01",
      messageId: parseMessageId(uuid(index + 3)),
      timestamp: "2026-01-14T22:10:00Z",
    },
    reliability: reliabilityElements("express"),
    payload,
    attachments: [],
    externalReferences: [],
  };
}

/** From the NHS number to the bytes of the HTTP body. */
export function buildQueryBody(index: number): Buffer {
  return encodeBusinessMessage(wrapPayload(Buffer.from(buildQueryText(index), "utf8"), index)).body;
}

/** One plan and as many accesses as make about 30 kB. */
export function buildResponse(accesses = 26): Buffer {
  const text = encodeQueryResponse({
    transmission: {
      messageId: uuid(1),
      createdAt: hl7TimeAt(at),
      fromAsid: "990000000001",
      toAsid: "200000000001",
      versionCode: "v3INF_DMSv5.7:FIN",
      processingCode: "P",
    },
    reasons: [],
    queryResponseCode: "OK",
    payload: {
      respondedAt: hl7TimeAt(at),
      eventId: uuid(2),
      totalAccesses: accesses,
      totalPlans: 1,
      accesses: Array.from({ length: accesses }, (_, index) => ({
        accessId: uuid(100 + index),
        accessedAt: hl7TimeAt(at + index * 60_000),
        author,
        nhsNumber,
      })),
      records: [
        {
          localAuthority: {
            code: "999",
            codeType: "organisation",
            name: "EXAMPLE COUNTY COUNCIL",
            officeHoursTelephone: "01632960001",
            emergencyDutyTelephone: "01632960999",
          },
          plans: [{ planType: "child-protection-plan", startDate: "2025-11-03T09:00" }],
          subjects: [{ kind: "child", nhsNumber, birthDate: "2015-03-14", givenName: "Test", familyName: "Child" }],
        },
      ],
    },
  });
  return Buffer.from(text, "utf8");
}

export const queryContext = { nhsNumber, messageId: uuid(1), eventId: uuid(2) };
